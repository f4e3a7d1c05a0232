"""Ricoh's own table of toners: its rows find the standard ones, and its levels that are no amounts are none."""

import pytest

from tests.appliance.definitions.device import Content, Device, P, of, only_supply, read, supply_row

TONER = f"{P}.367.3.2.1.2.24.1.1"
NAME, DESCRIPTION, TYPE, LEVEL = 2, 3, 4, 5


def toner(row: int, **cells: Content) -> dict[str, Content]:
    """Return a row of the vendor's table; cells: `name`, `text`, `kind`, `level`."""
    columns = {"name": NAME, "text": DESCRIPTION, "kind": TYPE, "level": LEVEL}
    return {f"{TONER}.{columns[cell]}.{row}": content for cell, content in cells.items()}


def ricoh(*parts: Device) -> Device:
    return of("367.1.1", {oid: content for part in parts for oid, content in part.items()})


@pytest.mark.parametrize(
    ("level", "percent", "state"),
    [(-100, None, "low"), (0, 0, "empty"), (-3, None, "some_remaining"), (-2, None, "unknown"), (40, 40, "ok")],
)
def test_a_level_of_the_table_that_is_no_amount_has_a_state_and_no_percent(level: int, percent: float | None, state: str) -> None:
    alone = only_supply(ricoh(toner(1, name="Yellow Toner", level=level)))
    assert (alone.level, alone.percent, alone.state) == (level, percent, state)


@pytest.mark.parametrize("vague", [-3, -2])
def test_a_state_of_the_table_reaches_the_standard_row(vague: int) -> None:
    row = supply_row(1, kind=3, text="Yellow Toner", level=vague, capacity=-2)
    found = only_supply(ricoh(row, toner(1, name="Yellow Toner", level=-100)))
    assert (found.level, found.percent, found.state) == (vague, None, "low")
    assert found.source == f"prtMarkerSuppliesLevel.1.1, ricohToner {TONER}.5.1"


def test_the_standard_level_of_minus_100_stays_what_the_maker_says_it_is() -> None:
    assert only_supply(ricoh(supply_row(1, kind=3, text="Yellow Toner", level=-100, capacity=-2))).state == "empty"


@pytest.mark.parametrize(
    "cells",
    [
        {"name": "Cyan Toner"},
        {"text": "Cyan Toner"},
        {"text": "青", "name": "Cyan Toner"},
        {"kind": 10},
        {"kind": 10, "text": "Color 2"},
    ],
)
def test_a_row_is_joined_by_whatever_names_it(cells: dict[str, Content]) -> None:
    rows = [supply_row(row, kind=3, text=text, level=-3, capacity=-2) for row, text in enumerate(("Black Toner", "Cyan Toner"), 1)]
    supplies = read(ricoh(*rows, toner(1, level=20, **cells))).supplies
    assert [(each.index, each.description, each.percent) for each in supplies] == [
        ("1", "Black Toner", None),
        ("2", "Cyan Toner", 20),
    ]


@pytest.mark.parametrize(
    ("kind", "color"), [(3, "black"), (13, "black"), (11, "magenta"), (12, "yellow"), (4, "red"), (1, None), (2, None)]
)
def test_a_type_is_a_colour(kind: int, color: str | None) -> None:
    supplies = read(ricoh(toner(1, kind=kind, level=20))).supplies
    assert [each.color for each in supplies] == ([color] if color else [])


@pytest.mark.parametrize("level", [0, -100, -3, 100])
def test_an_amount_of_nothing_is_no_supply(level: int) -> None:
    assert read(ricoh(toner(1, level=level))).supplies == ()
    standard = supply_row(1, kind=3, text="Black Toner", level=50, capacity=100)
    assert len(read(ricoh(standard, toner(2, level=level))).supplies) == 1


@pytest.mark.parametrize("rows", [(1, 2), (2, 1), (1, 1)])
def test_no_two_supplies_have_one_index(rows: tuple[int, int]) -> None:
    standard = supply_row(rows[0], kind=9, text="Drum", level=50, capacity=100)
    own = [toner(row, name=name, level=20) for row, name in zip(rows, ("Black Toner", "Cyan Toner"), strict=True)]
    supplies = read(ricoh(standard, *own)).supplies
    assert len({each.index for each in supplies}) == len(supplies)
    assert f"ricohToner.{rows[0]}" in {each.index for each in supplies}


def test_an_alert_about_a_supply_outweighs_the_table() -> None:
    alert: dict[str, Content] = {
        f"1.3.6.1.2.1.43.18.1.1.{column}.1.1": value for column, value in {2: 4, 4: 11, 5: 1, 7: 13}.items()
    }
    row = supply_row(1, kind=3, text="Yellow Toner", level=-3, capacity=-2)
    assert only_supply(ricoh(row, toner(1, name="Yellow Toner", level=-100), alert)).state == "empty"
