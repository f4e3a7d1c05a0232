"""Supplies: no number the printer did not give."""

import pytest

from appliance.reading.sources import objects as mib
from appliance.reading.supplies.supplies import numbers_in
from appliance.report import Supply
from appliance.snmp.values import Tag, Value
from tests.appliance.reading.printer import Content, alert, objects, reading, supply

CONSUMED, RECEPTACLE = 3, 4
TONER, WASTE_TONER = 3, 4
IMPRESSIONS, PERCENT = 7, 19
MARKER_SUPPLIES = 11


def one(**cells: Content) -> Supply:
    """Return the only supply of a device."""
    (found,) = reading(supply("1.1", **cells)).supplies
    return found


@pytest.mark.parametrize(("level", "capacity", "percent"), [(17208, 25000, 68.83), (0, 100, 0), (100, 100, 100), (1, 45000, 0)])
def test_percent_is_level_of_capacity(level: int, capacity: int, percent: float) -> None:
    assert one(level=level, capacity=capacity).percent == percent


@pytest.mark.parametrize(
    ("level", "capacity", "state"),
    [
        (-1, 100, "unrestricted"),
        (-2, 100, "unknown"),
        (-3, 100, "some_remaining"),
        (-3, -2, "some_remaining"),
        (-4, 100, "unknown"),
        (50, -2, "unknown"),
        (0, -2, "unknown"),
        (50, -1, "unknown"),
        (50, 0, "unknown"),
    ],
)
def test_special_values_have_a_state_and_no_percent(level: int, capacity: int, state: str) -> None:
    found = one(level=level, capacity=capacity)
    assert (found.percent, found.state, found.level, found.capacity) == (None, state, level, capacity)


@pytest.mark.parametrize("cells", [{"level": 50}, {"capacity": 100}, {"text": "Black Toner"}])
def test_a_row_with_missing_cells_has_no_percent(cells: dict[str, Content]) -> None:
    assert one(**cells).percent is None


def test_a_level_in_percent_is_the_percentage_whatever_the_capacity() -> None:
    assert one(level=40, capacity=25000, unit=PERCENT).percent == 40
    assert one(level=40, capacity=-2, unit=PERCENT).percent == 40


def test_a_level_in_percent_above_100_is_no_percentage() -> None:
    found = reading(supply(level=143065, capacity=100, unit=PERCENT))
    assert found.supplies[0].percent is None
    assert found.supplies[0].level == 143065
    assert found.reasons["supplies.1.percent"] == "level 143065 is above the capacity of 100"


def test_a_level_half_above_capacity_is_no_percentage() -> None:
    assert one(level=150, capacity=100).percent is None
    assert one(level=150, capacity=100).state == "unknown"


def test_a_level_a_little_above_capacity_is_full_and_says_so() -> None:
    found = reading(supply(level=102, capacity=100))
    assert found.supplies[0].percent == 100
    assert found.reasons["supplies.1.percent"] == "level 102 of 100 counts as full"


@pytest.mark.parametrize(("level", "state"), [(0, "empty"), (10, "low"), (11, "ok"), (100, "ok")])
def test_the_state_of_what_is_used_up(level: int, state: str) -> None:
    assert one(level=level, capacity=100, cls=CONSUMED, kind=TONER).state == state


@pytest.mark.parametrize("level", [0, 5, 95, 100])
def test_the_direction_of_a_waste_level_is_not_guessed(level: int) -> None:
    assert one(level=level, capacity=100, cls=RECEPTACLE).state == "unknown"
    assert one(level=level, capacity=100, kind=WASTE_TONER).state == "unknown"
    assert one(level=level, capacity=100, text="Waste Toner Container").state == "unknown"


def test_a_waste_level_in_the_middle_is_fine_in_both_directions() -> None:
    assert one(level=50, capacity=100, cls=RECEPTACLE).state == "ok"


@pytest.mark.parametrize(
    ("code", "state"), [(1104, "low"), (1101, "empty"), (12, "low"), (13, "empty"), (1109, "full"), (15, "full")]
)
def test_an_alert_about_a_supply_decides_its_state(code: int, state: str) -> None:
    rows = {
        **supply("1.1", level=50, capacity=100),
        **supply("1.2", level=50, capacity=100),
        **alert(group=MARKER_SUPPLIES, group_index=2, code=code),
    }
    assert [each.state for each in reading(rows).supplies] == ["ok", state]


def test_an_alert_about_something_else_does_not() -> None:
    rows = {**supply("1.1", level=50, capacity=100), **alert(group=8, group_index=1, code=13)}
    assert reading(rows).supplies[0].state == "ok"


def test_minus_100_is_empty_on_a_ricoh() -> None:
    ricoh: Content = (1, 3, 6, 1, 4, 1, 367, 1, 1)
    rows = {**supply(level=-100, capacity=100), (mib.SYS_OBJECT_ID, "0"): ricoh}
    assert (reading(rows).supplies[0].state, reading(rows).supplies[0].percent) == ("empty", None)


def test_minus_100_is_unknown_elsewhere() -> None:
    assert one(level=-100, capacity=100).state == "unknown"


def test_the_colour_is_joined_by_colorant_index_not_by_row() -> None:
    rows = {
        **supply("1.1", colorant=2, text="TK-8527"),
        **supply("1.2", colorant=1, text="TK-8527"),
        (mib.PRT_MARKER_COLORANT_VALUE, "1.1"): "black",
        (mib.PRT_MARKER_COLORANT_VALUE, "1.2"): "Cyan",
    }
    assert [each.color for each in reading(rows).supplies] == ["cyan", "black"]


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("Black Toner Cartridge", "black"),
        ("Toner (Magenta)", "magenta"),
        ("Cartouche de toner noir", "noir"),
        ("Gelber Toner", None),
        ("Toner gelb", "yellow"),
        ("Toner jaune", "yellow"),
        ("洋紅色碳粉", "magenta"),
        ("シアントナー", "cyan"),
        ("Light Cyan Ink", "light cyan"),
        ("Matte Black", "matte black"),
        ("Tri-color Cartridge", "tri-color"),
        ("Cyan/Magenta/Yellow", "tri-color"),
        ("Black/Red Ribbon", None),
        ("Drum Unit", None),
        ("Waste Toner Box", None),
        ("Blackburn Rollers", None),
        ("", None),
    ],
)
def test_without_a_colorant_the_words_of_the_description_tell(text: str, color: str | None) -> None:
    assert one(colorant=3, text=text).color == ("black" if color == "noir" else color)


def test_a_colorant_that_is_unknown_leaves_the_words() -> None:
    rows = {**supply(colorant=1, text="Cyan Drum"), (mib.PRT_MARKER_COLORANT_VALUE, "1.1"): "unknown"}
    assert reading(rows).supplies[0].color == "cyan"


@pytest.mark.parametrize(
    ("text", "part_number", "serial"),
    [
        ("Black Toner, PN 006R01509;SN48178080E0000481", "006R01509", "48178080E0000481"),
        ("Fuser, PN unknown;SNunknown", None, None),
        ("Black Cartridge 827A HP CF300A", "CF300A", None),
        ("Staples HP C8091A", "C8091A", None),
        ("Clean Rollers HP None", None, None),
        ("Fuser Kit HP 110V-C1N54A, 220V-C1N58A", None, None),
        ("TK-8527K", "TK-8527K", None),
        ("Black Toner Cartridge S/N:CRUM-15082812345", None, "CRUM-15082812345"),
        ("Black Toner Cartridge S/N:CRUM-", None, None),
        ("Fuser S/N:", None, None),
        ("Snow White", None, None),
        (None, None, None),
    ],
)
def test_numbers_inside_a_description_are_taken_out(text: str | None, part_number: str | None, serial: str | None) -> None:
    assert numbers_in(text) == (part_number, serial)


def test_the_description_itself_stays_whole() -> None:
    text = "Black Toner, PN 006R01509;SN48178080E0000481"
    assert one(text=text).description == text


def test_the_octets_after_a_description_are_cut_off() -> None:
    assert one(text=b"Black Cartridge 827A HP CF300A\x00").description == "Black Cartridge 827A HP CF300A"


def test_types_classes_and_units_have_the_names_of_the_mib() -> None:
    found = one(kind=20, cls=CONSUMED, unit=IMPRESSIONS)
    assert (found.type, found.supply_class, found.unit) == ("transferUnit", "supplyThatIsConsumed", "impressions")


def test_numbers_without_a_name_stay_numbers() -> None:
    assert (one(kind=99, cls=77, unit=88).type, one(cls=77).supply_class, one(unit=88).unit) == ("99", "77", "88")


def test_what_was_not_reported_is_unknown_or_null() -> None:
    found = one(level=50, capacity=100)
    assert (found.type, found.supply_class, found.unit, found.color, found.description) == ("unknown", "unknown", None, None, None)


def test_each_row_names_its_source() -> None:
    assert [each.source for each in reading(supply("4.30", level=1)).supplies] == ["prtMarkerSuppliesLevel.4.30"]


def test_levels_come_in_any_numeric_type() -> None:
    found = one(level=Value(Tag.COUNTER32, 30), capacity="60")
    assert (found.level, found.capacity, found.percent) == (30, 60, 50)


def test_a_level_of_the_wrong_type_is_null() -> None:
    assert one(level="many", capacity=100).level is None
    assert one(level=(1, 3, 6), capacity=100).percent is None


def test_supplies_come_in_the_order_of_their_index() -> None:
    rows = {**supply("1.10", level=1), **supply("1.9", level=1), **supply("1.1", level=1)}
    assert [each.index for each in reading(rows).supplies] == ["1", "9", "10"]


def test_a_device_without_supplies_has_none() -> None:
    assert objects({}) == {}
    assert reading({}).supplies == ()
