"""Alerts."""

from datetime import UTC, datetime

import pytest

from appliance.reading.sources import objects as mib
from appliance.report import Alert
from appliance.snmp.values import Tag, Value
from tests.appliance.reading.printer import TAKEN_AT, Content, alert, reading

HOUR = 360_000


def one(up_time: Content | None = None, **cells: Content) -> Alert:
    rows = alert("1.1", **cells)
    if up_time is not None:
        rows[mib.SYS_UP_TIME, "0"] = up_time
    (found,) = reading(rows).alerts
    return found


def test_an_alert_has_the_names_of_the_mib() -> None:
    found = one(severity=3, group=11, code=1101, location=2, text="Toner empty")
    assert found == Alert(
        severity="critical", group="markerSupplies", code="markerTonerEmpty", location=2, description="Toner empty"
    )


def test_codes_of_a_vendor_stay_numbers() -> None:
    assert one(severity=9, group=99, code=30001).code == "30001"


def test_cells_that_are_missing_are_unknown() -> None:
    assert one(text="Paper jam") == Alert(severity="unknown", group="unknown", code="unknown", description="Paper jam")


@pytest.mark.parametrize("location", [-1, -2])
def test_a_location_below_zero_is_none(location: int) -> None:
    assert one(location=location).location is None


def test_since_is_counted_back_from_the_up_time() -> None:
    assert one(Value(Tag.TIME_TICKS, 3 * HOUR), time=Value(Tag.TIME_TICKS, HOUR)).since == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_since_stays_the_same_from_read_to_read() -> None:
    seconds = [one(3 * HOUR + late, time=HOUR).since for late in (0, 40, 99)]
    assert len(set(seconds)) == 1


@pytest.mark.parametrize(("up_time", "time"), [(None, HOUR), (HOUR, 0), (HOUR, 2 * HOUR), (HOUR, -5), ("soon", HOUR), (2**62, 1)])
def test_since_is_unknown_where_the_times_do_not_tell(up_time: Content | None, time: int) -> None:
    assert one(up_time, time=time, code=8).since is None


def test_alerts_come_in_the_order_of_the_table() -> None:
    rows = {**alert("1.12", code=8), **alert("1.3", code=12)}
    assert [found.code for found in reading(rows).alerts] == ["subunitAlmostEmpty", "jam"]


def test_a_since_never_lies_after_the_reading() -> None:
    found = one(HOUR, time=HOUR)
    assert found.since == TAKEN_AT
