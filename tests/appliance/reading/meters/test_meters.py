"""Meters: what the marker rows carry, and no more."""

import pytest

from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.snmp.values import Tag, Value
from tests.appliance.reading.printer import Content, reading

Rows = dict[tuple[MibObject, str], Content]


def marker(row: str = "1.1", *, count: Content, unit: int = 7, colorants: int | None = None) -> Rows:
    rows: Rows = {(mib.PRT_MARKER_LIFE_COUNT, row): count, (mib.PRT_MARKER_COUNTER_UNIT, row): unit}
    return rows if colorants is None else {**rows, (mib.PRT_MARKER_PROCESS_COLORANTS, row): colorants}


def values(rows: Rows) -> dict[str, int]:
    return {name: meter.value for name, meter in reading(rows).meters.items()}


def test_the_life_count_of_the_marker_is_the_total() -> None:
    total = reading(marker(count=Value(Tag.COUNTER32, 7792))).meters["total"]
    assert (total.value, total.unit, total.source) == (7792, "impressions", "prtMarkerLifeCount.1.1")


@pytest.mark.parametrize(
    ("unit", "name"), [(3, "tenThousandthsOfInches"), (8, "sheets"), (11, "hours"), (17, "meters"), (99, "99")]
)
def test_the_unit_is_the_one_the_printer_counts_in(unit: int, name: str) -> None:
    assert reading(marker(count=5, unit=unit)).meters["total"].unit == name


def test_a_missing_unit_is_unknown() -> None:
    assert reading({(mib.PRT_MARKER_LIFE_COUNT, "1.1"): 5}).meters["total"].unit == "unknown"


def test_one_row_is_a_total_and_never_mono_or_colour() -> None:
    assert values(marker(count=100, colorants=1)) == {"total": 100}
    assert values(marker(count=100, colorants=4)) == {"total": 100}


def test_a_mono_and_a_colour_marker_are_told_apart_by_their_colorants() -> None:
    rows = {**marker("1.1", count=700, colorants=1), **marker("1.2", count=300, colorants=4)}
    assert values(rows) == {"total": 1000, "total_mono": 700, "total_color": 300}
    assert reading(rows).meters["total"].source == "prtMarkerLifeCount.1.1+prtMarkerLifeCount.1.2"


def test_the_order_of_the_markers_does_not_matter() -> None:
    rows = {**marker("1.1", count=300, colorants=3), **marker("1.2", count=700, colorants=1)}
    assert values(rows) == {"total": 1000, "total_mono": 700, "total_color": 300}


@pytest.mark.parametrize("colorants", [(None, None), (1, None), (1, 1), (4, 4), (1, 2)])
def test_markers_that_cannot_be_told_apart_stay_apart(colorants: tuple[int | None, int | None]) -> None:
    rows = {**marker("1.1", count=700, colorants=colorants[0]), **marker("1.2", count=300, colorants=colorants[1])}
    assert values(rows) == {"marker_1": 700, "marker_2": 300}
    assert "prtMarkerProcessColorants" in reading(rows).reasons["meters.total"]


def test_markers_counting_in_different_units_are_not_added() -> None:
    rows = {**marker("1.1", count=700, unit=7, colorants=1), **marker("1.2", count=300, unit=8, colorants=4)}
    assert values(rows) == {"marker_1": 700, "marker_2": 300}


@pytest.mark.parametrize("count", [Value(Tag.INTEGER, 5), Value(Tag.GAUGE32, 5), Value(Tag.COUNTER64, 5), "5"])
def test_any_numeric_type_counts(count: Content) -> None:
    assert values(marker(count=count)) == {"total": 5}


@pytest.mark.parametrize("count", [-1, "many", (1, 3, 6), Value(Tag.COUNTER64, 2**64 - 1), b""])
def test_what_is_no_count_is_left_out_with_a_reason(count: Content) -> None:
    assert values(marker(count=count)) == {}
    assert reading(marker(count=count)).reasons["meters.total"] == "prtMarkerLifeCount is no count"


def test_no_meter_is_not_zero() -> None:
    assert reading({}).meters == {}
    assert reading({}).reasons["meters.total"] == "not reported"


def test_zero_is_a_count() -> None:
    assert values(marker(count=0)) == {"total": 0}


def test_a_total_beyond_64_bits_is_left_out() -> None:
    rows = {**marker("1.1", count=2**63 - 1, colorants=1), **marker("1.2", count=1, colorants=4)}
    assert values(rows) == {"total_mono": 2**63 - 1, "total_color": 1}


def test_pages_since_power_on_are_no_meter() -> None:
    found = reading({**marker(count=9), (mib.PRT_MARKER_POWER_ON_COUNT, "1.1"): 2})
    assert values(marker(count=9)) == {"total": 9}
    assert found.misc["power_on_count"] == 2
