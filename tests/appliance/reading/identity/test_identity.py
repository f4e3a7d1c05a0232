"""Who a device is."""

import pytest

from appliance.reading.identity.identity import is_imaging_device
from appliance.reading.identity.placeholders import is_placeholder
from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.report import Device
from appliance.report.device_keys import device_key
from tests.appliance.reading.printer import ADDRESS, Content, objects, reading, supply

Cells = dict[tuple[MibObject, str], Content]


def device(cells: Cells) -> Device:
    return reading(cells).device


def described(sys_descr: str, device_descr: str | None = None, serial: str | None = None) -> Device:
    cells: Cells = {(mib.SYS_DESCR, "0"): sys_descr}
    if device_descr is not None:
        cells[mib.HR_DEVICE_DESCR, "1"] = device_descr
    if serial is not None:
        cells[mib.PRT_GENERAL_SERIAL_NUMBER, "1"] = serial
    return device(cells)


# Imaging device or not


@pytest.mark.parametrize(
    "cells",
    [
        {(mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "X"},
        {(mib.PRT_MARKER_LIFE_COUNT, "1.1"): 5},
        {(mib.HR_DEVICE_TYPE, "7"): mib.HR_DEVICE_PRINTER},
        {(mib.HR_PRINTER_DETECTED_ERROR_STATE, "1"): b"\x00"},
        {(mib.PPM_PRINTER_IEEE_1284_DEVICE_ID, "1"): "MFG:Epson;MDL:L3150;"},
    ],
)
def test_a_device_that_says_it_prints_is_an_imaging_device(cells: Cells) -> None:
    assert is_imaging_device(objects(cells))


@pytest.mark.parametrize(
    "cells",
    [
        {},
        {(mib.SYS_DESCR, "0"): "HP LaserJet"},
        {(mib.SYS_DESCR, "0"): "HP ProCurve Switch", (mib.SYS_OBJECT_ID, "0"): (1, 3, 6, 1, 4, 1, 11, 2, 3, 7, 11)},
        {(mib.HR_DEVICE_TYPE, "1"): (1, 3, 6, 1, 2, 1, 25, 3, 1, 3)},
        {(mib.PPM_PRINTER_IEEE_1284_DEVICE_ID, "1"): ""},
    ],
)
def test_a_name_alone_makes_no_imaging_device(cells: Cells) -> None:
    assert not is_imaging_device(objects(cells))


# The key


def test_the_key_is_serial_number_with_maker_then_mac_then_address() -> None:
    assert device_key("HP", "VNCRC48198", "00:11:22:33:44:55", ADDRESS) == "serial:HP:VNCRC48198"
    assert device_key("HP", None, "00:11:22:33:44:55", ADDRESS) == "mac:001122334455"
    assert device_key("HP", None, None, ADDRESS) == f"address:{ADDRESS}"


def test_the_key_does_not_depend_on_capitals() -> None:
    assert device_key("Konica Minolta", "aa2m", None, ADDRESS) == device_key("KONICA MINOLTA", "AA2M", None, ADDRESS)


def test_a_serial_number_without_maker_is_a_key_too() -> None:
    assert device_key(None, "A1B2", None, ADDRESS) == "serial:UNKNOWN:A1B2"


def test_a_key_is_never_too_long() -> None:
    assert len(device_key("HP", "9" * 1000, None, ADDRESS)) <= 200


# Serial number


@pytest.mark.parametrize(
    "serial",
    [
        "XXXXXXXXXX",
        "xxx",
        "0",
        "0000000000",
        "N/A",
        "n/a",
        "none",
        "NULL",
        "unknown",
        "serial",
        "Serial Number",
        "serial_number",
        "-",
        "---",
        "Not Available",
        "not set",
        "1234567890",
        "0123456789",
        "??????????",
        "FFFFFFFF",
        "********",
        "Default",
        " ",
        "(null)",
        "<none>",
        "[none]",
        '"none"',
        "Not Installed",
        "not found",
        "N.A.",
        "TBD",
        "no serial",
        "NOSERIAL",
        "SN:",
        "Serial No.:",
        "0x00",
        "1234567890000",
        "9876543210",
        "00:00:00:00",
        "To be filled by O.E.M.",
    ],
)
def test_placeholders_are_no_serial_numbers(serial: str) -> None:
    assert is_placeholder(serial)
    found = reading({(mib.PRT_GENERAL_SERIAL_NUMBER, "1"): serial, (mib.IF_PHYS_ADDRESS, "1"): bytes.fromhex("001122334455")})
    assert found.device.serial is None
    assert found.device.key == "mac:001122334455"


@pytest.mark.parametrize(
    "serial",
    [
        "VNCRC48198",
        "6509415X00",
        "7XQ1R92-132-13",
        "X8G9000415",
        "MKRA012345",
        "70000123",
        "CNXXX00012",
        "SN123456",
        "1234567891",
        "NONE0042",
    ],
)
def test_serial_numbers_of_real_devices_are_none(serial: str) -> None:
    assert not is_placeholder(serial)
    assert device({(mib.PRT_GENERAL_SERIAL_NUMBER, "1"): serial}).serial == serial


@pytest.mark.parametrize("none", ["NULL", "(null)", "unknown", "<Not Set>", "N/A", "---"])
@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("firmware", (mib.ENT_PHYSICAL_FIRMWARE_REV, "1")),
        ("location", (mib.SYS_LOCATION, "0")),
        ("hostname", (mib.SYS_NAME, "0")),
        ("description", (mib.HR_DEVICE_DESCR, "1")),
        ("model", (mib.HR_DEVICE_DESCR, "1")),
    ],
)
def test_a_text_that_says_that_there_is_none_is_null_with_its_reason(name: str, place: tuple[MibObject, str], none: str) -> None:
    found = reading({place: none})
    assert getattr(found.device, name) is None
    assert found.reasons[f"device.{name}"] == "placeholder"
    assert f"device.{name}" not in found.sources


@pytest.mark.parametrize("location", ["Test", "Default", "0", "111", "Unknown Soldier Street 1", "Not far from room 3"])
def test_a_location_that_is_no_serial_number_may_still_be_one(location: str) -> None:
    assert device({(mib.SYS_LOCATION, "0"): location}).location == location


def test_a_missing_serial_number_has_its_reason() -> None:
    assert reading({}).reasons["device.serial"] == "not reported"
    assert reading({(mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "XXXXXX"}).reasons["device.serial"] == "placeholder"
    assert "device.serial" not in reading({(mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "A1B2"}).reasons


def test_the_entity_mib_stands_in_for_a_placeholder() -> None:
    cells: Cells = {(mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "0000", (mib.ENT_PHYSICAL_SERIAL_NUM, "1"): "A1B2"}
    assert device(cells).serial == "A1B2"


def test_hp_names_its_serial_number_in_the_system_description() -> None:
    found = described("HP ETHERNET MULTI-ENVIRONMENT,SN:VNCRC48198,FN:4Q817L4,SVCID:31339,PID:HP LaserJet MFP M130nw")
    assert (found.serial, found.model, found.manufacturer) == ("VNCRC48198", "LaserJet MFP M130nw", "HP")


# Maker


@pytest.mark.parametrize(
    ("named", "maker"),
    [
        ("Hewlett-Packard", "HP"),
        ("HP", "HP"),
        ("KONICA MINOLTA", "Konica Minolta"),
        ("EPSON", "Epson"),
        ("Kyocera", "Kyocera"),
        ("Lexmark International", "Lexmark"),
        ("OKI DATA CORP", "OKI"),
        ("FUJI XEROX", "Fuji Xerox"),
        ("RICOH", "Ricoh"),
        ("TOSHIBA TEC", "Toshiba"),
        ("Printworks Ltd.", "Printworks"),
        ("Unheard Of", "Unheard Of"),
    ],
)
def test_the_maker_of_the_1284_device_id_is_written_as_usual(named: str, maker: str) -> None:
    assert device({(mib.PPM_PRINTER_IEEE_1284_DEVICE_ID, "1"): f"MFG:{named};MDL:X1;"}).manufacturer == maker


def test_the_1284_device_id_comes_before_descriptions_and_the_enterprise_number() -> None:
    cells: Cells = {
        (mib.PPM_PRINTER_IEEE_1284_DEVICE_ID, "1"): "MANUFACTURER:UTAX;MODEL:P-4531;",
        (mib.HR_DEVICE_DESCR, "1"): "KYOCERA P-4531",
        (mib.SYS_OBJECT_ID, "0"): (1, 3, 6, 1, 4, 1, 1347, 41),
    }
    assert (device(cells).manufacturer, device(cells).model) == ("UTAX", "P-4531")


def test_the_first_words_of_a_description_name_the_maker() -> None:
    assert described("SHARP MX-3570N").manufacturer == "Sharp"
    assert described("KYOCERA Document Solutions Printing System", "CS 4053ci").manufacturer == "Kyocera"


def test_a_word_that_only_begins_like_a_maker_is_none() -> None:
    assert described("HPE Aruba").manufacturer is None
    assert described("Canonical Ubuntu").manufacturer is None


def test_the_enterprise_number_is_the_last_to_name_a_maker() -> None:
    assert device({(mib.SYS_OBJECT_ID, "0"): (1, 3, 6, 1, 4, 1, 2435, 2, 3, 9, 1)}).manufacturer == "Brother"


@pytest.mark.parametrize("oid", [(1, 3, 6, 1, 4, 1), (0, 0), (1, 3, 6, 1, 4, 1, 999_999)])
def test_an_object_id_without_a_known_enterprise_names_no_maker(oid: Content) -> None:
    assert device({(mib.SYS_OBJECT_ID, "0"): oid}).manufacturer is None


# Model, firmware, description


@pytest.mark.parametrize(
    ("sys_descr", "maker", "model", "firmware"),
    [
        ("Lexmark T640 version NS.NP.N219 kernel 2.6.6 All-N-1", "Lexmark", "T640", "NS.NP.N219"),
        ("TOSHIBA e-STUDIO305CS version NH63.GM.N639 kernel 3.0.0 All-N-1", "Toshiba", "e-STUDIO305CS", "NH63.GM.N639"),
        ("RICOH MP C2503 1.35 / RICOH Network Printer C model / RICOH Network Scanner C model", "Ricoh", "MP C2503", "1.35"),
        ("NRG SP 4210N 1.05 / NRG Network Printer C model", "NRG", "SP 4210N", "1.05"),
        (
            "OKI OkiLAN 9450g Rev.00.69 Ethernet PrintServer: Attached to MC873 Rev.07.87 : Copyright (c) 2015",
            "OKI",
            "MC873",
            "07.87",
        ),
        ("Xerox AltaLink C8045; SS 100.002.057.09608, NC 100.002.09608, UI 100", "Xerox", "AltaLink C8045", "100.002.057.09608"),
        ("Xerox Color 570;System 55.40.61,ESS1.208.6,IOT 64.24.0", "Xerox", "Color 570", "55.40.61"),
        ("Dell MFP Laser 3115cn; Net 9.26, Controller 200709110910, Engine 05.09.00", "Dell", "MFP Laser 3115cn", "200709110910"),
        (
            "Samsung M4080FX; V11.01.03.04_02-27-2017;Engine V1.00.06 01-19-2017;NIC;S/N ",
            "Samsung",
            "M4080FX",
            "V11.01.03.04_02-27-2017",
        ),
        (
            "Samsung ML-2850 Series OS 1.01.15.47 02-10-2010;Engine 1.01.25;NIC V4.01.09(ML-285x)",
            "Samsung",
            "ML-2850",
            "1.01.15.47",
        ),
        ("Canon iR-ADV C5235 /P", "Canon", "iR-ADV C5235", None),
        ("KONICA MINOLTA bizhub C250i", "Konica Minolta", "bizhub C250i", None),
        ("Develop ineo  280", "Develop", "ineo 280", None),
        ("TOSHIBA TEC B-FV4", "Toshiba", "B-FV4", None),
        ("Samsung C", "Samsung", None, None),
        ("KYOCERA Document Solutions Printing System", "Kyocera", None, None),
        ("EPSON Built-in 10Base-T/100Base-TX Print Server", "Epson", None, None),
        ("HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD149,EEPROM JDI99999999,CIDATE 05/28/2018", "HP", None, None),
        ("Brother NC-6800h, Firmware Ver.1.01  (08.12.12),MID 84UB05", "Brother", None, None),
    ],
)
def test_what_a_system_description_tells(sys_descr: str, maker: str, model: str | None, firmware: str | None) -> None:
    found = described(sys_descr)
    assert (found.manufacturer, found.model, found.firmware) == (maker, model, firmware)


def test_a_samsung_serial_number_in_the_system_description_is_read() -> None:
    found = described("Samsung CLX-3300 Series; V3.00.01.23 FEB-01-2013;Engine V1.00;NIC V4.01;S/N Z6GTBACB300123X")
    assert found.serial == "Z6GTBACB300123X"


def test_the_firmware_of_a_network_card_is_not_that_of_the_printer() -> None:
    found = reading({(mib.SYS_DESCR, "0"): "Brother NC-6800h, Firmware Ver.1.01  (08.12.12),MID 84UB05"})
    assert found.device.firmware is None
    assert found.misc["network_firmware"] == "1.01"


@pytest.mark.parametrize("firmware", ["1.1.1", "2.2.2", "0.1.2.3.4.5", "123456"])
def test_a_firmware_of_few_digits_is_one(firmware: str) -> None:
    assert device({(mib.ENT_PHYSICAL_FIRMWARE_REV, "1"): firmware}).firmware == firmware


@pytest.mark.parametrize("firmware", ["0000", "xxx", "NULL", "N/A"])
def test_a_placeholder_of_a_firmware_is_none(firmware: str) -> None:
    assert device({(mib.ENT_PHYSICAL_FIRMWARE_REV, "1"): firmware}).firmware is None


def test_the_entity_mib_tells_the_firmware() -> None:
    assert device({(mib.ENT_PHYSICAL_FIRMWARE_REV, "1"): "2403.7"}).firmware == "2403.7"
    assert device({(mib.ENT_PHYSICAL_FIRMWARE_REV, "1"): "", (mib.ENT_PHYSICAL_SOFTWARE_REV, "1"): "7.1"}).firmware == "7.1"


@pytest.mark.parametrize(
    ("device_descr", "model"),
    [
        ("Brother HL-5370DW series", "HL-5370DW"),
        ("HP Color LaserJet flow MFP M880", "Color LaserJet flow MFP M880"),
        ("EPSON SC-T3405 Series", "SC-T3405"),
        ("Samsung M408x Series", "M408x Series"),
        ("HP LaserJet Series", "LaserJet Series"),
        ("CS 4053ci", "CS 4053ci"),
        ("HP HP LaserJet 4250", "LaserJet 4250"),
        ("Generic 28C-1", None),
        ("Lexmark", None),
        ("", None),
    ],
)
def test_the_model_in_the_description_of_the_device(device_descr: str, model: str | None) -> None:
    assert described("", device_descr).model == model


def test_serial_number_and_firmware_behind_the_model_are_cut_off() -> None:
    assert described("", "Dell S5830dn 7XQ1R92 LW62.DN4.P636", "7XQ1R92-132-13").model == "S5830dn"


def test_a_description_without_a_model_gives_way_to_one_that_has_it() -> None:
    found = described("KONICA MINOLTA bizhub C3110", "Generic 28C-1")
    assert (found.description, found.model) == ("KONICA MINOLTA bizhub C3110", "bizhub C3110")


def test_the_name_given_to_the_printer_is_the_last_to_tell_the_model() -> None:
    cells: Cells = {(mib.PRT_GENERAL_PRINTER_NAME, "1"): "Kyocera ECOSYS M2040dn"}
    assert device(cells).model == "ECOSYS M2040dn"
    assert device({(mib.PRT_GENERAL_PRINTER_NAME, "1"): "2nd floor"}).model is None


def test_the_length_before_a_1284_device_id_is_ignored() -> None:
    found = device({(mib.PPM_PRINTER_IEEE_1284_DEVICE_ID, "1"): b"\x00\x22MFG:EPSON;MDL:SC-T3405 Series;SN:X8G9;"})
    assert (found.manufacturer, found.model, found.serial) == ("Epson", "SC-T3405", "X8G9")


# Names, places, MAC address


def test_name_and_location_are_those_of_the_system_group() -> None:
    found = device({(mib.SYS_NAME, "0"): "prt-3-west", (mib.SYS_LOCATION, "0"): b"B\xfcro 3"})
    assert (found.hostname, found.location) == ("prt-3-west", "Büro 3")


def mac(addresses: dict[str, str], others: Cells | None = None, *, address: str = ADDRESS) -> str | None:
    cells: Cells = {(mib.IF_PHYS_ADDRESS, index): bytes.fromhex(octets) for index, octets in addresses.items()}
    return reading({**cells, **(others or {})}, address=address).device.mac


def test_the_mac_address_is_that_of_the_interface_with_the_polled_address() -> None:
    owner: Cells = {(mib.IP_AD_ENT_IF_INDEX, ADDRESS): 3}
    assert mac({"2": "14cb19952ea0", "3": "5cfb3a0d7df0"}, owner) == "5c:fb:3a:0d:7d:f0"


def test_the_newer_address_table_is_understood() -> None:
    owner: Cells = {(mib.IP_ADDRESS_IF_INDEX, f"1.4.{ADDRESS}"): 3}
    assert mac({"2": "14cb19952ea0", "3": "5cfb3a0d7df0"}, owner) == "5c:fb:3a:0d:7d:f0"


def test_an_ipv6_address_has_an_interface_too() -> None:
    owner: Cells = {(mib.IP_ADDRESS_IF_INDEX, "2.16." + ".".join("0" * 15) + ".1"): 3}
    assert mac({"2": "14cb19952ea0", "3": "5cfb3a0d7df0"}, owner, address="::1") == "5c:fb:3a:0d:7d:f0"


def test_without_an_owner_the_first_real_interface_is_meant() -> None:
    assert mac({"1": "", "2": "000000000000", "3": "00074d6bc2a8"}) == "00:07:4d:6b:c2:a8"


@pytest.mark.parametrize("octets", ["000000000000", "ffffffffffff", "01005e000001", "", "0011", "00112233445566"])
def test_what_belongs_to_no_interface_is_no_mac_address(octets: str) -> None:
    found = reading({(mib.IF_PHYS_ADDRESS, "1"): bytes.fromhex(octets)})
    assert found.device.mac is None
    assert found.reasons["device.mac"] == "not reported"


def test_an_interface_that_is_up_comes_before_one_that_is_down() -> None:
    states: Cells = {(mib.IF_OPER_STATUS, "1"): 2, (mib.IF_OPER_STATUS, "2"): 1}
    assert mac({"1": "00234ecdd8f9", "2": "001ba90ba752"}, states) == "00:1b:a9:0b:a7:52"


def test_an_ethernet_interface_comes_before_others() -> None:
    types: Cells = {(mib.IF_TYPE, "1"): 24, (mib.IF_TYPE, "2"): 6}
    assert mac({"1": "00234ecdd8f9", "2": "001ba90ba752"}, types) == "00:1b:a9:0b:a7:52"


def test_a_locally_administered_address_counts_only_when_alone() -> None:
    assert mac({"1": "02234ecdd8f9", "2": "001ba90ba752"}) == "00:1b:a9:0b:a7:52"
    assert mac({"1": "02234ecdd8f9"}) == "02:23:4e:cd:d8:f9"


def test_an_owner_without_a_mac_address_leaves_the_others() -> None:
    assert mac({"1": "", "3": "00074d6bc2a8"}, {(mib.IP_AD_ENT_IF_INDEX, ADDRESS): 1}) == "00:07:4d:6b:c2:a8"


# Colour or mono


@pytest.mark.parametrize(("colorants", "color"), [(1, False), (2, True), (3, True), (4, True), (0, None)])
def test_process_colorants_tell_whether_it_prints_colour(colorants: int, color: bool | None) -> None:
    cells: Cells = {(mib.PRT_MARKER_LIFE_COUNT, "1.1"): 5, (mib.PRT_MARKER_PROCESS_COLORANTS, "1.1"): colorants}
    assert device(cells).color is color


def test_a_cyan_toner_makes_a_colour_printer() -> None:
    assert device(supply(kind=3, text="Cyan Toner")).color is True


def test_nothing_but_black_toner_makes_a_mono_printer() -> None:
    assert device({**supply("1.1", kind=3, text="Black Toner"), **supply("1.2", kind=9, text="Drum Unit")}).color is False


def test_a_toner_of_unknown_colour_leaves_it_open() -> None:
    found = reading(supply(kind=3, text="Canon Cartridge 719"))
    assert found.device.color is None
    assert found.reasons["device.color"] == "not reported"


def test_colorants_of_several_colours_make_a_colour_printer() -> None:
    assert device({(mib.PRT_MARKER_COLORANT_VALUE, "1.1"): "black"}).color is None
    cells: Cells = {(mib.PRT_MARKER_COLORANT_VALUE, "1.1"): "black", (mib.PRT_MARKER_COLORANT_VALUE, "1.2"): "cyan"}
    assert device(cells).color is True
