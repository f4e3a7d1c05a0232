"""Every full recording, served by the simulator and read with `dca read` over real sockets, agrees with its recording."""

import json
import sysconfig
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from appliance.reading.build import build_reading
from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.sources import objects as mib
from appliance.report import Reading
from appliance.snmp.values import Oid, parse_oid
from tests.children import Child, run_child, wait_until
from tests.conftest import ROOT
from tests.recordings.recording import Recording, parameters, recordings
from tests.recordings.truth import assert_agrees

DCA = Path(sysconfig.get_path("scripts")) / "dca"
TAKEN_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SMALLEST_REPLY = 484
"""Bytes every SNMP agent has to be able to send (RFC 3417 section 3.2.1): many printers can send no more."""


@dataclass(frozen=True)
class Visit:
    """All full recordings, read by one `dca read`: the readings by name of the recording, and what the devices were asked."""

    readings: dict[str, Reading]
    addresses: dict[str, str]
    asked: set[Oid]


def visit(folder: Path, base: str, *words: str) -> Visit:
    """Serve the recordings from the address `base` on, read them, end the simulator."""
    ready, statistics = folder / "ready.json", folder / "statistics.json"
    files = [recording.file for recording in recordings("full")]
    options: list[str | Path] = ["--base", base, "--port", "0", "--ready-file", ready, "--statistics-file", statistics, *words]
    child = Child(["python", "-m", "simulator", "serve", "--recordings", *files, *options], folder=ROOT)
    try:
        wait_until("the simulator answers", lambda: ready.exists() or not child.running)
        assert child.running, child.stderr
        told = json.loads(ready.read_text())
        read = run_child([DCA, "read", *told["addresses"], "--json", "--snmp-port", str(told["port"])], folder=ROOT)
    finally:
        child.stop()
    assert (read.returncode, read.stderr) == (0, "")
    printed: list[dict[str, Any]] = json.loads(read.stdout)["readings"]
    by_address = {reading["device"]["ip"]: Reading.model_validate(reading) for reading in printed}
    agents = json.loads(statistics.read_text()).values()
    addresses = dict(zip(told["names"], told["addresses"], strict=True))
    return Visit(
        readings={name: by_address[address] for name, address in addresses.items()},
        addresses=addresses,
        asked={parse_oid(oid) for agent in agents for oid in agent["asked"]},
    )


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """Return the readings of agents that answer as most printers do."""
    if not recordings("full"):
        pytest.skip("no recordings: set DCA_RECORDINGS to their folder")
    return visit(tmp_path_factory.mktemp("wire"), "127.81.1.1")


@pytest.fixture(scope="module")
def visited_with_small_replies(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """Return the readings of agents that answer with as little as SNMP allows."""
    if not recordings("full"):
        pytest.skip("no recordings: set DCA_RECORDINGS to their folder")
    return visit(tmp_path_factory.mktemp("small"), "127.82.1.1", "--max-reply", str(SMALLEST_REPLY))


def without_moments(reading: Reading) -> Reading:
    """Return `reading` without what depends on the moment it was taken, and without the way in, which a recording has not."""
    alerts = tuple(alert.model_copy(update={"since": None}) for alert in reading.alerts)
    return reading.model_copy(update={"taken_at": TAKEN_AT, "alerts": alerts, "access": None})


@pytest.mark.parametrize("recording", parameters("full"))
def test_what_dca_read_prints_agrees_with_the_recording(recording: Recording, visited: Visit) -> None:
    assert_agrees(visited.readings[recording.name], recording)


@pytest.mark.parametrize("recording", parameters("full"))
def test_nothing_of_a_recording_is_lost_on_the_wire(recording: Recording, visited: Visit) -> None:
    offline = build_reading(recording.objects(), visited.addresses[recording.name], taken_at=TAKEN_AT)
    assert without_moments(visited.readings[recording.name]) == without_moments(offline)


@pytest.mark.parametrize("recording", parameters("full"))
def test_an_agent_with_small_replies_is_read_as_well(recording: Recording, visited_with_small_replies: Visit) -> None:
    assert_agrees(visited_with_small_replies.readings[recording.name], recording)


@pytest.mark.recordings
def test_no_device_is_asked_for_anything_outside_the_allow_list(visited: Visit) -> None:
    assert mib.SYS_DESCR.oid in {oid[: len(mib.SYS_DESCR.oid)] for oid in visited.asked}
    assert sorted(oid for oid in visited.asked if not builtin_definitions().allows(oid)) == []
