"""What a check-in tells, gathered from settings, store and supervisor."""

import asyncio
from collections.abc import Mapping
from typing import Any

from appliance.common.errors import ControlError, DataFolderError, DcaError, SettingsError
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.privacy.outgoing import Masking
from appliance.process.client import ControlClient
from appliance.service.collector.collector_notes import CollectorNotes
from appliance.service.hosting.image_state import image_state
from appliance.service.hosting.site_state import site_state
from appliance.service.hosting.update_ends import UpdateEnds
from appliance.settings.configuration_state import Received
from appliance.settings.model import Settings
from appliance.settings.store import SettingsStore
from appliance.store.reader import Reader
from appliance.store.store import Store
from appliance.support.scrubbing import Scrubber, secrets_of

SUPERVISOR_SECONDS = 3.0
"""A check-in does not wait longer for the supervisor, which may be busy or about to end."""


class SiteStateSource:
    """Makes the state of a check-in."""

    def __init__(self, paths: Paths, settings_store: SettingsStore, notes: CollectorNotes) -> None:
        self._paths = paths
        self._settings_store = settings_store
        self._notes = notes
        self._update_ends = UpdateEnds(notes)
        self._supervisor = ControlClient(paths.supervisor_socket, "supervisor", timeout=SUPERVISOR_SECONDS)
        self._scrubbed: tuple[tuple[str, ...], dict[str, str]] = ((), {})
        """The texts of an update without secrets, and what they were made from: the same ones are told for months."""

    async def state(self, settings: Settings, status: Mapping[str, Any]) -> dict[str, Any]:
        """Return the state. `status` is that of the control API."""
        traffic = await self._notes.ask(Store.traffic_of_last_day) or {}
        try:
            received: Received | None = await asyncio.to_thread(self._settings_store.received)
        except (SettingsError, DataFolderError):  # what is wrong with the settings is a problem of its own
            received = None
        return site_state(settings, status, traffic, received, await self._update(settings))

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
            "image": told and told | await self._without_secrets(settings, {name: told[name] for name in ("text", "log")}),
        }

    async def _without_secrets(self, settings: Settings, texts: dict[str, str]) -> dict[str, str]:
        made_from = (settings.privacy.model_dump_json(), *texts.values())
        if made_from != self._scrubbed[0]:
            self._scrubbed = (made_from, await asyncio.to_thread(self._scrub, settings, texts))
        return self._scrubbed[1]

    def _scrub(self, settings: Settings, texts: dict[str, str]) -> dict[str, str]:
        try:
            masking = Masking.of(settings.privacy, self._paths.trust)
            scrubber = Scrubber(secrets_of(self._settings_store.effective()), masking)
            if texts["log"]:
                scrubber.know(Reader(self._paths.readings).devices())
        except DcaError as error:  # what cannot be masked is not told
            return {"text": str(error) if texts["text"] else "", "log": ""}
        return {name: scrubber.text(text) for name, text in texts.items()}
