"""HP LEDM: what the three documents say, whatever their namespaces, and what is refused of XML."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.parts import Parts
from appliance.reading.sources import safe_xml
from appliance.reading.sources.document_tree import DocumentError
from appliance.reading.sources.web_documents import parts_of_document
from tests.appliance.http.documents import CONFIG, CONSUMABLES, USAGE, consumable, ledm


def parts_of_ledm(octets: bytes, name: str) -> Parts:
    """Return what a document says by the definition that comes with the program."""
    documents = [document for each in builtin_definitions().definitions for document in each.content.web_documents]
    return parts_of_document(octets, next(document for document in documents if document.name == f"LEDM {name}"))


def test_the_configuration_tells_who_the_device_is() -> None:
    """The Version beside ProductInformation is that of the document, not of the firmware."""
    assert parts_of_ledm(CONFIG, "ProductConfigDyn").device == {
        "serial": "VNB3K00001",
        "description": "HP Color LaserJet M255dw",
        "firmware": "20200612",
    }


def test_the_usage_has_the_meters() -> None:
    meters = parts_of_ledm(USAGE, "ProductUsageDyn").meters
    assert {name: meter.value for name, meter in meters.items()} == {
        "total": 5000,
        "total_mono": 3000,
        "total_color": 2000,
        "duplex": 700,
        "copy_total": 90,
        "fax_total": 8,
        "scan_adf": 40,
        "scan_flatbed": 2,
        "scan_total": 42,
    }
    assert meters["total"].source == "LEDM ProductUsageDyn PrinterSubunit/TotalImpressions"
    assert meters["duplex"].unit == "sheets"
    assert "ScannerEngineSubunit/AdfImages + " in meters["scan_total"].source


def test_a_total_that_the_device_counts_itself_is_not_summed() -> None:
    content = (
        "<p:ScannerEngineSubunit><dd:ScanImages>77</dd:ScanImages><dd:AdfImages>1</dd:AdfImages>"
        "<dd:FlatbedImages>1</dd:FlatbedImages></p:ScannerEngineSubunit>"
    )
    assert parts_of_ledm(ledm("ProductUsageDyn", content), "ProductUsageDyn").meters["scan_total"].value == 77


def test_the_consumables_have_levels_serials_and_part_numbers() -> None:
    rows = parts_of_ledm(CONSUMABLES, "ConsumableConfigDyn").supplies
    assert [(row.type, row.color, row.percent, row.state, row.serial, row.part_number) for row in rows] == [
        ("toner", "black", 80.0, "ok", "9012345", "W2110A"),
        ("toner", "cyan", 9.0, "low", "9012346", "W2111A"),
        ("toner", "magenta", None, "unknown", None, "W2113A"),
        ("other", None, None, "unknown", None, None),
    ]


@pytest.mark.parametrize("namespaces", ['xmlns:dd="urn:a"', 'xmlns:dd="urn:b" xmlns="urn:c"'])
def test_namespaces_do_not_matter(namespaces: str) -> None:
    octets = f"<ProductUsageDyn {namespaces}><PrinterSubunit><dd:TotalImpressions>5</dd:TotalImpressions></PrinterSubunit>"
    assert parts_of_ledm(f"{octets}</ProductUsageDyn>".encode(), "ProductUsageDyn").meters["total"].value == 5


@pytest.mark.parametrize("count", ["", "-5", "many", "5.5", "9" * 30, "\u0665"])
def test_what_is_no_count_is_left_out(count: str) -> None:
    content = f"<p:PrinterSubunit><dd:TotalImpressions>{count}</dd:TotalImpressions></p:PrinterSubunit>"
    assert parts_of_ledm(ledm("ProductUsageDyn", content), "ProductUsageDyn").meters == {}


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"<html><body>Please log in</body></html>",
        b"no xml",
        USAGE,
        CONFIG[:-20],
        b'<!DOCTYPE x><ProductConfigDyn xmlns="u"/>',
        b'<!DOCTYPE x [<!ENTITY a "b">]><ProductConfigDyn>&a;</ProductConfigDyn>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><ProductConfigDyn/>',
        b'<?xml version="1.0" encoding="no-such-set"?><ProductConfigDyn/>',
        b"<ProductConfigDyn>" + b"<a>" * 100 + b"</a>" * 100 + b"</ProductConfigDyn>",
        b"<ProductConfigDyn>" + b"<a/>" * (safe_xml.MAX_ELEMENTS + 1) + b"</ProductConfigDyn>",
        b"<ProductConfigDyn>" + b" " * safe_xml.MAX_BYTES + b"</ProductConfigDyn>",
    ],
)
def test_other_documents_and_dangerous_xml_are_refused(octets: bytes) -> None:
    with pytest.raises(DocumentError):
        parts_of_ledm(octets, "ProductConfigDyn")


@given(st.lists(st.tuples(st.integers(0, len(CONSUMABLES) - 1), st.integers(0, 255)), max_size=10))
@settings(max_examples=500, deadline=None)
def test_a_damaged_document_is_read_or_refused(edits: list[tuple[int, int]]) -> None:
    octets = bytearray(CONSUMABLES)
    for position, octet in edits:
        octets[position] = octet
    with contextlib.suppress(DocumentError):
        parts_of_ledm(bytes(octets), "ConsumableConfigDyn")


def test_a_long_text_is_cut_to_what_a_reading_may_hold() -> None:
    [row] = parts_of_ledm(ledm("ConsumableConfigDyn", consumable("K", 5, "S" * 5000)), "ConsumableConfigDyn").supplies
    assert len(row.serial or "") <= 1024


def test_thousands_of_consumables_are_bounded() -> None:
    document = ledm("ConsumableConfigDyn", consumable("K", 80, "9012345") * 1000)
    assert len(parts_of_ledm(document, "ConsumableConfigDyn").supplies) == 100
