"""Readings for people: a table of many devices, a sheet of one. Pure."""

from collections.abc import Collection, Iterable, Sequence

from appliance.commands.tables import aligned, table
from appliance.common.plain import plain
from appliance.report import Reading, Supply
from appliance.report.access import access_words
from appliance.report.condition import device_name, state_of
from appliance.report.names import SUPPLY_STATES, error_name, meter_name, small_words, words
from appliance.report.supply_level import SupplyView, ink_views, supply_view

BAR = 20
LEVELS = "▁▂▃▄▅▆▇█"
INKS_IN_A_LINE = 6


def device_table(readings: Sequence[Reading], *, unicode: bool = True) -> str:
    """Return a table with a line for each device."""
    rows = [
        [
            reading.device.ip or "",
            _shortened(device_name(reading.device), 36),
            reading.device.serial or "-",
            _shortened(state_of(reading).words, 30),
            str(total.value) if (total := reading.meters.get("total")) else "-",
            _inks(reading.supplies, unicode=unicode) or "-",
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
        ("Status", state_of(reading).words),
        ("Printer", words(reading.status.printer)),
        ("Errors", ", ".join(map(error_name, reading.status.errors))),
        ("Panel", " | ".join(reading.status.console)),
        ("Read by", ", ".join(access_words(reading.access))),
    ]
    width = max(len(name) for name, _ in facts)
    lines = [plain(device_name(device)), ""]
    lines += [f"  {name.ljust(width)}  {plain(value)}" for name, value in facts if value]
    meters = [[meter_name(name), str(meter.value), small_words(meter.unit)] for name, meter in reading.meters.items()]
    supplies = [_supply_row(supply_view(supply), unicode=unicode) for supply in reading.supplies]
    trays = [[tray.name or tray.index, tray.media or "", SUPPLY_STATES[tray.state]] for tray in reading.trays]
    alerts = [[words(alert.severity), words(alert.group), alert.description or words(alert.code)] for alert in reading.alerts]
    lines += _section("Meters", meters, {1})
    lines += _section("Supplies", supplies)
    lines += _section("Trays", trays)
    lines += _section("Alerts", alerts)
    return "\n".join(lines)


def _inks(supplies: Iterable[Supply], *, unicode: bool) -> str:
    """Return what makes the colours, black first, as the lists of the web interfaces do."""
    parts = []
    for view in ink_views(map(supply_view, supplies), INKS_IN_A_LINE):
        letter = view.letter or (view.detail.color or "")[:2]
        bar = LEVELS[min(7, int(view.percent * 8 / 100))] if unicode and view.percent is not None else ""
        parts.append(f"{letter}{bar} {view.value}")
    return "  ".join(parts)


def _supply_row(view: SupplyView, *, unicode: bool) -> list[str]:
    if view.percent is None:
        return [view.name, "", view.value]
    filled = round(view.percent * BAR / 100)
    full, empty = ("█", "░") if unicode else ("#", ".")
    return [view.name, full * filled + empty * (BAR - filled), f"{view.value}  {view.warning}".rstrip()]


def _section(title: str, rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    if not rows:
        return []
    return ["", f"  {title}", *(f"    {line}" for line in aligned(rows, right))]


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
