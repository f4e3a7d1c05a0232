"""Run inside a network namespace of its own, where nothing answers pings: sweep its loopback and print what came of it as JSON.

Two agents answer SNMP; a socket swallows all other requests, as a network does that drops what it does not know.
"""

import asyncio
import fcntl
import json
import socket
import struct
from contextlib import aclosing
from pathlib import Path

from appliance.discovery.credentials import Credential
from appliance.discovery.sweep.sweep import Asking, Pace, Sweep, SweepProgress
from appliance.discovery.targets import TargetSet
from appliance.snmp.client import SnmpClient, SnmpOptions
from appliance.snmp.values import Objects
from tests.appliance.snmp.messages import text
from tests.appliance.snmp.responder import responding

OBJECTS: Objects = {(1, 3, 6, 1, 2, 1, 1, 2, 0): text("id"), (1, 3, 6, 1, 2, 1, 1, 1, 0): text("a printer")}


def quieten() -> None:
    """Bring the loopback device of this namespace up, and have it ignore pings."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        # SIOCSIFFLAGS with IFF_UP.
        fcntl.ioctl(control, 0x8914, struct.pack("16sh14x", b"lo", 1))
    Path("/proc/sys/net/ipv4/icmp_echo_ignore_all").write_text("1")


async def main() -> None:
    progress = SweepProgress()
    # Reaching no network at all is the third kind of address here: 192.0.2.1 has no route in this namespace.
    targets = TargetSet.parse(["127.30.0.0/27", "192.0.2.1"])
    async with (
        responding(OBJECTS, host="127.30.0.5") as agent,
        responding(OBJECTS, host="127.30.0.6", port=agent.port),
        SnmpClient(SnmpOptions(timeout=0.5, retries=1)) as client,
    ):
        swallowing = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(30)]
        try:
            for number, each in enumerate(swallowing, 1):
                if number not in (5, 6):
                    each.bind((f"127.30.0.{number}", agent.port))
            asking = Asking((Credential("default", "2c", "public"),), agent.port, probe=tuple(OBJECTS))
            sweep = Sweep(client, asking, Pace(500))
            async with aclosing(sweep.run(targets, progress)) as results:
                found = [each.address async for each in results]
        finally:
            for each in swallowing:
                each.close()
    print(
        json.dumps(
            {
                "found": sorted(found),
                "asked": progress.asked,
                "answering": progress.answering,
                "bytes_sent": progress.bytes_sent,
                "packets_sent": progress.packets_sent,
                "traffic": progress.traffic.as_json(),
                "blank": [progress.blank.count, progress.blank.bytes],
                "trouble": progress.trouble,
            }
        )
    )


if __name__ == "__main__":
    quieten()
    asyncio.run(main())
