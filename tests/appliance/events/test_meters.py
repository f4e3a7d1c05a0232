"""Counters that go back, and zeros that are not believed at once."""

from appliance.events.comparison import between
from tests.appliance.events.samples import Past, reading


def test_a_counter_that_rises_or_stands_still_is_no_event() -> None:
    past = Past(reading(total=100))
    assert past.then(reading(total=100)) == []
    assert past.then(reading(total=250)) == []


def test_a_counter_that_goes_back_is_told_once_with_old_and_new_value() -> None:
    past = Past(reading(total=1000))
    assert past.then(reading(total=10)) == [("counter_reset", {"meter": "total", "old": 1000, "new": 10, "unit": "impressions"})]
    assert past.last is not None
    assert past.last.meters["total"].value == 10
    assert past.then(reading(total=20)) == []


def test_each_meter_has_a_past_of_its_own() -> None:
    past = Past(reading(total=1000, total_color=500))
    assert [detail["meter"] for _, detail in past.then(reading(total=1001, total_color=3))] == ["total_color"]


def test_a_zero_after_another_value_is_left_out_until_it_is_seen_twice() -> None:
    past = Past(reading(total=1000, duplex=5))
    assert past.then(reading(total=0, duplex=6)) == []
    assert past.last is not None
    assert set(past.last.meters) == {"duplex"}
    assert past.last.reasons["meters.total"] == "0 after 1000: left out until the next reading says the same"
    assert past.then(reading(total=0)) == [("counter_reset", {"meter": "total", "old": 1000, "new": 0, "unit": "impressions"})]
    assert past.last.meters["total"].value == 0
    assert past.then(reading(total=0)) == []


def test_a_zero_that_was_a_failed_read_leaves_no_trace() -> None:
    past = Past(reading(total=1000), reading(total=0))
    assert past.then(reading(total=1005)) == []
    past.then(reading(total=0))
    assert past.last is not None
    assert "total" not in past.last.meters, "a later zero has to be seen twice again"


def test_a_zero_at_first_sight_is_believed() -> None:
    past = Past(reading(total=0))
    assert past.last is not None
    assert past.last.meters["total"].value == 0


def test_a_meter_that_is_missing_for_a_while_keeps_its_past() -> None:
    past = Past(reading(total=1000), reading())
    assert past.kinds(reading(total=900)) == ["counter_reset"]


def test_a_meter_from_another_object_has_no_past() -> None:
    past = Past(reading(total=432_951))
    assert past.then(reading(total=424_405, source="vendor total")) == []
    assert past.kinds(reading(total=424_000, source="vendor total")) == ["counter_reset"]


def test_without_a_memory_the_reading_before_is_the_past_and_nothing_of_it_is_told() -> None:
    outcome = between(reading(total=1000), reading(total=0), None)
    assert outcome.device_events == ()
    assert outcome.reading.meters == {}
