"""The list of the sites."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, cast

from tornado.locale import Locale

from appliance.common.clock import utc_now
from appliance.common.message import Message
from hosting.console import texts
from hosting.console.base import ConsoleHandler
from hosting.console.views import SiteView, site_view
from hosting.db import fleet, sites
from hosting.db.connection.database import Condition, Connection
from hosting.db.contact import CONTACTS, QUIET, REFUSED, Contact, contact_is, counted_sites, is_turned_away
from hosting.db.lists import tally
from hosting.db.lists.count import Count
from hosting.db.sites import Site, SiteQuery
from web import quantities

PAGE = 50
SORTS = ("name", "contact", "version")
SHOWN = {REFUSED: Message("Configuration refused"), QUIET: Message("Turned away")}


class SitesPage(ConsoleHandler):
    """`/sites`: all sites, how they are and when they were heard of."""

    async def get(self) -> None:
        """Show the list; the selection stands in the address."""
        selection = {
            "q": self.get_query_argument("q", "").strip()[:200],
            "contact": self.chosen_argument("contact", CONTACTS),
            "show": self.chosen_argument("show", SHOWN),
            "sort": self._chosen("sort", SORTS),
            "order": self._chosen("order", ("desc",)),
        }
        selection = {name: value for name, value in selection.items() if value}
        seconds, now = self.config.check_in_seconds, utc_now()
        wanted = selection.get("contact")
        conditions = [contact_is(cast(Contact, wanted), now, seconds)] if wanted else []
        conditions += [_shown(selection["show"], now)] if "show" in selection else []
        words, sort = tuple(selection.get("q", "").split()), selection.get("sort", "name")
        query = SiteQuery(words=words, where=conditions, sort=sort, descending="order" in selection, limit=PAGE)
        query = replace(query, place=self.place(query.order, query.keys))

        def look(connection: Connection) -> dict[str, Any]:
            part, count = sites.find_sites(connection, query)
            counted, sites_exact = tally.sites_by(connection, counted_sites(now, seconds))
            conditions, devices_exact = tally.devices_by_condition(connection)
            views = site_views(connection, part.rows, seconds)
            return {
                "sites": views,
                "part": part,
                "count": count,
                "contacts": {word: counted[word] for word in CONTACTS},
                "shown": {word: counted[word] for word in SHOWN},
                "conditions": conditions,
                "told": partial(_told, exact=sites_exact, reader=self.locale),
                "told_devices": partial(_told, exact=devices_exact, reader=self.locale),
            }

        found = await self.look(look)
        self.page(
            "sites.html",
            **found,
            selection=selection,
            words=texts.CONTACTS,
            shows=SHOWN,
            number=quantities.number,
            amount=texts.amount,
            levels=texts.UPDATE_LEVELS,
            order=query.order,
        )

    def _chosen(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.get_query_argument(name, "")
        return value if value in allowed else ""


def _told(count: int, *, exact: bool, reader: Locale) -> str:
    return texts.amount(Count(count, "exactly" if exact or not count else "about"), reader)


def _shown(word: str, now: datetime) -> Condition:
    """Return the condition of one of `SHOWN`."""
    return is_turned_away(now) if word == QUIET else sites.refused_configuration()


def site_views(connection: Connection, found: Sequence[Site], check_in_seconds: int) -> list[SiteView]:
    """Return the lines of sites."""
    ids = [site.site_id for site in found]
    counts = fleet.counts_by_site(connection, ids)
    waiting = sites.waiting_commands(connection, ids)
    names = {site_id: frozenset(name for other, name in waiting if other == site_id) for site_id in ids}
    return [site_view(site, counts.get(site.site_id, {}), check_in_seconds, names[site.site_id]) for site in found]
