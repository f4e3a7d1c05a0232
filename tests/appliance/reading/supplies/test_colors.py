"""Colours: words in many languages, and the letters printers put in their place."""

import pytest

from appliance.reading.sources import objects as mib
from appliance.reading.supplies.colors import color_named
from tests.appliance.reading.printer import reading, supply

TONER, INK, OPC, FUSER, WASTE_TONER = 3, 5, 9, 15, 4


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("Toner (C)", "cyan"),
        ("Toner(Bk)", "black"),
        ("Toner (K)", "black"),
        ("TC-M", "magenta"),
        ("XY-500 Y", "yellow"),
        ("BK", "black"),
        ("PGBK", "black"),
        ("PGBk", "black"),
        ("PBK", "photo black"),
        ("MBK", "matte black"),
        ("PM", "photo magenta"),
        ("Ink (LC)", "light cyan"),
        ("GY", "gray"),
        ("PGY", "photo gray"),
        ("C/M/Y", "tri-color"),
        ("CMY", "tri-color"),
    ],
)
def test_letters_that_stand_alone_are_a_colour(text: str, color: str) -> None:
    assert color_named(text) == color
    assert reading(supply(colorant=0, text=text, kind=TONER)).supplies[0].color == color


@pytest.mark.parametrize(
    "text",
    [
        *("TK-500K", "C-EXV 99", "Type M-C1", "K5", "CLT-C5", "PM Kit", "PC Unit", "Toner c", "Tóner y tinta"),
        *("C/K", "Mitsubishi", "Y2", "BKX", "Toner Cartridge 05"),
    ],
)
def test_letters_within_a_name_and_two_of_them_are_none(text: str) -> None:
    assert color_named(text) is None


def test_a_word_outweighs_a_letter() -> None:
    assert color_named("Cyan Toner K") == "cyan"


@pytest.mark.parametrize(("kind", "color"), [(TONER, "cyan"), (INK, "cyan"), (OPC, "cyan"), (FUSER, None), (WASTE_TONER, None)])
def test_a_letter_is_a_colour_only_of_what_has_one(kind: int, color: str | None) -> None:
    assert reading(supply(text="Unit C", kind=kind)).supplies[0].color == color


@pytest.mark.parametrize(("value", "color"), [("C", "cyan"), ("Bk", "black"), ("Pantone 300", "pantone 300")])
def test_a_colorant_may_be_a_letter_too(value: str, color: str) -> None:
    rows = {**supply(colorant=1, text="Toner", kind=TONER), (mib.PRT_MARKER_COLORANT_VALUE, "1.1"): value}
    assert reading(rows).supplies[0].color == color


def test_a_colorant_outweighs_a_letter() -> None:
    rows = {**supply(colorant=1, text="Toner (C)", kind=TONER), (mib.PRT_MARKER_COLORANT_VALUE, "1.1"): "yellow"}
    assert reading(rows).supplies[0].color == "yellow"
