"""What a check-in tells, gathered from settings, store and supervisor."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from typing import Any

from appliance.common.clock import zone_name
from appliance.common.errors import ControlError, DataFolderError, DcaError, SettingsError
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.privacy.outgoing import Masking
from appliance.process.client import ControlClient
from appliance.service.collector.collector_notes import CollectorNotes
from appliance.service.hosting.image_state import image_state
from appliance.service.hosting.site_state import site_state, without_sentences
from appliance.service.hosting.update_ends import UpdateEnds
from appliance.settings.configuration_state import Received
from appliance.settings.model import Settings
from appliance.settings.store import SettingsStore
from appliance.store.store import Store
from appliance.support.scrubbing import Scrubber, secrets_of

SUPERVISOR_SECONDS = 3.0
"""A check-in does not wait longer for the supervisor, which may be busy or about to end."""


class SiteStateSource:
    """Makes the state of a check-in."""

    def __init__(
        self, paths: Paths, settings_store: SettingsStore, notes: CollectorNotes, masking: Callable[[], Masking], zone: tzinfo = UTC
    ) -> None:
        """`masking` returns the masks in force; it may raise SettingsError or DataFolderError, and no sentence is told then."""
        self._zone_name = zone_name(zone)
        self._settings_store = settings_store
        self._notes = notes
        self._masking = masking
        self._update_ends = UpdateEnds(notes)
        self._supervisor = ControlClient(paths.supervisor_socket, "supervisor", timeout=SUPERVISOR_SECONDS)

    async def state(self, settings: Settings, status: Mapping[str, Any]) -> dict[str, Any]:
        """Return the state. `status` is that of the control API."""
        traffic = await self._notes.ask(Store.traffic_of_last_day) or {}
        try:
            received: Received | None = await asyncio.to_thread(self._settings_store.received)
        except (SettingsError, DataFolderError):  # what is wrong with the settings is a problem of its own
            received = None
        state = site_state(settings, status, traffic, received, await self._update(settings)) | {"time_zone": self._zone_name}
        return await asyncio.to_thread(self._scrubbed, state, str(status["hosting"]["url"] or ""))

    async def told(self) -> bool:
        """Note that the state was told; return whether more updates have ended that were not told yet."""
        return await self._update_ends.told()

    async def _update(self, settings: Settings) -> dict[str, Any]:
        """Return what is told of the versions, nothing while the supervisor does not answer."""
        self._update_ends.nothing()
        try:
            update = await self._supervisor.call("GET", "/v1/update")
        except ControlError:
            return {}
        image = update.get("image")
        if not isinstance(image, dict):
            return {}
        told = image_state(image, installed_version(), await self._update_ends.next(image))
        return {
            "channel": settings.update.channel,
            "rollout": image.get("rollout") or "none",
            "image_updates": update.get("image_updates"),
            "image": told,
        }

    def _scrubbed(self, state: dict[str, Any], hosting: str) -> dict[str, Any]:
        """Return the state without secrets, and masked; what cannot be masked is not told. Blocking."""
        try:
            masking = self._masking()
            scrubber = Scrubber(secrets_of(self._settings_store.effective()), masking)
        except DcaError as error:
            return without_sentences(state, str(error))
        masking.known.add_public(hosting)
        masked: dict[str, Any] = scrubber.value(state)
        return masked
