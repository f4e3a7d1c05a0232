"""Each vendor definition on a device made up from the facts: what goes in as private objects comes out as items of the reading."""

import pytest

from appliance.reading.definitions import builtin_definitions
from tests.appliance.definitions.device import (
    DEVICE_DESCR,
    LIFE_COUNT,
    SERIAL,
    SYS_DESCR,
    Content,
    Device,
    P,
    float32,
    meters,
    of,
    only_supply,
    read,
    supply_row,
)

HP = f"{P}.11.2.3.9.4.2.1"
HP_DEVICE = "11.2.3.9.1"
BROTHER = f"{P}.2435.2.3.9.4.2.1.5.5"
NOT_FROM_THIS_VENDOR = "not available from this manufacturer"

IDENTITY: list[tuple[str, Device, dict[str, str]]] = [
    (
        "HP",
        of(
            HP_DEVICE,
            {
                f"{HP}.1.3.2.0": b"\x01\x15HP LaserJet 4250",
                f"{HP}.1.3.3.0": b"\x01\x15CNRXB12345",
                f"{HP}.1.3.6.0": b"\x01\x1508.250.0",
                f"{HP}.1.3.11.0": b"\x01\x15Room 12",
                f"{HP}.1.3.12.0": b"\x01\x15ASSET-77",
            },
        ),
        {
            "serial": "CNRXB12345",
            "model": "LaserJet 4250",
            "firmware": "08.250.0",
            "location": "Room 12",
            "asset_number": "ASSET-77",
        },
    ),
    (
        "Lexmark",
        of(
            "641.2.71106749",
            {f"{P}.641.2.1.2.1.6.1": "45063LM", f"{P}.641.2.1.2.1.4.1": "LW20.SB7.P231", f"{P}.641.2.1.2.1.2.1": "Lexmark MS810dn"},
        ),
        {"serial": "45063LM", "model": "MS810dn", "firmware": "LW20.SB7.P231"},
    ),
    (
        "Lexmark (MPS)",
        of(
            "641.2.1",
            {f"{P}.641.6.2.3.1.5.1": "45063LM", f"{P}.641.6.2.3.1.4.1": "MX711", f"{P}.641.6.3.3.1.7.1.1": "LW70.TU.P200"},
        ),
        {"serial": "45063LM", "model": "MX711", "firmware": "LW70.TU.P200"},
    ),
    ("Xerox", of("253.8.62.1.1", {f"{P}.253.8.53.3.2.1.3.1": "XL3123456"}), {"serial": "XL3123456"}),
    ("Xerox (Tektronix)", of("128.2.1", {f"{P}.128.2.1.3.1.2.0": "Phaser 7700GX"}), {"model": "Phaser 7700GX"}),
    (
        "Ricoh",
        of(
            "367.1.1",
            {
                f"{P}.367.3.2.1.2.1.4.0": "E216R220016",
                f"{P}.367.3.2.1.1.1.1.0": "MP C2503",
                f"{P}.367.3.2.1.1.1.2.0": "1.35",
                f"{P}.367.3.2.1.6.1.1.7.1": "RNP002673",
            },
        ),
        {"serial": "E216R220016", "model": "MP C2503", "firmware": "1.35", "hostname": "RNP002673"},
    ),
    ("Ricoh (firmware table)", of("367.1.1", {f"{P}.367.3.2.1.2.20.1.2.1.1": "2.03"}), {"firmware": "2.03"}),
    (
        "Canon",
        of("1602.4.7", {f"{P}.1602.1.2.1.4.0": "JWF12345", f"{P}.1602.1.1.1.1.0": "iR-ADV C5235", f"{P}.1602.1.1.1.4.0": "65.13"}),
        {"serial": "JWF12345", "model": "iR-ADV C5235", "firmware": "65.13"},
    ),
    ("Canon (newer)", of("1602.4.7", {f"{P}.1602.1.2.1.8.1.3.1.1": "XTH00001"}), {"serial": "XTH00001"}),
    (
        "Konica Minolta",
        of("18334.1.1.1.2.1", {f"{P}.18334.1.1.1.1.6.2.1.0": "KONICA MINOLTA bizhub C364e", f"{P}.18334.1.1.1.1.6.1.0": "1.102"}),
        {"model": "bizhub C364e", "firmware": "1.102"},
    ),
    (
        "Kyocera",
        of(
            "1347.41",
            {
                f"{P}.1347.43.5.1.1.28.1": "QUV9600664",
                f"{P}.1347.43.5.1.1.1.1": "FS-1028MFP",
                f"{P}.1347.43.5.4.1.5.1.1": "2H9_2F00.002.002",
                f"{P}.1347.40.10.1.1.5.1": "KM65E2B9",
            },
        ),
        {"serial": "QUV9600664", "model": "FS-1028MFP", "firmware": "2H9_2F00.002.002", "hostname": "KM65E2B9"},
    ),
    (
        "Brother",
        of(
            "2435.2.3.9.1",
            {
                f"{BROTHER}.1.0": "E71833C4J372261",
                f"{BROTHER}.17.0": "ZA1811191217",
                f"{P}.2435.2.3.9.1.1.7.0": "MFG:Brother;MDL:DCP-9020CDW series;CLS:PRINTER;",
                f"{P}.2435.2.4.3.1240.1.1.0": "BRN3C2AF4",
            },
        ),
        {"serial": "E71833C4J372261", "model": "DCP-9020CDW", "firmware": "ZA1811191217", "hostname": "BRN3C2AF4"},
    ),
    (
        "Epson",
        of(
            "1248.1.1.2.1.3.5",
            {
                f"{P}.1248.1.2.2.1.1.1.2.1": "WF-C869R",
                f"{P}.1248.1.2.2.1.1.1.5.1": "X3BC000123",
                f"{P}.1248.1.2.2.2.1.1.3.1.2": "Main FW",
                f"{P}.1248.1.2.2.2.1.1.2.1.2": "KA16J2",
            },
        ),
        {"serial": "X3BC000123", "model": "WF-C869R", "firmware": "KA16J2"},
    ),
    (
        "OKI",
        of("2001.1.1.1.1", {f"{P}.2001.1.1.1.1.11.1.10.45.0": "AK5B012345", f"{P}.2001.1.1.1.1.11.1.10.25.0": "C532"}),
        {"serial": "AK5B012345", "model": "C532"},
    ),
    (
        "Samsung",
        of(
            "236.11.5.1",
            {
                f"{P}.236.11.5.1.1.1.4.0": "Z7RQBJCG300012",
                f"{P}.236.11.5.1.1.1.2.0": "V11.01",
                f"{P}.236.11.5.1.1.1.1.0": "Samsung M4020ND",
            },
        ),
        {"serial": "Z7RQBJCG300012", "model": "M4020ND", "firmware": "V11.01"},
    ),
    ("Sharp", of("2385.3.1.112", {f"{P}.2385.2.1.1.2.1.2.1": "1.04"}), {"firmware": "1.04"}),
    (
        "Toshiba",
        of("1129.2.3.58", {f"{P}.1129.2.3.50.1.2.3.1.3.1.1": "e-STUDIO2505AC", f"{P}.1129.2.3.50.1.2.4.1.62.1.1": "T130SY0"}),
        {"model": "e-STUDIO2505AC", "firmware": "T130SY0"},
    ),
    (
        "Toshiba TEC",
        of(
            "1129.1.2.1",
            {
                f"{P}.1129.1.2.1.1.1.1.1.0": "2110A000123",
                f"{P}.1129.1.2.1.1.1.2.1.0": "B-EX4T1-GS12",
                f"{P}.1129.1.2.1.1.1.2.2.0": "V1.6H",
            },
        ),
        {"serial": "2110A000123", "model": "B-EX4T1-GS12", "firmware": "V1.6H"},
    ),
    ("Dell", of("674.10898.2.100", {f"{P}.674.10898.100.2.1.2.1.2.1": "Dell S5830dn"}), {"model": "S5830dn"}),
    (
        "FUJIFILM",
        of("297.1.11.93", {f"{P}.297.1.111.1.31.10.0": "System 23.1.23; ESS 1.3.1; IOT 10.36.0"}),
        {"firmware": "23.1.23"},
    ),
    (
        "Pantum",
        of("40093.10", {f"{P}.40093.1.1.1.5.0": "CC2E123456", f"{P}.40093.1.1.1.1.0": "V1.8.3"}),
        {"serial": "CC2E123456", "firmware": "V1.8.3"},
    ),
    ("Pantum (other places)", of("40093.10", {f"{P}.40093.10.1.1.4": "CC2E123456"}), {"serial": "CC2E123456"}),
    (
        "Zebra",
        of("10642.1.1", {f"{P}.10642.1.9.0": "D4J194302", f"{P}.10642.1.1.0": "ZTC ZT230-200dpi", f"{P}.10642.1.2.0": "V72.19.6Z"}),
        {"serial": "D4J194302", "model": "ZTC ZT230-200dpi", "firmware": "V72.19.6Z"},
    ),
    ("Zebra (print server)", of("683.6.0", {f"{P}.683.1.5.0": "7062184"}), {"serial": "7062184"}),
]


@pytest.mark.parametrize(("device", "fields"), [each[1:] for each in IDENTITY], ids=[each[0] for each in IDENTITY])
def test_who_a_device_is_stands_in_its_private_objects(device: Device, fields: dict[str, str]) -> None:
    reading = read(device)
    found = reading.device.model_dump()
    assert {name: found[name] for name in fields} == fields
    for name in fields:
        assert name == "model" or P in reading.sources[f"device.{name}"]


METERS: list[tuple[str, Device, dict[str, int]]] = [
    (
        "HP",
        of(
            HP_DEVICE,
            {
                LIFE_COUNT: 900,
                f"{HP}.4.1.2.5.0": 1000,
                f"{HP}.4.1.2.6.0": 700,
                f"{HP}.4.1.2.7.0": 300,
                f"{HP}.4.1.2.22.0": 40,
                f"{HP}.1.16.1.20.1.2.0": 11,
                f"{HP}.1.16.1.20.2.2.0": 12,
                f"{HP}.1.16.1.1.13.0": 13,
                f"{HP}.1.16.1.1.14.0": 14,
                f"{HP}.1.16.1.44.1.1.0": float32(500.0),
                f"{HP}.1.16.1.44.2.1.0": float32(250.5),
                f"{HP}.1.16.1.44.1.2.0": float32(30.0),
                f"{HP}.1.16.1.44.1.3.0": float32(7.0),
                f"{HP}.1.16.1.47.1.0": float32(537.0),
            },
        ),
        {
            "total": 900,
            "engine_total": 1000,
            "engine_mono": 700,
            "engine_color": 300,
            "engine_duplex": 40,
            "paper_letter_mono": 11,
            "paper_letter_color": 12,
            "simplex": 13,
            "duplex": 14,
            "print_mono": 500,
            "print_color": 250,
            "copy_mono": 30,
            "fax_mono": 7,
            "total_mono": 537,
        },
    ),
    (
        "Lexmark",
        of(
            "641.2.1",
            {
                **{f"{P}.641.6.4.2.1.1.2.1.{row}": kind for row, kind in enumerate((34, 17, 16, 33, 48, 3, 4), 1)},
                **{f"{P}.641.6.4.2.1.1.4.1.{row}": count for row, count in enumerate((34000, 17000, 16000, 33000, 48, 3, 4), 1)},
            },
        ),
        {
            "copy_color": 34000,
            "print_mono": 17000,
            "print_total": 16000,
            "copy_mono": 33000,
            "fax_total": 48,
            "total_mono": 3,
            "total_color": 4,
        },
    ),
    (
        "Lexmark (one kind of paper)",
        of("641.2.1", {f"{P}.641.6.4.2.2.1.6.1.1": 60, f"{P}.641.6.4.2.2.1.7.1.1": 70}),
        {"total_mono": 60, "total_color": 70},
    ),
    ("Lexmark (older)", of("641.1.1", {f"{P}.641.2.1.5.2": 20, f"{P}.641.2.1.5.3": 30}), {"total_mono": 20, "total_color": 30}),
    (
        "Xerox",
        of(
            "253.8.62.1.1",
            {
                LIFE_COUNT: 6466,
                f"{P}.253.8.53.13.2.1.6.1.20.1": 6462,
                f"{P}.253.8.53.13.2.1.6.1.20.33": 2000,
                f"{P}.253.8.53.13.2.1.6.1.20.34": 4462,
                f"{P}.253.8.53.13.2.1.6.11.20.3": 30,
                f"{P}.253.8.53.13.2.1.6.11.20.25": 25,
                f"{P}.253.8.53.13.2.1.6.10.20.11": 11,
                f"{P}.253.8.53.13.2.1.6.10.20.12": 12,
            },
        ),
        {
            "total": 6462,
            "marker_total": 6466,
            "total_color": 2000,
            "total_mono": 4462,
            "copy_mono": 30,
            "copy_color": 25,
            "scan_email": 11,
            "scan_network": 12,
            "scan_total": 23,
        },
    ),
    (
        "FUJIFILM, as Xerox",
        of("297.1.11.93", {f"{P}.253.8.53.13.2.1.6.1.20.33": 5, f"{P}.253.8.53.13.2.1.6.1.20.34": 6}),
        {"total_color": 5, "total_mono": 6},
    ),
    (
        "Ricoh (simple)",
        of("367.1.1", {f"{P}.367.3.2.1.2.19.1.0": 100, f"{P}.367.3.2.1.2.19.2.0": 60, f"{P}.367.3.2.1.2.19.4.0": 40}),
        {"total": 100, "print_total": 60, "copy_total": 40},
    ),
    (
        "Ricoh (engine counters)",
        of(
            "367.1.1",
            {
                LIFE_COUNT: 90001,
                **{
                    f"{P}.367.3.2.1.2.19.5.1.2.{row}": kind
                    for row, kind in enumerate((403, 10, 402, 401, 400, 200, 201, 202, 203, 300, 870, 871), 1)
                },
                **{
                    f"{P}.367.3.2.1.2.19.5.1.9.{row}": count
                    for row, count in enumerate((20000, 90000, 10000, 30000, 60000, 29000, 9000, 8000, 12000, 1000, 70, 30), 1)
                },
            },
        ),
        {
            "total": 90000,
            "marker_total": 90001,
            "print_total": 60000,
            "print_mono": 30000,
            "print_color": 30000,
            "copy_total": 29000,
            "copy_mono": 9000,
            "copy_color": 20000,
            "fax_total": 1000,
            "scan_total": 100,
        },
    ),
    (
        "Canon",
        of(
            "1602.4.7",
            {
                LIFE_COUNT: 1001,
                **{
                    f"{P}.1602.1.11.1.3.1.4.{code}": count
                    for code, count in {
                        101: 1000,
                        102: 999,
                        105: 400,
                        108: 600,
                        112: 50,
                        113: 550,
                        122: 40,
                        123: 360,
                        301: 800,
                        501: 77,
                    }.items()
                },
            },
        ),
        {
            "total": 1000,
            "marker_total": 1001,
            "total_2": 999,
            "total_color": 400,
            "total_mono": 600,
            "large_mono": 50,
            "small_mono": 550,
            "large_color": 40,
            "small_color": 360,
            "print_total": 800,
            "scan_total": 77,
        },
    ),
    (
        "Konica Minolta",
        of(
            "18334.1.1.1.2.1",
            {
                f"{P}.18334.1.1.1.5.7.2.1.1.0": 33803,
                f"{P}.18334.1.1.1.5.7.2.1.3.0": 7357,
                f"{P}.18334.1.1.1.5.7.2.2.1.5.1.1": 3672,
                f"{P}.18334.1.1.1.5.7.2.2.1.5.1.2": 22876,
                f"{P}.18334.1.1.1.5.7.2.2.1.5.2.1": 544,
                f"{P}.18334.1.1.1.5.7.2.2.1.5.2.2": 6711,
                f"{P}.18334.1.1.1.5.7.2.3.1.5.1": 5653,
            },
        ),
        {
            "total": 33803,
            "duplex": 7357,
            "copy_mono": 3672,
            "print_mono": 22876,
            "copy_color": 544,
            "print_color": 6711,
            "scan_total": 5653,
        },
    ),
    (
        "Kyocera",
        of(
            "1347.41",
            {
                LIFE_COUNT: 432951,
                f"{P}.1347.43.10.1.1.12.1.1": 424405,
                f"{P}.1347.42.3.1.1.1.1.1": 300000,
                f"{P}.1347.42.3.1.1.1.1.2": 124000,
                f"{P}.1347.42.3.1.1.1.1.4": 405,
                f"{P}.1347.42.3.1.2.1.1.1.1": 200000,
                f"{P}.1347.42.3.1.2.1.1.1.3": 100000,
                f"{P}.1347.42.3.1.2.1.1.2.1": 100000,
                f"{P}.1347.42.3.1.2.1.1.2.3": 24000,
                f"{P}.1347.42.3.1.2.1.1.4.1": 405,
                f"{P}.1347.42.3.1.3.1.1.2": 10500,
                f"{P}.1347.42.3.1.3.1.1.4": 948,
                f"{P}.1347.42.3.1.4.1.1.1": 219030,
                f"{P}.1347.42.2.1.1.1.2.1.1": "A3",
                f"{P}.1347.42.2.1.1.1.2.1.3": "A4",
                f"{P}.1347.42.2.1.1.1.6.1.1": 1000,
                f"{P}.1347.42.2.1.1.1.6.1.3": 423405,
                f"{P}.1347.42.2.1.1.1.7.1.1": 600,
                f"{P}.1347.42.2.1.1.1.8.1.1": 400,
            },
        ),
        {
            "total": 424405,
            "marker_total": 432951,
            "print_total": 300000,
            "copy_total": 124000,
            "fax_total": 405,
            "total_mono": 300405,
            "total_color": 124000,
            "scan_total": 230478,
            "paper_a3": 1000,
            "paper_a3_mono": 600,
            "paper_a3_color": 400,
            "paper_a4": 423405,
        },
    ),
    (
        "Kyocera, one level less",
        of(
            "1347.41",
            {f"{P}.1347.42.3.1.1.1.1": 3, f"{P}.1347.42.3.1.1.1.2": 2, f"{P}.1347.42.3.1.1.1.4": 1},
        ),
        {"print_total": 3, "copy_total": 2, "fax_total": 1},
    ),
    (
        "Brother",
        of(
            "2435.2.3.9.1",
            {
                f"{BROTHER}.10.0": bytes.fromhex("0001040000134b02010400000c69010104000006e206010400000010ff"),
                f"{BROTHER}.54.2.2.1.3.3": 4711,
            },
        ),
        {"total": 4939, "total_color": 3177, "total_mono": 1762, "duplex": 16, "scan_total": 4711},
    ),
    (
        "Epson",
        of(
            "1248.1.1.2.1.3.5",
            {
                f"{P}.1248.1.2.2.27.1.1.33.1.1": 81563,
                f"{P}.1248.1.2.2.27.1.1.3.1.1": 39797,
                f"{P}.1248.1.2.2.27.1.1.4.1.1": 41766,
                f"{P}.1248.1.2.2.27.6.1.4.1.1.1": 49053,
                f"{P}.1248.1.2.2.27.6.1.4.1.1.2": 32474,
                f"{P}.1248.1.2.2.27.6.1.5.1.1.1": 39434,
                f"{P}.1248.1.2.2.27.6.1.5.1.1.2": 2332,
            },
        ),
        {
            "total": 81563,
            "total_mono": 39797,
            "total_color": 41766,
            "print_total": 49053,
            "copy_total": 32474,
            "print_color": 39434,
            "copy_color": 2332,
        },
    ),
    ("OKI", of("2001.1.1.1.1", {f"{P}.2001.1.1.1.1.100.1.1.1.3.1": 12345}), {"total": 12345}),
    (
        "Samsung",
        of(
            "236.11.5.1",
            {
                **{f"{P}.236.11.5.11.53.11.2.1.2.{row}": kind for row, kind in enumerate((6, 1, 5, 2), 1)},
                **{f"{P}.236.11.5.11.53.11.2.1.7.{row}": count for row, count in enumerate((66, 11, 55, 22), 1)},
            },
        ),
        {"print_total": 11, "copy_total": 22, "scan_pc": 55, "report_total": 66},
    ),
    (
        "Sharp, without labels",
        of("2385.3.1.112", {f"{P}.2385.1.1.19.2.1.3.5.4.61": 91164, f"{P}.2385.1.1.19.2.1.3.5.4.63": 29940}),
        {"total_mono": 91164, "total_color": 29940},
    ),
    (
        "Toshiba",
        of(
            "1129.2.3.58",
            {
                f"{P}.1129.2.3.50.1.3.21.6.1.3.1.4": 30,
                f"{P}.1129.2.3.50.1.3.21.6.1.3.1.3": 20,
                f"{P}.1129.2.3.50.1.3.21.6.1.3.1.1": 10,
                f"{P}.1129.2.3.50.1.3.21.6.1.4.1.4": 9,
                f"{P}.1129.2.3.50.1.3.21.6.1.207.1.1": 2,
            },
        ),
        {"print_total": 30, "print_mono": 20, "print_color": 10, "copy_total": 9, "large_print_color": 2},
    ),
    (
        "Pantum",
        of("40093.10", {f"{P}.40093.1.1.3.1.0": 1, f"{P}.40093.1.1.3.9": 9, f"{P}.40093.1.1.3.12.0": 12}),
        {"duplex": 1, "copy_total": 9, "print_total": 12},
    ),
    (
        "Panasonic",
        of("258.402.1", {f"{P}.258.402.1.4.2.1.7.{row}": row * 10 for row in (1, 4, 5, 8, 9)}),
        {"print_total": 10, "scan_document_feeder": 40, "copy_total": 50, "fax_sent": 80, "fax_received": 90},
    ),
    ("Zebra", of("10642.1.1", {f"{P}.10642.200.17.3.0": "1920 INCHES, 4876 CENTIMETERS"}), {"length_total": 1920}),
]


@pytest.mark.parametrize(("device", "counts"), [each[1:] for each in METERS], ids=[each[0] for each in METERS])
def test_the_meters_stand_in_private_objects(device: Device, counts: dict[str, int]) -> None:
    found = meters(device)
    assert {name: found.get(name) for name in counts} == counts


def test_every_vendor_with_objects_has_a_made_up_device() -> None:
    tested = {name.partition(",")[0].partition(" (")[0] for name, *_ in (*IDENTITY, *METERS)}
    with_objects = {each.vendor for each in builtin_definitions().definitions if list(each.content.asked())}
    assert with_objects <= tested


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
    ["253.8.62.1", "367.1.1", "1602.4", "18334.1.1", "1347.41", "2435.2.3.9.1", "1248.1.1.2.1.3", "2001.1", "2385.3.1", "1129.2.3"],
)
def test_where_a_maker_has_no_serial_numbers_of_cartridges_the_reason_says_so(enterprise: str) -> None:
    device = of(enterprise, supply_row(1, kind=3, text="Black Toner", level=50, capacity=100))
    assert read(device).reasons["supplies.serial"] == NOT_FROM_THIS_VENDOR


@pytest.mark.parametrize("enterprise", [HP_DEVICE, "641.2.1", "236.11.5"])
def test_where_a_maker_has_them_they_are_only_not_reported(enterprise: str) -> None:
    device = of(enterprise, supply_row(1, kind=3, text="Black Toner", level=50, capacity=100))
    assert read(device).reasons["supplies.serial"] == "not reported"


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
