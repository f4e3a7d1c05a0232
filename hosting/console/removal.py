"""Removing a site or a device, keeping it after all, and another name for a site."""

from tornado.web import HTTPError

from appliance.common.message import message_of
from hosting.console.base import ConsoleHandler, RefusedError
from hosting.console.site import SiteAction
from hosting.db import fleet, removal, site_names
from hosting.db.connection.database import Connection
from hosting.db.sites import Site
from hosting.errors import ConfigurationError


class RemoveSite(SiteAction):
    """`/sites/ID/remove`: plan the removal of a site."""

    def act(self, connection: Connection, site: Site, actor: str, address: str) -> str:
        """Plan it."""
        removal.plan(connection, site.site_id, removal.DAYS, actor=actor, address=address)
        return "removal"


class KeepSite(SiteAction):
    """`/sites/ID/keep`: call the removal of a site off."""

    def act(self, connection: Connection, site: Site, actor: str, address: str) -> str:
        """Call it off. Raises RefusedError 409 where nothing is planned."""
        if not removal.call_off(connection, site.site_id, actor=actor, address=address):
            raise RefusedError(409, removal.NOT_PLANNED)
        return "kept"


class RenameSite(SiteAction):
    """`/sites/ID/rename`: give a site another name."""

    def act(self, connection: Connection, site: Site, actor: str, address: str) -> str:
        """Rename it. Raises RefusedError 422 for what is no name, and for the name of another site."""
        try:
            site_names.rename(connection, site, self.get_body_argument("name", ""), actor=actor, address=address)
        except ConfigurationError as error:
            raise RefusedError(422, message_of(error)) from error
        return "renamed"


class _DeviceAction(ConsoleHandler):
    """Base of what can be done with a device: a POST, after which its page is shown."""

    async def post(self) -> None:
        """Do it. Raises HTTPError 404 for an unknown device."""
        actor, address = self.actor, self.client_ip
        site_id, key = (self.get_body_argument(name, "", strip=False) for name in ("site", "key"))

        def do(connection: Connection) -> str | None:
            known = "\x00" not in site_id + key and fleet.device(connection, site_id, key)
            return self.act(connection, site_id, key, actor, address) if known else None

        done = await self.services.pages.write(do)
        if done is None:
            raise HTTPError(404)
        self.redirect(self.url("/device", site=site_id, key=key, done=done))

    def act(self, connection: Connection, site_id: str, key: str, actor: str, address: str) -> str:
        """Do it and return the name of the notice."""
        raise NotImplementedError


class RemoveDevice(_DeviceAction):
    """`/device/remove`: plan the removal of a device."""

    def act(self, connection: Connection, site_id: str, key: str, actor: str, address: str) -> str:
        """Plan it."""
        removal.plan(connection, site_id, removal.DAYS, device_key=key, actor=actor, address=address)
        return "device-removal"


class KeepDevice(_DeviceAction):
    """`/device/keep`: call the removal of a device off."""

    def act(self, connection: Connection, site_id: str, key: str, actor: str, address: str) -> str:
        """Call it off. Raises RefusedError 409 where nothing is planned."""
        if not removal.call_off(connection, site_id, device_key=key, actor=actor, address=address):
            raise RefusedError(409, removal.NOT_PLANNED)
        return "kept"
