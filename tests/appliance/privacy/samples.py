"""A reading in which every text tells something."""

from datetime import UTC, datetime
from typing import Any

from appliance.report import Access, Alert, Device, Meter, Reading, SnmpAccess, Status, Supply, Tray

KEY = bytes(range(32))


def full_reading(**device: Any) -> Reading:
    """Return a reading with every part filled; `device` changes fields of the device."""
    who: dict[str, Any] = {
        "key": "serial:BROTHER:E12345",
        "ip": "10.0.42.7",
        "hostname": "BRW001BA90BA752",
        "mac": "00:1b:a9:0b:a7:52",
        "manufacturer": "Brother",
        "model": "HL-L6400DW",
        "description": "Brother HL-L6400DW series",
        "serial": "E12345",
        "asset_number": "A-0815",
        "location": "Room 7, Tel. 030 1234567",
        "firmware": "1.2.3.4",
    }
    return Reading(
        taken_at=datetime(2026, 11, 22, 10, tzinfo=UTC),
        device=Device(**(who | device)),
        status=Status(printer="idle", device="running", errors=("lowToner",), console=("IP 10.0.42.7", "Ready")),
        alerts=(
            Alert(severity="critical", group="mediaPath", code="jam", location=1, description="Paper jam. Call 1-800-555-0199"),
        ),
        meters={"total": Meter(value=1_234_567_890, unit="impressions", source="prtMarkerLifeCount.1.1")},
        supplies=(
            Supply.model_validate(
                {
                    "index": "1.1",
                    "type": "toner",
                    "class": "supplyThatIsConsumed",
                    "color": "black",
                    "description": "Black Toner S/N 030-7654321",
                    "percent": 40,
                    "state": "ok",
                    "serial": "030-7654321",
                    "part_number": "TN-3430",
                    "source": "http://10.0.42.7/supplies",
                }
            ),
        ),
        trays=(Tray(index="1.1", name="Tray 1", media="A4", capacity=250, level=100, state="ok"),),
        misc={"printer_name": "BRW001BA90BA752", "network_firmware": "030 1234567"},
        reasons={"device.color": "not reported"},
        access=Access(snmp=SnmpAccess(version="2c", credential="community", default=True), ipp="TLSv1.3"),
    )
