"""Every full recording, served by the simulator and read over real sockets, agrees with its recording."""

import json
import sysconfig
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from appliance.reading import objects as mib
from appliance.reading.build import build_reading
from appliance.report import Reading
from appliance.snmp.values import Oid, parse_oid
from tests.children import run_child
from tests.conftest import ROOT, StartSimulator
from tests.recordings.recording import Recording, parameters, recordings
from tests.recordings.truth import assert_agrees

DCA = Path(sysconfig.get_path("scripts")) / "dca"
TAKEN_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def dca_read(addresses: tuple[str, ...], port: int) -> dict[str, Reading]:
    """Return by address what `dca read` prints."""
    finished = run_child([DCA, "read", *addresses, "--json", "--snmp-port", str(port)], folder=ROOT)
    assert (finished.returncode, finished.stderr) == (0, "")
    printed: list[dict[str, Any]] = json.loads(finished.stdout)["readings"]
    readings = [Reading.model_validate(reading) for reading in printed]
    return {reading.device.ip or "": reading for reading in readings}


def without_moments(reading: Reading) -> Reading:
    """Return `reading` without what depends on when and at which address it was taken."""
    device = reading.device.model_copy(update={"ip": None})
    alerts = tuple(alert.model_copy(update={"since": None}) for alert in reading.alerts)
    return reading.model_copy(update={"taken_at": TAKEN_AT, "device": device, "alerts": alerts})


@pytest.mark.parametrize("recording", parameters("full"))
def test_dca_read_agrees_with_the_recording(recording: Recording, start_simulator: StartSimulator) -> None:
    simulator = start_simulator("--recordings", recording.file, "--base", "127.81.1.1")
    reading = dca_read(simulator.addresses, simulator.port)[simulator.addresses[0]]
    assert_agrees(reading, recording)
    offline = build_reading(recording.objects(), simulator.addresses[0], taken_at=TAKEN_AT)
    assert without_moments(reading) == without_moments(offline)


FAULTS = {
    "no GETBULK": ["--no-getbulk"],
    "the smallest replies SNMP allows": ["--max-reply", "484"],
    "a tenth of all datagrams lost": ["--loss", "0.1", "--seed", "7"],
}


@pytest.mark.recordings
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_weak_agent_is_read_as_well(fault: list[str], start_simulator: StartSimulator) -> None:
    wanted = {recording.name: recording for recording in recordings("full") if recording.vendor in {"HP", "Epson", "Sharp"}}
    if not wanted:
        pytest.skip("no recordings: set DCA_RECORDINGS to their folder")
    files = [recording.file for recording in wanted.values()]
    simulator = start_simulator("--recordings", *files, "--base", "127.82.1.1", *fault)
    readings = dca_read(simulator.addresses, simulator.port)
    for address, name in zip(simulator.addresses, simulator.names, strict=True):
        assert_agrees(readings[address], wanted[name])


@pytest.fixture
def asked_of_all_recordings(start_simulator: StartSimulator) -> set[Oid]:
    """Return all OIDs that were asked of the recorded devices while they were read."""
    files = [recording.file for recording in recordings("full", "partial")]
    if not files:
        pytest.skip("no recordings: set DCA_RECORDINGS to their folder")
    simulator = start_simulator("--recordings", *files, "--base", "127.83.1.1")
    dca_read(simulator.addresses, simulator.port)
    agents = simulator.stop()
    return {parse_oid(oid) for agent in agents.values() for oid in agent["asked"]}


@pytest.mark.recordings
def test_no_device_is_asked_for_anything_outside_the_allow_list(asked_of_all_recordings: set[Oid]) -> None:
    assert mib.SYS_DESCR.oid in {oid[: len(mib.SYS_DESCR.oid)] for oid in asked_of_all_recordings}
    assert sorted(oid for oid in asked_of_all_recordings if not mib.is_allowed(oid)) == []
