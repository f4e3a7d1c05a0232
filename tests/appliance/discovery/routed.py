"""Sweep a network behind a router, in namespaces of its own: `python -m tests.appliance.discovery.routed SCENE` prints JSON."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from appliance.discovery.credentials import Credential
from appliance.discovery.sweep.sweep import Asking, Pace, Sweep, SweepProgress
from appliance.discovery.targets import TargetSet
from appliance.service.scans.devices import DeviceAnswer, Known
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.service.scans.scan_run import ScanRun
from appliance.snmp.client import SnmpClient, SnmpOptions
from tests.appliance.discovery.far_agents import PROBE
from tests.appliance.discovery.far_network import ARP, ICMP, UDP, Far, Packet, busiest_second, captured, far_network, run

AGENTS = [sys.executable, "-m", "tests.appliance.discovery.far_agents"]


def swept(
    *targets: str,
    pace: float = 500,
    thorough: bool = False,
    timeout: float = 0.5,
    while_sweeping: Callable[[SnmpClient], None] | None = None,
) -> dict[str, Any]:
    """Sweep and return what came of it, beside what was captured."""
    progress = SweepProgress()
    found: Counter[str] = Counter()

    async def main() -> None:
        async with SnmpClient(SnmpOptions(timeout=timeout, retries=1, budget=10)) as client:
            if while_sweeping:
                while_sweeping(client)
            asking = Asking((Credential("default", "2c", "public"),), probe=PROBE)
            sweep = Sweep(client, asking, Pace(pace), thorough=thorough)
            async with aclosing(sweep.run(TargetSet.parse(targets), progress)) as results:
                async for each in results:
                    found[each.address] += 1

    with captured() as packets:
        begun = time.monotonic()
        asyncio.run(main())
        seconds = time.monotonic() - begun
    return {
        "found": dict(found),
        "seconds": seconds,
        "addresses": progress.addresses,
        "asked": progress.asked,
        "answering": progress.answering,
        "trouble": progress.trouble,
        "left_silent": progress.left_silent,
        "blank": [progress.blank.count, progress.blank.bytes],
        "silent_pass": progress.silent_pass,
        "told": list(progress.counted().as_json().values()),
        "traffic": progress.traffic.as_json(),
        **on_the_wire(packets),
    }


def on_the_wire(packets: Sequence[Packet]) -> dict[str, Any]:
    """Return what was captured, in figures."""
    out = [packet for packet in packets if packet.sent and packet.protocol in (ICMP, UDP)]
    back = [packet for packet in packets if not packet.sent and packet.protocol in (ICMP, UDP)]
    first_asked: dict[str, float] = {}
    for packet in packets:
        if packet.protocol == ARP and packet.sent:
            first_asked.setdefault(packet.destination, packet.at)
    return {
        "captured": [len(out), sum(p.size for p in out), len(back), sum(p.size for p in back)],
        "by_protocol": dict(Counter(packet.protocol for packet in out)),
        "busiest": busiest_second([packet.at for packet in out]),
        "busiest_on_link": busiest_second(list(first_asked.values())),
    }


def blank(far: Far) -> dict[str, Any]:
    """One address answers, so that pings get through; no device is among the others."""
    far.owns("10.78.1.9")
    return swept("10.78.1.0/24")


def blocking(far: Far) -> dict[str, Any]:
    """Two agents block pings, one answers them."""
    far.owns("10.78.1.0/29")
    far.rule("input", "icmp", "type", "echo-request", "ip", "daddr", "10.78.1.2-10.78.1.6", "drop")
    far.start(*AGENTS, "10.78.1.1", "10.78.1.2", "10.78.1.3", *(f"10.78.1.{number}=silent" for number in (4, 5, 6)))
    return {"ordinary": swept("10.78.1.0/28"), "thorough": swept("10.78.1.0/28", thorough=True)}


def nobody_pings(far: Far) -> dict[str, Any]:
    """The router lets no ping through."""
    far.owns("10.78.1.0/29")
    far.rule("input", "icmp", "type", "echo-request", "drop")
    far.start(*AGENTS, "10.78.1.3", *(f"10.78.1.{number}=silent" for number in (1, 2, 4, 5, 6)))
    return swept("10.78.1.0/28")


def pace(far: Far) -> dict[str, Any]:
    """Many addresses answer pings and are silent over SNMP, which costs the most packets; some have agents, some are blank."""
    far.owns("10.78.1.0/25")
    far.start(*AGENTS, *(f"10.78.1.{number}{'' if number % 5 == 0 else '=silent'}" for number in range(1, 127)))
    return swept("10.78.1.0/24", pace=150)


def reading(far: Far) -> dict[str, Any]:
    """Many devices are found and read while the sweep goes on, and then read once more."""
    far.owns("10.78.1.0/26")
    far.start(*AGENTS, *(f"10.78.1.{number}" for number in range(1, 61)))
    scans = [Scan("sweep"), Scan("read")]
    options = ScanOptions((Credential("default", "2c", "public"),), 161, 150, icmp=True, snmp=SnmpOptions(), http=False)

    async def keep(_answer: DeviceAnswer) -> None:
        return

    async def main() -> None:
        await ScanRun(options, scans[0], keep).sweep(TargetSet.parse(["10.78.1.0/24"]))
        await ScanRun(options, scans[1], keep).read([Known(f"10.78.1.{number}", 161) for number in range(1, 61)])

    with captured() as packets:
        asyncio.run(main())
    return {"read": [scan.read for scan in scans], **on_the_wire(packets)}


def full_table(far: Far) -> dict[str, Any]:
    """More neighbours than the kernel keeps, and the agents are the last of them."""
    far.run("ip", "address", "add", "10.77.15.250/20", "dev", "far")
    far.start(*AGENTS, "10.77.15.250")
    return swept("10.77.8.1-10.77.15.254", pace=10000)


def unreachable(far: Far) -> dict[str, Any]:
    """The router says of some addresses that it cannot reach them, and of others that it may not."""
    far.owns("10.78.1.1")
    far.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    far.run("ip", "route", "add", "unreachable", "10.78.2.0/24")
    far.run("ip", "route", "add", "prohibit", "10.78.3.0/24")
    far.start(*AGENTS, "10.78.1.1")
    targets = ("10.78.1.0/28", "10.78.2.0/27", "10.78.3.0/27")
    return {"ordinary": swept(*targets), "thorough": swept(*targets, thorough=True)}


def own_firewall(far: Far) -> dict[str, Any]:
    """This machine lets no ping out to some addresses, and nothing at all to others."""
    far.owns("10.78.1.0/29", "10.78.2.0/29")
    far.start(*AGENTS, "10.78.1.1", "10.78.2.1")
    run("nft", "add", "rule", "ip", "test", "output", "ip", "daddr", "10.78.1.0/24", "icmp", "type", "echo-request", "drop")
    run("nft", "add", "rule", "ip", "test", "output", "ip", "daddr", "10.78.2.0/24", "drop")
    return swept("10.78.1.0/29", "10.78.2.0/29")


def lossy(far: Far) -> dict[str, Any]:
    """Of the packets 30 % are lost, on the way there or back."""
    far.owns("10.78.1.0/26")
    far.start(*AGENTS, *(f"10.78.1.{number}" for number in range(1, 63)))
    for chain in ("input", "output"):
        far.rule(chain, "ip", "protocol", "{ icmp, udp }", "numgen", "random", "mod", "1000", "<", "163", "drop")
    return swept("10.78.1.0/26", "10.78.2.0/26", thorough=True)


def odd_answers(far: Far) -> dict[str, Any]:
    """Answers that come twice, late, or from elsewhere, while a stranger floods the sockets with garbage."""
    far.owns("10.78.1.0/29")
    far.start(*AGENTS, "10.78.1.1=twice", "10.78.1.2=late", "10.78.1.3=elsewhere", "10.78.1.4")

    def flood(client: SnmpClient) -> None:
        port = client.transport("10.78.1.1")._socket.getsockname()[1]
        far.children.append(far.start(sys.executable, "-c", FLOOD, "10.77.0.1", str(port)))

    return swept("10.78.1.0/29", "10.78.2.0/26", timeout=2.0, while_sweeping=flood)


FLOOD = """
import os, socket, sys
target = (sys.argv[1], int(sys.argv[2]))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
print("flooding", flush=True)
while True:
    for _ in range(20):
        udp.sendto(os.urandom(60), target)
        icmp.sendto(bytes(4) + os.urandom(4), target)
    import time; time.sleep(0.002)
"""


def command(far: Far) -> dict[str, Any]:
    """`dca scan`, without and with --thorough."""
    far.owns("10.78.1.0/29")
    far.rule("input", "icmp", "type", "echo-request", "ip", "daddr", "10.78.1.2-10.78.1.7", "drop")
    far.start(*AGENTS, "10.78.1.1", "10.78.1.2")
    dca = [str(Path(sys.executable).with_name("dca")), "scan", "10.78.1.0/28", "--json"]
    told = {}
    for name, more in (("ordinary", []), ("thorough", ["--thorough"])):
        finished = subprocess.run([*dca, *more], capture_output=True, text=True, check=False)
        told[name] = {"stderr": finished.stderr, "scan": json.loads(finished.stdout)["scan"]}
    return told


SCENES = (blank, blocking, nobody_pings, pace, reading, full_table, unreachable, own_firewall, lossy, odd_answers, command)


def main(name: str) -> None:
    scene = next(each for each in SCENES if each.__name__ == name)
    with far_network() as far:
        print(json.dumps(scene(far)))


if __name__ == "__main__":
    main(sys.argv[1])
