"""`dca update check` and `dca update back`: what a person asks of the appliance that runs."""

import argparse
import asyncio

from appliance.errors import ControlError
from appliance.paths import Paths
from appliance.process.client import ControlClient

LOOK_SECONDS = 0.3
CALL_SECONDS = 60.0
"""Going back waits for the components to read their settings."""


def check(_options: argparse.Namespace) -> int:
    """Check for configuration, wait, and print how it went in a sentence; exit code 1 when that was not well."""
    return asyncio.run(_check(_client()))


def back(_options: argparse.Namespace) -> int:
    """Go back to the configuration before, and print what was done in a sentence."""
    print(asyncio.run(_client().call("POST", "/v1/update/back", {}))["text"])
    return 0


def _client() -> ControlClient:
    return ControlClient(Paths.from_environment().supervisor_socket, "appliance", timeout=CALL_SECONDS)


async def _check(client: ControlClient) -> int:
    before = await _last(client)
    await client.call("POST", "/v1/update/check", {})
    while True:
        status = (await client.call("GET", "/v1/status"))["update"]
        last = status["last_check"]
        # One that was under way is followed by ours.
        if last and last != before and not status["checking"]:
            break
        await asyncio.sleep(LOOK_SECONDS)
    if not last["ok"]:
        raise ControlError(str(last["text"]))
    print(last["text"])
    return 0


async def _last(client: ControlClient) -> object:
    return (await client.call("GET", "/v1/status"))["update"]["last_check"]
