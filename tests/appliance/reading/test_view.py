"""Numbers, texts and rows, whatever way a device sends them."""

from collections.abc import Mapping

import pytest

from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.reading.view import View, integer, text
from appliance.snmp.values import Tag, Value
from tests.appliance.reading.printer import Content, objects, reading, supply


@pytest.mark.parametrize("tag", [Tag.INTEGER, Tag.COUNTER32, Tag.GAUGE32, Tag.COUNTER64, Tag.TIME_TICKS])
def test_a_number_is_one_whatever_its_type(tag: Tag) -> None:
    assert integer(Value(tag, 7792)) == 7792


@pytest.mark.parametrize("octets", [b"7792", b" 7792 ", b"+7792", b"7792\x00"])
def test_a_string_of_digits_is_a_number(octets: bytes) -> None:
    assert integer(Value(Tag.OCTET_STRING, octets)) == 7792


@pytest.mark.parametrize("octets", [b"", b"7792 pages", b"7.5", b"0x10", b"9" * 40, "٣".encode(), b"\x00\x00\x1e\x70"])
def test_other_strings_are_no_number(octets: bytes) -> None:
    assert integer(Value(Tag.OCTET_STRING, octets)) is None


def test_a_number_beyond_64_bits_is_none() -> None:
    assert integer(Value(Tag.COUNTER64, 2**63)) is None


def test_nothing_is_no_number() -> None:
    assert integer(None) is None
    assert integer(Value(Tag.NULL, None)) is None
    assert integer(Value(Tag.OBJECT_IDENTIFIER, (1, 3))) is None


def test_a_blank_text_is_none() -> None:
    assert text(Value(Tag.OCTET_STRING, b"  \x00")) is None


def test_a_number_where_text_is_due_is_its_digits() -> None:
    assert text(Value(Tag.INTEGER, 4711)) == "4711"


def test_the_device_index_is_discovered() -> None:
    view = View(objects(supply("7.1", level=50, capacity=100)))
    assert view.device == 7
    assert list(view.rows(mib.PRT_MARKER_SUPPLIES_LEVEL)) == [(1,)]


def test_without_any_row_the_printer_of_the_device_table_is_meant() -> None:
    view = View(objects({(mib.HR_DEVICE_TYPE, "1"): (1, 3), (mib.HR_DEVICE_TYPE, "4"): mib.HR_DEVICE_PRINTER}))
    assert view.device == 4


def test_the_first_of_several_printers_behind_an_address_is_read() -> None:
    view = View(objects({**supply("1.1", level=1), **supply("2.1", level=2), **supply("3.1", level=3)}))
    assert [integer(cell) for cell in view.rows(mib.PRT_MARKER_SUPPLIES_LEVEL).values()] == [1]


GENERAL: Mapping[tuple[MibObject, str], Content] = {
    (mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "A1B2C3",
    (mib.PRT_GENERAL_CONFIG_CHANGES, "1"): 3,
}
MARKER = {(mib.PRT_MARKER_LIFE_COUNT, "1.1"): 4711, (mib.PRT_MARKER_COUNTER_UNIT, "1.1"): 7}


def tray(row: str) -> Mapping[tuple[MibObject, str], Content]:
    return {(mib.PRT_INPUT_CURRENT_LEVEL, row): 200, (mib.PRT_INPUT_NAME, row): "Tray"}


@pytest.mark.parametrize(
    "cells",
    [
        {**GENERAL, **MARKER, **supply("0.1", level=50, capacity=100, text="Black"), **supply("0.2", level=4, text="Cyan")},
        {**GENERAL, **MARKER, **supply("2.1", level=50, capacity=100, text="Black"), **supply("2.2", level=4, text="Cyan")},
        {**GENERAL, **supply("1.1", level=50), **supply("1.2", level=4), (mib.PRT_MARKER_LIFE_COUNT, "2.1"): 4711},
        {**GENERAL, **MARKER, **supply("1.1", level=50), **supply("1.2", level=4), **tray("2.1")},
        {**MARKER, **supply("1.1", level=50), **supply("1.2", level=4), (mib.PRT_GENERAL_SERIAL_NUMBER, "0"): "A1B2C3"},
    ],
    ids=["supplies at 0", "supplies at 2", "markers at 2", "trays at 2", "serial at 0"],
)
def test_a_table_under_another_index_belongs_to_the_printer(cells: Mapping[tuple[MibObject, str], Content]) -> None:
    read = reading(cells)
    assert read.device.serial == "A1B2C3"
    assert read.meters["total"].value == 4711
    assert [row.level for row in read.supplies] == [50, 4]
    assert len(read.trays) == sum(column is mib.PRT_INPUT_NAME for column, _ in cells)


@pytest.mark.parametrize(
    "another",
    [
        {(mib.PRT_GENERAL_SERIAL_NUMBER, "2"): "Z9Y8X7"},
        {(mib.HR_DEVICE_TYPE, "1"): mib.HR_DEVICE_PRINTER, (mib.HR_DEVICE_TYPE, "2"): mib.HR_DEVICE_PRINTER},
        {(mib.HR_PRINTER_STATUS, "1"): 3, (mib.HR_PRINTER_STATUS, "2"): 3},
        {**supply("1.1", level=7), (mib.PRT_GENERAL_PRINTER_NAME, "1"): "one"},
    ],
    ids=["two serial numbers", "two printers", "two states", "own rows"],
)
def test_rows_of_another_printer_are_never_taken(another: Mapping[tuple[MibObject, str], Content]) -> None:
    """A print server: what belongs to one printer is not mixed with what belongs to another."""
    read = reading({**GENERAL, **MARKER, **supply("2.1", level=50), **another})
    assert [row.level for row in read.supplies] in ([], [7])
    assert read.device.serial == "A1B2C3"


def test_rows_without_a_device_index_count() -> None:
    view = View(objects({**supply("1", level=10), **supply("2", level=20)}))
    assert list(view.rows(mib.PRT_MARKER_SUPPLIES_LEVEL)) == [(1,), (2,)]


def test_the_source_of_a_row_without_a_device_index_is_the_object_that_was_read() -> None:
    view = View(objects(supply("2", level=20)))
    assert view.source(mib.PRT_MARKER_SUPPLIES_LEVEL, (2,)) == "prtMarkerSuppliesLevel.2"


def test_rows_with_an_index_too_long_are_left_out() -> None:
    view = View(objects({**supply("1.1", level=10), **supply("1.1.5", level=20)}))
    assert list(view.rows(mib.PRT_MARKER_SUPPLIES_LEVEL)) == [(1,)]


def test_a_host_resources_index_other_than_that_of_the_printer_mib_is_found() -> None:
    view = View(objects({**supply("1.1", level=1), (mib.HR_PRINTER_STATUS, "3"): 3}))
    assert integer(view.scalar(mib.HR_PRINTER_STATUS)) == 3


def test_the_character_set_is_that_of_the_current_localization() -> None:
    view = View(
        objects(
            {
                (mib.PRT_GENERAL_CURRENT_LOCALIZATION, "1"): 2,
                (mib.PRT_LOCALIZATION_CHARACTER_SET, "1.1"): 4,
                (mib.PRT_LOCALIZATION_CHARACTER_SET, "1.2"): 5,
            }
        )
    )
    assert view.charset == 5
