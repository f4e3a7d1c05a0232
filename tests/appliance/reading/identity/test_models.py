"""Which text names the model of a device: what the maker has written comes before what the owner may have written."""

import pytest

from appliance.reading.identity.identity import is_imaging_device
from tests.appliance.definitions.device import DEVICE_DESCR, LIFE_COUNT, SYS_DESCR, Content, P, asked, objects, of, read

PRINTER_NAME = "1.3.6.1.2.1.43.5.1.1.16.1"
HP_DEVICE_ID, HP_MODEL = f"{P}.11.2.3.9.1.1.7.0", f"{P}.11.2.3.9.4.2.1.1.3.2.0"
OWNERS_DESCR = "HP ETHERNET MULTI-ENVIRONMENT,SN:CNHA700001,FN:MA0000A,SVCID:10001,PID:stock-7b"


def hp(**texts: Content) -> dict[str, Content]:
    places = {"descr": DEVICE_DESCR, "device_id": HP_DEVICE_ID, "model": HP_MODEL, "name": PRINTER_NAME}
    cells = {places[name]: content for name, content in texts.items()}
    return of("11.2.3.9.1", {SYS_DESCR: OWNERS_DESCR, LIFE_COUNT: 7, **cells})


@pytest.mark.parametrize(
    "texts",
    [
        {"descr": "HP Color LaserJet CP1234dn"},
        {"descr": "HP Color LaserJet CP1234dn", "device_id": "MFG:HP;MDL:HP Color LaserJet CP1234;"},
        {"device_id": "MFG:Hewlett-Packard;CMD:PJL;MDL:HP Color LaserJet CP1234dn;CLS:PRINTER;"},
        {"model": b"\x01\x15HP Color LaserJet CP1234dn"},
        {"descr": "Generic Printer", "device_id": "MFG:HP;MDL:Color LaserJet CP1234dn;"},
        {"model": b"\x01\x15Color LaserJet CP1234dn", "name": "HP stock-7b"},
    ],
)
def test_what_the_maker_has_written_comes_before_what_the_owner_may_have_written(texts: dict[str, Content]) -> None:
    found = read(hp(**texts))
    assert found.device.model == "Color LaserJet CP1234dn"
    assert "sysDescr" not in found.sources["device.model"]


def test_where_nothing_else_names_the_model_the_text_of_the_owner_stands_in() -> None:
    found = read(hp())
    assert (found.device.model, found.device.serial) == ("stock-7b", "CNHA700001")
    assert found.sources["device.model"] == "sysDescr.0"


def test_the_name_of_a_printer_is_no_model_where_a_private_object_tells_it() -> None:
    device: dict[str, Content] = {PRINTER_NAME: "Kyocera Room 12", LIFE_COUNT: 7, f"{P}.1347.43.5.1.1.1.1": "ECOSYS P1234dn"}
    assert read(of("1347.41", device)).device.model == "ECOSYS P1234dn"


# An IEEE 1284 device ID in place of a description

ID = "MFG:Pantum;CMD:PCL;MDL:BM1234ADW series;CID:Pantum BM1234ADW series;CLS:PRINTER;DES:Pantum BM1234ADW series;SN:CZ7A000001;"


@pytest.mark.parametrize("place", [SYS_DESCR, DEVICE_DESCR, PRINTER_NAME])
def test_a_1284_device_id_in_place_of_a_description_is_read_as_one(place: str) -> None:
    found = read(of("40093.1.1", {place: ID, LIFE_COUNT: 7}))
    assert (found.device.manufacturer, found.device.model, found.device.serial) == ("Pantum", "BM1234ADW", "CZ7A000001")
    assert place == PRINTER_NAME or found.device.description == "Pantum BM1234ADW series"


@pytest.mark.parametrize(
    ("device_id", "maker", "model", "description"),
    [
        ("MANUFACTURER:Nobody Known;MODEL:PX-12;CLASS:PRINTER;", "Nobody Known", "PX-12", "Nobody Known PX-12"),
        ("CLS:PRINTER;MDL:Kyocera ECOSYS P1234dn;", "Kyocera", "ECOSYS P1234dn", "Kyocera ECOSYS P1234dn"),
        ("\x00\x24MFG:Samsung;MDL:SL-M1234 Series;CLS:PRINTER", "Samsung", "SL-M1234", "Samsung SL-M1234 Series"),
        (f"MFG:Sharp;MDL:MX-1234;CMD:{'PCL,' * 30}PS;DES:SHARP MX", "Sharp", "MX-1234", "Sharp MX-1234"),
    ],
)
def test_a_1284_device_id_in_place_of_a_description_is_read_whoever_made_the_device(
    device_id: str, maker: str, model: str, description: str
) -> None:
    found = read({SYS_DESCR: device_id, LIFE_COUNT: 7}).device
    assert (found.manufacturer, found.model, found.description) == (maker, model, description)


@pytest.mark.parametrize("description", ["Xerox AltaLink C1234; Model:X, SS 1.2", "Acme; MDL: see label", "TSC: TX123"])
def test_a_text_with_colons_is_no_1284_device_id(description: str) -> None:
    assert read({SYS_DESCR: description, LIFE_COUNT: 7}).device.description == description


def test_what_describes_itself_by_a_1284_device_id_is_an_imaging_device() -> None:
    assert is_imaging_device(objects({SYS_DESCR: ID}))


# Makers that no definition names

VENDOR_NAME, SERIAL, NET_SNMP = "1.3.6.1.2.1.43.8.2.1.14.1.1", "1.3.6.1.2.1.43.5.1.1.17.1", "8072.3.2.10"


@pytest.mark.parametrize(
    ("texts", "maker", "model"),
    [
        ({SYS_DESCR: "KATUSHA_M123e"}, "Katusha", "M123e"),
        ({SYS_DESCR: "NOBODY_X123e", VENDOR_NAME: "NOBODY"}, "NOBODY", "X123e"),
        ({SYS_DESCR: "Nobody X123", VENDOR_NAME: "Nobody Printers Ltd."}, "Nobody Printers", None),
        ({SYS_DESCR: "Linux", DEVICE_DESCR: "Nobody X123", VENDOR_NAME: "Nobody"}, "Nobody", "X123"),
        ({SYS_DESCR: "Linux", DEVICE_DESCR: "Nobody X123", VENDOR_NAME: "(null)"}, None, "Nobody X123"),
        ({SYS_DESCR: "Linux", VENDOR_NAME: "TSC"}, "TSC", None),
    ],
)
def test_who_made_the_trays_tells_the_maker_where_nothing_else_does(
    texts: dict[str, Content], maker: str | None, model: str | None
) -> None:
    found = read(of(NET_SNMP, {**texts, SERIAL: "934900000012", LIFE_COUNT: 7})).device
    assert (found.manufacturer, found.model) == (maker, model)
    assert found.key == f"serial:{(maker or 'unknown').upper()}:934900000012"


def test_who_made_the_trays_is_asked_only_where_nothing_else_names_a_maker() -> None:
    known: dict[str, Content] = {SYS_DESCR: "Brother HL-1234", VENDOR_NAME: "Nobody", LIFE_COUNT: 7}
    assert read(known).device.manufacturer == "Brother"
    column = tuple(map(int, VENDOR_NAME.split(".")))[:-2]
    assert column not in {oid[: len(column)] for oid in asked(known)}
    assert column in {oid[: len(column)] for oid in asked({SYS_DESCR: "Nobody X123", LIFE_COUNT: 7})}
