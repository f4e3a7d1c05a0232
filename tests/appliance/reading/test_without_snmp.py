"""A reading made of what a device says over IPP alone: who it is, its key, and why something is missing."""

import pytest

from appliance.reading.parts import Parts, says_who_it_is
from appliance.reading.sources.ipp import decode_answer
from appliance.reading.sources.ipp_parts import parts_of_ipp
from appliance.reading.without_snmp import reading_of_parts
from appliance.report import Reading
from tests.appliance.http.documents import INTEGER, OCTETS, TEXT, attribute, ipp_answer
from tests.appliance.reading.printer import TAKEN_AT

ADDRESS = "192.0.2.9"
UUID = attribute(TEXT, "printer-uuid", "urn:uuid:e3248000-80ce-11db-8000-0123456789ab")


def parts(*attributes: bytes) -> Parts:
    return parts_of_ipp(decode_answer(ipp_answer(*attributes)))


def read(*attributes: bytes, hostname: str | None = None) -> Reading:
    return reading_of_parts(parts(*attributes), ADDRESS, taken_at=TAKEN_AT, hostname=hostname)


def name(text: str) -> bytes:
    return attribute(TEXT, "printer-make-and-model", text)


def device_id(text: str) -> bytes:
    return attribute(TEXT, "printer-device-id", text)


@pytest.mark.parametrize(
    ("attributes", "maker", "model"),
    [
        ([device_id("MFG:Canon;MDL:LBP226;CLS:PRINTER;")], "Canon", "LBP226"),
        ([device_id("MANUFACTURER:Hewlett-Packard;MODEL:HP LaserJet M404dn;")], "HP", "LaserJet M404dn"),
        ([name("EPSON ET-4850 Series")], "Epson", "ET-4850"),
        ([name("Acme Office 7"), device_id("MFG:Acme Printing Co., Ltd.;MDL:Office 7;")], "Acme Printing", "Office 7"),
        ([name("Acme Office 7")], None, "Acme Office 7"),
    ],
)
def test_maker_and_model(attributes: list[bytes], maker: str | None, model: str | None) -> None:
    device = read(*attributes).device
    assert (device.manufacturer, device.model) == (maker, model)


@pytest.mark.parametrize(
    ("attributes", "key", "reason"),
    [
        ([attribute(TEXT, "printer-serial-number", "ab 12  34")], "serial:CANON:AB 12 34", None),
        ([device_id("MFG:Canon;MDL:LBP226;SN:XYZ123;")], "serial:CANON:XYZ123", None),
        ([device_id("MFG:Canon;MDL:LBP226;SN:0000000000;"), UUID], f"address:{ADDRESS}", "placeholder"),
        ([UUID], f"address:{ADDRESS}", "not reported"),
    ],
)
def test_the_key_is_by_serial_number_or_address_and_never_guessed(attributes: list[bytes], key: str, reason: str | None) -> None:
    reading = read(name("Canon LBP226"), *attributes)
    assert (reading.device.key, reading.reasons.get("device.serial")) == (key, reason)
    assert (reading.device.mac, reading.reasons["device.mac"]) == (None, "not reported")


def test_what_is_not_said_is_null_with_its_reason_and_what_is_names_its_source() -> None:
    reading = read(name("Canon LBP226"), attribute(TEXT, "printer-location", "Hall"), hostname="lbp.example")
    assert reading.device.hostname == "lbp.example"
    assert "device.hostname" not in reading.reasons
    missing = {field for field in type(reading.device).model_fields if getattr(reading.device, field) is None}
    assert {path for path in reading.reasons if path.startswith("device.")} == {f"device.{field}" for field in missing}
    assert set(reading.reasons.values()) == {"not reported"}
    assert (reading.meters, reading.reasons["meters.total"]) == ({}, "not reported")
    told = ("manufacturer", "model", "description", "location")
    assert reading.sources == {f"device.{field}": "IPP" for field in told}


def test_a_long_name_is_cut_to_what_a_reading_holds() -> None:
    reading = read(name("Canon LBP226 " + "x" * 3000), attribute(INTEGER, "printer-impressions-completed", 7))
    assert len(reading.device.description or "") == 1024
    assert reading.meters["total"].value == 7
    assert Reading.model_validate_json(reading.to_json()) == reading


@pytest.mark.parametrize(("colors", "color"), [(("black",), False), (("black", "cyan", "magenta", "yellow"), True), ((), None)])
def test_supplies_tell_whether_it_prints_color(colors: tuple[str, ...], color: bool | None) -> None:
    rows = [f"index={row};type=toner;maxcapacity=100;level=45;colorantname={each};" for row, each in enumerate(colors, 1)]
    reading = read(name("Canon LBP226"), attribute(OCTETS, "printer-supply", *rows))
    assert (reading.device.color, reading.reasons.get("device.color")) == (color, None if colors else "not reported")


@pytest.mark.parametrize(("attributes", "printer"), [([], False), ([UUID], False), ([name("unknown")], False), ([name("A")], True)])
def test_who_does_not_say_who_it_is_is_no_printer(attributes: list[bytes], printer: bool) -> None:
    assert says_who_it_is(parts(*attributes)) is printer
