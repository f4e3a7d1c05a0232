"""The check of the demo notices whatever is missing or different, and nothing else."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from simulator.demo.check import compare
from simulator.demo.table import device_table
from simulator.fleet import DEFAULT_BASE, Options, generated_fleet
from simulator.truth import fleet_truth

STARTED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PACE = Options(seconds_per_page=3.0)


@cache
def printers(seconds: float) -> list[dict[str, Any]]:
    """Return the ground truth; not to be changed."""
    return list(fleet_truth(generated_fleet(None, DEFAULT_BASE, PACE), seconds)["printers"])


def readings(seconds: float) -> list[dict[str, Any]]:
    """Return what a perfect collector would have sent, `seconds` after the start."""
    found = []
    for printer in copy.deepcopy(printers(seconds)):
        for alert in printer["alerts"]:
            raised = STARTED + timedelta(seconds=seconds) - timedelta(seconds=alert.pop("seconds_ago"))
            alert["since"] = raised.replace(second=0).isoformat()
        found.append({name: printer[name] for name in ("device", "status", "alerts", "meters", "supplies", "trays")})
    return found


def check(found: list[dict[str, Any]]) -> list[str]:
    return compare(found, printers(0), printers(600), STARTED).differences


def check_one(number: int, reading: dict[str, Any]) -> list[str]:
    return compare([reading], printers(0)[number : number + 1], printers(600)[number : number + 1], STARTED).differences


def test_of_a_printer_without_snmp_is_expected_what_ipp_and_its_documents_tell() -> None:
    [whole] = printers(0)[:1]
    [told] = fleet_truth(generated_fleet(1, DEFAULT_BASE, Options(snmp_off=("hp-color",))), 0)["printers"]
    assert (told["status"]["device"], told["status"]["console"], told["device"]["mac"]) == ("unknown", [], None)
    off = fleet_truth(generated_fleet(None, DEFAULT_BASE, Options(seconds_per_page=3.0, snmp_off=("hp-color",))), 0)["printers"]
    perfect = {name: off[0][name] for name in ("device", "status", "alerts", "meters", "supplies", "trays")}
    assert compare([perfect], off[:1], off[:1], STARTED).differences == []
    assert [row["serial"] for row in off[0]["supplies"]] == ["1041220317", "1041187740", "1041187911", "1041188026"]
    over_snmp = {name: whole[name] for name in perfect}
    different = compare([over_snmp], off[:1], off[:1], STARTED).differences
    items = ("hostname", "mac", "status.device", "status.console", "supply 1 serial")
    assert [item for item in items if not any(f": {item} is" in text for text in different)] == []


@pytest.mark.parametrize("seconds", [0, 1, 300, 600])
def test_readings_taken_at_any_moment_agree(seconds: float) -> None:
    assert check(readings(seconds)) == []


def test_meters_that_ran_ahead_or_fell_behind_are_noticed() -> None:
    assert len(check(readings(100_000))) >= 9
    behind = readings(0)
    behind[0]["meters"]["total"]["value"] -= 1
    assert check(behind) == ["HP Color LaserJet Pro MFP M479fdw: meter total is 48212, the printer counts from 48213 to 48513"]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each value in a nest of dictionaries and lists."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inside = False
    for key, inner in entries:
        inside = True
        yield from leaves(inner, (*path, key))
    if not inside and path:
        yield path


def changed(value: Any) -> Any:
    """Return another value of the same kind; enough of a difference to be outside every tolerance."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1_000_000
    if isinstance(value, list):
        return ["something"]
    if value is None:
        return "something"
    try:
        return (datetime.fromisoformat(value) - timedelta(days=1)).isoformat()
    except ValueError:
        return f"{value} and more"


def test_every_single_item_that_differs_is_noticed() -> None:
    perfect = readings(0)
    # Where a description holds no number of its own, the truth says nothing about one.
    open_items = {"serial", "part_number"}
    for number, reading in enumerate(perfect):
        for path in leaves(reading):
            if path[0] == "supplies" and path[-1] in open_items and reading["supplies"][path[1]][path[-1]] is None:
                continue
            wrong = copy.deepcopy(reading)
            inner = wrong
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = changed(inner[path[-1]])
            assert check_one(number, wrong), (number, path)


@pytest.mark.parametrize("part", ["alerts", "supplies", "trays"])
def test_a_row_too_few_or_too_many_is_noticed(part: str) -> None:
    for number, reading in enumerate(readings(0)):
        if reading[part]:
            for rows in (reading[part][:-1], [*reading[part], reading[part][-1]]):
                assert check_one(number, reading | {part: rows})


def test_a_meter_that_is_missing_or_made_up_is_noticed() -> None:
    missing, more = readings(0), readings(0)
    del missing[3]["meters"]["total_color"]
    more[3]["meters"]["copy_total"] = {"value": 1, "unit": "impressions"}
    assert len(check(missing)) == 1
    assert len(check(more)) == 1


def test_a_device_missing_twice_there_or_unknown_is_noticed() -> None:
    found = readings(0)
    assert check(found[1:]) == ["HP Color LaserJet Pro MFP M479fdw (127.0.42.1): has not arrived"]
    assert "is there 2 times" in check([*found, found[4]])[0]
    stranger = copy.deepcopy(found[0])
    stranger["device"]["serial"] = "X1"
    assert check([*found, stranger]) == ["A device with the serial number X1 is there and should not be"]


def test_the_table_has_a_line_for_each_device() -> None:
    lines = device_table(list(reversed(readings(0)))).splitlines()
    assert len(lines) == 2 + 13
    words = (
        "HP Color LaserJet Pro MFP M479fdw",
        "VNB3K41207",
        "127.0.42.1",
        "idle",
        "48 213",
        "K 62% C 48% M 51% Y 77%",
        "Reception",
    )
    assert " ".join(lines[2].split()) == " ".join(words)
    assert "jammed" in lines[6]
    assert "C empty" in lines[10]
    assert lines[14].startswith("Zebra")


def test_the_table_shows_what_is_unknown_as_unknown() -> None:
    reading = readings(0)[0]
    reading["device"] |= {"model": None, "manufacturer": None, "serial": None, "ip": None, "location": None}
    reading["meters"] = {}
    reading["supplies"] = []
    assert device_table([reading]).splitlines()[2].split() == ["-", "-", "-", "idle", "-", "-", "-"]
