"""Supplies: replaced, low, empty, full; each told once, also where a level wavers."""

from appliance.events.comparison import between
from tests.appliance.events.samples import Past, reading, toner


def with_toner(*args: object, **more: object):  # type: ignore[no-untyped-def]
    return reading(supplies=(toner(*args, **more),))  # type: ignore[arg-type]


def test_a_level_that_rises_clearly_is_a_replacement() -> None:
    past = Past(with_toner(12.0))
    [(kind, detail)] = past.then(with_toner(100.0, part_number="CF259X"))
    assert kind == "supply_replaced"
    assert (detail["old_percent"], detail["new_percent"], detail["part_number"]) == (12.0, 100.0, "CF259X")
    assert (detail["supply"], detail["type"], detail["color"]) == ("1.1", "toner", "black")
    assert past.then(with_toner(99.0)) == []


def test_a_level_that_wavers_is_none() -> None:
    past = Past(with_toner(40.0))
    for percent in (42.0, 39.0, 50.0, 44.0, 55.0):
        assert past.then(with_toner(percent)) == []


def test_another_serial_number_is_a_replacement_whatever_the_levels_say() -> None:
    past = Past(with_toner(40.0, serial="S1"))
    [(kind, detail)] = past.then(with_toner(38.0, serial="S2"))
    assert kind == "supply_replaced"
    assert (detail["old_serial"], detail["new_serial"]) == ("S1", "S2")
    assert past.then(with_toner(37.0, serial="S2")) == []


def test_the_same_serial_number_is_the_same_cartridge() -> None:
    past = Past(with_toner(10.5, serial="S1"))
    assert past.then(with_toner(60.0, serial="S1")) == []


def test_a_serial_number_that_was_not_read_for_once_changes_nothing() -> None:
    past = Past(with_toner(40.0, serial="S1"), with_toner(39.0))
    assert past.then(with_toner(38.0, serial="S1")) == []


def test_a_level_that_fell_at_once_and_came_back_was_not_read_well() -> None:
    past = Past(with_toner(62.0))
    past.then(with_toner(0.0))
    assert "supply_replaced" not in past.kinds(with_toner(62.0))


def test_an_empty_supply_without_percentages_that_is_not_empty_any_more_was_replaced() -> None:
    past = Past(with_toner(None, "empty"))
    assert past.kinds(with_toner(None, "some_remaining")) == ["supply_replaced"]


def test_low_and_empty_are_told_once_each() -> None:
    past = Past(with_toner(30.0))
    assert past.kinds(with_toner(10.0)) == ["supply_low"]
    assert [past.kinds(with_toner(percent)) for percent in (9.0, 8.0, 10.0)] == [[], [], []]
    assert past.kinds(with_toner(0.0)) == ["supply_empty"]
    assert past.kinds(with_toner(0.0)) == []


def test_a_level_around_the_threshold_is_told_once() -> None:
    past = Past(with_toner(30.0), with_toner(10.0))
    for percent in (10.4, 9.9, 11.0, 10.0, 14.0, 10.0):
        assert past.kinds(with_toner(percent)) == []


def test_after_a_replacement_low_is_told_again() -> None:
    past = Past(with_toner(30.0), with_toner(9.0), with_toner(100.0), with_toner(50.0))
    assert past.kinds(with_toner(8.0)) == ["supply_low"]


def test_an_alert_that_comes_and_goes_is_told_once() -> None:
    past = Past(with_toner(None, "ok"))
    assert past.kinds(with_toner(None, "low")) == ["supply_low"]
    for state in ("ok", "low", "ok", "ok", "low"):
        assert past.kinds(with_toner(None, state)) == []
    for _ in range(3):
        past.then(with_toner(None, "ok"))
    assert past.kinds(with_toner(None, "low")) == ["supply_low"]


def test_a_full_waste_container_is_told_and_its_level_is_no_replacement() -> None:
    waste = {"type": "wasteToner", "class": "receptacleThatIsFilled", "color": None}
    past = Past(with_toner(20.0, "unknown", **waste))
    assert past.kinds(with_toner(90.0, "unknown", **waste)) == []
    assert past.kinds(with_toner(None, "full", **waste)) == ["supply_full"]


def test_what_is_low_when_the_device_is_first_seen_is_told() -> None:
    outcome = between(None, with_toner(5.0), None)
    assert [device_event.kind for device_event in outcome.device_events] == ["supply_low"]


def test_what_was_low_before_there_was_a_memory_is_not_told() -> None:
    assert between(with_toner(5.0), with_toner(4.0), None).device_events == ()


def test_rows_that_are_missing_for_once_are_not_forgotten() -> None:
    past = Past(with_toner(9.0), reading())
    assert past.kinds(with_toner(8.0)) == []


def test_another_supply_in_the_same_row_is_another_one() -> None:
    past = Past(with_toner(12.0))
    assert past.then(with_toner(100.0, color="cyan")) == []
