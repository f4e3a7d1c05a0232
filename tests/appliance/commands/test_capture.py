"""`dca capture`: a recording of a device that replays as the device read."""

import json
from pathlib import Path
from typing import Any

import pytest

from appliance.commands.capture import outermost
from appliance.commands.recording_scrubbing import without_names, without_place
from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.sources import objects as mib
from appliance.snmp.recording import recording_line
from appliance.snmp.values import Tag, Value, parse_oid
from tests.children import Finished, run_child
from tests.conftest import RunningSimulator, StartSimulator


def dca(simulator: RunningSimulator, folder: Path, *words: str) -> Finished:
    environment = {"DCA_DATA_DIR": str(folder / "none"), "DCA_SNMP_PORT": str(simulator.port), "DCA_HTTP": "off"}
    return run_child(
        ["python", "-c", "import sys; from appliance.commands.cli import main; sys.exit(main())", *words], environment=environment
    )


def reading_of(finished: Finished) -> dict[str, Any]:
    """Return the one reading that was printed, without what depends on the moment, on the address or on the way in."""
    assert finished.returncode == 0, finished.stderr
    reading: dict[str, Any] = json.loads(finished.stdout)["readings"][0]
    for moment in ("taken_at", "misc", "access"):
        reading.pop(moment)
    for alert in reading["alerts"]:
        alert.pop("since")
    return reading


@pytest.mark.parametrize("name", ["hp-color", "brother", "kyocera", "ricoh", "zebra"])
def test_a_captured_device_replays_as_it_was_read(name: str, simulator: RunningSimulator, tmp_path: Path) -> None:
    address, recording = simulator.address(name), tmp_path / "device.snmprec"
    live = reading_of(dca(simulator, tmp_path, "read", address, "--json"))

    captured = dca(simulator, tmp_path, "capture", address, "--out", str(recording))
    assert captured.returncode == 0, captured.stderr
    replayed = reading_of(dca(simulator, tmp_path, "read", "--recording", str(recording), "--json"))

    replayed["device"]["ip"] = live["device"]["ip"]
    assert replayed == live


def test_only_what_may_be_asked_for_is_walked(start_simulator: StartSimulator, tmp_path: Path) -> None:
    simulator = start_simulator("--fleet", "demo")

    captured = dca(simulator, tmp_path, "capture", simulator.addresses[0], "--out", str(tmp_path / "device.snmprec"))

    assert captured.returncode == 0, captured.stderr
    oids = [parse_oid(line.partition("|")[0]) for line in (tmp_path / "device.snmprec").read_text().splitlines()]
    assert len(oids) > 50
    assert [oid for oid in oids if not builtin_definitions().allows(oid)] == []


def test_a_masked_capture_does_not_tell_where_the_device_stands(simulator: RunningSimulator, tmp_path: Path) -> None:
    truth = simulator.printer("hp-color")["device"]
    recording = tmp_path / "device.snmprec"

    captured = dca(simulator, tmp_path, "capture", simulator.address("hp-color"), "--out", str(recording), "--mask")

    assert captured.returncode == 0, captured.stderr
    text = recording.read_text()
    for secret in (truth["hostname"], truth["location"], truth["mac"].replace(":", ""), simulator.address("hp-color")):
        assert secret not in text
    assert truth["serial"] in text


def test_a_silent_device_and_a_file_that_cannot_be_written_are_told_in_a_sentence(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    silent = dca(simulator, tmp_path, "capture", "127.0.99.99", "--out", str(tmp_path / "x"))
    unwritable = dca(simulator, tmp_path, "capture", simulator.addresses[0], "--out", str(tmp_path / "no" / "such" / "folder"))

    assert silent.returncode == 1
    assert "did not answer" in silent.stderr
    assert unwritable.returncode == 1
    assert "--out" in unwritable.stderr


def test_names_of_people_are_taken_out_of_the_panel() -> None:
    line = mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT.instance(1, 1)

    kept = without_names({line: Value(Tag.OCTET_STRING, b"Job from m.keller@example.com")})

    assert b"keller" not in (kept[line].content or b"")  # type: ignore[operator]


def test_another_address_stands_for_that_of_the_device() -> None:
    own = mib.IP_AD_ENT_IF_INDEX.instance(10, 1, 2, 3)

    assert without_place({own: Value(Tag.INTEGER, 2)}) == {mib.IP_AD_ENT_IF_INDEX.instance(192, 0, 2, 1): Value(Tag.INTEGER, 2)}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Value(Tag.INTEGER, -3), "2|-3"),
        (Value(Tag.COUNTER32, 7), "65|7"),
        (Value(Tag.OCTET_STRING, b"Ready"), "4|Ready"),
        (Value(Tag.OCTET_STRING, b" x"), "4x|2078"),
        (Value(Tag.OCTET_STRING, b"\xfc"), "4x|fc"),
        (Value(Tag.OBJECT_IDENTIFIER, (1, 3, 6)), "6|1.3.6"),
        (Value(Tag.IP_ADDRESS, bytes([10, 0, 0, 1])), "64|10.0.0.1"),
    ],
)
def test_a_value_is_written_as_recordings_have_it(value: Value, written: str) -> None:
    assert recording_line((1, 3), value) == f"1.3|{written}"


def test_a_subtree_inside_another_is_not_walked_twice() -> None:
    assert outermost([(1, 3, 6, 2), (1, 3, 6), (1, 4)]) == [(1, 3, 6), (1, 4)]
