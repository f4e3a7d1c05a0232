"""Fixtures shared by all rooms: free ports, child processes, simulated printers, the recordings of real ones."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Protocol

import pytest
from xdist.remote import Producer

from tests import ports
from tests.children import Child, run_child, wait_until
from tests.requirement import missing
from tests.together import Together, make_scheduler, rank

ROOT = Path(__file__).parents[1]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """Keep together what cannot run side by side."""
    return make_scheduler(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=rank)


class FreePort(Protocol):
    """The `free_port` fixture."""

    def __call__(self, kind: Literal["tcp", "udp"] = "tcp", address: str = "127.0.0.1") -> int:
        """Return a port nobody uses at `address` now."""
        ...


class StartChild(Protocol):
    """The `start_child` fixture."""

    def __call__(
        self, arguments: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> Child:
        """Start a process that is stopped, with all its group, at the end of the test."""
        ...


@dataclass(frozen=True, slots=True)
class RunningSimulator:
    """A simulator that answers. `printers` is its ground truth at the start (`dca-simulator truth`), empty for recordings."""

    child: Child
    port: int
    addresses: tuple[str, ...]
    names: tuple[str, ...]
    printers: tuple[Mapping[str, Any], ...]
    never_ask: tuple[str, ...]
    statistics_file: Path
    web: Mapping[int, int]
    """TCP ports at which it answers, by the ports of printers; none without `--web-port`."""

    @property
    def span(self) -> str:
        """All addresses as one scan target."""
        return f"{self.addresses[0]}-{self.addresses[-1]}"

    def printer(self, name: str) -> Mapping[str, Any]:
        """Return the ground truth of the printer whose name holds `name`, for example `lexmark`."""
        return next(printer for printer in self.printers if name in printer["name"])

    def address(self, name: str) -> str:
        """Return the address of the printer or recording whose name holds `name`."""
        return next(address for address, own in zip(self.addresses, self.names, strict=True) if name in own)

    def stop(self) -> dict[str, Any]:
        """End the simulator and return by address what each agent was asked: `requests` by PDU, bytes, and the OIDs `asked`."""
        finished = self.child.stop()
        assert finished.returncode == 0, finished.stderr
        return dict(json.loads(self.statistics_file.read_text()))


StartSimulator = Callable[..., RunningSimulator]


@pytest.fixture
def free_port() -> FreePort:
    """Return the function that finds a port nobody uses."""
    return ports.free_port


@pytest.fixture
def start_child() -> Iterator[StartChild]:
    """Yield a function that starts processes which end with the test."""
    children: list[Child] = []

    def start(
        arguments: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> Child:
        child = Child(arguments, environment=environment, folder=folder)
        children.append(child)
        return child

    yield start
    for child in reversed(children):
        child.stop()


@pytest.fixture
def start_simulator(start_child: StartChild, tmp_path: Path) -> StartSimulator:
    """Return a function that starts `dca-simulator serve` with further words on a free port and waits until it answers.

    Meters stand still unless `--advance` is given, so that readings equal the ground truth.
    """
    started: list[RunningSimulator] = []

    def start(*words: str | Path) -> RunningSimulator:
        ready, statistics = [tmp_path / f"simulator-{len(started)}-{name}.json" for name in ("ready", "statistics")]
        options = list(map(str, words))
        if "--advance" not in options:
            options += ["--advance", "0"]
        files = ["--ready-file", str(ready), "--statistics-file", str(statistics)]
        child = start_child(["python", "-m", "simulator", "serve", "--port", "0", *files, *options], folder=ROOT)
        wait_until("the simulator answers", lambda: ready.exists() or not child.running)
        assert child.running, child.stderr
        told = json.loads(ready.read_text())
        truth = {"printers": [], "never_ask": []} if "--recordings" in options else _truth(options)
        simulator = RunningSimulator(
            child=child,
            port=told["port"],
            addresses=tuple(told["addresses"]),
            names=tuple(told["names"]),
            printers=tuple(truth["printers"]),
            never_ask=tuple(truth["never_ask"]),
            statistics_file=statistics,
            web={int(port): real for port, real in told.get("web", {}).items()},
        )
        started.append(simulator)
        return simulator

    return start


def _truth(options: Sequence[str]) -> dict[str, Any]:
    """Return the ground truth of the fleet that `options` of `serve` describe."""
    kept: list[str] = []
    for name, value in pairwise(options):
        if name in ("--base", "--fleet", "--seed", "--advance", "--snmp-off"):
            kept += [name, value]
    finished = run_child(["python", "-m", "simulator", "truth", *kept], folder=ROOT)
    assert finished.returncode == 0, finished.stderr
    return dict(json.loads(finished.stdout))


@pytest.fixture
def simulator(start_simulator: StartSimulator) -> RunningSimulator:
    """Return the 13 printers of the demo, running, with meters that stand still."""
    return start_simulator()


@pytest.fixture
def recordings() -> Path:
    """Return the folder of SNMP recordings of real devices (`DCA_RECORDINGS`, else beside the repository)."""
    folder = Path(os.environ.get("DCA_RECORDINGS") or ROOT.parent / "shared" / "recordings")
    if not any(folder.glob("*.snmprec")):
        missing(f"no SNMP recordings in {folder} (DCA_RECORDINGS)")
    return folder
