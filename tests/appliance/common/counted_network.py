"""Run inside a network namespace of its own: connect, and print what was counted beside what nftables counts of the same packets.

The loopback device has the MTU of Ethernet and passes segment by segment, as a network does.
"""

import asyncio
import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from appliance.common.network.traffic import Traffic, TrafficByPurpose
from appliance.http.errors import RefusedError, SilentError
from appliance.http.ports import AllowedPorts
from appliance.http.visit import HttpLimits, Visit
from appliance.transmission.client import HostingClient
from tests.appliance.http.web import Page, device
from tests.appliance.transmission.certificates import make_authority
from tests.appliance.transmission.peer import Received, Reply, serving
from tests.appliance.transmission.test_client import BATCH, CHECKED_IN, IDENTITY
from tests.children import wait_until
from tests.ports import free_port

LISTEN, TIME_WAIT = "0A", "06"
RULES = """table inet seen {{
    chain out {{ type filter hook output priority 0;
        tcp dport {port} counter comment "sent"
        tcp sport {port} counter comment "received"
    }}
}}"""


def command(*words: str, given: str | None = None) -> str:
    return subprocess.run(words, input=given, text=True, check=True, capture_output=True).stdout


@contextmanager
def watched(port: int, outcome: dict[str, Any], name: str, counted: Traffic) -> Iterator[None]:
    """Let nftables count what goes to and from `port` in the block, and put it beside what was `counted`."""
    command("nft", "-f", "-", given=RULES.format(port=port))
    yield
    wait_until("all connections are closed", lambda: not still_open(port))
    listed = json.loads(command("nft", "-j", "list", "table", "inet", "seen"))["nftables"]
    rules = {item["rule"]["comment"]: item["rule"]["expr"] for item in listed if "rule" in item}
    seen = {way: next(part["counter"] for part in parts if "counter" in part) for way, parts in rules.items()}
    outcome[name] = {
        "counted": counted.as_json(),
        "seen": {f"{what}_{way}": seen[way][what] for what in ("packets", "bytes") for way in ("sent", "received")},
    }
    command("nft", "delete", "table", "inet", "seen")


def still_open(port: int) -> list[str]:
    """Return the connections of `port` that are not through with their goodbye."""
    table = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    lines = [line.split() for line in table.splitlines() if f":{port:04X} " in line]
    return [fields[3] for fields in lines if fields[3] not in (LISTEN, TIME_WAIT)]


async def visits(outcome: dict[str, Any]) -> None:
    pages = {"/small": Page(b"x"), "/large": Page(b"x" * 40_000), "/last": Page(b"x" * 3000, close=True)}
    for address in ("127.0.0.1", "::1"):
        traffic = Traffic()
        async with device(pages, address=address) as served:
            with watched(served.port, outcome, f"visit {address}", traffic):
                async with Visit(address, AllowedPorts([served.port]), HttpLimits(), traffic) as visit:
                    for path in (*pages, "/small"):
                        await visit.get(path, port=served.port)
                while still_open(served.port):
                    await asyncio.sleep(0.01)
    port, traffic = free_port(), Traffic()
    with watched(port, outcome, "refused", traffic), suppress(RefusedError):
        await AllowedPorts([port]).dial("127.0.0.1", port, 1.0, traffic)
    command("nft", "add table inet wall; add chain inet wall in { type filter hook input priority 0; }")
    command("nft", f"add rule inet wall in tcp dport {port} drop")
    traffic = Traffic()
    with watched(port, outcome, "silent", traffic), suppress(SilentError):
        await AllowedPorts([port]).dial("127.0.0.1", port, 1.5, traffic)


def answer(request: Received) -> Reply:
    if "readings" in request.content:
        return Reply({"accepted": len(request.content["readings"]), "duplicate": 0})
    return Reply(CHECKED_IN, headers={"Connection": "close"} if request.content["state"].get("last") else {})


def calls(outcome: dict[str, Any], folder: Path) -> None:
    authority = make_authority(folder)
    for scheme, context in (("http", None), ("https", authority.server_context("127.0.0.1"))):
        traffic, total = TrafficByPurpose(), Traffic()
        with serving(answer, context) as peer, watched(peer.port, outcome, scheme, total):
            with HostingClient(peer.url, IDENTITY, authority.trusted, traffic=traffic) as client:
                client.check_in({"first": True})
                client.upload(BATCH)
                client.check_in({"last": True})
                client.upload(BATCH)
            total.add(traffic.total())
        outcome[scheme]["purposes"] = traffic.as_json()


if __name__ == "__main__":
    command("ip", "link", "set", "lo", "up", "mtu", "1500", "gso_max_segs", "1")
    result: dict[str, Any] = {}
    asyncio.run(visits(result))
    with tempfile.TemporaryDirectory() as name:
        calls(result, Path(name))
    print(json.dumps(result))
