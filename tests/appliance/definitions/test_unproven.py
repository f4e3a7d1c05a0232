"""What no recording of a device has shown is marked so: in the definitions, in the document, and in each reading."""

import re
from pathlib import Path

import pytest

from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.definitions.vendor import read_vendor
from appliance.reading.supplies.vendor_supplies import vendor_supplies
from appliance.reading.view import View
from appliance.report.proof import misc_of, unproven_in
from appliance.snmp.recording import read_recording
from tests.appliance.definitions.device import LIFE_COUNT, P, defined, of, read
from tests.conftest import ROOT

DOCUMENT = ROOT / "docs" / "protocol" / "definitions.md"


def shown_by(recording: Path) -> dict[str, set[str]]:
    """Return by vendor the names of what gives a value of a recorded device."""
    vendor = read_vendor(View(read_recording(recording)), builtin_definitions())
    sources = [given.source for found in vendor.given.values() for given in found]
    sources += [given.source for given in vendor.named.values()] + [supply.source for supply in vendor_supplies(vendor)]
    names = {word.partition(":")[0] for source in sources for word in source.replace(",", " ").split()}
    return {each.vendor: names for each in vendor.applying}


@pytest.mark.recordings
def test_marked_is_what_no_recording_shows_and_nothing_else(recordings: Path) -> None:
    shown: dict[str, set[str]] = {}
    for recording in sorted(recordings.glob("*.snmprec")):
        for vendor, names in shown_by(recording).items():
            shown.setdefault(vendor, set()).update(names)
    for each in builtin_definitions().definitions:
        content = each.content
        sources = (*content.objects, *content.tables, *content.papers, *content.records, *content.supply_tables, *content.documents)
        names = {source.name for source in (*sources, *content.web_documents)}
        assert content.unproven() == names - shown.get(each.vendor, set()), each.vendor


def test_the_document_lists_what_is_marked() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", DOCUMENT.read_text().partition("## What is not proven")[2], re.MULTILINE)
    listed = {vendor: tuple(re.findall(r"`([^`]+)`", names)) for vendor, names in rows if vendor != "vendor"}
    marked = {each.vendor: tuple(sorted(names)) for each in builtin_definitions().definitions if (names := each.content.unproven())}
    assert listed == marked


def test_a_reading_says_which_values_are_from_what_is_not_proven() -> None:
    reading = read(
        of(
            "40093.1",
            {
                f"{P}.40093.1.1.1.5.0": "CB4W000001",
                f"{P}.40093.1.1.3.9.0": 12,
                f"{P}.40093.6.3.1.0": 55,
                LIFE_COUNT: 900,
            },
        )
    )
    assert (reading.device.serial, reading.meters["copy_total"].value, reading.meters["total"].value) == ("CB4W000001", 12, 900)
    [toner] = reading.supplies
    assert unproven_in(reading) == {"device.serial", "meters.copy_total", f"supplies.{toner.index}"}
    assert "unproven" not in misc_of(reading)


def test_a_sum_of_what_is_not_proven_is_not_proven_and_what_is_proven_carries_no_mark() -> None:
    text = f"""
[[object]]
name = "proven"
oid = "{P}.32473.1.2.0"
gives = "meters.print_total"
evidence = "A"
[[object]]
name = "seen-by-nobody"
oid = "{P}.32473.1.3.0"
gives = "meters.copy_total"
evidence = "C"
unproven = true
[[object]]
name = "note"
oid = "{P}.32473.1.4.0"
gives = "misc.drum_pages"
evidence = "C"
unproven = true
[[sum]]
gives = "meters.total"
parts = ["meters.print_total", "meters.copy_total"]
"""
    objects = of("32473.1", {f"{P}.32473.1.2.0": 5, f"{P}.32473.1.3.0": 6, f"{P}.32473.1.4.0": "7"})
    reading = read(objects, defined(text))
    assert reading.meters["total"].value == 11
    assert reading.misc["unproven"] == ["meters.copy_total", "meters.total", "misc.drum_pages"]


def test_a_reading_without_any_says_nothing_of_it() -> None:
    reading = read(of("1347.41", {LIFE_COUNT: 900}))
    assert "unproven" not in reading.misc
    assert unproven_in(reading) == frozenset()
