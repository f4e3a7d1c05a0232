"""`dca found`: printers that were found beside the ranges, and what becomes of them. The collector has to run."""

import argparse
import asyncio
import sys
from typing import Any

from appliance.commands.tables import table
from appliance.common.log import configure_logging
from appliance.common.paths import Paths
from appliance.common.plain import plain, plain_json
from appliance.process.client import ControlClient

HOW = {"dns_sd": "DNS-SD", "neighbours": "a router", None: "was ignored"}
DECISIONS = ("add", "ignore", "restore")


def run(arguments: argparse.Namespace) -> int:
    """List, decide or look. Raises ControlError with the reason where the collector cannot do it."""
    configure_logging("cli", level="ERROR", stream=sys.stderr)
    client = ControlClient(Paths.from_environment().collector_socket, "collector")
    if arguments.action == "look":
        asyncio.run(client.call("POST", "/v1/found/look", {}))
        print("Looking. `dca status` shows how far it is, `dca found` what it finds.")
        return 0
    if arguments.action in DECISIONS:
        found = asyncio.run(client.call("POST", "/v1/found", {arguments.action: arguments.addresses}))
    else:
        found = asyncio.run(client.call("GET", "/v1/found"))
    print(plain_json(found, indent=2) if arguments.json else "\n".join(_lines(found)))
    return 0


def _lines(found: dict[str, Any]) -> list[str]:
    lines = []
    if rows := [[each["address"], plain(each["name"] or "-"), HOW[each["by"]], each["found_at"]] for each in found["waiting"]]:
        lines.append(table(rows, ("ADDRESS", "NAME", "FOUND BY", "SINCE")))
    elif found["dns_sd"] or found["neighbours"]:
        lines.append("Nothing waits for a decision.")
    else:
        lines.append("Nothing is looked for beside the ranges: scan.dns_sd and scan.neighbours are off.")
    lines += [f"{name.capitalize()}: {', '.join(found[name])}" for name in ("added", "ignored") if found[name]]
    if found["dns_sd"] and found["engines_network"]:
        lines.append("! This container has a network of its own: multicast of the network of its host does not reach it.")
    return lines + [f"! {plain(note['text'])}" for note in found["notes"]]
