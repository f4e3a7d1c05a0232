"""A served recording is the recording: every object, every value, whatever the version and the kind of request."""

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from tests.children import run_child
from tests.conftest import RunningSimulator, StartSimulator
from tests.simulator import net_snmp

TYPES = {"2": "INTEGER", "6": "OID", "64": "IpAddress", "65": "Counter32", "66": "Gauge32", "67": "", "70": "Counter64"}


def recorded(file: Path) -> dict[str, tuple[str, str]]:
    """Return type and value of each object of a recording as net-snmp writes them, read without the simulator's own reader."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        oid, tag, value = line.split("|", 2)
        if tag in ("4", "4x"):
            octets = bytes.fromhex(value) if tag == "4x" else value.encode()
            found[oid] = ("Hex-STRING", octets.hex(" ").upper()) if octets else ("", '""')
        elif tag == "6":
            found[oid] = (TYPES[tag], f".{value}")
        else:
            found[oid] = (TYPES[tag], str(IPv4Address(value)) if tag == "64" else value)
    return found


@pytest.fixture
def recorded_simulator(start_simulator: StartSimulator, recordings: Path) -> RunningSimulator:
    return start_simulator("--recordings", recordings)


@pytest.mark.recordings
@pytest.mark.parametrize(("tool", "version"), [("snmpwalk", "1"), ("snmpwalk", "2c"), ("snmpbulkwalk", "2c")])
def test_walking_a_served_recording_returns_exactly_the_recording(
    recorded_simulator: RunningSimulator, recordings: Path, tool: str, version: str
) -> None:
    assert len(recorded_simulator.names) == len(list(recordings.glob("*.snmprec")))
    for address, name in zip(recorded_simulator.addresses, recorded_simulator.names, strict=True):
        expected = recorded(recordings / f"{name}.snmprec")
        if version == "1":  # SNMPv1 has no Counter64 (RFC 3584, 4.2.2.1)
            expected = {oid: value for oid, value in expected.items() if value[0] != "Counter64"}
        walked = net_snmp.objects(net_snmp.ask(tool, address, recorded_simulator.port, ".1", version=version))
        walked = [one for one in walked if not one.value.startswith("No more variables")]
        assert {one.oid: (one.type, one.value) for one in walked} == expected, name
        numbers = [tuple(map(int, one.oid.split("."))) for one in walked]
        assert numbers == sorted(numbers), name


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("1.3.6.1.2.1.1.1.0|4", "a line is OID|TAG|VALUE"),
        ("1.3.x|2|5", "'1.3.x' is no object identifier"),
        ("1.3.6.1.2.1.1.1.0|99|5", "the tag '99' is not known"),
        ("1.3.6.1.2.1.1.1.0|4x|abc", "non-hexadecimal"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    broken = tmp_path / "broken.snmprec"
    broken.write_text(f"1.3.6.1.2.1.1.3.0|67|1\n{line}\n")
    finished = run_child(["python", "-m", "simulator", "serve", "--port", "0", "--recordings", broken])
    assert finished.returncode == 1
    assert f"Line 2 of the recording {broken}" in finished.stderr
    assert complaint in finished.stderr
    assert "Traceback" not in finished.stderr
