"""The pages of the sites."""

from typing import Any, cast

import sqlalchemy as sa
from tornado.web import HTTPError

from hosting.clock import utc_now
from hosting.console import texts
from hosting.console.base import ConsoleHandler
from hosting.console.views import SiteView, device_view, site_view
from hosting.contact import CONTACTS, Contact, contact_is
from hosting.db import audit, fleet, sites
from hosting.db.fleet import DeviceQuery
from hosting.db.sites import Site, SiteQuery

PAGE = 50
SORTS = ("name", "contact", "version")


class SitesPage(ConsoleHandler):
    """`/sites`: all sites, how they are and when they were heard of."""

    async def get(self) -> None:
        """Show the list; the selection stands in the address."""
        selection = {
            "q": self.get_query_argument("q", "").strip()[:200],
            "contact": self._chosen("contact", CONTACTS),
            "sort": self._chosen("sort", SORTS),
            "order": self._chosen("order", ("desc",)),
        }
        selection = {name: value for name, value in selection.items() if value}
        page = self.number_argument("page", 1)
        seconds, now = self.config.check_in_seconds, utc_now()
        wanted = selection.get("contact")
        query = SiteQuery(
            words=tuple(selection.get("q", "").split()),
            where=contact_is(cast(Contact, wanted), now, seconds) if wanted else None,
            sort=selection.get("sort", "name"),
            descending="order" in selection,
            offset=(page - 1) * PAGE,
            limit=PAGE,
        )

        def look(connection: sa.Connection) -> tuple[list[SiteView], int, dict[str, int], dict[str, int]]:
            found, count = sites.find_sites(connection, query)
            contacts = sites.count_sites(connection, {word: contact_is(word, now, seconds) for word in CONTACTS})
            return _views(connection, found, seconds), count, contacts, fleet.count_devices(connection)

        views, count, contacts, conditions = await self.services.database.read(look)
        self.page(
            "sites.html",
            sites=views,
            count=count,
            contacts=contacts,
            conditions=conditions,
            selection=selection,
            words=texts.CONTACTS,
            number=texts.number,
            levels=texts.UPDATE_LEVELS,
            page_number=page,
            pages=-(-count // PAGE),
        )

    def _chosen(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.get_query_argument(name, "")
        return value if value in allowed else ""


def _views(connection: sa.Connection, found: list[Site], check_in_seconds: int) -> list[SiteView]:
    ids = [site.site_id for site in found]
    counts = fleet.counts_by_site(connection, ids)
    waiting = sites.waiting_commands(connection, ids)
    return [
        site_view(site, counts.get(site.site_id, {}), check_in_seconds, command_waits=site.site_id in waiting) for site in found
    ]


class SitePage(ConsoleHandler):
    """`/sites/ID`: one site, its devices and what was done with it."""

    async def get(self, site_id: str) -> None:
        """Show the site."""
        query = DeviceQuery(site_id=site_id, sort="condition", limit=PAGE)

        def look(connection: sa.Connection) -> dict[str, Any] | None:
            site = sites.site_by_id(connection, site_id)
            if site is None:
                return None
            [view] = _views(connection, [site], self.config.check_in_seconds)
            rows, count = fleet.devices(connection, query)
            lines = audit.latest(connection, site_id=site_id)
            return {"view": view, "devices": [device_view(row) for row in rows], "count": count, "lines": lines}

        found = await self.services.database.read(look)
        if found is None:
            raise HTTPError(404)
        self.page("site.html", number=texts.number, levels=texts.UPDATE_LEVELS, masks=texts.masks, traffic=texts.traffic, **found)


class SiteAction(ConsoleHandler):
    """Base of what can be done with a site: a POST, after which the page it came from is shown."""

    async def post(self, site_id: str) -> None:
        """Do it. Raises HTTPError 404 for an unknown site."""
        actor, address = self.actor, self.address

        def do(connection: sa.Connection) -> str | None:
            site = sites.site_by_id(connection, site_id)
            return self.act(connection, site, actor, address) if site else None

        done = await self.services.database.write(do)
        if done is None:
            raise HTTPError(404)
        back = "/sites" if self.get_body_argument("back", "") == "sites" else f"/sites/{site_id}"
        self.redirect(self.url(back, done=done))

    def act(self, connection: sa.Connection, site: Site, actor: str, address: str) -> str:
        """Do it and return the name of the notice."""
        raise NotImplementedError


class ScanNow(SiteAction):
    """`/sites/ID/scan`: queue a scan."""

    def act(self, connection: sa.Connection, site: Site, actor: str, address: str) -> str:
        """Queue the command for the next check-in."""
        if site.public_key is None or site.revoked_at is not None:
            raise HTTPError(409, "This site has no appliance that could scan. Enrol one first.")
        queued = sites.queue_command(connection, site.site_id, "scan_now", actor=actor, address=address)
        return "scan" if queued else "scan-waits"


class Revoke(SiteAction):
    """`/sites/ID/revoke`: refuse what the site sends."""

    def act(self, connection: sa.Connection, site: Site, actor: str, address: str) -> str:
        """Revoke the site."""
        sites.set_revoked(connection, site.site_id, True, actor=actor, address=address)
        return "revoked"


class Admit(SiteAction):
    """`/sites/ID/admit`: accept again what the site sends."""

    def act(self, connection: sa.Connection, site: Site, actor: str, address: str) -> str:
        """Admit the site."""
        sites.set_revoked(connection, site.site_id, False, actor=actor, address=address)
        return "admitted"
