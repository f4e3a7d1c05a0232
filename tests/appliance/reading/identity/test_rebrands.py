"""Devices that are sold under another name than their maker's."""

import pytest

from tests.appliance.definitions.device import DEVICE_DESCR, LIFE_COUNT, SYS_DESCR, Device, P, of, read

KYOCERA_ID, RICOH_ID = f"{P}.1347.40.1.1.1.8.1", f"{P}.367.3.2.1.1.1.1.11.0"


@pytest.mark.parametrize(
    ("device", "brand", "model", "engine_maker"),
    [
        (of("1347.41", {SYS_DESCR: "TA_UTAX Printing System", DEVICE_DESCR: "P-1234DN"}), "UTAX", "P-1234DN", "Kyocera"),
        (of("1347.41", {SYS_DESCR: "UTAX_TA Printing System", DEVICE_DESCR: "P-1234DN"}), "UTAX", "P-1234DN", "Kyocera"),
        (
            of("1347.41", {SYS_DESCR: "TA Triumph-Adler", KYOCERA_ID: "MFG:KYOCERA;MDL:P-1234DN;"}),
            *("Triumph-Adler", "P-1234DN", "Kyocera"),
        ),
        (of("1347.41", {SYS_DESCR: "Olivetti d-COPIA 1234MF"}), "Olivetti", "d-COPIA 1234MF", "Kyocera"),
        (of("367.1.1", {SYS_DESCR: "infotec IS 1234 1.05 / infotec Network Printer C model"}), "infotec", "IS 1234", "Ricoh"),
        (of("367.1.1", {SYS_DESCR: "RICOH", RICOH_ID: "MFG:Rex-Rotary;MDL:MP 1234;"}), "Rex-Rotary", "MP 1234", "Ricoh"),
        (
            of("641.1", {SYS_DESCR: "IBM Infoprint 1234 version 55.10.19 kernel 2.4.0-test6 All-N-1"}),
            *("IBM", "Infoprint 1234", "Lexmark"),
        ),
        ({SYS_DESCR: "IBM Infoprint 1234 version 55.10.19 kernel 2.4.0-test6 All-N-1"}, "IBM", "Infoprint 1234", "Lexmark"),
        ({SYS_DESCR: "TOSHIBA e-STUDIO1234 version NH1.GM.N1 kernel 3.0.0 All-N-1"}, "Toshiba", "e-STUDIO1234", "Lexmark"),
    ],
)
def test_the_name_on_the_front_is_the_maker_and_the_engines_is_kept(
    device: Device, brand: str, model: str, engine_maker: str
) -> None:
    found = read({**device, LIFE_COUNT: 7})
    assert (found.device.manufacturer, found.device.model) == (brand, model)
    assert found.misc["engine_maker"] == engine_maker


@pytest.mark.parametrize(
    "device",
    [
        of("1347.41", {SYS_DESCR: "KYOCERA Document Solutions Printing System", DEVICE_DESCR: "ECOSYS P1234dn"}),
        # A print server that others build in tells nothing of who made the printer.
        of("11.2.3.9.1", {DEVICE_DESCR: "Zebra ZT123"}),
        # Which maker's devices are sold under this name is not known without more.
        {SYS_DESCR: "Olivetti d-COPIA 1234MF"},
    ],
)
def test_where_nothing_tells_of_another_maker_there_is_none(device: Device) -> None:
    assert "engine_maker" not in read({**device, LIFE_COUNT: 7}).misc


@pytest.mark.parametrize(("named", "maker"), [("OKI_DATA C123", "OKI"), ("KONICA_MINOLTA X1", "Konica Minolta"), ("HPE X1", None)])
def test_a_maker_is_known_whatever_stands_between_its_words(named: str, maker: str | None) -> None:
    assert read({DEVICE_DESCR: named, LIFE_COUNT: 7}).device.manufacturer == maker
