"""Readings for people: a table of many devices, a sheet of one. Pure."""

from collections.abc import Iterable, Sequence

from appliance.commands.tables import table
from appliance.report import Reading, Supply

BAR = 20
LEVELS = "▁▂▃▄▅▆▇█"
LETTERS = {"black": "K", "cyan": "C", "magenta": "M", "yellow": "Y"}
MARKERS = ("toner", "tonerCartridge", "ink", "inkCartridge", "inkRibbon", "solidWax")
"""prtMarkerSuppliesType of what is shown as toner in the table."""


def device_table(readings: Sequence[Reading], *, unicode: bool = True) -> str:
    """Return a table with a line for each device."""
    rows = [
        [
            reading.device.ip or "",
            _shortened(device_name(reading), 36),
            reading.device.serial or "-",
            _shortened(status_text(reading), 30),
            str(total.value) if (total := reading.meters.get("total")) else "-",
            _markers(reading.supplies, unicode=unicode) or "-",
        ]
        for reading in readings
    ]
    return table(rows, ("ADDRESS", "MODEL", "SERIAL", "STATUS", "TOTAL", "TONER"), frozenset({4}))


def device_sheet(reading: Reading, *, unicode: bool = True) -> str:
    """Return all that a reading says, one thing a line."""
    device = reading.device
    kind = {True: "colour", False: "monochrome", None: None}[device.color]
    facts = [
        ("Address", device.ip),
        ("Host name", device.hostname),
        ("MAC address", device.mac),
        ("Manufacturer", device.manufacturer),
        ("Model", device.model),
        ("Description", device.description),
        ("Serial number", device.serial),
        ("Asset number", device.asset_number),
        ("Location", device.location),
        ("Firmware", device.firmware),
        ("Prints", kind),
        ("Status", status_text(reading)),
        ("Panel", " | ".join(reading.status.console)),
    ]
    width = max(len(name) for name, _ in facts)
    lines = [device_name(reading) or device.key, ""]
    lines += [f"  {name.ljust(width)}  {value}" for name, value in facts if value]
    lines += _section("Meters", [[name, str(meter.value), meter.unit] for name, meter in reading.meters.items()], {1})
    lines += _section("Supplies", [_supply_row(supply, unicode=unicode) for supply in reading.supplies], set())
    lines += _section(
        "Trays", [[tray.name or tray.index, tray.media or "", tray.state.replace("_", " ")] for tray in reading.trays], set()
    )
    lines += _section("Alerts", [[alert.severity, alert.group, alert.description or alert.code] for alert in reading.alerts], set())
    return "\n".join(lines)


def device_name(reading: Reading) -> str:
    """Return maker and model, else the description, else the key."""
    device = reading.device
    model, maker = device.model or "", device.manufacturer or ""
    if model and maker and not model.lower().startswith(maker.lower()):
        return f"{maker} {model}"
    return model or device.description or device.key


def status_text(reading: Reading) -> str:
    """Return the status of the printer and its errors."""
    return ", ".join([reading.status.printer, *reading.status.errors])


def _markers(supplies: Iterable[Supply], *, unicode: bool) -> str:
    parts = []
    for supply in supplies:
        if supply.type not in MARKERS or supply.supply_class == "receptacleThatIsFilled":
            continue
        letter = LETTERS.get((supply.color or "").lower(), (supply.color or "K")[:2])
        if supply.percent is None:
            parts.append(f"{letter} {supply.state.replace('_', ' ')}")
        else:
            bar = LEVELS[min(7, int(supply.percent * 8 / 100))] if unicode else ""
            parts.append(f"{letter}{bar} {supply.percent:.0f}%")
    return "  ".join(parts)


def _supply_row(supply: Supply, *, unicode: bool) -> list[str]:
    name = supply.description or " ".join(part for part in (supply.color, supply.type) if part)
    if supply.percent is None:
        return [name, "", supply.state.replace("_", " ")]
    filled = round(supply.percent * BAR / 100)
    full, empty = ("█", "░") if unicode else ("#", ".")
    return [name, full * filled + empty * (BAR - filled), f"{supply.percent:.0f} % {supply.state.replace('_', ' ')}"]


def _section(title: str, rows: Sequence[Sequence[str]], right: set[int]) -> list[str]:
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["", f"  {title}"]
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"    {'  '.join(cells)}".rstrip())
    return lines


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
