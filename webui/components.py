"""The other processes of the appliance as the pages see them: asked over their control sockets, and allowed to be down."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from appliance.common.errors import ControlError
from appliance.common.message import Message, message_of, sentences
from appliance.common.paths import Paths
from appliance.process.client import ControlClient

PATIENT_SECONDS = 60.0
"""For calls that wait for the hosting server, which may be far away, or for components that read their settings."""


@dataclass(frozen=True, slots=True)
class ComponentAnswer:
    """What a component answered, or the sentence that says why it did not."""

    data: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    def __bool__(self) -> bool:
        return self.error is None


class Components:
    """The collector and the supervisor."""

    def __init__(self, paths: Paths) -> None:
        self._collector = ControlClient(paths.collector_socket, "collector")
        self._patient_collector = ControlClient(paths.collector_socket, "collector", timeout=PATIENT_SECONDS)
        self._supervisor = ControlClient(paths.supervisor_socket, "supervisor")
        self._patient_supervisor = ControlClient(paths.supervisor_socket, "supervisor", timeout=PATIENT_SECONDS)

    async def statuses(self) -> tuple[ComponentAnswer, ComponentAnswer]:
        """Return the status of the collector and of the supervisor."""
        collector, supervisor = await asyncio.gather(self.collector("GET", "/v1/status"), self.supervisor("GET", "/v1/status"))
        return collector, supervisor

    async def collector(self, method: str, path: str, body: dict[str, Any] | None = None) -> ComponentAnswer:
        """Call the collector."""
        return await _ask(self._collector, method, path, body)

    async def supervisor(self, method: str, path: str, body: dict[str, Any] | None = None) -> ComponentAnswer:
        """Call the supervisor."""
        return await _ask(self._supervisor, method, path, body)

    async def enrol(self, enrolment: str) -> ComponentAnswer:
        """Let the collector enrol the site with the hosting server that `enrolment` names."""
        return await _ask(self._patient_collector, "POST", "/v1/enrol?by=page", {"enrolment": enrolment})

    async def check_in(self) -> ComponentAnswer:
        """Let the collector check in now, and wait for the hosting server."""
        return await _ask(self._patient_collector, "POST", "/v1/check-in", {})

    async def go_back(self) -> ComponentAnswer:
        """Let the supervisor put the configuration before into force."""
        return await _ask(self._patient_supervisor, "POST", "/v1/update/back", {})

    async def reload(self) -> list[str]:
        """Let both read the settings again. Returns a sentence for each that did not: the settings are kept all the same."""
        answers = await asyncio.gather(self.collector("POST", "/v1/reload"), self.supervisor("POST", "/v1/reload"))
        kept = Message("The change is kept, but not in use yet.")
        return [sentences(kept, answer.error) for answer in answers if answer.error]

    def scan_events(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the states of the running scan. Raises ControlError."""
        return self._collector.events("/v1/scan/events")


async def _ask(client: ControlClient, method: str, path: str, body: dict[str, Any] | None) -> ComponentAnswer:
    try:
        return ComponentAnswer(await client.call(method, path, body))
    except ControlError as error:
        return ComponentAnswer(error=message_of(error))
