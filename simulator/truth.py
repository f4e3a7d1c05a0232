"""What the generated printers say about themselves, in the words of the reading contract: what a collector has to find.

Made from the descriptions, not from the objects the agents answer, so that a mistake in one shows in the other.
"""

from typing import Any

from simulator import mib
from simulator.ber import format_oid
from simulator.fleet import Fleet
from simulator.models import Alert, Supply, Tray, Web
from simulator.printing import Printing

PERCENT = 100
_IPP_STATES = {"idle": "idle", "warmup": "idle", "sleeping": "idle", "printing": "printing"}
"""What is left of the state in IPP, which knows idle, processing and stopped. No error of it is serviceRequested."""
METER_NAMES = {"all": "total", "mono": "total_mono", "color": "total_color"}


def fleet_truth(fleet: Fleet, seconds: float) -> dict[str, Any]:
    """Return the truth about every generated printer, `seconds` after the start, and the subtrees nobody may ask for."""
    return {
        "seconds": seconds,
        "never_ask": [format_oid(oid) for oid in mib.PRIVATE_TO_PEOPLE],
        "printers": [
            (printer_truth if member.snmp else truth_without_snmp)(member.printing, member.address, seconds)
            for member in fleet.members
            if member.printing is not None
        ],
    }


def printer_truth(printing: Printing, address: str, seconds: float) -> dict[str, Any]:
    """Return what one printer says `seconds` after the start."""
    model = printing.model
    device = model.device
    return {
        "name": model.name,
        "address": address,
        "snmp": {"versions": list(model.snmp.versions), "getbulk": model.snmp.getbulk, "max_reply": model.snmp.max_reply},
        "device": {
            "ip": address,
            "hostname": device.hostname,
            "mac": device.mac,
            "manufacturer": device.manufacturer,
            "model": device.model,
            "description": device.description,
            "serial": device.serial,
            "location": device.location,
            "firmware": device.firmware,
            "color": device.color,
        },
        "status": {
            "printer": model.status.printer,
            "device": model.status.device,
            "errors": list(model.status.errors),
            "console": list(model.status.console),
        },
        "alerts": [_alert(alert, seconds) for alert in model.alerts],
        "meters": _meters(printing, seconds),
        "supplies": [_supply(printing, index, supply, seconds) for index, supply in enumerate(model.supplies, 1)],
        "trays": [_tray(index, tray) for index, tray in enumerate(model.trays, 1)],
    }


def truth_without_snmp(printing: Printing, address: str, seconds: float) -> dict[str, Any]:
    """Return what of it a printer says `seconds` after the start that answers IPP, and HP's in documents, but no SNMP."""
    whole, web = printer_truth(printing, address, seconds), printing.model.web
    tells = {*web.tells, *(("serial", "firmware", "meters") if web.ledm else ())}
    device = whole["device"] | dict.fromkeys(("hostname", "mac"))
    device |= {name: None for name in ("serial", "firmware", "location") if name not in tells}
    supplies = [_without_snmp(row, supply, web) for row, supply in zip(whole["supplies"], printing.model.supplies, strict=True)]
    if not {"supplies", "markers"} & tells:
        supplies = []
    elif "markers" in tells:
        supplies = [row for row in supplies if row["capacity"] == PERCENT]
    color = printing.model.device.color if supplies or "meters" in tells else None
    state = _IPP_STATES.get(whole["status"]["printer"], "unknown")
    errors = [error for error in whole["status"]["errors"] if error != "serviceRequested"]
    return whole | {
        "snmp": None,
        "device": device | {"color": color},
        "status": {"printer": state, "device": "unknown", "errors": errors, "console": []},
        "alerts": [row | {"seconds_ago": None} for row in whole["alerts"]],
        "meters": {name: each for name, each in whole["meters"].items() if "meters" in tells and each["unit"] == "impressions"},
        "supplies": supplies,
        "trays": whole["trays"] if "trays" in tells else [],
    }


def _without_snmp(row: dict[str, Any], supply: Supply, web: Web) -> dict[str, Any]:
    """Return a row as IPP has it; the markers of CUPS are percent, and the chips of cartridges stand in HP's documents."""
    serial = {"serial": supply.chip_serial} if web.ledm and supply.chip_serial else {}
    if "markers" not in web.tells or supply.capacity <= 0:
        return row | serial
    level = 100 * row["level"] // supply.capacity if row["level"] >= 0 else row["level"]
    percent = float(level) if level >= 0 else None
    return row | serial | {"unit": "percent", "level": level, "capacity": PERCENT, "percent": percent}


def _alert(alert: Alert, seconds: float) -> dict[str, Any]:
    return {
        "severity": alert.severity,
        "group": alert.group,
        "code": alert.code,
        "location": alert.location,
        "description": alert.description,
        "seconds_ago": alert.minutes_ago * 60 + seconds,
    }


def _tray(index: int, tray: Tray) -> dict[str, Any]:
    return {
        "index": str(index),
        "name": tray.name,
        "media": tray.media,
        "capacity": tray.capacity,
        "level": tray.level,
        "state": _level_state(tray.level, tray.capacity),
    }


def _meters(printing: Printing, seconds: float) -> dict[str, dict[str, Any]]:
    """Return the meters; markers that count colour and black pages apart also make a total."""
    markers = printing.model.markers
    counts = {METER_NAMES[marker.counts]: (printing.life_count(marker, seconds), marker.unit) for marker in markers}
    if "total" not in counts:
        counts["total"] = (sum(value for value, _ in counts.values()), markers[0].unit)
    return {name: {"value": value, "unit": unit} for name, (value, unit) in counts.items()}


def _supply(printing: Printing, index: int, supply: Supply, seconds: float) -> dict[str, Any]:
    level = printing.level(supply, seconds)
    known = level >= 0 and supply.capacity > 0
    return {
        "index": str(index),
        "type": supply.type,
        "class": supply.supply_class,
        "color": supply.color or None,
        "description": supply.description,
        "unit": supply.unit,
        "level": level,
        "capacity": supply.capacity,
        "percent": round(100 * level / supply.capacity, 2) if known else None,
        "state": _supply_state(supply, level),
        "serial": supply.serial or None,
        "part_number": supply.part_number or None,
    }


def _supply_state(supply: Supply, level: int) -> str:
    """Return the state of a supply; the receptacles of the fleet with a known level are neither nearly empty nor nearly full."""
    return "ok" if level >= 0 and supply.supply_class == "receptacleThatIsFilled" else _level_state(level, supply.capacity)


def _level_state(level: int, capacity: int) -> str:
    """Return the state by level alone; at a tenth it is low (no printer of the fleet has an alert that says otherwise)."""
    if level < 0:
        return {-1: "unrestricted", -2: "unknown", -3: "some_remaining"}[level]
    if level == 0:
        return "empty"
    return "low" if level * 10 <= capacity else "ok"
