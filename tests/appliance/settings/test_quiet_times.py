"""Quiet times: their grammar, what they cover, and when they end; also over midnight and where the clocks are changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.settings.quiet_times import QuietTime, check_quiet_time, check_quiet_times, quiet_until

BERLIN = ZoneInfo("Europe/Berlin")


def at(day: int, clock: str, month: int = 6) -> datetime:
    """Return a moment of June 2026 in Berlin; the 1st is a Monday."""
    hour, _, minute = clock.partition(":")
    return datetime(2026, month, day, int(hour), int(minute), tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("Mon-Fri 07:30-09:00", "Mon-Fri 07:30-09:00"),
        (" sat 0:00 - 24:00 ", "Sat 00:00-24:00"),
        ("22:00-05:00", "Mon-Sun 22:00-05:00"),
        ("fri-mon 12:00-13:00", "Fri-Mon 12:00-13:00"),
    ],
)
def test_a_quiet_time_is_kept_in_one_form(typed: str, canonical: str) -> None:
    assert check_quiet_time(typed) == canonical == check_quiet_time(canonical)


@pytest.mark.parametrize(
    "typed", ["", "noon", "Mon", "Foo 07:00-08:00", "07:00-07:00", "25:00-26:00", "07:60-08:00", "24:00-07:00"]
)
def test_what_is_no_quiet_time_is_refused_by_name(typed: str) -> None:
    with pytest.raises(ValueError, match=r"is no quiet time\. Write days and times such as"):
        check_quiet_time(typed)


def test_quiet_times_that_leave_nothing_of_the_week_are_refused() -> None:
    assert check_quiet_times(["Mon-Sat 00:00-24:00"]) == ["Mon-Sat 00:00-24:00"]
    with pytest.raises(ValueError, match="no minute of the week"):
        check_quiet_times(["Mon-Fri 00:00-24:00", "Sat-Sun 06:00-06:00".replace("06:00-06:00", "00:00-24:00")])


@pytest.mark.parametrize(
    ("window", "moment", "end"),
    [
        ("Mon-Fri 07:30-09:00", at(1, "07:29"), None),
        ("Mon-Fri 07:30-09:00", at(1, "07:30"), at(1, "09:00")),
        ("Mon-Fri 07:30-09:00", at(1, "09:00"), None),
        ("Mon-Fri 07:30-09:00", at(6, "08:00"), None),
        ("Fri 22:00-05:00", at(5, "23:00"), at(6, "05:00")),
        ("Fri 22:00-05:00", at(6, "04:59"), at(6, "05:00")),
        ("Fri 22:00-05:00", at(5, "04:00"), None),
        ("Sun 22:00-05:00", at(8, "01:00"), at(8, "05:00")),
        ("Sat-Sun 00:00-24:00", at(6, "10:00"), at(8, "00:00")),
    ],
)
def test_the_end_of_a_quiet_time_is_known(window: str, moment: datetime, end: datetime | None) -> None:
    assert quiet_until([window], moment) == end


def test_quiet_times_that_follow_each_other_are_one() -> None:
    assert quiet_until(["07:00-09:00", "08:30-10:00", "10:00-11:00"], at(1, "07:10")) == at(1, "11:00")


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    # On 25 October 2026 the clocks go back from 03:00 to 02:00.
    first = datetime(2026, 10, 25, 2, 15, tzinfo=BERLIN)
    again = first.replace(fold=1)
    assert quiet_until(["02:00-02:30"], first) == datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    assert quiet_until(["02:00-02:30"], again) == datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
    whole_night = quiet_until(["22:00-05:00"], datetime(2026, 10, 24, 22, 0, tzinfo=BERLIN))
    assert whole_night is not None
    assert whole_night - datetime(2026, 10, 24, 20, 0, tzinfo=UTC) == timedelta(hours=8)


def test_an_hour_that_is_left_out_ends_what_would_end_in_it() -> None:
    # On 29 March 2026 the clocks go forward from 02:00 to 03:00.
    end = quiet_until(["01:00-02:30"], datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN))
    assert end == datetime(2026, 3, 29, 3, 0, tzinfo=BERLIN)
    whole_night = quiet_until(["Sat 22:00-05:00"], datetime(2026, 3, 28, 22, 0, tzinfo=BERLIN))
    assert whole_night is not None
    assert whole_night - datetime(2026, 3, 28, 21, 0, tzinfo=UTC) == timedelta(hours=6)


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440), st.integers(0, 10_080))
def test_a_quiet_time_ends_where_it_covers_no_more(first: int, last: int, begin: int, end: int, minute: int) -> None:
    window = QuietTime(first, last, begin, end)
    moment = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=minute)
    if begin == end or QuietTime.parse(str(window)) != window:
        return
    until = quiet_until([str(window)], moment)
    assert (until is not None) == window.covers(moment)
    if until and until - moment < timedelta(days=7):
        assert not window.covers(until)
        assert window.covers(until - timedelta(minutes=1))
