"""IPP: the only request that can be made, and an answer's way into parts of a reading, whatever the octets."""

import contextlib
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.reading.parts import Parts
from appliance.reading.sources import ipp
from appliance.reading.sources.ipp import IppError, decode_answer, encode_request
from appliance.reading.sources.ipp_parts import parts_of_ipp
from appliance.reading.supplement import supplement
from appliance.reading.without_snmp import reading_of_parts
from tests.appliance.http.documents import (
    BOOLEAN,
    ENUM,
    FULL_IPP,
    INTEGER,
    KEYWORD,
    NAME,
    OCTETS,
    RANGE,
    TEXT,
    URI,
    attribute,
    collection,
    ipp_answer,
)
from tests.appliance.reading.test_supplement import reading, supply


def parts(*attributes: bytes) -> Parts:
    return parts_of_ipp(decode_answer(ipp_answer(*attributes)))


def test_the_request_is_get_printer_attributes_and_nothing_else() -> None:
    request = encode_request("ipp://127.0.0.1/ipp/print", 7)
    assert request[:8] == struct.pack(">BBHI", 1, 1, 0x000B, 7)
    assert request.endswith(b"\x03")
    assert not hasattr(ipp, "encode_operation")


def test_nothing_about_jobs_and_users_is_asked_for() -> None:
    assert not [name for name in ipp.REQUESTED if "job" in name or "user" in name or "contact" in name or "owner" in name]
    assert "all" not in ipp.REQUESTED
    assert not [name for name in ipp.REQUESTED if not name.startswith(("printer-", "marker-"))]


def test_what_was_not_asked_for_is_dropped() -> None:
    answer = decode_answer(ipp_answer(attribute(NAME, "job-name", "Salaries.pdf"), attribute(TEXT, "printer-location", "Room 7")))
    assert answer.attributes == {"printer-location": ("Room 7",)}


def test_attributes_of_jobs_are_dropped_whatever_their_name() -> None:
    octets = ipp_answer()[:-1] + b"\x02" + attribute(TEXT, "printer-location", "of a job") + b"\x03"
    assert decode_answer(octets).attributes == {}


def test_every_syntax_has_its_value() -> None:
    language = struct.pack(">H", 2) + b"de" + struct.pack(">H", 4) + b"Raum"
    answer = decode_answer(
        ipp_answer(
            attribute(INTEGER, "marker-levels", -3, 2**31 - 1),
            attribute(BOOLEAN, "printer-state", b"\x01"),
            attribute(RANGE, "marker-high-levels", struct.pack(">ii", 1, 5)),
            attribute(OCTETS, "printer-supply", b"\xff\x00"),
            attribute(0x35, "printer-location", language),
            attribute(0x12, "printer-uuid", b""),
            attribute(INTEGER, "marker-low-levels", b"\x01"),
        )
    )
    assert answer.attributes == {
        "marker-levels": (-3, 2147483647),
        "printer-state": (True,),
        "marker-high-levels": ((1, 5),),
        "printer-supply": (b"\xff\x00",),
        "printer-location": ("Raum",),
        "printer-uuid": (None,),
        "marker-low-levels": (None,),
    }


def collections(depth: int) -> bytes:
    """Return collections, each within the one before."""
    return (attribute(0x34, "", b"") + attribute(0x4A, "", "member")) * depth + attribute(0x37, "", b"") * depth


def test_collections_are_read_and_what_follows_them() -> None:
    inner = attribute(0x4A, "", "x") + attribute(INTEGER, "", 5) + attribute(INTEGER, "", 6) + attribute(0x37, "", b"")
    answer = decode_answer(
        ipp_answer(attribute(0x34, "printer-supply", b"") + inner, attribute(TEXT, "printer-location", "behind it"))
    )
    assert answer.attributes == {"printer-supply": ({"x": (5, 6)},), "printer-location": ("behind it",)}


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x01\x01\x00",
        b"<html>",
        FULL_IPP[:40],
        ipp_answer(request_id=2),
        ipp_answer(attribute(0x34, "printer-supply", b"")),
        ipp_answer(attribute(0x34, "printer-supply", b"") + collections(5000)),
        ipp_answer(attribute(INTEGER, "marker-levels", *range(30_000))),
        b"\x01\x01" + bytes(ipp.MAX_BYTES),
    ],
)
def test_what_is_no_answer_is_an_error(octets: bytes) -> None:
    with pytest.raises(IppError):
        decode_answer(octets)


def test_an_answer_without_an_end_is_read() -> None:
    assert decode_answer(FULL_IPP[:-1]) == decode_answer(FULL_IPP)


def test_an_answer_that_has_nothing_but_a_head_is_read() -> None:
    assert decode_answer(b"\x01\x01\x04\x06\x00\x00\x00\x01").status == 0x0406


CUT = ipp_answer(
    attribute(TEXT, "printer-location", "Room 7"),
    attribute(INTEGER, "marker-levels", 10, 20),
    collection("printer-impressions-completed-col", {"monochrome": 3, "full-color": 2}),
)[:-1]


@pytest.mark.parametrize(
    ("left", "whole"),
    [
        (len(CUT), ["marker-levels", "printer-impressions-completed-col", "printer-location"]),
        (len(CUT) - 1, ["marker-levels", "printer-location"]),
        (CUT.index(b"full-color") + 3, ["marker-levels", "printer-location"]),
        (CUT.index(b"printer-impressions") + 3, ["printer-location"]),
        (CUT.index(b"marker-levels") + 17, ["printer-location"]),
        (CUT.index(b"marker-levels") + 21, ["printer-location"]),
    ],
)
def test_of_an_answer_that_is_cut_off_what_is_whole_is_read(left: int, whole: list[str]) -> None:
    assert sorted(decode_answer(CUT[:left]).attributes) == whole


def test_a_printer_may_say_nothing_of_the_request_it_answers() -> None:
    assert decode_answer(ipp_answer(attribute(TEXT, "printer-location", "Room 7"), request_id=0)).attributes


def test_an_error_of_the_printer_is_told() -> None:
    assert not decode_answer(ipp_answer(status=0x0406)).successful
    assert decode_answer(ipp_answer(status=0x0001)).successful


@given(st.binary(max_size=400))
@settings(max_examples=500, deadline=None)
def test_octets_at_random_are_read_or_refused(octets: bytes) -> None:
    with contextlib.suppress(IppError):
        parts_of_ipp(decode_answer(b"\x01\x01\x00\x00\x00\x00\x00\x01" + octets))


@given(
    edits=st.lists(st.tuples(st.integers(0, len(FULL_IPP) - 1), st.integers(0, 255)), max_size=12),
    cut=st.integers(0, len(FULL_IPP)),
    repeat=st.integers(0, 3),
)
@settings(max_examples=1500, deadline=None)
def test_a_damaged_answer_is_read_or_refused(edits: list[tuple[int, int]], cut: int, repeat: int) -> None:
    octets = bytearray(FULL_IPP)
    for position, octet in edits:
        octets[position] = octet
    mutated = bytes(octets[:cut]) + bytes(octets[8:cut]) * repeat + bytes(octets[cut:])
    with contextlib.suppress(IppError):
        parts_of_ipp(decode_answer(mutated))


def test_a_whole_answer_becomes_parts() -> None:
    found = parts_of_ipp(decode_answer(FULL_IPP))
    assert found.device == {
        "serial": "E78098A9N123456",
        "model": "HL-L2350DW series",
        "description": "Brother HL-L2350DW series",
        "location": "Room 7",
        "firmware": "ZF",
    }
    assert found.printer_status == "idle"
    assert {name: (meter.value, meter.unit, meter.source) for name, meter in found.meters.items()} == {
        "total": (5120, "impressions", "IPP printer-impressions-completed"),
        "sheets_total": (4000, "sheets", "IPP printer-media-sheets-completed"),
    }
    assert [(row.type, row.supply_class, row.color, row.percent, row.level, row.state) for row in found.supplies] == [
        ("toner", "supplyThatIsConsumed", "black", 40.0, 40, "ok"),
        ("wasteToner", "receptacleThatIsFilled", None, 25.0, 25, "ok"),
        ("opc", "supplyThatIsConsumed", None, None, -3, "some_remaining"),
    ]
    assert [row.description for row in found.supplies] == ["Black Toner Cartridge", "Waste Toner Box", "Drum Unit"]
    assert {row.source for row in found.supplies} == {"IPP printer-supply"}
    assert [(tray.name, tray.level, tray.capacity, tray.state) for tray in found.trays] == [("Tray 1", 100, 250, "ok")]
    assert found.misc["printer_uuid"] == "urn:uuid:e3248000-80ce-11db-8000-0123456789ab"
    assert found.misc["ipp_state_reasons"] == "toner-low-warning, media-empty-warning"


def test_a_single_marker_counts_as_a_list_of_one() -> None:
    [row] = parts(
        attribute(NAME, "marker-names", "Black Cartridge"),
        attribute(NAME, "marker-colors", "#000000"),
        attribute(KEYWORD, "marker-types", "toner-cartridge"),
        attribute(INTEGER, "marker-levels", 63),
    ).supplies
    assert (row.description, row.color, row.type, row.percent, row.unit) == (
        "Black Cartridge",
        "black",
        "tonerCartridge",
        63.0,
        "percent",
    )


@pytest.mark.parametrize(
    ("row", "kind", "supply_class", "percent"),
    [
        ("type=toner;maxcapacity=100;level=45;colorantname=black;", "toner", "supplyThatIsConsumed", 45.0),
        ("class=consumed;type=toner-cartridge;maxcapacity=100;level=45;", "tonerCartridge", "supplyThatIsConsumed", 45.0),
        ("class=unknown;type=inkCartridge;unit=percent;level=45;", "inkCartridge", "supplyThatIsConsumed", 45.0),
        ("class=supply-that-is-consumed;type=opc;maxcapacity=200;level=90;", "opc", "supplyThatIsConsumed", 45.0),
        ("type=wasteToner;maxcapacity=100;level=45;", "wasteToner", "receptacleThatIsFilled", 45.0),
        ("class=filled;type=other;maxcapacity=100;level=45;", "other", "receptacleThatIsFilled", 45.0),
        ("type=toner;level=45;", "toner", "supplyThatIsConsumed", None),
        ("type=mystery;maxcapacity=100;level=45;", "unknown", "other", 45.0),
    ],
)
def test_a_supply_that_does_not_tell_its_class_has_that_of_its_type(
    row: str, kind: str, supply_class: str, percent: float | None
) -> None:
    [found] = parts(attribute(OCTETS, "printer-supply", row)).supplies
    assert (found.type, found.supply_class, found.percent) == (kind, supply_class, percent)


def test_a_container_is_one_by_its_name_where_neither_class_nor_type_tells() -> None:
    row = attribute(OCTETS, "printer-supply", "maxcapacity=100;level=45;")
    [found] = parts(row, attribute(TEXT, "printer-supply-description", "Waste Toner Box")).supplies
    assert found.supply_class == "receptacleThatIsFilled"


@pytest.mark.parametrize(
    "row",
    [
        "type=toner;maxcapacity=100;level=45;colorantname=black;",
        "class=consumed;type=toner;unit=percent;maxcapacity=100;level=45;colorantname=black;",
        "class=;type=tonerCartridge;maxcapacity=100;level=45;colorantname=black;",
    ],
)
def test_a_row_without_a_class_completes_what_snmp_calls_some_remaining(row: str) -> None:
    before = reading(supplies=(supply(level=-3, capacity=-2, state="some_remaining"),))
    [after] = supplement(before, parts(attribute(OCTETS, "printer-supply", row))).supplies
    assert (after.percent, after.state, after.source) == (45.0, "ok", "SNMP, IPP printer-supply")


def test_levels_that_are_unknown_stay_unknown() -> None:
    rows = parts(
        attribute(NAME, "marker-names", "one", "two", "three", "four", "Tri-color"),
        attribute(NAME, "marker-colors", "none", "#00FFFF", "unknown", "#000000", "#00FFFF#FF00FF#FFFF00"),
        attribute(INTEGER, "marker-levels", -1, -2, -3, 250),
    ).supplies
    assert [(row.percent, row.state) for row in rows] == [
        (None, "unknown"),
        (None, "unknown"),
        (None, "some_remaining"),
        (None, "unknown"),
    ]
    assert [row.color for row in rows] == [None, "cyan", None, "black"]


@pytest.mark.parametrize("reason", ["printing: Notice.docx", "Job from m.keller", "user: keller"])
def test_names_of_people_and_documents_are_taken_out_of_what_a_printer_says_of_its_state(reason: str) -> None:
    told = str(parts(attribute(KEYWORD, "printer-state-reasons", "toner-low-warning", reason)).misc["ipp_state_reasons"])
    assert told.startswith("toner-low-warning, ")
    assert told.endswith("(removed)")


@pytest.mark.parametrize("level", [-1, -2])
@pytest.mark.parametrize("kind", ["toner", "ink-cartridge", "waste-toner"])
def test_a_marker_whose_level_the_printer_cannot_tell_is_unknown_and_stays_open(level: int, kind: str) -> None:
    [row] = parts(attribute(KEYWORD, "marker-types", kind), attribute(INTEGER, "marker-levels", level)).supplies
    assert (row.level, row.percent, row.state) == (-2, None, "unknown")


def test_a_supply_without_a_limit_is_still_unrestricted() -> None:
    [row] = parts(attribute(OCTETS, "printer-supply", "class=supplyThatIsConsumed;type=toner;maxcapacity=100;level=-1;")).supplies
    assert (row.level, row.state) == (-1, "unrestricted")


def test_a_placeholder_is_no_serial_number() -> None:
    assert "serial" not in parts(attribute(TEXT, "printer-device-id", "MFG:Example;MDL:P;SN:0000000000;")).device


def test_a_printer_that_has_stopped_is_not_called_idle() -> None:
    assert parts(attribute(ENUM, "printer-state", 5)).printer_status is None


def test_alerts_are_told_in_the_words_of_the_mib() -> None:
    told = parts(
        attribute(
            OCTETS,
            "printer-alert",
            "code=jam;index=22;severity=critical;training=untrained;group=mediaPath;groupindex=1;location=3;time=4711;",
            b"code=SUBUNITALMOSTEMPTY;severity=Warning;group=input;location=-2",
            "code=none;severity=other",
            "no pairs at all",
            "severity=m.keller;group=Salaries.pdf;code=m.keller",
        ),
        attribute(
            TEXT, "printer-alert-description", "Paper jam", "Tray 2 is almost empty", "", "", "Printing Salaries.pdf for m.keller"
        ),
    ).alerts
    assert [(row.severity, row.group, row.code, row.location, row.description) for row in told[:2]] == [
        ("critical", "mediaPath", "jam", 3, "Paper jam"),
        ("warning", "input", "subunitAlmostEmpty", None, "Tray 2 is almost empty"),
    ]
    [odd] = told[2:]
    assert (odd.severity, odd.group, odd.code, odd.since) == ("other", "other", "other", None)
    assert "Salaries" not in odd.model_dump_json()
    assert "keller" not in odd.model_dump_json()


def test_a_single_alert_as_text_and_without_a_description_is_one() -> None:
    [alert] = parts(attribute(TEXT, "printer-alert", "code=coverOpen;severity=critical;group=cover")).alerts
    assert (alert.code, alert.description) == ("coverOpen", None)


def test_no_more_alerts_are_taken_than_a_printer_can_have() -> None:
    assert len(parts(attribute(OCTETS, "printer-alert", *["code=jam;severity=critical;group=mediaPath"] * 5000)).alerts) == 256


def test_alerts_of_ipp_stand_where_snmp_tells_nothing_and_only_there() -> None:
    alert = attribute(OCTETS, "printer-alert", "code=jam;severity=critical;group=mediaPath;location=1")
    said = parts(attribute(TEXT, "printer-make-and-model", "Brother HL-L2350DW series"), alert)
    without_snmp = reading_of_parts(said, "192.0.2.7", taken_at=datetime(2026, 11, 29, tzinfo=UTC))
    assert [row.code for row in without_snmp.alerts] == ["jam"]
    assert supplement(reading(), said).alerts == reading().alerts


def test_firmware_patches_and_organization_are_told() -> None:
    told = parts(
        attribute(NAME, "printer-firmware-name", "Main", "Engine"),
        attribute(TEXT, "printer-firmware-string-version", "4.2.1", "0.9", "4.2.1"),
        attribute(OCTETS, "printer-firmware-version", b"\x04\x02\x01"),
        attribute(TEXT, "printer-firmware-patches", "", "P7"),
        attribute(TEXT, "printer-organization", "Lighthouse Ltd", "none"),
        attribute(TEXT, "printer-organizational-unit", "Sales"),
    )
    assert told.device["firmware"] == "4.2.1; 0.9"
    assert told.misc == {
        "firmware_name": "Main; Engine",
        "firmware_patches": "P7",
        "organization": "Lighthouse Ltd",
        "organizational_unit": "Sales",
    }
    assert told.lasting().misc == told.misc, "it does not come and go between two questions"


@pytest.mark.parametrize(("octets", "firmware"), [(b"V4.2", "V4.2"), (b"\x04\x02\x00\x01", None), (b"0000", None)])
def test_octets_are_a_version_where_they_are_a_text(octets: bytes, firmware: str | None) -> None:
    assert parts(attribute(OCTETS, "printer-firmware-version", octets)).device.get("firmware") == firmware


@pytest.mark.parametrize(
    ("told", "location"),
    [
        ([attribute(URI, "printer-geo-location", "geo:52.5,13.4")], "geo:52.5,13.4"),
        ([attribute(URI, "printer-geo-location", "geo:52.5,13.4"), attribute(TEXT, "printer-location", "Room 7")], "Room 7"),
        ([attribute(0x12, "printer-geo-location", b"")], None),
        ([attribute(URI, "printer-geo-location", "http://maps.example/7")], None),
    ],
)
def test_coordinates_are_a_location_and_nothing_else(told: list[bytes], location: str | None) -> None:
    said = parts(*told)
    assert said.device.get("location") == location
    assert not said.misc
