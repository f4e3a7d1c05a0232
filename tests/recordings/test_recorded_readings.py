"""The reading of every recorded device agrees with its recording."""

from datetime import UTC, datetime

import pytest

from appliance.reading.build import build_reading
from appliance.reading.identity.identity import is_imaging_device
from appliance.reading.sources.objects import PROBE
from appliance.report import Reading
from tests.recordings.recording import Recording, parameters
from tests.recordings.truth import assert_agrees

TAKEN_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MODELS = {
    "brother_hl-5370dw": ("Brother", "HL-5370DW"),
    "brother_mfc-l2710dw": ("Brother", "MFC-L2710DW"),
    "canon_lbp6670": ("Canon", "LBP6670"),
    "dell_s5830dn": ("Dell", "S5830dn"),
    "epson_ds-860-scanner": ("Epson", "DS-860"),
    "epson_sc-t3405": ("Epson", "SC-T3405"),
    "fujifilm_apeos-c7580": ("FUJIFILM", "Apeos C7580"),
    "hp_color-laserjet-flow-m880": ("HP", "Color LaserJet flow MFP M880"),
    "hp_laserjet-mfp-m130nw": ("HP", "LaserJet MFP M130nw"),
    "konicaminolta_bizhub-c250i": ("Konica Minolta", "bizhub C250i"),
    "konicaminolta_bizhub-c3110": ("Konica Minolta", "bizhub C3110"),
    "kyocera_cs-4053ci": ("Kyocera", "CS 4053ci"),
    "oki_mc873": ("OKI", "MC873"),
    "ricoh_mp-c2503": ("Ricoh", "MP C2503"),
    "samsung_m4080fx": ("Samsung", "M4080FX"),
    "sharp_mx-3570n": ("Sharp", "MX-3570N"),
    "zebra_zebranet-wired-ps": ("Zebra", "ZTC TLP 2824 Plus"),
    "xerox_altalink-c8045": ("Xerox", "AltaLink C8045"),
}


def read(recording: Recording) -> Reading:
    return build_reading(recording.objects(), "127.0.0.9", taken_at=TAKEN_AT)


@pytest.mark.parametrize("recording", parameters())
def test_serial_model_meters_and_supplies_agree_with_the_recording(recording: Recording) -> None:
    assert_agrees(read(recording), recording)


@pytest.mark.parametrize("recording", parameters("full"))
def test_maker_and_model_are_known(recording: Recording) -> None:
    device = read(recording).device
    assert (device.manufacturer, device.model) == MODELS[recording.name]


@pytest.mark.parametrize("recording", parameters("full"))
def test_a_printer_is_recognised_as_an_imaging_device(recording: Recording) -> None:
    # The scanner has neither a Printer-MIB nor a printer among its devices: its definition knows it by sysObjectID.
    assert is_imaging_device(recording.objects())


@pytest.mark.parametrize("recording", parameters("full"))
def test_what_a_sweep_asks_is_enough_to_recognise_it(recording: Recording) -> None:
    objects = recording.objects()
    assert is_imaging_device({oid: objects[oid] for oid in PROBE if oid in objects})


@pytest.mark.parametrize("recording", parameters("full"))
def test_the_mac_address_is_one_of_the_ports_that_are_up(recording: Recording) -> None:
    up = [port["ifPhysAddress"] for port in recording.expected().get("ports", []) if port["ifOperStatus"] == "up"]
    mac = read(recording).device.mac
    assert mac is not None
    assert not up or mac.replace(":", "") in up


@pytest.mark.parametrize("recording", parameters("full"))
def test_the_colours_of_toners_and_inks_are_known(recording: Recording) -> None:
    inks = [supply for supply in read(recording).supplies if supply.type in {"toner", "tonerCartridge", "ink", "inkCartridge"}]
    assert [supply.description for supply in inks if supply.color is None] == []


@pytest.mark.parametrize("recording", parameters())
def test_everything_missing_has_a_reason(recording: Recording) -> None:
    reading = read(recording)
    for field in type(reading.device).model_fields:
        assert (getattr(reading.device, field) is None) == (f"device.{field}" in reading.reasons)
