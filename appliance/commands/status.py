"""`dca status`: what the appliance does and how it is."""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.commands.tables import table
from appliance.common.errors import ControlError, DataFolderError, SettingsError
from appliance.common.log import configure_logging
from appliance.common.message import message_of
from appliance.common.paths import Paths
from appliance.common.plain import plain, plain_json
from appliance.process.client import ControlClient
from appliance.settings.store import rejection_of

ANSWER_SECONDS = 5.0


def run(arguments: argparse.Namespace) -> int:
    """Print the status; 0 when the collector answers."""
    configure_logging("cli", level="ERROR", stream=sys.stderr)
    paths = Paths.from_environment()
    collector, supervisor = asyncio.run(_ask(paths))
    rejection = _rejection(paths)
    if arguments.json:
        answers = {"collector": collector, "supervisor": supervisor}
        errors = [str(answer) for answer in answers.values() if isinstance(answer, ControlError)]
        known = {name: None if isinstance(answer, ControlError) else answer for name, answer in answers.items()}
        print(plain_json({**known, "configuration_rejected": rejection, "errors": errors}, indent=2))
    else:
        for part in (_supervisor_lines(supervisor), _collector_lines(collector)):
            print("\n".join(part))
        if rejection:
            print(f"! {plain(rejection)}")
    if isinstance(collector, ControlError):
        print(f"dca: {collector}", file=sys.stderr)
        return 1
    return 0


def _rejection(paths: Paths) -> str | None:
    """Return which configuration of the hosting server was not taken, and why; else what is wrong with the settings."""
    try:
        return rejection_of(paths.settings)
    except (SettingsError, DataFolderError) as error:
        return message_of(error)


async def _ask(paths: Paths) -> tuple[dict[str, Any] | ControlError, dict[str, Any] | ControlError]:
    async def one(file: Path, name: str) -> dict[str, Any] | ControlError:
        try:
            return await ControlClient(file, name, timeout=ANSWER_SECONDS).call("GET", "/v1/status")
        except ControlError as error:
            return error

    return await asyncio.gather(one(paths.collector_socket, "collector"), one(paths.supervisor_socket, "supervisor"))


def _supervisor_lines(status: dict[str, Any] | ControlError) -> list[str]:
    if isinstance(status, ControlError):
        return ["Supervisor    not running"]
    health = "on" if status.get("health_check") else "off: it reports and restarts nothing"
    update = status.get("update") or {}
    lines = [
        f"Version       {status.get('version')}",
        f"Health check  {health}",
        f"Updates       {update.get('level')}" + (f" ({update['text']})" if update.get("text") else ""),
    ]
    rows = [
        [str(item.get("name")), str(item.get("state")), f"{item.get('memory_mb') or 0:.0f} MB", str(item.get("status") or "")]
        for item in status.get("components", [])
    ]
    if rows:
        lines += ["", table(rows, ("COMPONENT", "STATE", "MEMORY", "STATUS"), frozenset({2})), ""]
    lines += [f"! {plain(str(issue.get('text')))}" for issue in status.get("issues", []) if not issue.get("fixed")]
    return lines


def _collector_lines(status: dict[str, Any] | ControlError) -> list[str]:
    if isinstance(status, ControlError):
        return ["Collector     not running"]
    devices, outbox = status["devices"], status["outbox"]
    scan, last, waiting = status["scan"], status["last_scan"], status.get("found_waiting")
    oldest = f", the oldest since {outbox['oldest_at']}" if outbox["oldest_at"] else ""
    quiet = f", quiet time until {status['quiet_until']}" if status["quiet_until"] and not scan else ""
    lines = [
        f"Collector     {scan['text'] if scan else 'idle'}{quiet}",
        f"Devices       {devices['known']} known, {devices['answering']} answering",
        f"Last scan     {last['text']} ({last['finished_at']})" if last else "Last scan     none yet",
        f"Next sweep    {status['next_sweep_at'] or _no_sweep(status)}",
        f"Next reading  {status['next_read_at'] or 'never'}",
        *([f"Found         {waiting} printers wait for a decision: use `dca found`"] if waiting else []),
        f"Hosting       {_hosting(status['hosting'])}",
        f"Privacy       {status['masks']['text']}" + ("" if status["masks"]["chosen"] else " Not chosen yet: nothing is sent."),
        f"Waiting       {outbox['readings']} readings{oldest}",
    ]
    return lines + [f"! {plain(problem['text'])}" for problem in status["problems"]]


def _no_sweep(status: Mapping[str, Any]) -> str:
    return "when somebody asks for the first scan" if status.get("first_scan_waits") else "never: no targets are set"


def _hosting(hosting: Mapping[str, Any]) -> str:
    if not hosting["enrolled"]:
        return "not enrolled: use `dca enrol`"
    contact = f"last contact {hosting['last_contact_at']}" if hosting["last_contact_at"] else "no contact yet"
    return f"{hosting['url']}, {contact}"
