"""A sweep of a /16 at 10,000 packets a second: time, processor time and bytes, beside fping, nmap and onesixtyone.

Ours is `dca scan`: it pings, asks what answers over SNMP, and reads the printers; the peers only ping, or only ask for one object.
"""

import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from statistics import median

from benchmarks import _command, _machine
from benchmarks._children import DCA, environment
from benchmarks._figures import Bars, Figure, Reach, Report
from benchmarks._network import Network, Ran

TIMES = 5
PACE = 10_000
USUAL_PACE = 200
"""Packets a second, unless the site sets another pace."""
PRINTERS = 32
ALIVE = 256
LARGE, SMALL, QUICK = "198.18.0.0/16", "198.18.250.0/24", "198.18.0.0/21"
FPING, NMAP, ONESIXTYONE = "fping", "nmap -sn", "onesixtyone"
OURS = "ours"


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep took."""

    seconds: float
    cpu: float
    found: int
    bytes_an_address: float


@dataclass(frozen=True, slots=True)
class Sweeper:
    """A way to sweep: the command for a network and a pace, and how many addresses its output names."""

    command: Callable[[str, int], list[str | int | Path]]
    found: Callable[[Ran], int]


def _ours(network: str, pace: int) -> list[str | int | Path]:
    return [DCA, "scan", network, "--rate", pace, "--no-http", "--json", "--stats"]


def _fping(network: str, pace: int) -> list[str | int | Path]:
    return ["fping", "-a", "-q", "-r", 1, "-b", 0, "-i", str(1000 / pace), "-g", network]


def _nmap(network: str, pace: int) -> list[str | int | Path]:
    return ["nmap", "-n", "-sn", "-PE", "--max-retries", 1, "--min-rate", pace, "--max-rate", pace, network]


def _answering(ran: Ran) -> int:
    return int(ran.json()["scan"]["answering"])


def _addresses(ran: Ran) -> int:
    return len(set(re.findall(r"198\.18\.\d+\.\d+", ran.stdout)))


def _hosts_up(ran: Ran) -> int:
    told = re.search(r"\((\d+) hosts? up\)", ran.stdout)
    return int(told.group(1)) if told else 0


SWEEPERS = {
    OURS: Sweeper(_ours, _answering),
    FPING: Sweeper(_fping, _addresses),
    NMAP: Sweeper(_nmap, _hosts_up),
    ONESIXTYONE: Sweeper(lambda network, pace: ["onesixtyone", "-w", 1000 // pace, network, "public"], _addresses),
}
PROGRAMS = {FPING: ("fping", ["-v"]), NMAP: ("nmap", ["--version"]), ONESIXTYONE: ("onesixtyone", [])}


class Field:
    """A network with some devices in it, and the tools to sweep it with."""

    def __init__(self, network: Network, times: int, folder: Path) -> None:
        self._network = network
        self._times = times
        self._variables = environment(DCA_DATA_DIR=str(folder))
        # The site's own ceiling is lower than the pace of this benchmark.
        network.run(DCA, "settings", "set", f"guardrails.packets_per_second={PACE}", variables=self._variables)

    def sweep(self, name: str, network: str, pace: int) -> Sweep | None:
        """Return the medians of sweeping a network, None where the tool is not installed."""
        if name in PROGRAMS and not _machine.installed(PROGRAMS[name][0]):
            return None
        sweeps = [self._once(SWEEPERS[name], network, pace) for _ in range(self._times)]
        return Sweep(*(median(getattr(each, part) for each in sweeps) for part in Sweep.__slots__))

    def _once(self, sweeper: Sweeper, network: str, pace: int) -> Sweep:
        self._network.count()
        ran = self._network.run(*sweeper.command(network, pace), variables=self._variables)
        addresses = IPv4Network(network).num_addresses - 2
        return Sweep(ran.seconds, ran.cpu, sweeper.found(ran), self._network.counted().bytes_out / addresses)


def measure(quick: bool) -> Report:
    """Return what sweeping takes. Raises NoNetworkError where there are no network namespaces."""
    with ExitStack() as stack:
        network = stack.enter_context(Network())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dca-sweep-")))
        large = IPv4Network(QUICK if quick else LARGE)
        network.serve(f"{large[1]}={PRINTERS}")
        step = (large.num_addresses - 2 * PRINTERS) // (ALIVE - PRINTERS)
        network.put(str(large[2 * PRINTERS + step * number]) for number in range(ALIVE - PRINTERS))
        field = Field(network, 1 if quick else TIMES, folder)
        fast = {name: field.sweep(name, str(large), PACE) for name in SWEEPERS}
        slow = {name: field.sweep(name, SMALL, USUAL_PACE) for name in (OURS, FPING)}
    return _report(fast, slow, large, quick=quick)


def _report(fast: dict[str, Sweep | None], slow: dict[str, Sweep | None], large: IPv4Network, *, quick: bool) -> Report:
    ours, usual = fast[OURS], slow[OURS]
    assert ours is not None
    assert usual is not None
    fping = fast[FPING]
    size = f"/{large.prefixlen}"

    def peers(part: str, among: dict[str, Sweep | None]) -> dict[str, float | None]:
        return {name: getattr(each, part) if each else None for name, each in among.items() if name != OURS}

    figures = [
        Figure(f"{size}, time", ours.seconds, "s", None, peers("seconds", fast)),
        Figure(f"{size}, time, times that of fping", ours.seconds / fping.seconds if fping else None, "", Reach(1, "at most")),
        Figure(f"{size}, processor time", ours.cpu, "s", None, peers("cpu", fast)),
        Figure(f"{size}, processor time, times that of fping", ours.cpu / fping.cpu if fping else None, "", Reach(1, "at most")),
        Figure(f"{size}, answering, of {ALIVE}", ours.found, "", Reach(ALIVE, "at least"), peers("found", fast), "more"),
        Figure(f"{size}, sent, each address", ours.bytes_an_address, "B", None, peers("bytes_an_address", fast)),
        Figure("/24 at the usual pace, time", usual.seconds, "s", None, peers("seconds", slow)),
        Figure("/24 at the usual pace, processor time", usual.cpu, "s", None, peers("cpu", slow)),
    ]
    details = (
        f"{large} with {ALIVE} addresses alive, {PRINTERS} of them printers that are read, at {PACE:,} packets a second, and a /24 "
        f"at {USUAL_PACE}; median of {1 if quick else TIMES}. All ping silent addresses twice, without payload where they can. "
        "onesixtyone has no pace that fast and sends as fast as it can; it finds printers alone. Ours has the start of the command "
        "in it."
    )
    values = {name: each.seconds for name, each in fast.items() if each}
    versions = {program: _machine.program(program, question) for program, question in PROGRAMS.values()}
    return Report("sweep", figures, versions, details, Bars(f"Sweep of a {size} at {PACE:,} packets a second", "seconds", values))


def run(arguments: Sequence[str]) -> int:
    """Measure and print; 1 where the design is not reached."""
    return _command.run("sweep", __doc__, measure, arguments)
