"""Thirteen devices of three sites with two weeks of readings, as real ones look: for the console's pages and their pictures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

DAYS = 14
NO_LEVEL = -2  # RFC 3805: unknown
SOME_LEFT = -3  # RFC 3805: some remaining


@dataclass(frozen=True)
class Printer:
    """One device; `levels` are percentages by ink or part, None where it does not tell."""

    maker: str
    model: str
    serial: str
    ip: str
    location: str
    total: int
    color: int | None
    per_day: int
    levels: Mapping[str, float | None]
    printer: str = "idle"
    device: str = "running"
    errors: tuple[str, ...] = ()
    console: tuple[str, ...] = ("Ready",)
    firmware: str = "2411A"
    asset: str | None = None
    alerts: tuple[dict[str, Any], ...] = ()
    misc: Mapping[str, Any] = field(default_factory=dict)
    age_hours: float = 0.2


INKS = ("black", "cyan", "magenta", "yellow")
JAM = {
    "severity": "critical",
    "group": "mediaPath",
    "code": "jam",
    "location": 2,
    "description": "Paper jam in the duplexer",
}
LOW = {"severity": "warning", "group": "markerSupplies", "code": "markerTonerAlmostEmpty", "location": 1}


def color(black: float, cyan: float, magenta: float, yellow: float, **parts: float | None) -> dict[str, float | None]:
    return {"black": black, "cyan": cyan, "magenta": magenta, "yellow": yellow, **parts}


SITES: Mapping[str, tuple[Printer, ...]] = {
    "Harbour office": (
        Printer(
            "HP",
            "HP Color LaserJet MFP M479fdw",
            "VNBRR4K1Q7",
            "10.20.1.21",
            "2nd floor, east",
            48211,
            29340,
            85,
            color(63, 41, 8, 77, fuser=71),
            errors=("lowToner",),
            device="warning",
            console=("Magenta cartridge low", "10.20.1.21"),
            asset="MPS-0107",
            alerts=(LOW | {"description": "Magenta cartridge is low"},),
            misc={"memory_mb": 512, "languages": ["PCL6", "PostScript 3"]},
        ),
        Printer(
            "Lexmark",
            "Lexmark MS826de",
            "7018412LM0C3X",
            "10.20.1.22",
            "Dispatch",
            301876,
            None,
            410,
            {"black": 34, "fuser": 22, "imaging unit": 58},
            printer="printing",
            console=("Busy", "Tray 1 A4"),
            asset="MPS-0112",
        ),
        Printer(
            "KYOCERA",
            "ECOSYS M6635cidn",
            "VCF9Z02815",
            "10.20.1.23",
            "Accounts",
            90233,
            41207,
            120,
            color(55, 62, 48, 51, waste=None),
            printer="sleeping",
            console=("Sleeping...",),
        ),
        Printer(
            "Brother",
            "Brother HL-L6400DW",
            "U64180G7N244511",
            "10.20.1.24",
            "Goods inwards",
            156902,
            None,
            260,
            {"black": None, "drum": 44},
            console=("Ready",),
        ),
        Printer(
            "Zebra",
            "Zebra ZT411-300dpi",
            "18J204100233",
            "10.20.1.30",
            "Packing line 3",
            812044,
            None,
            1900,
            {},
            console=("PRINTER READY", "V92.21.39Z"),
        ),
    ),
    "Riverside clinic": (
        Printer(
            "Canon",
            "Canon iR-ADV C3530 III",
            "2GT04418",
            "192.168.40.11",
            "Reception",
            221540,
            130118,
            340,
            color(22, 18, 30, 26, waste=64, drum=81),
            printer="other",
            device="down",
            errors=("jammed",),
            console=("Paper jam.", "Open the right cover."),
            alerts=(JAM,),
            asset="RC-17",
        ),
        Printer(
            "RICOH",
            "RICOH IM C3000",
            "3089R310442",
            "192.168.40.12",
            "Ward B, nurses' station",
            402998,
            250431,
            510,
            color(80, 74, 69, 90, waste=12),
            errors=("overduePreventMaint",),
            device="warning",
            console=("Maintenance is due", "Ready"),
        ),
        Printer(
            "Xerox",
            "Xerox VersaLink C405",
            "2TY0193847",
            "192.168.40.13",
            "Pharmacy",
            67120,
            30355,
            95,
            color(91, 88, 93, 90, fuser=96),
            firmware="68.80.31",
        ),
        Printer(
            "EPSON",
            "EPSON WF-C5790 Series",
            "X3BC012345",
            "192.168.40.14",
            "Back office",
            18744,
            14021,
            40,
            color(12, 47, 38, 55, maintenance=33),
            device="warning",
            errors=("lowToner",),
            console=("Black ink is low",),
            alerts=(LOW | {"description": "Black ink is low"},),
        ),
    ),
    "Mill Street depot": (
        Printer(
            "KONICA MINOLTA",
            "KONICA MINOLTA bizhub 308e",
            "A6WP021004417",
            "172.16.8.5",
            "Office",
            519330,
            None,
            300,
            {"black": 47, "drum": 63, "fuser": 70},
            age_hours=27,
        ),
        Printer(
            "Samsung",
            "Samsung ProXpress M4020ND",
            "ZD6MBJDK4000312",
            "172.16.8.6",
            "Workshop",
            73811,
            None,
            130,
            {"black": 3},
            errors=("noToner",),
            device="down",
            console=("Replace toner",),
            age_hours=27,
        ),
        Printer(
            "OKI",
            "OKI C833",
            "AK85041022",
            "172.16.8.7",
            "Showroom",
            44120,
            39002,
            60,
            color(70, 66, 71, 9),
            age_hours=27,
            errors=("lowToner",),
            device="warning",
            console=("Yellow toner low",),
        ),
        Printer(
            "HP",
            "HP LaserJet 4050 Series",
            "USQA018273",
            "172.16.8.9",
            "Gate house",
            1208440,
            None,
            35,
            {"black": None},
            firmware="19991201",
            age_hours=101,
        ),
    ),
}
"""Devices by site; the third one fell silent a day ago."""


def readings(printer: Printer) -> Iterator[dict[str, Any]]:
    """Yield the readings of two weeks, four a day, the newest last. Weekends print little."""
    end = (datetime.now(UTC) - timedelta(hours=printer.age_hours)).replace(microsecond=0)
    moments = [end - timedelta(hours=6 * step) for step in range(DAYS * 4)]
    back = 0.0
    backs = []
    for moment in moments:
        backs.append(back)
        busy = 0.15 if moment.weekday() >= 5 else 1.0 if 6 <= moment.hour <= 18 else 0.3
        back += printer.per_day / 4 * busy * (0.8 + (moment.day * 7 + moment.hour) % 5 / 10)
    for moment, printed in reversed(list(zip(moments, backs, strict=True))):
        yield reading(printer, moment, int(printed))


def reading(printer: Printer, moment: datetime, printed: int) -> dict[str, Any]:
    """Return one reading, taken when `printed` pages fewer stood on the meter."""
    total = printer.total - printed
    meters = {"total": meter(total, "prtMarkerLifeCount.1.1")}
    if printer.color is not None:
        colored = int(printer.color * total / printer.total)
        meters |= {"total_mono": meter(total - colored, "vendor"), "total_color": meter(colored, "vendor")}
    if "M" in printer.model or "iR" in printer.model or "IM" in printer.model:
        meters |= {"scan_total": meter(total // 9, "vendor"), "copy_total": meter(total // 5, "vendor")}
    text = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    maker = printer.maker.upper().replace(" ", "-")
    return {
        "schema": 1,
        "taken_at": text,
        "device": {
            "key": f"serial:{maker}:{printer.serial}",
            "ip": printer.ip,
            "hostname": f"{maker[:3]}{printer.serial[-6:]}".upper(),
            "mac": mac(printer),
            "manufacturer": printer.maker,
            "model": printer.model,
            "description": f"{printer.model}; firmware {printer.firmware}; {printer.serial}",
            "serial": printer.serial,
            "asset_number": printer.asset,
            "location": printer.location,
            "firmware": printer.firmware,
            "color": printer.color is not None,
        },
        "status": {"printer": printer.printer, "device": printer.device, "errors": printer.errors, "console": printer.console},
        "alerts": [alert | {"since": (moment - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%SZ")} for alert in printer.alerts],
        "meters": meters,
        "supplies": [supply(index, name, level) for index, (name, level) in enumerate(printer.levels.items(), 1)],
        "trays": trays(printer),
        "misc": dict(printer.misc),
        "reasons": {}
        if printer.asset
        else {"device.asset_number": "the device does not report one (prtGeneralSerialNumber is its serial)"},
    }


def mac(printer: Printer) -> str:
    number = printer.total * 4099 % 2**24
    return ":".join(f"{part:02x}" for part in (0, 27, len(printer.model), *number.to_bytes(3)))


def meter(value: int, source: str) -> dict[str, Any]:
    return {"value": value, "unit": "impressions", "source": source}


def supply(index: int, name: str, level: float | None) -> dict[str, Any]:
    """Return a toner, or the waste container, drum, fuser, imaging unit or maintenance box."""
    kinds = {"fuser": "fuser", "waste": "wasteToner", "drum": "opc", "imaging unit": "developer", "maintenance": "wasteInk"}
    ink = name in INKS
    receptacle = name in ("waste", "maintenance")
    descriptions = {
        "waste": "Waste toner container",
        "maintenance": "Maintenance box",
        "drum": "Drum unit",
        "fuser": "Fuser",
        "imaging unit": "Imaging unit",
    }
    state = "unknown" if level is None else "low" if level <= 10 else "ok"
    if level is None and ink:
        state = "some_remaining"
    return {
        "index": f"1.{index}",
        "type": "tonerCartridge" if ink else kinds[name],
        "class": "receptacleThatIsFilled" if receptacle else "supplyThatIsConsumed",
        "color": name if ink else None,
        "description": f"{name.capitalize()} toner cartridge" if ink else descriptions[name],
        "unit": "percent",
        "level": (SOME_LEFT if ink else NO_LEVEL) if level is None else int(level),
        "capacity": 100,
        "percent": level,
        "state": state,
        "serial": f"CT{index}{len(name)}48213{index}" if ink and level is not None else None,
        "part_number": f"W20{index}0X" if ink else None,
        "source": "prtMarkerSuppliesTable",
    }


def trays(printer: Printer) -> list[dict[str, Any]]:
    if printer.maker == "Zebra":
        return []
    return [
        {"index": "1.1", "name": "Multi-purpose tray", "media": "any", "capacity": 100, "level": 0, "state": "empty"},
        {"index": "1.2", "name": "Tray 1", "media": "iso-a4-white", "capacity": 550, "level": 330, "state": "ok"},
    ]


def state(name: str) -> dict[str, Any]:
    """Return what the appliance of a site says at its check-in."""
    count = len(SITES[name])
    problems = []
    if name == "Riverside clinic":
        text = "2 addresses of 192.168.41.0/24 answer a ping but no SNMP community fits. Add one on the Scanning page."
        problems = [{"name": "credentials", "text": text, "since": (datetime.now(UTC) - timedelta(hours=5)).isoformat()}]
    return {
        "site_name": name,
        "started_at": (datetime.now(UTC) - timedelta(days=9, hours=4)).isoformat(),
        "collector": "idle",
        "devices": {"known": count, "answering": count - (1 if name == "Harbour office" else 0)},
        "outbox": {"readings": 3 if name == "Riverside clinic" else 0, "oldest_at": None},
        "problems": problems,
        "health_check": name != "Mill Street depot",
        "update": {"level": "notify" if name == "Mill Street depot" else "auto", "support_bundle": name == "Harbour office"},
        "configuration": configuration(name),
    }


def configuration(name: str) -> dict[str, Any]:
    """Return what a site says of its signed configuration: one of them refused it."""
    at = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    if name == "Riverside clinic":
        text = "scan.targets: 10.99.0.0/16 lies outside of guardrails.networks. The configuration before stays in force."
        outcome = {"at": at, "what": "refused", "reason": "guardrail", "text": text}
        return {"marker": "c0ffee0123456789", "state": "refused", "layers": [], "outcome": outcome}
    layers = [{"path": "config/global/all.json", "version": 3, "sha256": "5e" * 32}]
    outcome = {"at": at, "what": "kept", "reason": "", "text": "It was watched for 2 minutes, and all went well."}
    return {"marker": "none", "state": "kept", "layers": layers, "outcome": outcome}
