"""`dca definitions` and `dca read --recording`, as child processes."""

import json
import os
import sysconfig
from pathlib import Path

import pytest

from tests.appliance.definitions.bombs import BOMBS
from tests.appliance.definitions.device import HEAD, Content, P, of, supply_row, written
from tests.children import Finished, run_child
from tests.conftest import ROOT
from tests.recordings.recorded_file import write_recording

DCA = Path(sysconfig.get_path("scripts")) / "dca"
DEFINITION = f"""{HEAD}
[[object]]
name = "acmeSerial"
oid = "{P}.32473.1.2.0"
gives = "device.serial"
evidence = "A"

[[object]]
name = "acmeCopies"
oid = "{P}.32473.1.3.0"
gives = "meters.copy_total"
evidence = "C"
"""
DEVICE: dict[str, Content] = of(
    "32473.7", {f"{P}.32473.1.2.0": "A1B2C3", **supply_row(1, kind=3, text="Black Toner", level=50, capacity=100)}
)


def dca(*words: str | Path, data: Path | None = None, utf8: bool = False) -> Finished:
    environment = ({"DCA_DATA_DIR": str(data)} if data else {}) | ({"PYTHONUTF8": "1"} if utf8 else {})
    return run_child([DCA, *words], environment=environment, folder=ROOT)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Return the recording of a device nobody knows."""
    return write_recording(tmp_path / "device.snmprec", DEVICE)


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    """Return a definition for it."""
    return written(tmp_path / "own", DEFINITION)


def test_check_says_what_a_definition_is_for(definition: Path) -> None:
    done = dca("definitions", "check", definition)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{definition}: a definition for Acme; 2 subtrees may be asked for.\n"


def test_check_takes_all_that_come_with_the_program() -> None:
    files = sorted((ROOT / "appliance" / "definitions").glob("*.toml"))
    done = dca("definitions", "check", *files)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, len(files))


def test_check_names_file_line_and_key_and_goes_on(definition: Path, tmp_path: Path) -> None:
    broken = written(tmp_path, DEFINITION.replace('"A"', '"Z"'), "broken.toml")
    done = dca("definitions", "check", broken, definition)
    assert done.returncode == 1
    assert done.stderr.startswith(f"dca: {broken}, line 12, object.0.evidence: ")
    assert done.stdout.startswith(f"{definition}: ")


def test_test_shows_each_object_and_what_it_gives(definition: Path, recording: Path) -> None:
    done = dca("definitions", "test", definition, "--recording", recording)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["acmeSerial", f"{P}.32473.1.2.0", "A", "A1B2C3", "device.serial"] in rows
    assert ["acmeCopies", f"{P}.32473.1.3.0", "C", "-", "meters.copy_total"] in rows
    assert ["Manufacturer", "Acme"] in rows
    assert ["device.serial", "acmeSerial", f"{P}.32473.1.2.0"] in rows


def test_test_prints_json(definition: Path, recording: Path) -> None:
    document = json.loads(dca("definitions", "test", definition, "--recording", recording, "--json").stdout)
    assert document["applies"] is True
    assert document["objects"][0]["recorded"] == "A1B2C3"
    assert document["reading"]["device"]["serial"] == "A1B2C3"


def test_test_shows_what_a_saved_web_document_gives(recording: Path, tmp_path: Path) -> None:
    counters = """
[[web_document]]
name = "acme counters"
family = "acme"
path = "/usage/counters.json"
format = "json"
evidence = "C"
unproven = true
field = [{ at = "/copies", gives = "meters.copy_total" }]
"""
    definition = written(tmp_path, DEFINITION + counters)
    saved = tmp_path / "counters.json"
    saved.write_text('{"copies": 815}')
    words = ("definitions", "test", definition, "--recording", recording)
    done = dca(*words, "--document", f"acme counters={saved}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "815" in done.stdout
    assert "Not proven by a recording yet" in done.stdout
    document = json.loads(dca(*words, "--document", f"acme counters={saved}", "--json").stdout)
    assert document["reading"]["misc"]["unproven"] == ["meters.copy_total"]
    saved.write_text("<html>Sign in</html>")
    refused = dca(*words, "--document", f"acme counters={saved}")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "acme counters cannot be read: it is a web page in place of the data." in refused.stderr
    assert "(acme counters)" in dca(*words, "--document", f"other={saved}").stderr
    assert "cannot be read" in dca(*words, "--document", f"acme counters={tmp_path / 'nothing'}").stderr


def test_test_says_when_a_definition_is_not_for_the_device(definition: Path, tmp_path: Path) -> None:
    other = write_recording(tmp_path / "other.snmprec", of("2385.3.1", {}))
    done = dca("definitions", "test", definition, "--recording", other)
    assert done.returncode == 1
    assert done.stdout.startswith("The definition for Acme is not for this device")


@pytest.mark.parametrize("words", [("definitions",), ("definitions", "check"), ("definitions", "test", "x.toml")])
def test_wrong_use_is_told(words: tuple[str, ...]) -> None:
    assert dca(*words).returncode == 2


def test_a_recording_is_read_like_a_device(recording: Path) -> None:
    done = dca("read", "--recording", recording)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Black Toner" in done.stdout
    assert "A1B2C3" not in done.stdout


def test_definitions_of_the_site_count_for_recordings_too(recording: Path, tmp_path: Path) -> None:
    written(tmp_path / "data" / "definitions", DEFINITION)
    written(tmp_path / "data" / "definitions", "vendor = 1", "broken.toml")
    done = dca("read", "--recording", recording, "--json", data=tmp_path / "data")
    (reading,) = json.loads(done.stdout)["readings"]
    assert (reading["device"]["manufacturer"], reading["device"]["serial"]) == ("Acme", "A1B2C3")
    assert reading["sources"]["device.serial"] == f"acmeSerial {P}.32473.1.2.0"
    assert "broken.toml, line 1, schema: it is missing. It is left out." in done.stderr


def test_several_recordings_are_read_at_once(recording: Path) -> None:
    done = dca("read", "--recording", recording, "--recording", recording, "--json")
    assert len(json.loads(done.stdout)["readings"]) == 2


def test_a_recording_nobody_can_read_is_told(tmp_path: Path) -> None:
    done = dca("read", "--recording", tmp_path / "absent.snmprec")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"The recording {tmp_path}/absent.snmprec cannot be read: No such file or directory." in done.stderr


@pytest.mark.parametrize("words", [("read",), ("read", "192.0.2.1", "--recording", "x")])
def test_hosts_or_recordings_are_read_but_not_neither_nor_both(words: tuple[str, ...]) -> None:
    done = dca(*words)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_a_sheet_says_how_the_device_is_in_the_words_of_the_web_interfaces(tmp_path: Path) -> None:
    printer: dict[str, Content] = {
        "1.3.6.1.2.1.25.3.2.1.5.1": 5,
        "1.3.6.1.2.1.25.3.5.1.1.1": 3,
        "1.3.6.1.2.1.25.3.5.1.2.1": bytes([0b1001_0000]),
        "1.3.6.1.2.1.43.10.2.1.3.1.1": 7,
        "1.3.6.1.2.1.43.10.2.1.4.1.1": 4711,
        **supply_row(1, cls=3, kind=3, text="Black Toner", level=8, capacity=100),
        **supply_row(2, cls=4, kind=4, text="Waste Toner", level=-3, capacity=-2),
    }
    recording = write_recording(tmp_path / "device.snmprec", DEVICE | printer)
    done = dca("read", "--recording", recording, utf8=True)
    rows = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for row in ("Status Out of toner", "Printer Idle", "Errors Paper low, Out of toner", "Total 4711 impressions"):
        assert row in rows
    assert [row for row in rows if "Toner" in row] == ["Black Toner ██░░░░░░░░░░░░░░░░░░ 8 % Low", "Waste Toner Some left"]


def test_check_says_in_a_line_what_is_wrong_with_any_file(tmp_path: Path, definition: Path) -> None:
    files = []
    for name, content in BOMBS.items():
        files.append(tmp_path / f"{name}.toml")
        files[-1].write_bytes(content)
    odd = tmp_path / os.fsdecode(b"\xff.toml")
    odd.write_bytes(definition.read_bytes())
    done = dca("definitions", "check", *files, tmp_path, tmp_path / "absent.toml", odd, definition)
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert len(lines) == len(files) + 2
    assert all(line.startswith("dca: ") and len(line) < 1000 and line.isprintable() for line in lines)
    assert [line.partition(".toml")[0] for line in lines[: len(files)]] == [f"dca: {str(file)[:-5]}" for file in files]
    assert len(done.stdout.splitlines()) == 2


def test_test_says_in_a_line_what_is_wrong_with_a_file(tmp_path: Path, recording: Path) -> None:
    for name in ("digits", "parentheses", "no-text"):
        (tmp_path / f"{name}.toml").write_bytes(BOMBS[name])
        done = dca("definitions", "test", tmp_path / f"{name}.toml", "--recording", recording)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
