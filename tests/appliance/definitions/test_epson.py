"""Epson: what its rows count, by kind and by paper, and the supplies that the standard table leaves out."""

from dataclasses import replace
from importlib.resources import files

import pytest

from appliance.reading.definitions.definitions import Definitions, parse
from tests.appliance.definitions.device import Content, Device, P, meters, of, read, supply_row

EPSON = f"{P}.1248.1.2.2"
FUNCTIONS, PAPERS, SUPPLIES = f"{EPSON}.27.6.1", f"{EPSON}.6.1.1", f"{EPSON}.28.1.1"


def epson(*parts: Device) -> Device:
    return of("1248.1.1.2.1.3.5", {oid: content for part in parts for oid, content in part.items()})


def function(row: int, kind: int | None, count: int, color: int | None = None) -> Device:
    cells = {f"{FUNCTIONS}.2.1.1.{row}": kind, f"{FUNCTIONS}.4.1.1.{row}": count, f"{FUNCTIONS}.5.1.1.{row}": color}
    return {oid: content for oid, content in cells.items() if content is not None}


def paper(row: int, size: str, **cells: int) -> Device:
    columns = {"total": 4, "color": 5, "simplex": 7, "simplex_color": 9}
    return {f"{PAPERS}.2.1.{row}": size, **{f"{PAPERS}.{columns[name]}.1.{row}": count for name, count in cells.items()}}


def box(row: int, *, text: str | None = None, level: int | None = None, serial: str | None = None) -> Device:
    cells: dict[str, Content | None] = {
        f"{SUPPLIES}.{column}.1.{row}": cell for column, cell in ((5, text), (2, level), (9, serial))
    }
    return {oid: content for oid, content in cells.items() if content is not None}


# By kind


def test_a_row_counts_what_its_kind_says() -> None:
    found = meters(epson(function(1, 3, 17, 2), function(2, 0, 32), function(3, 1, 238, 90), function(4, 2, 259, 40)))
    assert found == {
        "print_total": 238,
        "copy_total": 259,
        "fax_total": 17,
        "other_total": 32,
        "print_color": 90,
        "copy_color": 40,
        "fax_color": 2,
    }


def test_a_model_that_only_prints_has_no_copies() -> None:
    assert meters(epson(function(1, 1, 83), function(2, 0, 2))) == {"print_total": 83, "other_total": 2}


@pytest.mark.parametrize("kind", [None, 7])
def test_a_row_of_no_known_kind_counts_nothing_known(kind: int | None) -> None:
    assert meters(epson(function(1, kind, 83))) == {}


# By paper


def test_paper_sizes_tell_colour_and_sides() -> None:
    rows = (
        paper(1, "A3", total=100, color=30, simplex=100, simplex_color=30),
        paper(2, "A4/Letter", total=4000, color=1000, simplex=2500, simplex_color=600),
    )
    reading = read(epson(*rows))
    assert {name: meter.value for name, meter in reading.meters.items()} == {
        "paper_a3": 100,
        "paper_a3_color": 30,
        "paper_a4_letter": 4000,
        "paper_a4_letter_color": 1000,
        "simplex": 2600,
        "duplex": 1500,
        "simplex_color": 630,
        "duplex_color": 400,
    }
    assert reading.meters["duplex"].unit == "impressions"
    assert reading.meters["duplex"].source == f"epsonPaperCounter {PAPERS}.4.1 - {PAPERS}.7.1"


def test_a_mono_model_tells_sides_without_colour() -> None:
    assert meters(epson(paper(2, "A4", total=40, simplex=33))) == {"paper_a4": 40, "simplex": 33, "duplex": 7}


def test_a_definition_of_the_site_names_the_paper_alike() -> None:
    text = files("appliance").joinpath("definitions", "epson.toml").read_text()
    own = Definitions((replace(parse(text, "epson.toml"), origin="site"),))
    assert meters(epson(paper(2, "A4/Letter", total=40)), own) == {"paper_a4_letter": 40}


@pytest.mark.parametrize("second", [{"total": 9}, {"total": 9, "simplex": 10}, {"total": 9, "simplex": -1}])
def test_sides_that_are_not_told_of_every_size_are_none(second: dict[str, int]) -> None:
    found = meters(epson(paper(1, "A4", total=40, simplex=33), paper(2, "A5", **second)))
    assert found == {"paper_a4": 40, "paper_a5": 9}


# Supplies


def test_the_maintenance_box_stands_beside_the_standard_rows() -> None:
    standard = supply_row(1, text="Black Ink Supply Unit", level=6, capacity=100)
    ink, waste = read(
        epson(standard, box(1, text="Black Ink Supply Unit X02", level=6), box(2, text="Maintenance Cartridge X67", level=30))
    ).supplies
    assert (ink.index, ink.percent, ink.color) == ("1", 6, "black")
    assert (waste.type, waste.supply_class, waste.description) == (
        "wasteInk",
        "receptacleThatIsFilled",
        "Maintenance Cartridge X67",
    )
    assert (waste.description, waste.percent, waste.state) == ("Maintenance Cartridge X67", 30, "ok")


def test_a_maintenance_box_of_the_standard_table_is_not_told_twice() -> None:
    standard = supply_row(5, kind=8, cls=4, text="Maintenance Box", level=67, capacity=100)
    (waste,) = read(epson(standard, box(5, text="Maintenance Box X12", level=67))).supplies
    assert (waste.index, waste.description) == ("5", "Maintenance Box")


def test_cartridges_tell_their_serial_numbers() -> None:
    colors = ("Black", "Cyan", "Magenta")
    standard = [
        supply_row(row, kind=6, text=f"{color} Ink Cartridge", level=50, capacity=100) for row, color in enumerate(colors, 1)
    ]
    own = [box(row, text=f"{color} X1", level=50, serial=f"8A1100000{row}") for row, color in enumerate(reversed(colors), 1)]
    reading = read(epson(*standard, *own, box(4, text="Maintenance Box", level=9, serial="")))
    assert [each.serial for each in reading.supplies] == ["8A11000003", "8A11000002", "8A11000001", None]
    assert "supplies.serial" not in reading.reasons


@pytest.mark.parametrize("serial", ["EPSON", "Seiko Epson", "XXXXXXXX", "0000000", "unknown"])
def test_what_is_no_number_of_its_own_is_no_serial_number(serial: str) -> None:
    standard = supply_row(1, kind=6, text="Black Ink Cartridge", level=50, capacity=100)
    reading = read(epson(standard, box(1, text="Black X1", level=50, serial=serial)))
    assert reading.supplies[0].serial is None
    assert reading.reasons["supplies.serial"] == "not reported"
