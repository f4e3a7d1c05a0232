"""Sending a support bundle because the hosting team asks for one, where the site allows it."""

import asyncio
from typing import Any

import structlog

from appliance.common.backoff import next_delay
from appliance.common.errors import DataFolderError, HostingError, RefusedError, SettingsError
from appliance.common.message import Message
from appliance.common.paths import Paths
from appliance.service.collector.collector_notes import CollectorNotes
from appliance.service.hosting.connection import HostingConnection
from appliance.settings.store import SettingsStore
from appliance.support.bundle import bundle_of

ATTEMPTS = 5

log = structlog.get_logger()


class Support:
    """Makes bundles and sends them."""

    def __init__(self, paths: Paths, settings_store: SettingsStore, connection: HostingConnection, notes: CollectorNotes) -> None:
        self._paths = paths
        self._settings_store = settings_store
        self._connection = connection
        self._notes = notes

    async def send(self, *, allowed: bool) -> None:
        """Send what is now, tried a few times; an event tells the site that it was sent. `allowed` is privacy.support_bundle."""
        if not allowed:
            log.warning("the hosting team asks for a support bundle; this site sends none (privacy.support_bundle is off)")
            return
        try:
            bundle = await bundle_of(self._paths, self._settings_store)
            bundle_id = await self._deliver(bundle)
        except (SettingsError, DataFolderError, HostingError) as error:
            log.warning("the support bundle was not sent", reason=str(error))
            return
        log.info("a support bundle was sent", bundle_id=bundle_id, bytes=len(bundle))
        facts: dict[str, Any] = {"bytes": len(bundle), "bundle_id": bundle_id}
        message = Message(
            "A support bundle of %(bytes)d bytes was sent, because the hosting team asked for one. It is %(bundle_id)s there.",
            **facts,
        )
        await self._notes.ask(lambda store: store.add_event("support_bundle_sent", message, **facts))

    async def _deliver(self, bundle: bytes) -> str:
        for failures in range(1, ATTEMPTS):
            try:
                return await self._connection.send_bundle(bundle)
            except RefusedError:
                raise
            except HostingError as error:
                log.info("the support bundle is sent again later", reason=str(error))
                await asyncio.sleep(next_delay(failures, retry_after=error.retry_after))
        return await self._connection.send_bundle(bundle)
