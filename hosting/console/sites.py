"""The list of the sites."""

from datetime import datetime
from typing import Any, cast

from appliance.common.clock import utc_now
from appliance.common.message import Message
from hosting.console import texts
from hosting.console.base import ConsoleHandler
from hosting.console.views import SiteView, site_view
from hosting.db import fleet, sites
from hosting.db.connection.database import Condition, Connection
from hosting.db.contact import CONTACTS, Contact, contact_is, is_turned_away
from hosting.db.sites import Site, SiteQuery
from web import quantities

PAGE = 50
SORTS = ("name", "contact", "version")
SHOWN = {"refused": Message("Configuration refused"), "quiet": Message("Turned away")}


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
        page = self.number_argument("page", 1)
        seconds, now = self.config.check_in_seconds, utc_now()
        wanted = selection.get("contact")
        conditions = [contact_is(cast(Contact, wanted), now, seconds)] if wanted else []
        conditions += [_shown(selection["show"], now)] if "show" in selection else []
        query = SiteQuery(
            words=tuple(selection.get("q", "").split()),
            where=conditions,
            sort=selection.get("sort", "name"),
            descending="order" in selection,
            offset=(page - 1) * PAGE,
            limit=PAGE,
        )

        def look(connection: Connection) -> dict[str, Any]:
            found, count = sites.find_sites(connection, query)
            contacts = sites.count_sites(connection, {word: contact_is(word, now, seconds) for word in CONTACTS})
            shown = sites.count_sites(connection, {word: _shown(word, now) for word in SHOWN})
            conditions = fleet.count_devices(connection)
            views = site_views(connection, found, seconds)
            return {"sites": views, "count": count, "contacts": contacts, "shown": shown, "conditions": conditions}

        found = await self.look(look)
        self.page(
            "sites.html",
            **found,
            selection=selection,
            words=texts.CONTACTS,
            shows=SHOWN,
            number=quantities.number,
            levels=texts.UPDATE_LEVELS,
            page_number=page,
            pages=-(-found["count"] // PAGE),
        )

    def _chosen(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.get_query_argument(name, "")
        return value if value in allowed else ""


def _shown(word: str, now: datetime) -> Condition:
    """Return the condition of one of `SHOWN`."""
    return is_turned_away(now) if word == "quiet" else sites.refused_configuration()


def site_views(connection: Connection, found: list[Site], check_in_seconds: int) -> list[SiteView]:
    """Return the lines of sites."""
    ids = [site.site_id for site in found]
    counts = fleet.counts_by_site(connection, ids)
    waiting = sites.waiting_commands(connection, ids)
    names = {site_id: frozenset(name for other, name in waiting if other == site_id) for site_id in ids}
    return [site_view(site, counts.get(site.site_id, {}), check_in_seconds, names[site.site_id]) for site in found]
