"""Devices made up from the facts, one or more a vendor: what stands in their private objects, and what their readings have to say.

Each is (vendor, objects, wanted); what stands in brackets or behind a comma in the name tells variants of one vendor apart.
"""

from tests.appliance.definitions.device import LIFE_COUNT, Device, P, float32, of

HP = f"{P}.11.2.3.9.4.2.1"
HP_DEVICE = "11.2.3.9.1"
BROTHER = f"{P}.2435.2.3.9.4.2.1.5.5"

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
                f"{P}.1248.1.2.2.27.6.1.2.1.1.1": 1,
                f"{P}.1248.1.2.2.27.6.1.2.1.1.2": 2,
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
