"""What the running components say of themselves, for a bundle."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.common.errors import ControlError
from appliance.common.paths import Paths
from appliance.process.client import ControlClient

CALLS = ("/v1/status", "/v1/health")
COLLECTOR_CALLS = (*CALLS, "/v1/traffic")


@dataclass(frozen=True, slots=True)
class Asked:
    """The answers of a component by the path of the call; `{"error": sentence}` where there was none."""

    supervisor: dict[str, Any]
    collector: dict[str, Any]


async def ask_components(paths: Paths) -> Asked:
    """Return what supervisor and collector answer. One that does not run is no fault: the bundle says so."""

    async def one(socket: Path, name: str, call: str) -> dict[str, Any]:
        try:
            return await ControlClient(socket, name).call("GET", call)
        except ControlError as error:
            return {"error": str(error)}

    async def all_of(socket: Path, name: str, calls: tuple[str, ...]) -> dict[str, Any]:
        return dict(zip(calls, await asyncio.gather(*(one(socket, name, call) for call in calls)), strict=True))

    return Asked(
        await all_of(paths.supervisor_socket, "supervisor", CALLS),
        await all_of(paths.collector_socket, "collector", COLLECTOR_CALLS),
    )
