"""The small parts pages are made of, as Tornado UI modules: `{% module State("ok", "Ready") %}`. Their templates: part_*.html."""

from datetime import datetime
from typing import Literal

from tornado.web import UIModule

from appliance.common.clock import from_rfc3339, to_rfc3339, utc_now
from web import quantities
from web.modules import State, SupplyBar, Unproven
from webui.forms import Form

FieldKind = Literal["text", "number", "date", "password", "lines", "enrolment"]

__all__ = ["Choice", "Doubt", "Field", "Moment", "State", "SupplyBar", "Unproven"]


class Moment(UIModule):
    """A moment, as long as it is ago; the exact moment is its title."""

    def render(self, moment: datetime | str | None, never: str = "") -> str:
        """Return a `<time>`; where there is none the word `never`, in the language of the page."""
        at = from_rfc3339(moment) if isinstance(moment, str) else moment
        if at is None:
            return self.render_string("part_word.html", text=never or self.locale.translate("never")).decode()
        text = quantities.ago(at, utc_now(), self.locale)
        return self.render_string("part_moment.html", exact=to_rfc3339(at), text=text).decode()


class Field(UIModule):
    """A label, an input, its explanation and what is wrong with it; read-only when the environment fixes the value."""

    def render(
        self,
        form: Form,
        name: str,
        label: str,
        *,
        kind: FieldKind = "text",
        note: str = "",
        unit: str = "",
        required: bool = False,
        autocomplete: str = "off",
        placeholder: str = "",
        rows: int = 5,
    ) -> str:
        """Return the field. A password is never shown again, whatever was typed."""
        described = [
            f"{name}-{part}"
            for part, there in (
                ("note", note),
                ("error", form.error(name)),
                ("origin", form.origin(name)),
                ("lock", form.lock(name)),
            )
            if there
        ]
        return self.render_string(
            "part_field.html",
            form=form,
            name=name,
            label=label,
            kind=kind,
            note=note,
            unit=unit,
            required=required,
            autocomplete=autocomplete,
            placeholder=placeholder,
            rows=rows,
            described=" ".join(described),
        ).decode()


class Choice(UIModule):
    """A radio button or checkbox with a name and an explanation."""

    def render(
        self,
        name: str,
        value: str,
        title: str,
        text: str,
        *,
        chosen: bool,
        kind: Literal["radio", "checkbox"] = "radio",
        locked: bool = False,
    ) -> str:
        """Return the choice."""
        return self.render_string(
            "part_choice.html", name=name, value=value, title=title, text=text, chosen=chosen, kind=kind, locked=locked
        ).decode()


class Doubt(UIModule):
    """What has to be confirmed before a form is kept, with the box that confirms it; nothing where nothing has to be."""

    def render(self, form: Form, meant: str) -> str:
        """Return the box with the label `meant`."""
        return self.render_string("part_doubt.html", form=form, meant=meant).decode() if form.doubt else ""
