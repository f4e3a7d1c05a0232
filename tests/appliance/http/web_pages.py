"""Web documents of devices, written for the tests: the shapes of several makers with made-up values."""

import json
from collections.abc import Mapping

CDM_IDENTITY = json.dumps(
    {
        "version": "1.2.0",
        "serialNumber": "TH0AB1C2D3",
        "makeAndModel": {"name": "HP Smart Tank 580-590 series", "base": "HP Smart Tank 580", "family": "Smart Tank"},
        "firmwareDateCode": "20250314",
        "deviceUuid": "00000000-0000-1000-8000-000000000001",
    }
).encode()
CDM_COUNTERS = json.dumps(
    {
        "printUsage": {
            "impressions": {"total": 2320, "monochrome": 1300, "color": 1020, "blankSides": 4},
            "a4EquivalentImpressions": {"total": {"significand": 23200000, "exponent": -4}},
            "copyImpressions": {"total": 300},
            "sheets": {"total": 2100, "simplex": 1880, "duplex": 220},
        },
        "scanUsage": {"totalImages": 77, "adfImages": 50, "sendImages": -1},
        "jobUsage": {"printJobCount": 99},
    }
).encode()
CDM_SUPPLIES = json.dumps(
    {
        "suppliesList": [
            {
                "slot": 1,
                "supplyType": "tonerCartridge",
                "supplyColorCode": "K",
                "percentLifeDisplay": 61,
                "serialNumber": "CN70000001",
                "orderPartNumber": "W2200A",
                "supplyState": "ok",
            },
            {
                "slot": 2,
                "supplyType": "tonerCartridge",
                "supplyColorCode": "C",
                "percentLifeDisplay": 90,
                "percentLifeDisplaySymbol": "greaterThan",
                "serialNumber": "CN70000002",
            },
            {"slot": 3, "supplyType": "tonerCartridge", "supplyColorCode": "M", "supplyState": "missing", "percentLifeDisplay": 0},
            {"slot": 4, "supplyType": "inkTank", "supplyColorCode": "Y", "percentLifeDisplay": 255},
        ]
    }
).encode()
CDM: Mapping[str, bytes] = {
    "/cdm/system/v1/identity": CDM_IDENTITY,
    "/cdm/deviceUsage/v1/lifetimeCounters": CDM_COUNTERS,
    "/cdm/supply/v1/suppliesPublic": CDM_SUPPLIES,
}

MNT_INFO = (
    b'"Node Name","Model Name","Location","Contact","IP Address","Serial No.","Main Firmware Version","Page Counter",'
    b'"% of Life Remaining(Drum Unit)","% of Life Remaining(Toner)","A4/Letter","Others","Copy","Print","Others",'
    b'"Scan Page Count","Total Paper Jams",\r\n'
    b'"BRW000000000001","Brother HL-L9999DW series","Hall 4","m.keller@example.com","192.0.2.5","E70000A0N000001","1.17","14154",'
    b'"61.50","40","13977","21","120","14000","9","88","11",\r\n'
)

SYNCTHRU_HOME = b"""{
\tstatus: { hrDeviceStatus: 2, status1: "  Sleeping...   " },
\tidentity: { model_name: "M2070 Series", host_name: "SEC000000000001", location: "", serial_num: "ZFAYB8KG000001A",
\t\tip_addr: "192.0.2.9", mac_addr: "02:00:00:00:00:09", admin_email: "m.keller@example.com", admin_phone: "5550100" },
\ttoner_black: { opt: 1, remaining: 58, cnt: 229 },
\ttoner_cyan: { opt: 0, remaining: 0, cnt: 0 },
\tdrum_black: { opt: 1, remaining: 5 },
\ttray1: { opt: 1, capa: 150, paper_size1: 4 },
\ttray2: { opt: 0, capa: 520 },
\toutputTray: [ [1, 100, ""] ],
}
"""
SYNCTHRU_COUNTERS = b"""var counters = { GXI_SYS_SERIAL_NUM : 'ZFAYB8KG000001A', GXI_BILLING_TOTAL_IMP_CNT : 93552,
GXI_BILLING_PRINT_TOTAL_IMP_CNT: 80000, GXI_BILLING_COPY_TOTAL_IMP_CNT: 13552, };"""
SYNCTHRU_SUPPLIES = b"""{ toner_black : { opt : 1, remaining : 58, id : "MLT-D111S", serial : "CRUM-000123" } }"""
SYNCTHRU: Mapping[str, bytes] = {
    "/sws/app/information/home/home.json": SYNCTHRU_HOME,
    "/sws/app/information/counters/counters.json": SYNCTHRU_COUNTERS,
    "/sws/app/information/supplies/supplies.json": SYNCTHRU_SUPPLIES,
}
LOGIN = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form action='/login'></form></body></html>"
