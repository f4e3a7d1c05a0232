"""Numbers that are billed by stay as they are wherever they stand, unless they would let out something else."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from appliance.privacy.outgoing import Masking
from appliance.report import Alert, Event, Status
from appliance.settings.model import PrivacySettings
from appliance.support.bundle import log_of
from appliance.support.scrubbing import Scrubber
from tests.appliance.privacy.samples import KEY, full_reading

ALL = PrivacySettings(ip_address="pseudonym", host_name="mask", mac="mask")


def masking() -> Masking:
    return Masking(ALL, KEY)


@pytest.mark.parametrize("serial", ["0891234567", "A 12 0891234567", "00-11-22-33-44-55", "NPI1A2B3C"])
def test_the_key_of_a_device_is_altered_in_no_bundle_log_or_sentence(serial: str) -> None:
    masks, key = masking(), f"serial:KONICA MINOLTA:{serial}"
    masks.reading(full_reading(serial=serial, key=key))
    scrubber = Scrubber([], masks)
    said = {"key": key, "event": f"The device {key} at 10.1.2.3 was read.", "device": key}
    assert scrubber.value({"devices": [said]}) == {"devices": [said | {"event": scrubber.text(said["event"])}]}
    assert scrubber.text(said["event"]).startswith(f"The device {key} at ip-")
    assert scrubber.text(f"{key}: Tel. 089 1234567") == f"{key}: Tel. [phone number]"


def test_the_key_of_a_device_that_is_not_known_stays_where_it_can_be_nothing_else() -> None:
    scrubber = Scrubber([], masking())
    assert scrubber.text("The device serial:RICOH:0891234567 was read.") == "The device serial:RICOH:0891234567 was read."
    for text in ("serial:X:10.1.2.3", "serial:10.1.2.3:ABCD", "serial:X:00:11:22:33:44:55", "serial:X:prn.town.example"):
        assert scrubber.text(text) != text


def event_of(description: str, kind: str = "alert_raised", **detail: Any) -> Event:
    return Event(
        id="01930000-0000-7000-8000-000000000001",
        at=datetime(2026, 11, 29, tzinfo=UTC),
        kind=kind,
        device="serial:BROTHER:E12345",
        text=description,
        detail={"description": description, **detail},
    )


def test_the_serial_numbers_of_cartridges_stay_in_events() -> None:
    masks, reading = masking(), full_reading()
    masks.reading(reading)
    told = masks.event(event_of("Replace cartridge 030-7654321, or 030-7654322"), reading.device)
    assert told is not None
    assert told.detail["description"] == "Replace cartridge 030-7654321, or [phone number]"
    new = masks.event(event_of("Cartridge 040-7654321 is new", "supply_replaced", new_serial="040-7654321"), reading.device)
    assert new is not None
    assert new.detail["description"] == "Cartridge 040-7654321 is new"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("10.1.2.3", "Lost 10.1.2.3"),
        ("00:26:73:aa:bb:cc", "Lost 00:26:73:aa:bb:cc"),
        ("fe80::1:2", "Lost fe80::1:2"),
        ("PRN-7.town.example", "Lost PRN-7.town.example"),
    ],
)
def test_a_number_that_looks_like_what_is_masked_lets_no_other_text_out(number: str, text: str) -> None:
    reading = full_reading(firmware=number, hostname="prn-7.town.example", location=None)
    sent = masking().reading(reading.model_copy(update={"status": Status(console=(text,))}))
    assert sent.device.firmware == number
    assert number not in sent.status.console[0]


def test_a_number_that_the_panel_calls_that_of_a_phone_lets_no_other_text_out() -> None:
    alert = Alert(severity="warning", group="other", code="jam", description="Line 0891234567 busy")
    for console, wanted in (("Fax from 0891234567", "Line [phone number] busy"), ("Ready", "Line 0891234567 busy")):
        reading = full_reading(firmware="0891234567").model_copy(update={"status": Status(console=(console,)), "alerts": (alert,)})
        sent = masking().reading(reading)
        assert (sent.alerts[0].description, sent.device.firmware) == (wanted, "0891234567")


@pytest.mark.parametrize("piece", ["aa:", "::a ", "1.", "00-", "tel ", "host ", "a.", "serial:A:"])
def test_masking_takes_linear_time(piece: str) -> None:
    masks = masking()

    def seconds(length: int) -> float:
        began = time.process_time()
        masks.text(piece * (length // len(piece)))
        return time.process_time() - began

    seconds(1_000)
    assert seconds(60_000) < 2


def test_a_line_of_a_log_is_cut_before_it_is_masked(tmp_path: Path) -> None:
    line = json.dumps({"event": "10.1.2.3 " * 100_000})
    (tmp_path / "dca.log").write_text(line + "\n" + "10.1.2.3 " * 100_000 + "\n", encoding="utf-8")
    began = time.process_time()
    told = log_of(tmp_path / "dca.log", Scrubber([], masking()))
    assert time.process_time() - began < 3
    assert len(told) > 4_000
    assert b"10.1" not in told
