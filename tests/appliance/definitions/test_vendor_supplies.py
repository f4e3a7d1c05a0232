"""Supplies, panels and texts, vendor by vendor, on devices made up from the facts."""

import pytest

from appliance.reading.definitions.definitions import Definitions, builtin_definitions, parse
from tests.appliance.definitions.device import (
    DEVICE_DESCR,
    HEAD,
    SERIAL,
    SYS_DESCR,
    Content,
    Device,
    P,
    defined,
    of,
    only_supply,
    read,
    supply_row,
)
from tests.appliance.definitions.made_up import BROTHER, HP, HP_DEVICE

NOT_FROM_THIS_VENDOR = "not available from this manufacturer"

# Supplies


def test_hp_tells_serial_and_part_number_of_a_cartridge_by_its_number() -> None:
    rows = {**supply_row(1, kind=3, level=42, capacity=100, text="Black Cartridge"), **supply_row(2, kind=3, level=7, capacity=100)}
    device = of(
        HP_DEVICE,
        {
            SERIAL: "CNRXB12345",
            **rows,
            f"{HP}.4.1.10.1.1.3.1.0": b"\x01\x15A1B2C3D4",
            f"{HP}.4.1.10.1.1.3.2.0": b"\x01\x15E5F6G7H8",
            f"{HP}.4.1.10.1.1.56.1.0": b"\x01\x15W9008MC",
        },
    )
    supplies = read(device).supplies
    assert [(each.serial, each.part_number) for each in supplies] == [("A1B2C3D4", "W9008MC"), ("E5F6G7H8", None)]
    assert [each.level for each in supplies] == [42, 7]


def test_lexmark_tells_all_of_its_supplies() -> None:
    columns: dict[int, Content] = {
        3: 6,
        4: "cyan",
        5: "Cyan Toner",
        6: "CAH121234",
        7: "24B6008",
        12: 4,
        13: 4,
        14: 20000,
        16: 1500,
    }
    supply = only_supply(of("641.2.1", {f"{P}.641.6.4.4.1.1.{column}.1.2": content for column, content in columns.items()}))
    assert (supply.type, supply.color, supply.description, supply.state) == ("toner", "cyan", "Cyan Toner", "low")
    assert (supply.serial, supply.part_number) == ("CAH121234", "24B6008")
    assert (supply.level, supply.capacity, supply.unit, supply.percent) == (1500, 20000, "impressions", 7.5)
    assert supply.source == f"lexmarkSupply {P}.641.6.4.4.1.1.16.1.2"


def test_lexmark_supplies_find_their_standard_rows_by_description() -> None:
    device = of(
        "641.2.1",
        {
            **supply_row(1, kind=3, text="Black Toner", level=22050, capacity=45000),
            **supply_row(2, kind=9, text="Imaging Unit", level=72000, capacity=100000),
            f"{P}.641.6.4.4.1.1.5.1.1": "Imaging Unit",
            f"{P}.641.6.4.4.1.1.6.1.1": "IU12345",
            f"{P}.641.6.4.4.1.1.5.1.2": "Black Toner",
            f"{P}.641.6.4.4.1.1.6.1.2": "BT67890",
        },
    )
    assert [(each.description, each.serial) for each in read(device).supplies] == [
        ("Black Toner", "BT67890"),
        ("Imaging Unit", "IU12345"),
    ]


def test_ricoh_tells_the_true_level_where_the_standard_says_some_remains() -> None:
    device = of(
        "367.1.1",
        {
            **supply_row(1, kind=3, text="Black Toner", level=-3, capacity=100, unit=19),
            **supply_row(2, kind=3, text="Cyan Toner", level=40, capacity=100, unit=19),
            **supply_row(3, kind=3, text="Magenta Toner", level=-100, capacity=100, unit=19),
            f"{P}.367.3.2.1.2.24.1.1.3.1": "Cyan Toner",
            f"{P}.367.3.2.1.2.24.1.1.5.1": 35,
            f"{P}.367.3.2.1.2.24.1.1.3.2": "Black Toner",
            f"{P}.367.3.2.1.2.24.1.1.5.2": 60,
        },
    )
    reading = read(device)
    assert [(each.percent, each.state) for each in reading.supplies] == [(60, "ok"), (40, "ok"), (None, "empty")]
    assert reading.supplies[0].source == f"ricohToner {P}.367.3.2.1.2.24.1.1.5.2"
    assert reading.reasons["supplies.1.level"] == "prtMarkerSuppliesLevel.1.1 is -3"


def test_oki_tells_toners_drums_belt_and_fuser() -> None:
    oki = f"{P}.2001.1.1.1.1.100"
    levels = {f"{oki}.3.1.1.3.{number}": 10 * number for number in range(1, 5)}
    device = of("2001.1.1.1.1", {**levels, f"{oki}.4.1.1.4.2": 77, f"{oki}.5.1.1.4.1": 88, f"{oki}.6.1.1.4.1": 99})
    found = {(each.type, each.color): each.percent for each in read(device).supplies}
    assert found == {
        ("toner", "black"): 10,
        ("toner", "cyan"): 20,
        ("toner", "magenta"): 30,
        ("toner", "yellow"): 40,
        ("opc", "cyan"): 77,
        ("transferUnit", None): 88,
        ("fuser", None): 99,
    }


def test_samsung_tells_the_serial_number_of_the_only_cartridge() -> None:
    device = of(
        "236.11.5.1",
        {
            **supply_row(1, kind=3, text="Black Toner", level=60, capacity=100),
            f"{P}.236.11.5.11.53.61.5.2.1.7.1.1": "CRUM-150828123",
        },
    )
    assert only_supply(device).serial == "CRUM-150828123"


def test_samsung_cartridges_of_a_colour_device_are_not_guessed() -> None:
    device = of(
        "236.11.5.1",
        {
            **supply_row(1, kind=3, text="Black Toner", level=60, capacity=100),
            **supply_row(2, kind=3, text="Cyan Toner", level=60, capacity=100),
            f"{P}.236.11.5.11.53.61.5.2.1.7.1.1": "CRUM-150828123",
        },
    )
    assert [each.serial for each in read(device).supplies] == [None, None]


def test_samsung_tells_the_percentage_of_the_toner() -> None:
    assert only_supply(of("236.11.5.1", {f"{P}.236.11.5.1.1.3.22.0": 64})).percent == 64


def test_pantum_tells_toner_and_drum() -> None:
    supplies = read(of("40093.10", {f"{P}.40093.6.3.1": 55, f"{P}.40093.8.1.4.0": 66})).supplies
    assert [(each.type, each.percent) for each in supplies] == [("toner", 55), ("opc", 66)]


@pytest.mark.parametrize(
    "enterprise",
    ["253.8.62.1", "367.1.1", "1602.4", "18334.1.1", "1347.41", "2435.2.3.9.1", "2001.1", "2385.3.1", "1129.2.3"],
)
def test_where_a_maker_has_no_serial_numbers_of_cartridges_the_reason_says_so(enterprise: str) -> None:
    device = of(enterprise, supply_row(1, kind=3, text="Black Toner", level=50, capacity=100))
    assert read(device).reasons["supplies.serial"] == NOT_FROM_THIS_VENDOR


@pytest.mark.parametrize("enterprise", [HP_DEVICE, "641.2.1", "236.11.5", "1248.1.1.2.1.3"])
def test_where_a_maker_has_them_they_are_only_not_reported(enterprise: str) -> None:
    device = of(enterprise, supply_row(1, kind=3, text="Black Toner", level=50, capacity=100))
    assert read(device).reasons["supplies.serial"] == "not reported"


TWO_TONERS = [(1, "Black Toner", 50), (2, "Cyan Toner", 2)]

# Brother's records


def maintenance(octets: str, name: str = "HL-L2350DW") -> Device:
    device_id = f"MFG:Brother;MDL:{name};CLS:PRINTER;"
    return of("2435.2.3.9.1", {f"{BROTHER}.8.0": bytes.fromhex(octets), f"{P}.2435.2.3.9.1.1.7.0": device_id})


def test_brother_tells_what_is_left_to_the_hundredth() -> None:
    device = maintenance("6f010400001a90 8101040000003c 410104000023f0 690104000026ac ff".replace(" ", ""))
    found = {each.description: (each.type, each.percent) for each in read(device).supplies}
    assert found == {"Black Toner": ("toner", 68), "Drum Unit": ("opc", 92), "Belt Unit": ("transferUnit", 99)}


def test_brother_tells_steps_where_it_knows_no_better() -> None:
    assert only_supply(maintenance("8201040000003cff")).percent == 60


def test_an_ink_device_of_brother_has_inks() -> None:
    supply = only_supply(maintenance("7001040000 0dac ff".replace(" ", ""), "MFC-J680DW"))
    assert (supply.type, supply.color, supply.percent) == ("ink", "cyan", 35)


@pytest.mark.parametrize(("remaining", "state"), [(75, "ok"), (5, "low"), (0, "full"), (100, "ok")])
def test_an_ink_device_of_brother_has_a_box_for_waste(remaining: int, state: str) -> None:
    box = only_supply(maintenance(f"85010400 0000{remaining:02x} ff".replace(" ", ""), "MFC-J5555DW"))
    assert (box.type, box.supply_class, box.description) == ("wasteInk", "receptacleThatIsFilled", "Ink Capture Box")
    assert (box.percent, box.state) == (remaining, state)


def test_a_laser_device_of_brother_has_none() -> None:
    assert read(maintenance("8501040000004bff")).supplies == ()


@pytest.mark.parametrize("code", ["41", "80", "79", "69", "6a", "6b"])
def test_an_ink_device_has_no_drum_belt_fuser_or_laser(code: str) -> None:
    octets = f"{code}010400002454ff"
    assert read(maintenance(octets, "MFC-J680DW")).supplies == ()
    assert only_supply(maintenance(octets)).percent == 93


def test_an_ink_device_counts_no_pages_of_a_drum() -> None:
    octets = "11010400000064ff"
    assert "drum_pages" not in read(maintenance(octets, "MFC-J680DW")).misc
    assert read(maintenance(octets)).misc["drum_pages"] == 100


def test_older_inks_carry_their_capacity() -> None:
    supply = only_supply(maintenance("a301020614ff", "MFC-5490CN"))
    assert (supply.type, supply.color, supply.level, supply.capacity, supply.percent) == ("ink", "magenta", 6, 20, 30)


def test_a_record_of_one_octet_is_a_state_and_no_amount() -> None:
    supplies = read(maintenance("310101024101010363010103ff")).supplies
    assert [(each.description, each.state, each.percent, each.level) for each in supplies] == [
        ("Black Toner", "low", None, None),
        ("Drum Unit", "empty", None, None),
    ]


@pytest.mark.parametrize(("level", "state"), [(0, "ok"), (1, "low"), (2, "empty"), (3, "low"), (4, "unknown")])
def test_levels_of_brother_without_a_capacity_name_a_state(level: int, state: str) -> None:
    row = supply_row(1, kind=3, text="Black Toner", level=level, capacity=-2)
    supply = only_supply(of("2435.2.3.9.1", row))
    assert (supply.state, supply.percent, supply.level) == (state, None, level)


@pytest.mark.parametrize(("level", "state"), [(0, "ok"), (1, "low"), (2, "empty"), (3, "low")])
def test_a_code_of_brother_is_no_percentage_though_its_unit_is_percent(level: int, state: str) -> None:
    reading = read(of("2435.2.3.9.1", supply_row(1, kind=3, text="Black Toner", level=level, capacity=-2, unit=19)))
    assert (reading.supplies[0].state, reading.supplies[0].percent) == (state, None)
    assert reading.reasons["supplies.1.percent"] == f"level {level} names a state"


def test_a_row_in_percent_shows_that_the_others_are_no_codes() -> None:
    rows = [supply_row(row, kind=3, text=text, level=level, capacity=-2, unit=19) for row, text, level in TWO_TONERS]
    device = of("2435.2.3.9.1", {oid: content for row in rows for oid, content in row.items()})
    assert [(each.state, each.percent) for each in read(device).supplies] == [("ok", 50), ("low", 2)]


@pytest.mark.parametrize(("level", "percent", "state"), [(2, 2, "low"), (0, 0, "empty"), (60, 60, "ok")])
def test_a_model_without_codes_tells_percentages(level: int, percent: float, state: str) -> None:
    row = supply_row(1, kind=3, text="Black Toner", level=level, capacity=-2, unit=19)
    supply = only_supply(of("2435.2.3.9.1", {DEVICE_DESCR: "Brother MFC-L8850CDW", **row}))
    assert (supply.percent, supply.state) == (percent, state)


def test_an_alert_outweighs_a_code_of_brother() -> None:
    alert: Device = {f"1.3.6.1.2.1.43.18.1.1.{column}.1.1": value for column, value in {2: 4, 4: 11, 5: 1, 7: 13}.items()}
    row = supply_row(1, kind=3, text="Black Toner", level=0, capacity=-2, unit=19)
    assert only_supply(of("2435.2.3.9.1", {**row, **alert})).state == "empty"


def test_levels_with_a_capacity_stay_amounts() -> None:
    supply = only_supply(of("2435.2.3.9.1", supply_row(1, kind=9, text="Drum", level=2, capacity=100)))
    assert (supply.percent, supply.state) == (2, "low")


def test_one_model_of_brother_is_exempt() -> None:
    device = of("2435.2.3.9.1", {DEVICE_DESCR: "Brother MFC-L8850CDW", **supply_row(1, kind=3, level=0, capacity=-2)})
    assert only_supply(device).state == "unknown"


# Texts and panels


def test_the_firmware_of_lexmark_designs_is_the_one_on_the_panel() -> None:
    device = {
        SYS_DESCR: "Dell S5830dn version NH62.YS.N636 kernel 3.0.0 All-N-1",
        DEVICE_DESCR: "Dell S5830dn 7XQ1R92 LW62.DN4.P636",
    }
    reading = read(of("674.10898.2.100", device))
    assert (reading.device.manufacturer, reading.device.model, reading.device.firmware) == ("Dell", "S5830dn", "LW62.DN4.P636")
    assert reading.misc["network_firmware"] == "NH62.YS.N636"


def test_without_it_the_network_part_stands_in() -> None:
    reading = read(of("641.1.71106749", {SYS_DESCR: "Lexmark T640 version NS.NP.N219 kernel 2.6.6 All-N-1"}))
    assert reading.device.firmware == "NS.NP.N219"


@pytest.mark.parametrize(
    ("enterprise", "oid"),
    [
        (HP_DEVICE, f"{P}.11.2.3.9.1.1.3.0"),
        ("2435.2.3.9.1", f"{P}.2435.2.3.9.4.2.1.5.4.5.2.0"),
        ("1347.41", f"{P}.1347.43.18.2.1.2.1.1"),
        ("236.11.5.1", f"{P}.236.11.5.1.1.9.20.0"),
    ],
)
def test_the_display_stands_in_for_a_missing_console(enterprise: str, oid: str) -> None:
    assert read(of(enterprise, {oid: "Replace Toner"})).status.console == ("Replace Toner",)
    console = "1.3.6.1.2.1.43.16.5.1.2.1.1"
    assert read(of(enterprise, {oid: "Replace Toner", console: "Ready"})).status.console == ("Ready",)


def test_a_display_of_two_lines_is_two_lines() -> None:
    device = of("2435.2.3.9.1", {f"{P}.2435.2.3.9.4.2.1.5.4.5.2.0": b"ENERGIESPAREN   \rTROMMEL ERSETZ. "})
    assert read(device).status.console == ("ENERGIESPAREN", "TROMMEL ERSETZ.")


def test_a_rebrand_keeps_the_name_on_its_front() -> None:
    device = of("1347.41", {SYS_DESCR: "KYOCERA Printing System", f"{P}.1347.40.1.1.1.8.1": "MFG:UTAX;MDL:P-4531DN;CLS:PRINTER;"})
    reading = read(device)
    assert (reading.device.manufacturer, reading.device.model) == ("UTAX", "P-4531DN")


def test_a_network_scanner_is_known_by_its_name_only() -> None:
    scanner = {
        SYS_DESCR: "EPSON 10/100/1000 Ethernet USB Ext. Scan Server",
        DEVICE_DESCR: "DS-860",
        f"{P}.1248.1.1.3.1.1.1.0": "EP335FDCENSN08",
        f"{P}.1248.1.1.3.1.21.1.1.2.1": "02.03",
    }
    found = read(of("1248.1.1.2.1.3.22", scanner)).device
    assert (found.serial, found.model, found.firmware) == ("EP335FDCENSN08", "DS-860", "02.03")


def test_a_printer_of_epson_never_takes_its_network_name_for_a_serial_number() -> None:
    printer = {DEVICE_DESCR: "EPSON WF-C869R Series", f"{P}.1248.1.1.3.1.1.1.0": "EP29F16FENSN3"}
    assert read(of("1248.1.1.2.1.3.5", printer)).device.serial is None


@pytest.mark.parametrize(("files", "rows"), [(6, 12), (2, 40), (20, 2)])
def test_a_table_that_is_named_again_and_again_adds_no_more_than_a_printer_can_have(files: int, rows: int) -> None:
    table = f"""
[[supplies]]
name = "s"
evidence = "A"
join = ["part_number", "color"]
[supplies.columns]
description = "{P}.32473.1.8"
level = "{P}.32473.1.9"
"""
    levels = {f"{P}.32473.1.9.{row}": 50 for row in range(1, rows + 1)}
    device = of("32473.1", {**levels, **{f"{P}.32473.1.8.{row}": f"Part {row}" for row in range(1, rows + 1)}})
    many = [parse(HEAD.replace("Acme", f"Acme {number}") + table * 10, f"{number}.toml") for number in range(files)]
    assert len(read(device, defined(table)).supplies) == rows
    assert len(read(device, Definitions((*builtin_definitions().definitions, *many))).supplies) == 200
