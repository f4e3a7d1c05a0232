"""JSON and records of ours: numbers that can be computed with, moments that days can be added to, fields of their type."""

from dataclasses import asdict, dataclass, field
from datetime import timedelta

import pytest

from appliance.common.clock import from_rfc3339
from appliance.common.files import from_json, to_json
from appliance.common.message import Message, messages_from, with_messages
from appliance.common.record import Count, Moment, Percent, Seconds, Sha256, record_of


@dataclass(frozen=True, slots=True)
class Inner:
    secret: str
    numbers: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Outer:
    text: str
    at: Moment
    inner: Inner
    digest: Sha256 | None = None
    count: Count = 0
    percent: Percent | None = None
    seconds: Seconds = 0.0
    flags: dict[str, bool] = field(default_factory=dict)


RECORD = Outer(Message("It is %(number)d.", number=7), "2026-11-26T01:00:00Z", Inner("x", (1, 2)), "ab" * 32, 3, 50, 8, {"a": True})


@pytest.mark.parametrize(
    "content", ["Infinity", "-Infinity", "NaN", "1e999", "-1e999", "1" + "0" * 400, str(2**64), "9" * 5000, "[" * 500, '"\\ud800"']
)
def test_what_cannot_be_computed_with_or_written_again_is_no_json_of_ours(content: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever it is
        from_json(f'{{"a": [{content}]}}')


def test_numbers_of_engines_and_devices_are_read() -> None:
    assert from_json(f"[{2**64 - 1}, {-(2**63)}, -1, 0.25, 1e300]") == [2**64 - 1, -(2**63), -1, 0.25, 1e300]


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "1969-12-31T23:59:59Z", "x", ""]
)
def test_moment_that_no_clock_of_ours_told_is_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of the library, or of ours
        from_rfc3339(text)


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "2999-12-31T23:59:59Z", "2026-11-26T01:00:00+14:00", "2026-11-26"])
def test_moment_of_any_clock_can_be_computed_with(text: str) -> None:
    assert (from_rfc3339(text) + timedelta(days=365)).astimezone()


def test_record_is_read_as_it_was_written_with_its_messages() -> None:
    read = record_of(Outer, messages_from(from_json(to_json(with_messages(asdict(RECORD) | {"of a later version": 1})))))
    assert read == RECORD
    assert isinstance(read.text, Message)
    assert read.inner.numbers == (1, 2)


@pytest.mark.parametrize(
    "damage",
    [
        {"text": 7},
        {"at": 7},
        {"at": ""},
        {"at": "9999-12-31T23:59:59-23:59"},
        {"inner": []},
        {"inner": {"secret": "planted", "numbers": [1, "2"]}},
        {"inner": {"secret": "planted", "numbers": [1, 2, 3]}},
        {"inner": {"numbers": [1, 2]}},
        {"digest": "ab" * 32 + "\n"},
        {"digest": "../.."},
        {"count": "3"},
        {"count": True},
        {"count": 3.0},
        {"count": -1},
        {"count": 2**60},
        {"percent": 101},
        {"seconds": "8"},
        {"seconds": -0.5},
        {"seconds": 1e12},
        {"flags": {"a": 1}},
        {"flags": [["a", True]]},
    ],
)
def test_field_of_another_type_makes_it_no_record_and_is_not_repeated(damage: dict[str, object]) -> None:
    value = asdict(RECORD) | damage
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - what it says is looked at
        record_of(Outer, value)
    assert str(refused.value).startswith(next(iter(damage)))
    assert "planted" not in str(refused.value)
    assert "planted" not in repr(refused.value.__cause__)


@pytest.mark.parametrize("value", [None, 7, "text", [], {}])
def test_what_is_no_object_or_lacks_a_field_is_no_record(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever it is
        record_of(Outer, value)
