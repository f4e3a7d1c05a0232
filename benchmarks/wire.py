"""Bytes on the wire for blank addresses, printers and networks, counted by the kernel in a network namespace, beside usual tools.

Ours is the real command and the collector's own cycle, with HTTP off: it asks over HTTP only what SNMP leaves open.
"""

import json
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from ipaddress import IPv4Network
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks import _command, _machine
from benchmarks._children import DCA, environment, python
from benchmarks._figures import Bars, Figure, Reach, Report
from benchmarks._network import Counted, Network
from simulator.ber import parse_oid
from simulator.fleet import Options, generated_fleet

TIMES = 5
DEMO, DEMO_NETWORK = "198.18.0.1", "198.18.0.0/24"
ONE, ONE_NETWORK = "198.18.1.1", "198.18.1.0/24"
BLANK_NETWORK, FEW_BLANK = "198.18.2.0/26", "198.18.2.0/29"
PRINTERS = "printers"
READ_OBJECTS = (
    "1.3.6.1.2.1.1",
    "1.3.6.1.2.1.25.3.2.1.3",
    "1.3.6.1.2.1.25.3.2.1.5",
    "1.3.6.1.2.1.25.3.5.1",
    "1.3.6.1.2.1.43.5.1.1.16",
    "1.3.6.1.2.1.43.5.1.1.17",
    "1.3.6.1.2.1.43.10.2.1.4",
    "1.3.6.1.2.1.43.11.1.1",
    "1.3.6.1.2.1.43.16.5.1.2",
    "1.3.6.1.2.1.43.18.1.1",
)
"""What a plain collector asks one by one: system, status, serial number, life count, supplies, panel and alerts."""
BLANK_PEERS: dict[str, list[str | int]] = {
    "fping": ["fping", "-q", "-i", 1, "-g"],
    "nmap -sU -p161": ["nmap", "-n", "-sU", "-p161"],
    "nmap -Pn -sU -p161": ["nmap", "-n", "-Pn", "-sU", "-p161", "--max-retries", 1],
}
VERSIONS = {
    "fping": ("fping", ["-v"]),
    "nmap": ("nmap", ["--version"]),
    "net-snmp": ("snmpget", ["-V"]),
    "nftables": ("nft", ["--version"]),
}


class Wire:
    """Counts what each way of asking costs."""

    def __init__(self, network: Network, times: int) -> None:
        self.network = network
        self.times = times
        self.differences: list[int] = []
        """Bytes of the kernel less our own count, for each of our runs."""

    def scan(self, targets: str, printers: str) -> Counted:
        """Run `dca scan` once; what the printers cost is counted apart. Raises ValueError when it reads none."""
        with tempfile.TemporaryDirectory(prefix="dca-wire-") as folder:
            self.network.count(printers=printers)
            words: list[str | Path] = [DCA, "scan", targets, "--json", "--stats", "--no-http"]
            document = self.network.run(*words, variables=environment(DCA_DATA_DIR=folder)).json()
        if not document["readings"] or document["failures"]:
            raise ValueError(f"not every printer was read: {document['failures']}")
        counted = self.network.counted()
        self._compare(counted, document["stats"])
        return counted

    def polls(self, targets: str) -> list[float]:
        """Return the bytes for each printer of later readings by the collector, which knows the printers by then."""
        found = []
        with tempfile.TemporaryDirectory(prefix="dca-wire-") as folder:
            variables = environment(DCA_DATA_DIR=folder, DCA_SCAN_TARGETS=targets, DCA_HTTP="off")
            collector = self.network.start(self.network.here, *python("benchmarks._collecting"), variables=variables)
            assert collector.stdin is not None
            assert collector.stdout is not None
            for step in ["sweep", *["read"] * self.times]:
                self.network.count()
                print(step, file=collector.stdin, flush=True)
                scan = json.loads(collector.stdout.readline())
                counted = self.network.counted()
                self._compare(counted, {"bytes_sent": scan["bytes_sent"], "bytes_received": scan["bytes_received"]})
                if step == "read":
                    found.append(counted.bytes / scan["read"])
            collector.stdin.close()
            collector.wait(30)
        return found

    def _compare(self, counted: Counted, ours: dict[str, Any]) -> None:
        self.differences.append(abs(counted.bytes - ours["bytes_sent"] - ours["bytes_received"]))

    def blank(self, command: Sequence[str | int], network: str) -> float | None:
        """Return the bytes for each address of a network in which nobody is, None where the command is not installed."""
        if not _machine.installed(str(command[0])):
            return None
        self.network.count()
        self.network.run(*command, network)
        return self.network.counted().bytes / len(list(IPv4Network(network).hosts()))

    def walk(self, command: Sequence[str | int], addresses: Sequence[str]) -> float | None:
        """Return the bytes of walking the standard MIBs of printers; what speaks no SNMPv2c is walked in SNMPv1."""
        if not _machine.installed(str(command[0])):
            return None
        self.network.count()
        for address in addresses:
            done = self.network.run(*command, "-v2c", "-cpublic", "-On", "-t1", "-r0", address, "1.3.6.1.2.1")
            if done.returncode:
                self.network.run("snmpwalk", "-v1", "-cpublic", "-On", address, "1.3.6.1.2.1")
        return float(self.network.counted().bytes)

    def one_by_one(self, address: str, oids: Sequence[str]) -> float | None:
        """Return the bytes of one GET for each object."""
        if not _machine.installed("snmpget"):
            return None
        self.network.count()
        for oid in oids:
            self.network.run("snmpget", "-v2c", "-cpublic", address, oid)
        return float(self.network.counted().bytes)


def plain_objects() -> list[str]:
    """Return the objects that a plain collector asks the printer of the benchmark for."""
    prefixes = [parse_oid(text) for text in READ_OBJECTS]
    (member,) = generated_fleet(1, "127.0.42.1", Options(seconds_per_page=0.0)).members
    oids = member.build().oids
    return [".".join(map(str, oid)) for oid in oids if any(oid[: len(prefix)] == prefix for prefix in prefixes)]


def measure(quick: bool) -> Report:
    """Return the bytes of each case. Raises NoNetworkError where there are no network namespaces."""
    with ExitStack() as stack:
        network = stack.enter_context(Network())
        wire = Wire(network, 1 if quick else TIMES)
        one, demo = network.serve(f"{ONE}=1", DEMO)
        return _report(wire, one, demo, quick=quick)


def _report(wire: Wire, one: list[str], demo: list[str], *, quick: bool) -> Report:
    single = [wire.scan(ONE, ONE).bytes for _ in range(wire.times)]
    few = [wire.scan(ONE_NETWORK, ONE).bytes for _ in range(wire.times)]
    many, blank = [], []
    for _ in range(wire.times):
        many.append(wire.scan(DEMO_NETWORK, f"{demo[0]}-{demo[-1]}").bytes)
        apart = wire.network.counted(PRINTERS)
        blank.append((many[-1] - apart.bytes) / (254 - len(demo)))
    polls, demo_polls = wire.polls(ONE), wire.polls(f"{demo[0]}-{demo[-1]}")
    silent = {name: wire.blank(words, FEW_BLANK if quick else BLANK_NETWORK) for name, words in BLANK_PEERS.items()}
    walks = {
        "snmpbulkwalk -Cr10": wire.walk(["snmpbulkwalk", "-Cr10"], one),
        "snmpwalk": wire.walk(["snmpwalk"], one),
        "one OID per GET": wire.one_by_one(one[0], plain_objects()),
    }
    bulk = wire.walk(["snmpbulkwalk", "-Cr10"], demo)
    each_walked = bulk / len(demo) if bulk is not None else None
    fping, walk = silent["fping"], walks["snmpbulkwalk -Cr10"]
    networks = [
        {"fping and snmpbulkwalk": each * blanks + walked if each is not None and walked is not None else None}
        for each, blanks, walked in ((fping, 254 - 1, walk), (fping, 254 - len(demo), bulk))
    ]
    figures = [
        Figure("blank address, routed", median(blank), "B", Reach(56, "at most"), silent),
        Figure("1 printer, first read", median(single), "B", Reach(2800, "at most"), walks),
        Figure("1 printer, later poll", median(polls), "B", Reach(750, "at most"), walks),
        Figure("1 printer in a /24, first scan", median(few), "B", Reach(17_000, "at most"), networks[0]),
        Figure("13 printers in a /24, first scan", median(many), "B", Reach(50_000, "at most"), networks[1]),
        Figure("13 printers, later poll, each", mean(demo_polls), "B", None, {"snmpbulkwalk -Cr10": each_walked}),
        Figure("our own count less that of nftables, at most", max(wire.differences), "B", Reach(0, "at most")),
    ]
    details = (
        f"IP level, both directions, over a router, counted by nftables, median of {wire.times}. A first read has the ping and the "
        "probe of the sweep in it. The walks are of mib-2, which has the Printer-MIB in it; one OID per GET asks for "
        f"{len(plain_objects())} objects, and sweep and walk of a network are added up from fping and snmpbulkwalk."
    )
    values = {"ours": median(many), **{name: value for name, value in networks[1].items() if value is not None}}
    chart = Bars("13 printers in a /24, first scan", "bytes at IP level", values)
    versions = {name: _machine.program(*question) for name, question in VERSIONS.items()}
    return Report("wire", figures, versions, details, chart)


def run(arguments: Sequence[str]) -> int:
    """Measure and print; 1 where the design is not reached."""
    return _command.run("wire", __doc__, measure, arguments)
