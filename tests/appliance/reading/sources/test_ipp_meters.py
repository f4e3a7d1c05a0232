"""Meters of IPP: totals, and the collections that part them into mono, colour and blank."""

from collections.abc import Mapping

import pytest

from appliance.reading.parts import Parts
from appliance.reading.sources.ipp import REQUESTED, decode_answer
from appliance.reading.sources.ipp_parts import parts_of_ipp
from tests.appliance.http.documents import INTEGER, attribute, collection, ipp_answer

IMPRESSIONS, PAGES, SHEETS = "printer-impressions-completed", "printer-pages-completed", "printer-media-sheets-completed"
WHOLE = {
    "blank": 3,
    "blank-two-sided": 1,
    "monochrome": 100,
    "monochrome-two-sided": 40,
    "full-color": 20,
    "full-color-two-sided": 8,
    "highlight-color": 5,
    "highlight-color-two-sided": 2,
}


def parts(*attributes: bytes) -> Parts:
    return parts_of_ipp(decode_answer(ipp_answer(*attributes)))


def meters(*attributes: bytes) -> dict[str, tuple[int, str]]:
    return {name: (meter.value, meter.unit) for name, meter in parts(*attributes).meters.items()}


def test_all_of_them_are_asked_for() -> None:
    assert {*(IMPRESSIONS, PAGES, SHEETS), *(f"{name}-col" for name in (IMPRESSIONS, PAGES, SHEETS))} <= set(REQUESTED)


def test_one_sided_and_two_sided_parts_add_up_and_blank_stays_apart() -> None:
    found = parts(attribute(INTEGER, IMPRESSIONS, 179), collection(f"{IMPRESSIONS}-col", WHOLE)).meters
    assert {name: meter.value for name, meter in found.items()} == {
        "total": 179,
        "total_mono": 140,
        "total_color": 35,
        "blank_total": 4,
    }
    assert found["total_mono"].source == "IPP printer-impressions-completed-col (monochrome, monochrome-two-sided)"


@pytest.mark.parametrize(
    ("name", "unit", "prefix"),
    [(PAGES, "pages", "pages"), (SHEETS, "sheets", "sheets")],
)
def test_pages_and_sheets_have_meters_of_their_own(name: str, unit: str, prefix: str) -> None:
    found = meters(attribute(INTEGER, name, 90), collection(f"{name}-col", {"monochrome": 70, "full-color": 20}))
    assert found == {f"{prefix}_total": (90, unit), f"{prefix}_mono": (70, unit), f"{prefix}_color": (20, unit)}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"monochrome": 70}, {"total_mono": 70}),
        ({"monochrome": 70, "highlight-color": 4}, {"total_mono": 70, "total_color": 4}),
        ({"monochrome": 70, "monochrome-two-sided": -2, "full-color": 6}, {"total_color": 6}),
        ({"monochrome-two-sided": 30, "full-color": 6}, {"total_color": 6}),
        ({"monochrome": 0, "full-color": 6}, {"total_mono": 0, "total_color": 6}),
        ({"monochrome": 0, "full-color": 0, "blank": 0}, {}),
        ({}, {}),
    ],
)
def test_a_part_that_is_not_told_is_not_made_up(members: Mapping[str, int], expected: Mapping[str, int]) -> None:
    found = parts(attribute(INTEGER, IMPRESSIONS, 90), collection(f"{IMPRESSIONS}-col", members)).meters
    assert {name: meter.value for name, meter in found.items() if name != "total"} == expected


def test_a_device_that_has_counted_nothing_says_so() -> None:
    found = meters(attribute(INTEGER, IMPRESSIONS, 0), collection(f"{IMPRESSIONS}-col", {"monochrome": 0, "full-color": 0}))
    assert {name: value for name, (value, _) in found.items()} == {"total": 0, "total_mono": 0, "total_color": 0}


def test_what_is_no_collection_tells_nothing() -> None:
    assert meters(attribute(INTEGER, f"{IMPRESSIONS}-col", 7)) == {}
