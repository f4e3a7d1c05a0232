"""Letting the running components take settings that a command has changed."""

import sys

from appliance.common.errors import ControlError
from appliance.common.paths import Paths
from appliance.process.client import ControlClient


async def reload_components(paths: Paths) -> None:
    """Have the settings read again; components that do not run take them when they start. What is refused is told on stderr."""
    for name, file in (("collector", paths.collector_socket), ("supervisor", paths.supervisor_socket)):
        if not file.exists():
            continue
        try:
            await ControlClient(file, name).call("POST", "/v1/reload")
        except ControlError as error:
            print(f"dca: the change is kept, but the {name} has not taken it yet: {error}", file=sys.stderr)
