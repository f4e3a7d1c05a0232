"""Errors, alerts and trays that a printer tells over IPP, in readings that are made without SNMP."""

import pytest

from appliance.reading.sources.ipp import decode_answer
from appliance.reading.sources.ipp_parts import parts_of_ipp
from appliance.reading.supplement import supplement
from appliance.reading.without_snmp import reading_of_parts
from appliance.report import Reading
from tests.appliance.http.documents import KEYWORD, OCTETS, TEXT, attribute, ipp_answer
from tests.appliance.reading.printer import TAKEN_AT

NAME = attribute(TEXT, "printer-make-and-model", "Canon LBP226")
ALERTS = (
    "code=coverOpen;index=4;severity=critical;training=untrained;group=cover;groupindex=2;location=7;time=4200;",
    "code=markerTonerAlmostEmpty;severity=warning;group=markerSupplies;",
)


def read(*attributes: bytes) -> Reading:
    parts = parts_of_ipp(decode_answer(ipp_answer(NAME, *attributes)))
    return reading_of_parts(parts, "192.0.2.9", taken_at=TAKEN_AT)


@pytest.mark.parametrize(
    ("reasons", "errors"),
    [
        (["none"], ()),
        (["toner-low-warning", "media-empty-error"], ("noPaper", "lowToner")),
        (["door-open-report", "cover-open", "interlock-open-error"], ("doorOpen",)),
        (["MEDIA-JAM-ERROR", "output-area-almost-full-report"], ("jammed", "outputNearFull")),
        (["marker-waste-full-error", "paused", "com.example-on-fire"], ()),
    ],
)
def test_reasons_of_the_state_are_errors_where_there_is_a_bit_for_them(reasons: list[str], errors: tuple[str, ...]) -> None:
    assert read(attribute(KEYWORD, "printer-state-reasons", *reasons)).status.errors == errors


def test_alerts_are_those_of_the_table_with_their_texts() -> None:
    reading = read(
        attribute(OCTETS, "printer-alert", *ALERTS), attribute(TEXT, "printer-alert-description", "Close cover A", "Black is low")
    )
    told = [(each.severity, each.group, each.code, each.location, each.description, each.since) for each in reading.alerts]
    assert told == [
        ("critical", "cover", "coverOpen", 7, "Close cover A", None),
        ("warning", "markerSupplies", "markerTonerAlmostEmpty", None, "Black is low", None),
    ]
    assert Reading.model_validate_json(reading.to_json()) == reading


@pytest.mark.parametrize("value", ["", "severity=critical", "code=", "garbage"])
def test_a_value_without_a_code_is_no_alert(value: str) -> None:
    assert read(attribute(OCTETS, "printer-alert", value)).alerts == ()


def test_what_is_no_name_of_the_mib_is_other_and_alerts_are_bounded() -> None:
    odd = "code=somethingElse;severity=17;group=;location=99999999999"
    reading = read(attribute(OCTETS, "printer-alert", *[odd] * 300))
    assert len(reading.alerts) == 256
    only = reading.alerts[0]
    assert (only.code, only.severity, only.group, only.location, only.description) == ("other", "other", "unknown", None, None)


def test_names_of_people_are_taken_out_of_alerts() -> None:
    described = attribute(TEXT, "printer-alert-description", "Job of user: Jane Doe waits")
    assert "Jane" not in (read(attribute(OCTETS, "printer-alert", "code=other"), described).alerts[0].description or "")


def test_alerts_and_errors_of_snmp_stay_as_they_are() -> None:
    snmp = read()
    more = parts_of_ipp(decode_answer(ipp_answer(NAME, attribute(OCTETS, "printer-alert", *ALERTS))))
    assert supplement(snmp, more).alerts == ()


def test_a_tray_has_its_number_of_the_table_and_the_name_of_its_media() -> None:
    row = "type=sheetFeedAutoRemovableTray;mediafeed=0;maxcapacity=250;level=20;name=Tray 2;index=5;medianame=A4;"
    plain = "maxcapacity=50;level=-2;name=Bypass;"
    trays = read(attribute(OCTETS, "printer-input-tray", row, plain)).trays
    assert [(each.index, each.name, each.media, each.capacity, each.level, each.state) for each in trays] == [
        ("5", "Tray 2", "A4", 250, 20, "low"),
        ("2", "Bypass", None, 50, -2, "unknown"),
    ]


def test_thousands_of_supplies_and_firmwares_are_bounded() -> None:
    supply = "index=1;class=supplyThatIsConsumed;type=toner;maxcapacity=100;level=40;colorantname=black;"
    reading = read(
        attribute(OCTETS, "printer-supply", *[supply] * 3000),
        attribute(OCTETS, "printer-input-tray", *["name=Tray;level=1;maxcapacity=9;"] * 3000),
        attribute(TEXT, "printer-firmware-string-version", *(f"1.{number}" for number in range(3000))),
    )
    assert (len(reading.supplies), len(reading.trays)) == (256, 256)
    assert len(reading.device.firmware or "") == 1024
    assert Reading.model_validate_json(reading.to_json()) == reading
    markers = read(attribute(0x21, "marker-levels", *[40] * 3000))
    assert len(markers.supplies) == 256
