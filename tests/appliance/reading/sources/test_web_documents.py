"""What documents of each format say by their definitions, and what is refused of them: nothing is guessed, nothing runs away."""

import contextlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.reading.definitions.definitions import builtin_definitions, parse
from appliance.reading.definitions.document_schema import WebDocumentSpec
from appliance.reading.parts import Parts
from appliance.reading.sources import document_tree
from appliance.reading.sources.csv_document import read_csv
from appliance.reading.sources.document_tree import DocumentError, Node, found_at, parse_pointer
from appliance.reading.sources.json_document import LONGEST_STRING, read_json
from appliance.reading.sources.key_values import read_key_values
from appliance.reading.sources.web_documents import parts_of_document
from appliance.reading.sources.xml_document import read_xml
from tests.appliance.definitions.device import HEAD
from tests.appliance.http.web_pages import (
    CDM_COUNTERS,
    CDM_IDENTITY,
    CDM_SUPPLIES,
    LOGIN,
    MNT_INFO,
    SYNCTHRU_COUNTERS,
    SYNCTHRU_HOME,
    SYNCTHRU_SUPPLIES,
)

SHIPPED = {each.name: each for definition in builtin_definitions().definitions for each in definition.content.web_documents}
READERS = {"xml": lambda octets: read_xml(octets)[1], "json": read_json, "csv": read_csv, "key=value": read_key_values}
SHAPES = {
    "CDM identity": CDM_IDENTITY,
    "CDM lifetimeCounters": CDM_COUNTERS,
    "CDM suppliesPublic": CDM_SUPPLIES,
    "mnt_info": MNT_INFO,
    "SyncThru home": SYNCTHRU_HOME,
    "SyncThru counters": SYNCTHRU_COUNTERS,
    "SyncThru supplies": SYNCTHRU_SUPPLIES,
}


def made_up(document: str) -> WebDocumentSpec:
    """Return a document of a definition somebody has added."""
    text = f'{HEAD}\n[[web_document]]\nname = "made"\nfamily = "made"\nevidence = "A"\n{document}\n'
    return parse(text, "acme.toml").content.web_documents[0]


def counts(parts: Parts) -> dict[str, int]:
    return {name: meter.value for name, meter in parts.meters.items()}


def test_the_counters_of_cdm_are_meters_and_what_is_no_count_is_none() -> None:
    parts = parts_of_document(CDM_COUNTERS, SHIPPED["CDM lifetimeCounters"])
    assert counts(parts) == {
        "total": 2320,
        "total_mono": 1300,
        "total_color": 1020,
        "blank_total": 4,
        "copy_total": 300,
        "simplex": 1880,
        "duplex": 220,
        "scan_total": 77,
        "scan_adf": 50,
    }
    assert (parts.meters["duplex"].unit, parts.meters["scan_total"].unit) == ("sheets", "images")
    assert parts.meters["total"].source == "CDM lifetimeCounters printUsage/impressions/total"
    assert parts.unproven


def test_the_identity_of_cdm_tells_who_the_device_is() -> None:
    assert parts_of_document(CDM_IDENTITY, SHIPPED["CDM identity"]).device == {
        "serial": "TH0AB1C2D3",
        "description": "HP Smart Tank 580-590 series",
        "firmware": "20250314",
    }


def test_the_supplies_of_cdm_have_levels_but_where_the_device_knows_none() -> None:
    rows = parts_of_document(CDM_SUPPLIES, SHIPPED["CDM suppliesPublic"]).supplies
    assert [(row.index, row.type, row.color, row.percent, row.state, row.serial, row.part_number) for row in rows] == [
        ("1", "tonerCartridge", "black", 61.0, "ok", "CN70000001", "W2200A"),
        ("4", "ink", "yellow", None, "unknown", None, None),
        ("2", "tonerCartridge", "cyan", None, "unknown", "CN70000002", None),
    ], "more than 90 % is no level, and a cartridge that is missing is none"


def test_a_table_is_read_by_the_names_of_its_columns() -> None:
    parts = parts_of_document(MNT_INFO, SHIPPED["mnt_info"])
    assert parts.device == {"serial": "E70000A0N000001", "description": "Brother HL-L9999DW series", "firmware": "1.17"}
    assert counts(parts) == {"total": 14154, "copy_total": 120, "print_total": 14000, "scan_total": 88, "jams": 11}
    assert [(row.type, row.color, row.percent, row.level) for row in parts.supplies] == [
        ("toner", "black", 40.0, 40),
        ("opc", None, 61.5, 62),
    ]


@pytest.mark.parametrize(
    "table",
    [
        MNT_INFO.replace(b",", b";"),
        MNT_INFO.replace(b",", b"\t"),
        MNT_INFO.replace(b"\r\n", b"\n").replace(b'"', b""),
        MNT_INFO.replace(b"\r\n", b"\r"),
        b"\xef\xbb\xbf" + MNT_INFO,
        MNT_INFO.decode().encode("utf-16"),
        MNT_INFO.replace(b"Hall 4", b"K\xfcche"),
    ],
    ids=["semicolons", "tabs", "unquoted", "old line ends", "mark", "utf-16", "latin-1"],
)
def test_a_table_is_read_however_it_is_written(table: bytes) -> None:
    parts = parts_of_document(table, SHIPPED["mnt_info"])
    assert (parts.device["serial"], counts(parts)["total"]) == ("E70000A0N000001", 14154)


def test_objects_of_a_script_are_read_and_what_is_not_there_counts_for_nothing() -> None:
    parts = parts_of_document(SYNCTHRU_HOME, SHIPPED["SyncThru home"])
    assert parts.device == {"serial": "ZFAYB8KG000001A", "description": "M2070 Series", "hostname": "SEC000000000001"}
    assert [(row.type, row.color, row.percent, row.state) for row in parts.supplies] == [
        ("toner", "black", 58.0, "ok"),
        ("opc", "black", 5.0, "low"),
    ]
    assert [(tray.name, tray.capacity) for tray in parts.trays] == [("Tray 1", 150)]
    assert counts(parts_of_document(SYNCTHRU_COUNTERS, SHIPPED["SyncThru counters"])) == {
        "total": 93552,
        "print_total": 80000,
        "copy_total": 13552,
    }
    [row] = parts_of_document(SYNCTHRU_SUPPLIES, SHIPPED["SyncThru supplies"]).supplies
    assert (row.serial, row.part_number, row.percent) == ("CRUM-000123", "MLT-D111S", 58.0)


def test_lines_of_names_and_values_are_read() -> None:
    document = made_up(
        'path = "/status/usage.txt"\nformat = "key=value"\nneeds = "/TotalPages"\n'
        'field = [{ at = "/TotalPages", gives = "meters.total" }, { at = "/Serial", gives = "device.serial" },'
        ' { at = "/DuplexPages", gives = "meters.duplex", unit = "sheets" }]'
    )
    octets = b'# made up\nTotalPages = 4711\nSerial="AB12345"\n\nnothing here\nDuplexPages=5\nDuplexPages=6\n'
    parts = parts_of_document(octets, document)
    assert (counts(parts), parts.device) == ({"total": 4711}, {"serial": "AB12345"}), "a name that is there twice is nobody's"


def test_rows_of_a_table_and_lists_of_xml_are_supplies_and_trays() -> None:
    rows = made_up(
        'path = "/usage/supplies.csv"\nformat = "csv"\n'
        '[[web_document.supply]]\ntype = "toner"\nat = { color = "/Colour", level = "/Left", capacity = "/Of", serial = "/Serial" }'
    )
    parts = parts_of_document(b"Colour;Left;Of;Serial\ncyan;500;1000;CY0001\nblack;30;;\n", rows)
    assert [(row.index, row.color, row.level, row.capacity, row.percent, row.serial) for row in parts.supplies] == [
        ("1", "cyan", 500, 1000, 50.0, "CY0001"),
        ("2", "black", 30, None, None, None),
    ]
    trays = made_up(
        'path = "/usage/trays.xml"\nformat = "xml"\nroot = "Trays"\n'
        '[[web_document.tray]]\neach = "/Tray"\nunless = { "/State" = "absent" }\n'
        'at = { name = "/Name", level = "/Left", capacity = "/Of" }'
    )
    first = "<x:Tray><Name>Upper</Name><Left>20</Left><Of>250</Of></x:Tray>"
    octets = f"<x:Trays xmlns:x='u'>{first}<Tray><State>Absent</State></Tray></x:Trays>".encode()
    assert [(tray.name, tray.level, tray.state) for tray in parts_of_document(octets, trays).trays] == [("Upper", 20, "low")]


def test_a_pattern_cuts_and_refuses_what_stands_at_a_pointer() -> None:
    document = made_up(
        'path = "/usage/a.json"\nformat = "json"\n'
        'field = [{ at = "/firmware", gives = "device.firmware", pattern = \'v([0-9.]+)\' },'
        ' { at = ["/old", "/new"], gives = "meters.total", not_pattern = \'^0\' }]'
    )
    parts = parts_of_document(b'{"firmware": "Main v1.20 (beta)", "old": "007", "new": "8"}', document)
    assert (parts.device, counts(parts)) == ({"firmware": "1.20"}, {"total": 8})


@pytest.mark.parametrize("told", ["1.000", "1,000", "12.5", "-5", "many", "1e3", "0x10", "9" * 30, "\u0665"])
def test_what_is_no_count_is_no_meter(told: str) -> None:
    document = made_up('path = "/usage/a.json"\nformat = "json"\nfield = [{ at = "/n", gives = "meters.total" }]')
    for octets in (f'{{"n": "{told}"}}', *([f'{{"n": {told}}}'] if told in ("12.5", "-5", "1e3") else [])):
        assert parts_of_document(octets.encode(), document).meters == {}


@pytest.mark.parametrize("told", ["1.000", "255", "-3", "12.345", "half", "999999999999"])
def test_what_is_no_percentage_is_no_level(told: str) -> None:
    document = made_up(
        'path = "/usage/a.json"\nformat = "json"\n[[web_document.supply]]\ntype = "toner"\n'
        'capacity = 100\nat = { level = "/n", serial = "/serial" }'
    )
    [row] = parts_of_document(f'{{"n": "{told}", "serial": "SN12345"}}'.encode(), document).supplies
    assert (row.level, row.capacity, row.percent, row.state) == (None, None, None, "unknown")


def test_a_little_that_is_left_is_not_nothing() -> None:
    document = made_up(
        'path = "/usage/a.json"\nformat = "json"\n[[web_document.supply]]\ntype = "toner"\ncapacity = 100\nat = { level = "/n" }'
    )
    [row] = parts_of_document(b'{"n": 0.4}', document).supplies
    assert (row.level, row.percent, row.state) == (1, 0.4, "low")


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "entities": ("xml", b'<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><a>&d;</a>', "document type or an entity"),
    "deep xml": ("xml", b"<a>" * 100 + b"</a>" * 100, "nested too deep"),
    "many elements": ("xml", b"<a>" + b"<b/>" * 60_000 + b"</a>", "too many elements"),
    "deep json": ("json", nested(10_000), "nested too deep"),
    "a million keys": ("json", b"{" + b",".join(b'"k%d":1' % number for number in range(90_000)) + b"}", "more than 50000"),
    "not a number": ("json", b'{"a": NaN}', "'NaN}' at character 6 is no JSON"),
    "infinity": ("json", b'{"a": -Infinity}', "is no JSON"),
    "twice": ("json", b'{"total": 1, "total": 2}', "an object says 'total' twice"),
    "leading zero": ("json", b'{"a": 007}', "is no JSON"),
    "a call": ("json", b"{a: alert(1)}", "is no JSON"),
    "cut": ("json", b'{"a": [1, 2', "cut off"),
    "more behind": ("json", b'{"a": 1} {"a": 2}', "behind its end"),
    "long text": ("json", b'{"a": "' + b"x" * (LONGEST_STRING + 10) + b'"}', "no end, or is too long"),
    "endless text": ("json", b'{"a": "' + b"\\n" * 20_000, "no end, or is too long"),
    "empty json": ("json", b"  \n", "empty"),
    "login json": ("json", LOGIN, "web page in place"),
    "login csv": ("csv", b"\n " + LOGIN, "web page in place"),
    "login values": ("key=value", LOGIN, "web page in place"),
    "login xml": ("xml", LOGIN, "document type"),
    "many columns": ("csv", b"," * 1_000_000 + b"\n", "more than 50000"),
    "many rows": ("csv", b"a,b\n" + b"1,2\n" * 60_000, "more than 50000"),
    "names alone": ("csv", b"a,b,c\n", "no row of names"),
    "short row": ("csv", b"a,b,c\n1,2\n", "1 values too few"),
    "long row": ("csv", b"a,b\n1,2,3\n", "1 values too many"),
    "open quote": ("csv", b'a,b\n"1,2\n', "no table"),
    "no values": ("key=value", b"just words\nand more\n", "no line of it"),
    "many lines": ("key=value", b"a=1\n" * 60_000, "more than 50000"),
    "huge": ("csv", b"a" * (document_tree.MAX_BYTES + 1), "larger than"),
    "huge json": ("json", b" " * (document_tree.MAX_BYTES + 1), "larger than"),
    "octets": ("json", bytes(range(256)), "is no JSON"),
    "another's xml": ("json", b"<?xml version='1.0'?><a/>", "web page"),
    "another's json": ("xml", b'{"a": 1}', "no XML"),
    "a print job": ("json", b"\x1b%-12345X@PJL\n", "is no JSON"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_document_is_refused_at_once_with_a_sentence(case: str) -> None:
    kind, octets, sentence = HOSTILE[case]
    began = time.process_time()
    with pytest.raises(DocumentError, match=None) as told:
        READERS[kind](octets)
    assert sentence in str(told.value)
    assert len(str(told.value)) < 300
    assert time.process_time() - began < 1


@pytest.mark.parametrize("name", [*SHAPES, "LEDM ProductUsageDyn"])
def test_a_document_of_another_maker_is_none(name: str) -> None:
    for other, octets in SHAPES.items():
        if other.split()[0] == name.split(maxsplit=1)[0]:
            continue
        with contextlib.suppress(DocumentError):
            parts = parts_of_document(octets, SHIPPED[name])
            assert not any((parts.device, parts.meters, parts.supplies, parts.trays))


@given(st.sampled_from(sorted(SHAPES)), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=10))
@settings(max_examples=300, deadline=None)
def test_a_damaged_document_is_read_or_refused(name: str, edits: list[tuple[int, int]]) -> None:
    octets = bytearray(SHAPES[name])
    for position, octet in edits:
        octets[position % len(octets)] = octet
    for spec in SHIPPED.values():
        with contextlib.suppress(DocumentError):
            parts_of_document(bytes(octets), spec)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
@settings(max_examples=200, deadline=None)
def test_json_is_read_as_the_standard_library_reads_it(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        if text.encode(errors="replace").lstrip():
            assert plain(read_json(text.encode(errors="surrogatepass"))) == normal(value)


def plain(node: Node) -> object:
    if node.members:
        return {name: plain(found[0]) for name, found in node.members.items()}
    return [plain(item) for item in node.items] or node.text


def normal(value: object) -> object:
    if isinstance(value, dict):
        return {name: normal(inner) for name, inner in value.items()} or None
    if isinstance(value, list):
        return [normal(inner) for inner in value] or None
    return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)


def test_a_pointer_names_one_place() -> None:
    root = read_json(b'{"a/b": {"~c": [10, {"d": "x"}]}}')
    node = found_at(root, parse_pointer("/a~1b/~0c/1/d"))
    assert node is not None
    assert node.text == "x"
    for nowhere in ("/a/b", "/a~1b/~0c/7", "/a~1b/~0c/-1", "/a~1b/~0c/*", "/a~1b/~0c/01"):
        assert found_at(root, parse_pointer(nowhere)) is None
