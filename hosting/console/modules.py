"""The small parts pages are made of, as Tornado UI modules: `{% module State("ok", "Online") %}`. Their templates are in parts/."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from tornado.escape import xhtml_escape
from tornado.web import UIModule

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.message import Message
from hosting.console.chart import Chart as Drawing
from hosting.db.lists.keyset import LAST, Part
from web import quantities
from web.hidden_characters import escape_shown
from web.modules import State, SupplyBar, Unproven

__all__ = ["Chart", "Code", "Exact", "Isolated", "Link", "Moment", "Parts", "Sentence", "Sort", "State", "SupplyBar", "Unproven"]

_FIRST, _PREVIOUS, _NEXT, _LAST = Message("First"), Message("Previous"), Message("Next"), Message("Last")


class Html(str):
    """A part of a page that is HTML already."""

    __slots__ = ()


class Sentence(UIModule):
    """A sentence of which some values are HTML: `{% module Sentence(_("Read %(moment)s."), moment=modules.Moment(at)) %}`."""

    def render(self, text: str, **values: object) -> str:
        """Return the sentence with its values, those that are no HTML escaped."""
        shown = {name: value if isinstance(value, Html) else escape_shown(str(value)) for name, value in values.items()}
        return escape_shown(text) % shown


class Code(UIModule):
    """What stands within a sentence as a person types it."""

    def render(self, text: str) -> Html:
        """Return the `<code>`."""
        return Html(f"<code>{escape_shown(text)}</code>")


class Isolated(UIModule):
    """What others wrote, within a line: whichever direction it has, what stands around it keeps its own."""

    def render(self, text: str) -> Html:
        """Return the `<bdi>`."""
        return Html(f"<bdi>{escape_shown(text)}</bdi>")


class Exact(UIModule):
    """What a form gives back to be sent again: not a character of it is shown in another way."""

    def render(self, text: str) -> Html:
        """Return the text as HTML."""
        return Html(xhtml_escape(text))


class Link(UIModule):
    """A link within a sentence."""

    def render(self, address: str, text: str) -> Html:
        """Return the `<a>`."""
        return Html(f'<a href="{escape_shown(address)}">{escape_shown(text)}</a>')


class Moment(UIModule):
    """A moment, as long as it is ago; the exact moment is its title."""

    def render(self, moment: datetime | None, never: str = "") -> Html:
        """Return a `<time>`; where there is none the word `never`, in the language of the page."""
        word = never or self.locale.translate("never")
        text = word if moment is None else quantities.ago(moment, utc_now(), self.locale)
        return Html(self.render_string("parts/moment.html", exact=to_rfc3339(moment), text=text).decode().strip())


class Chart(UIModule):
    """A meter over time."""

    def render(self, chart: Drawing) -> str:
        """Return the SVG."""
        return self.render_string("parts/chart.html", chart=chart).decode().strip()


class Parts(UIModule):
    """Links to the parts of a list around the one shown, and to its ends."""

    def render(self, part: Part[Any], order: str, address: str, query: dict[str, str]) -> str:
        """Return the links, or nothing when there is only one part; `order` is the name of the order of the list."""
        if part.previous is None and part.next is None:
            return ""
        around = [
            (_FIRST, "", "first" if part.previous else ""),
            (_PREVIOUS, part.previous and part.previous.text(order), "prev"),
            (_NEXT, part.next and part.next.text(order), "next"),
            (_LAST, LAST.text(order), "last" if part.next else ""),
        ]
        links = [
            (title, f"{address}?{urlencode({**query, 'at': at} if at else query)}", rel)
            for title, at, rel in around
            if rel and at is not None
        ]
        return self.render_string("parts/parts.html", links=links).decode().strip()


class Sort(UIModule):
    """The head of a column by which a list can be sorted."""

    def render(self, name: str, title: str, selection: "dict[str, str]", address: str, *, numeric: bool = False) -> str:
        """Return the `<th>`."""
        current = selection.get("sort") == name
        descending = current and selection.get("order") != "desc"
        changed = {key: value for key, value in selection.items() if key not in ("sort", "order")}
        changed["sort"] = name
        if descending:
            changed["order"] = "desc"
        return (
            self.render_string(
                "parts/sort.html",
                title=title,
                address=address,
                query=changed,
                current=current,
                descending=not descending,
                numeric=numeric,
            )
            .decode()
            .strip()
        )
