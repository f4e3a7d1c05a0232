"""When to try again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from appliance.common.backoff import jittered, next_delay, parse_http_date, parse_retry_after

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def highest(_low: float, high: float) -> float:
    return high


def lowest(low: float, _high: float) -> float:
    return low


def test_the_wait_doubles_up_to_the_ceiling() -> None:
    waits = [next_delay(failures, first=5, ceiling=60, uniform=highest) for failures in range(1, 7)]
    assert waits == [5, 10, 20, 40, 60, 60]


def test_the_wait_is_drawn_from_its_upper_half() -> None:
    assert next_delay(3, first=5, uniform=lowest) == 10
    assert len({next_delay(3) for _ in range(50)}) > 1


def test_what_the_server_asked_for_is_never_undercut() -> None:
    assert next_delay(1, retry_after=300, uniform=lowest) == 300
    assert next_delay(1, retry_after=300, uniform=highest) == 360
    assert next_delay(10, retry_after=1, first=5, ceiling=60, uniform=highest) == 60


@given(some.integers(min_value=-5, max_value=10**9), some.none() | some.floats(min_value=0, max_value=86400))
def test_the_wait_is_always_sensible(failures: int, retry_after: float | None) -> None:
    delay = next_delay(failures, retry_after=retry_after, first=5, ceiling=900)
    assert max(2.5, retry_after or 0) <= delay <= max(900, (retry_after or 0) + 60)


def test_an_interval_is_shifted_by_a_tenth_at_most() -> None:
    assert jittered(100, uniform=lowest) == pytest.approx(90)
    assert jittered(100, uniform=highest) == pytest.approx(110)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Sun, 22 Nov 2026 10:05:00 GMT", 300),
        ("Sun, 22 Nov 2026 09:00:00 GMT", 0),
        ("999999999", 86400),
        ("Sun, 22 Nov 2099 10:05:00 GMT", 86400),
        ("", None),
        (None, None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW) == seconds


@given(some.text())
def test_no_header_breaks_the_reading_of_dates(text: str) -> None:
    parse_retry_after(text, NOW)
    moment = parse_http_date(text)
    assert moment is None or moment.tzinfo is not None
