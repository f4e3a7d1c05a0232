"""The accuracy benchmark: nothing wrong and nothing missing on the recordings, and an oracle that notices what is."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.reading.device import read_device
from appliance.snmp.recording import Recording as Replayed
from appliance.snmp.values import Tag, Value
from benchmarks import accuracy
from benchmarks.accuracy import ipp_answers
from benchmarks.accuracy.facts import ITEMS, Verdict
from benchmarks.accuracy.forms import FORMS, Form
from benchmarks.accuracy.inventions import inventions
from benchmarks.accuracy.judge import TAKEN_AT, Judged, all_facts, judge
from benchmarks.accuracy.partial import untrue
from benchmarks.accuracy.recorded import Recorded, load_file
from benchmarks.accuracy.standard import printer_index
from tests.appliance.definitions.device import LIFE_COUNT, SERIAL, SYS_DESCR, Content, Device, P, of, supply_row
from tests.appliance.definitions.made_up import IDENTITY, METERS
from tests.children import run_child
from tests.conftest import ROOT
from tests.recordings.recorded_file import write_recording
from tests.recordings.recording import FOLDER, Recording, parameters

UNIT = "1.3.6.1.2.1.43.11.1.1.7"
DESCRIPTION = "1.3.6.1.2.1.43.11.1.1.6."
MADE_UP = [*IDENTITY, *METERS]


@pytest.mark.parametrize("recording", parameters())
def test_nothing_is_wrong_or_missing(recording: Recording) -> None:
    judged = judge(load_file(recording.file))
    assert [finding.text() for finding in judged.faults] == []
    assert judged.findings


@pytest.mark.parametrize("device", [each[1] for each in MADE_UP], ids=[each[0] for each in MADE_UP])
def test_devices_made_up_from_the_facts_are_read_as_the_oracle_reads_them(device: Device, tmp_path: Path) -> None:
    judged = judge(load_file(write_recording(tmp_path / "device.snmprec", device)))
    assert [finding.text() for finding in judged.faults] == []


FULL: dict[str, Content] = of(
    "1347.41",
    {
        SYS_DESCR: "KYOCERA Document Solutions Printing System",
        "1.3.6.1.2.1.1.3.0": 4200,
        "1.3.6.1.2.1.1.5.0": "prt-3-west",
        "1.3.6.1.2.1.1.6.0": "3rd floor",
        "1.3.6.1.2.1.2.2.1.6.1": bytes.fromhex("0017c865e2b9"),
        "1.3.6.1.2.1.25.3.2.1.3.1": "CS 4053ci",
        "1.3.6.1.2.1.25.3.2.1.5.1": 2,
        "1.3.6.1.2.1.25.3.5.1.1.1": 3,
        "1.3.6.1.2.1.25.3.5.1.2.1": b"\x20\x01",
        SERIAL: "RH28Y00024",
        LIFE_COUNT: 76498,
        "1.3.6.1.2.1.43.10.2.1.3.1.1": 7,
        "1.3.6.1.2.1.43.10.2.1.6.1.1": 4,
        "1.3.6.1.2.1.43.8.2.1.9.1.1": 500,
        "1.3.6.1.2.1.43.8.2.1.10.1.1": 250,
        "1.3.6.1.2.1.43.16.5.1.2.1.1": "Preparing to print",
        "1.3.6.1.2.1.43.18.1.1.8.1.7": "Add paper",
        **supply_row(1, kind=3, text="TK-8527C S/N:A1B2C3D4", level=7500, capacity=15000, colorant=1),
        "1.3.6.1.2.1.43.12.1.1.4.1.1": "cyan",
        **supply_row(2, kind=15, text="Fuser", level=-2, capacity=-2),
        f"{P}.1347.43.10.1.1.12.1.1": 76064,
        f"{P}.1347.43.5.4.1.5.1.1": "2V8_S000",
    },
)


def reading_of(file: Path) -> tuple[dict[str, Any], list[Any]]:
    """Return the reading of a recording as JSON, and all facts about it."""
    replayed = Replayed.load(file)
    reading = asyncio.run(read_device(replayed, taken_at=TAKEN_AT)).model_dump(mode="json")
    return reading, all_facts(load_file(file), replayed.agent.address)


def _set(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(reading: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        found: Any = reading
        for part in parents:
            found = found[int(part)] if isinstance(found, list) else found[part]
        if value is None and isinstance(found, dict) and parents and parents[0] in {"meters", "misc"}:
            del found[last]
        else:
            found[last] = value

    return change


@pytest.mark.parametrize(
    ("item", "path", "value"),
    [
        (1, "device.ip", "192.0.2.99"),
        (2, "device.description", "something else"),
        (3, "device.serial", "RH28Y00025"),
        (4, "meters.total.value", 76065),
        (4, "meters.marker_total.value", 76497),
        (4, "meters.marker_total.unit", "sheets"),
        (5, "device.color", False),
        (6, "status.console", ["Ready"]),
        (7, "status.printer", "printing"),
        (7, "status.device", "down"),
        (8, "status.errors", ["noToner"]),
        (8, "alerts", [{"description": "Add paper"}, {"description": None}]),
        (9, "supplies.0.percent", 51.0),
        (9, "supplies.0.level", 7501),
        (9, "supplies.0.color", "magenta"),
        (10, "supplies.0.serial", "A1B2C3D5"),
        (11, "supplies.1.percent", 50.0),
        (12, "trays.0.level", 0),
        (14, "device.location", "4th floor"),
        (15, "device.mac", "00:17:c8:65:e2:ba"),
        (16, "device.manufacturer", "Ricoh"),
        (18, "misc.uptime_seconds", 41),
        (18, "device.hostname", "other"),
    ],
)
def test_the_oracle_notices_what_is_wrong(item: int, path: str, value: object, tmp_path: Path) -> None:
    reading, facts = reading_of(write_recording(tmp_path / "device.snmprec", FULL))
    assert {fact.verdict(reading)[0] for fact in facts} == {Verdict.RIGHT}
    _set(path, value)(reading)
    assert (item, Verdict.WRONG) in {(fact.item, fact.verdict(reading)[0]) for fact in facts}


@pytest.mark.parametrize(
    ("item", "path"),
    [
        (3, "device.serial"),
        (4, "meters.total"),
        (6, "status.console.0"),
        (14, "device.location"),
        (15, "device.mac"),
        (17, "device.firmware"),
    ],
)
def test_the_oracle_notices_what_is_missing(item: int, path: str, tmp_path: Path) -> None:
    reading, facts = reading_of(write_recording(tmp_path / "device.snmprec", FULL))
    if path == "status.console.0":
        reading["status"]["console"] = []
    else:
        _set(path, None)(reading)
    assert (item, Verdict.MISSING) in {(fact.item, fact.verdict(reading)[0]) for fact in facts}


def test_all_18_items_have_a_name_and_facts_carry_only_these(tmp_path: Path) -> None:
    _, facts = reading_of(write_recording(tmp_path / "device.snmprec", FULL))
    assert sorted(ITEMS) == list(range(1, 19))
    assert {fact.item for fact in facts} == set(ITEMS) - {13}


def test_what_peers_know_counts_but_for_their_placeholders(tmp_path: Path) -> None:
    file = write_recording(
        tmp_path / "device.snmprec", of("367.1.1", supply_row(1, kind=3, text="Black Toner", level=-3, capacity=100))
    )
    row = {"oid": "1.3.6.1.2.1.43.11.1.1.9.1.1", "type": "toner", "descr": "Black Toner", "current_percent": 50}
    expected = {
        "printer_supplies": [row | {"percent_is_placeholder": True, "capacity_is_placeholder": False}],
        "serial": "E216R220016",
    }
    (tmp_path / "expected").mkdir()
    (tmp_path / "expected" / "device.json").write_text(json.dumps(expected))
    faults = [finding.text() for finding in judge(load_file(file)).faults]
    assert faults == ["item 3, serial number (peer): is missing, the recording says 'e216r220016'"]


def test_the_device_index_is_found_in_any_recording(tmp_path: Path) -> None:
    device = {oid.replace(".1.1", ".4.1") if ".43." in oid else oid: content for oid, content in FULL.items()}
    recorded = load_file(write_recording(tmp_path / "device.snmprec", {"1.3.6.1.2.1.43.11.1.1.9.4.1": 5, **device}))
    assert printer_index(replace(recorded, objects={oid: each for oid, each in recorded.objects.items() if ".11.1.1" in oid})) == 4


# The command


def run(*words: str | Path) -> Any:
    return run_child(["python", "-m", "benchmarks", *words], folder=ROOT)


@pytest.fixture
def one_recording(tmp_path: Path) -> Path:
    """Return a folder with one recording that is read without fault."""
    write_recording(tmp_path / "kyocera.snmprec", FULL)
    return tmp_path


def test_the_command_prints_verdicts_and_coverage(one_recording: Path) -> None:
    done = run("accuracy", "--recordings", one_recording)
    assert done.returncode == 0, done.stderr
    assert "1 recordings: " in done.stdout
    assert " 0 wrong, 0 invented, 0 missing." in done.stdout
    vendors = [line.split()[0] for line in done.stdout.partition("\nvendor ")[2].splitlines()[1:] if line.strip()]
    assert {"Brother", "HP", "Kyocera", "Zebra"} <= set(vendors)
    kyocera = next(line for line in done.stdout.splitlines() if line.startswith("Kyocera  "))
    assert "SA*" in kyocera.split()
    assert "lexmarkSupply (A)" in done.stdout.partition("not seen on any recording")[2]


def test_the_command_prints_json(one_recording: Path) -> None:
    document = json.loads(run("accuracy", "--recordings", one_recording, "--json").stdout)
    assert document["totals"]["wrong"] == document["totals"]["missing"] == 0
    assert document["recordings"][0]["items"]["9"]["right"] > 2
    (hp,) = (each for each in document["coverage"] if each["vendor"] == "HP")
    assert {"name": "hpAssetNumber", "evidence": "B", "seen_on_a_recording": False} in hp["items"]["13"]["objects"]


def test_the_command_fails_where_something_is_missing(one_recording: Path) -> None:
    (one_recording / "expected").mkdir()
    (one_recording / "expected" / "kyocera.json").write_text('{"serial": "ANOTHER1"}')
    done = run("accuracy", "--recordings", one_recording)
    assert done.returncode == 1
    assert "kyocera: item 3, serial number (peer): is 'RH28Y00024', the recording says 'another1'" in done.stdout


def test_a_folder_without_recordings_is_wrong_use(tmp_path: Path) -> None:
    done = run("accuracy", "--recordings", tmp_path)
    assert (done.returncode, str(tmp_path) in done.stderr) == (2, True)


@pytest.mark.recordings
def test_the_command_is_content_with_all_recordings() -> None:
    if not (FOLDER / "index.tsv").exists():
        pytest.skip(f"no recordings in {FOLDER}: set DCA_RECORDINGS to the folder that has index.tsv")
    done = run("accuracy", "--recordings", FOLDER)
    assert done.returncode == 0, done.stdout


def test_the_benchmarks_are_listed() -> None:
    done = run("--list")
    assert done.returncode == 0
    assert (accuracy.__doc__ or "").partition("\n")[0] in done.stdout


def test_an_unknown_benchmark_is_told() -> None:
    done = run("nonsense")
    assert done.returncode == 2
    assert done.stderr.startswith("'nonsense' is no benchmark.")


# Inventions


@pytest.mark.parametrize(
    ("topic", "path", "value"),
    [
        ("model", "device.model", "Nonesuch 9000"),
        ("serial number", "device.serial", "RH28Y99999"),
        ("firmware", "device.firmware", "9.99"),
        ("asset number", "device.asset_number", "A-100"),
        ("MAC address", "device.mac", "00:17:c8:00:00:01"),
        ("panel", "status.console", ["Ready to print"]),
        ("alerts and errors", "alerts.0.description", "Out of staples"),
        ("private counters", "meters.copy_total", {"value": 77, "unit": "impressions", "source": f"x {P}.1347.42.3.1.1.1.1.2"}),
        ("meters", "meters.total_color", {"value": 77, "unit": "impressions", "source": "prtMarkerLifeCount.1.9"}),
        ("paper sizes", "meters.paper_a3", {"value": 77, "unit": "impressions", "source": f"x {P}.1347.42.2.1.1.1.6.1"}),
        ("duplex", "meters.duplex", {"value": 77, "unit": "impressions", "source": "x"}),
        ("supply unit", "supplies.1.unit", "sheets"),
        ("supply colour", "trays.0.name", None),
        ("trays", "trays.0.media", "A4"),
        ("miscellaneous", "misc.config_changes", 4711),
    ],
)
def test_what_the_recording_has_nothing_of_is_invented(topic: str, path: str, value: object, tmp_path: Path) -> None:
    file = write_recording(tmp_path / "device.snmprec", {oid: each for oid, each in FULL.items() if not oid.startswith(f"{UNIT}.")})
    reading, _ = reading_of(file)
    recorded = load_file(file)
    assert inventions(recorded, reading) == []
    if topic == "supply colour":
        recorded = load_file(write_recording(file, {oid: each for oid, each in FULL.items() if not oid.startswith(DESCRIPTION)}))
        recorded = recorded.without(frozenset(oid for oid in recorded.objects if ".43.11.1.1.3." in oid))
    else:
        _set(path, value)(reading)
    assert topic in {each.topic for each in inventions(recorded, reading)}


def test_an_invention_is_counted_apart_from_what_is_wrong(tmp_path: Path) -> None:
    file = write_recording(tmp_path / "device.snmprec", FULL)
    reading, facts = reading_of(file)
    reading["device"]["asset_number"] = "A-100"
    judged = Judged("device")
    judged.take(reading, load_file(file), facts)
    assert [(each.fact.topic, each.verdict) for each in judged.faults] == [("asset number", Verdict.INVENTED)]
    assert judged.count()[Verdict.WRONG] == 0


# Partial reads


def test_a_partial_reading_that_says_something_else_or_hides_what_it_lacks_is_noticed(tmp_path: Path) -> None:
    file = write_recording(tmp_path / "device.snmprec", FULL)
    reading, facts = reading_of(file)
    recorded = load_file(file)
    assert untrue(recorded, reading, facts) == []
    reading["device"]["location"] = None
    assert untrue(recorded, reading, facts)
    reading["reasons"]["device.location"] = "not read"
    assert untrue(recorded, reading, facts) == []
    reading["reasons"] |= {"reading": "it stopped answering", "device.location": "not reported"}
    assert untrue(recorded, reading, facts)
    reading["reasons"]["device.location"] = "not read"
    reading["supplies"] = reading["supplies"][:1]
    assert untrue(recorded, reading, facts) == []
    reading["meters"]["total"]["value"] += 1
    assert untrue(recorded, reading, facts)


# Forms


def form(name: str) -> Form:
    return next(each for each in FORMS if each.name == name)


@pytest.fixture
def recordings(tmp_path: Path) -> list[Recorded]:
    """Return a whole device, with one object that SNMPv1 does not know."""
    more: dict[str, Content] = {"1.3.6.1.2.1.43.18.1.1.2.1.7": 4, f"{P}.1347.42.3.1.1.1.1.1": Value(Tag.COUNTER64, 54321)}
    return [load_file(write_recording(tmp_path / "kyocera_cs-1.snmprec", FULL | more))]


def test_over_version_1_only_what_it_knows_is_expected(recordings: list[Recorded]) -> None:
    (judged,) = form("v1").run(recordings, 1)
    assert [each.text() for each in judged.faults] == []
    assert [each.fact.what for each in judged.not_carried] == ["print_total"]
    assert judged.count()[Verdict.RIGHT] > 30


@pytest.mark.parametrize("seed", [1, 2])
def test_with_a_fifth_of_the_datagrams_lost_everything_is_read_in_the_end(recordings: list[Recorded], seed: int) -> None:
    (judged,) = form("loss").run(recordings, seed)
    assert [each.text() for each in judged.faults] == []
    assert judged.counted["lost"] > 0
    assert len([each for each in judged.findings if each.fact.topic == "partial reads"]) == judged.counted["partial"]
    assert judged.not_carried == []


def test_with_snmp_off_what_ipp_carries_is_read_and_the_rest_is_listed(recordings: list[Recorded]) -> None:
    (judged,) = form("without-snmp").run(recordings, 1)
    assert [each.text() for each in judged.faults] == []
    right = {each.fact.topic for each in judged.findings if each.verdict is Verdict.RIGHT}
    assert {"model", "serial number", "location", "supply level", "supply colour", "trays", "alerts and errors"} <= right
    # Once with printer-supply, and once with the markers of CUPS, as older printers answer.
    assert judged.counted["read over IPP"] == 2
    markers = {each.fact.what: each.fact.wanted for each in judged.findings if each.fact.what.startswith("marker ")}
    assert (markers["marker 1 percent"], markers["marker 1 color"], markers["marker 2 percent"]) == (50, "cyan", "none")
    missing = {each.fact.topic for each in judged.not_carried}
    assert {"panel", "MAC address", "private counters"} <= missing


def test_a_reader_of_ipp_that_says_too_little_is_noticed(recordings: list[Recorded], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipp_answers, "_counts", lambda _recorded: iter(()))
    (judged,) = form("without-snmp").run(recordings, 1)
    assert "prtMarkerLifeCount row 1" in {each.fact.what for each in judged.faults if each.verdict is Verdict.MISSING}


def test_the_command_takes_a_form_and_lists_what_it_does_not_carry(one_recording: Path) -> None:
    done = run("accuracy", "--recordings", one_recording, "--form", "without-snmp")
    assert done.returncode == 0, done.stdout
    assert "What this form does not carry:" in done.stdout
    assert "panel: 1 (line 1 of the panel)" in done.stdout
    assert ", 0 wrong, 0 invented, 0 missing, " in done.stdout
    document = json.loads(run("accuracy", "--recordings", one_recording, "--form", "all", "--json").stdout)
    assert sorted(document["forms"]) == ["loss", "recorded", "v1", "without-snmp"]
    assert document["forms"]["recorded"]["vendors"]["Kyocera"]["supply type"]["wrong"] == 0
