"""The page of one site, and what can be done with it."""

from collections.abc import Callable
from typing import Any, ClassVar

from tornado.web import HTTPError

from appliance.common.clock import utc_now
from appliance.common.message import Message, message_of
from appliance.release import DEFAULT_CHANNEL, ROLLOUT_PATH, Rollout, parse_rollout
from appliance.report.names import words
from hosting.configuration.publication import Publishing, in_group
from hosting.configuration.scope import group_scope, site_scope
from hosting.console import texts, update_texts
from hosting.console.base import ConsoleHandler, RefusedError
from hosting.console.releases import offer_of_site
from hosting.console.sites import PAGE, site_views
from hosting.console.views import device_view
from hosting.db import audit, bundles, configuration, releases, removal, sites
from hosting.db.connection.database import Connection
from hosting.db.contact import turned_away
from hosting.db.history.site_zone import reported_zone
from hosting.db.intake import readings
from hosting.db.lists import devices
from hosting.db.lists.devices import DeviceQuery
from hosting.db.sites import Site
from hosting.errors import ConfigurationError, RepositoryError
from hosting.expiry import end_of_day
from hosting.releases.update_report import reported_update, reported_versions
from web import quantities


class SitePage(ConsoleHandler):
    """`/sites/ID`: one site, its devices, its configuration and what was done with it."""

    async def get(self, site_id: str) -> None:
        """Show the site."""
        found = await self.look(lambda connection: self._found(connection, site_id))
        if found is None:
            raise HTTPError(404)
        site, rollout = found["view"].site, found.pop("rollout")
        offered, offered_by = offer_of_site(parse_rollout(rollout.content) if rollout else Rollout(0), site)
        zone = reported_zone(site.state)
        self.page(
            "site.html",
            zone=zone.name if zone else None,
            channel=site.update_channel or DEFAULT_CHANNEL,
            offered=offered,
            offered_by=offered_by,
            image=reported_update(reported_versions(site.state).get("image")),
            doing=update_texts.doing,
            execution=update_texts.execution,
            reason_words=words,
            span=quantities.span,
            number=quantities.number,
            levels=texts.UPDATE_LEVELS,
            masks=texts.masks,
            traffic=texts.traffic,
            size=quantities.size,
            configuration_state=texts.configuration_state,
            outcome=texts.outcome,
            collector_state=texts.collector_state,
            action=texts.action,
            away=turned_away(site, utc_now()),
            removal_days=removal.DAYS,
            **found,
        )

    def _found(self, connection: Connection, site_id: str) -> dict[str, Any] | None:
        site = sites.site_by_id(connection, site_id)
        if site is None:
            return None
        [view] = site_views(connection, [site], self.config.check_in_seconds)
        part, count = devices.devices(connection, DeviceQuery(site_id=site_id, sort="condition", limit=PAGE))
        return {
            "view": view,
            "devices": [device_view(row) for row in part.rows],
            "count": count,
            "ahead": readings.ahead(connection, site_id),
            "lines": audit.latest(connection, site_id=site_id),
            "bundles": bundles.of_site(connection, site_id),
            "groups": configuration.groups(connection),
            "own": configuration.in_force(connection, site_scope(site_id, site.name).path),
            "marker": configuration.marker_of(connection, site_id, site.group_name),
            "updates": releases.updates_of(connection, site_id),
            "rollout": configuration.in_force(connection, ROLLOUT_PATH),
            "removal": removal.planned(connection, site_id).get(removal.WHOLE_SITE),
        }


class SiteGroup(ConsoleHandler):
    """`/sites/ID/group`: sign the site into a group, or out of it."""

    async def post(self, site_id: str) -> None:
        """Publish the membership. Raises HTTPError 404, RefusedError 409 when it cannot be published."""
        group = self.get_body_argument("group", "").strip() or None
        actor = self.actor
        site = await self.services.pages.read(lambda connection: sites.site_by_id(connection, site_id))
        if site is None:
            raise HTTPError(404)

        def work(publishing: Publishing) -> bool:
            if group is not None:
                group_scope(group)
            proposal = publishing.prepare(site_scope(site_id, site.name), in_group(group))
            if proposal.changes:
                publishing.publish(proposal, actor=actor)
            return bool(proposal.changes)

        try:
            done = await self.services.publish(work)
        except (ConfigurationError, RepositoryError) as error:
            raise RefusedError(409, message_of(error)) from error
        self.redirect(self.url(f"/sites/{site_id}", done="group" if done else "same"))


class BundleFile(ConsoleHandler):
    """`/sites/ID/bundles/BUNDLE`: a support bundle as it came."""

    async def get(self, site_id: str, bundle_id: str) -> None:
        """Answer the file. Raises HTTPError 404."""
        content = await self.services.pages.read(lambda connection: bundles.content_of(connection, site_id, bundle_id))
        if content is None:
            raise HTTPError(404)
        self.set_header("Content-Type", "application/gzip")
        self.set_header("Content-Disposition", f'attachment; filename="support-{site_id[:8]}-{bundle_id[:8]}.tar.gz"')
        self.finish(content)


class SiteAction(ConsoleHandler):
    """Base of what can be done with a site: a POST, after which the page it came from is shown."""

    async def post(self, site_id: str) -> None:
        """Do it. Raises HTTPError 404 for an unknown site."""
        actor, address = self.actor, self.client_ip

        def do(connection: Connection) -> str | None:
            site = sites.site_by_id(connection, site_id)
            return self.act(connection, site, actor, address) if site else None

        done = await self.services.pages.write(do)
        if done is None:
            raise HTTPError(404)
        back = "/sites" if self.get_body_argument("back", "") == "sites" else f"/sites/{site_id}"
        self.redirect(self.url(back, done=done))

    def act(self, connection: Connection, site: Site, actor: str, address: str) -> str:
        """Do it and return the name of the notice."""
        raise NotImplementedError


class _Command(SiteAction):
    """Queue a command for the next check-in; `notice` is what the page says then."""

    name = ""
    notice = ""

    def act(self, connection: Connection, site: Site, actor: str, address: str) -> str:
        """Queue it. Raises RefusedError 409 for a site without an appliance."""
        if site.public_key is None or turned_away(site, utc_now()):
            raise RefusedError(409, Message("This site has no appliance that is served here. Enrol or admit it first."))
        queued = sites.queue_command(connection, site.site_id, self.name, actor=actor, address=address)
        return self.notice if queued else f"{self.notice}-waits"


class ScanNow(_Command):
    """`/sites/ID/scan`: look for devices and read them."""

    name, notice = "scan_now", "scan"


class CheckNow(_Command):
    """`/sites/ID/check`: look for a new configuration."""

    name, notice = "check_now", "check"


class AskBundle(_Command):
    """`/sites/ID/bundle`: ask for a support bundle, which only a site that allows it sends."""

    name, notice = "send_support_bundle", "bundle"


class _Admission(SiteAction):
    """Base of what turns a site away or takes it in again."""

    set_state: ClassVar[Callable[..., None]]
    """Turns the site away where it is given true."""
    away: ClassVar[bool]
    notice: ClassVar[str]

    def act(self, connection: Connection, site: Site, actor: str, address: str) -> str:
        """Turn the site away, or take it in."""
        self.set_state(connection, site.site_id, self.away, actor=actor, address=address)
        return self.notice


class Revoke(_Admission):
    """`/sites/ID/revoke`: refuse what the site sends."""

    set_state, away, notice = staticmethod(sites.set_revoked), True, "revoked"


class Admit(_Admission):
    """`/sites/ID/admit`: accept again what the site sends."""

    set_state, away, notice = staticmethod(sites.set_revoked), False, "admitted"


class Deactivate(_Admission):
    """`/sites/ID/deactivate`: turn the site away until it is activated."""

    set_state, away, notice = staticmethod(sites.set_deactivated), True, "deactivated"


class Activate(_Admission):
    """`/sites/ID/activate`: serve the site again."""

    set_state, away, notice = staticmethod(sites.set_deactivated), False, "activated"


class Expiry(SiteAction):
    """`/sites/ID/expiry`: serve the site until the end of a day in UTC; without one, for ever."""

    def act(self, connection: Connection, site: Site, actor: str, address: str) -> str:
        """Set the day. Raises RefusedError 422 for what is no day."""
        text = self.get_body_argument("expires", "").strip()
        try:
            moment = end_of_day(text) if text else None
        except ConfigurationError as error:
            raise RefusedError(422, message_of(error)) from error
        sites.set_expiry(connection, site.site_id, moment, actor=actor, address=address)
        return "expiry"
