"""Where no printer is looked for is known to the next process, and what makes no sense is not taken."""

from datetime import UTC, datetime, timedelta

import pytest

from appliance.service.scans.memory.left_alone import note_of, seconds_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WEEK, HOUR = 604_800.0, 3600.0


def test_the_next_process_knows_them_to_the_hour() -> None:
    left = {f"192.0.2.{number}": WEEK for number in range(1, 200)} | {"2001:db8::7": 2 * HOUR}
    note = note_of(left, NOW)
    assert len(note) < 150, "ranges, not addresses"
    later = NOW + timedelta(hours=1)
    assert seconds_of(note, later, WEEK) == {address: seconds - HOUR for address, seconds in left.items()}
    assert seconds_of(note, NOW + timedelta(hours=3), WEEK).keys() == left.keys() - {"2001:db8::7"}


@pytest.mark.parametrize(
    "note",
    [None, "", "{", "[]", '{"soon": ["192.0.2.1"]}', '{"2026-03-01T13:00:00Z": ["a"]}', '{"2026-03-01T13:00:00Z": 7}'],
)
def test_what_makes_no_sense_is_not_taken(note: str | None) -> None:
    assert seconds_of(note, NOW, WEEK) == {}


def test_a_clock_that_was_wrong_lets_nobody_be_left_alone_for_longer() -> None:
    assert seconds_of(note_of({"192.0.2.1": WEEK}, NOW + timedelta(days=400)), NOW, WEEK) == {}
