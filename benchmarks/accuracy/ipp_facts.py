"""What a reading over IPP alone has to say: the facts of a recording that `ipp_answers` carries, by their keys over SNMP."""

import re
from collections.abc import Iterator

from benchmarks.accuracy import ipp_answers, makers, tables
from benchmarks.accuracy.facts import Fact, Look, Reading, at
from benchmarks.accuracy.recorded import Recorded, plain
from benchmarks.accuracy.standard import (
    HR,
    MIB2,
    PLACEHOLDER,
    PRINTER_STATUS,
    PRT,
    device_ids,
    host_index,
    one_of,
    printer_index,
    serials_in,
    spelled,
    supply_at,
    supply_item,
)

_NO_MODEL = re.compile(r"generic|print server|printing system")
"""Names that name no model."""
COLORS = {"cyan", "magenta", "yellow"}


def facts(recorded: Recorded, address: str) -> list[Fact]:
    """Return what the answer carries of a device that is asked at `address`; nothing where it does not say who it is."""
    if not ipp_answers.make_and_model(recorded):
        return []
    return [
        Fact(1, "address", address, at("device.ip")),
        *_identity(recorded),
        *_status(recorded),
        *_alerts(recorded),
        *_meters(recorded),
        *_supplies(recorded),
        *_trays(recorded),
    ]


def further(recorded: Recorded) -> frozenset[int | str]:
    """Return what the answer makes of several objects: sums, the name, keywords."""
    counted = ipp_answers.impressions(recorded)
    sums = [count for count in (counted.total, counted.mono, counted.color, counted.sheets) if count is not None]
    return frozenset([*sums, ipp_answers.make_and_model(recorded), ", ".join(ipp_answers.reasons(recorded))])


def _identity(recorded: Recorded) -> Iterator[Fact]:
    name = plain(ipp_answers.make_and_model(recorded))
    ids = [plain(each["MDL"]) for each in device_ids(recorded)[:1] if each.get("MDL")]
    yield spelled({name}, "device.description", 2, "description")
    for what in ("model", "a model") if ids or not _NO_MODEL.search(name) else ():
        source = "standard" if what == "model" else "private"
        yield Fact(2, what, name, at("device.model"), lambda found: any(plain(str(found)) in each for each in [*ids, name]), source)
    makers_id = [plain(each["MFG"]) for each in device_ids(recorded)[:1] if each.get("MFG")]
    said = {maker for text in [*makers_id, name] if (maker := makers.named(text))}
    if said:
        yield Fact(16, "manufacturer", "/".join(sorted(said)), at("device.manufacturer"), lambda found: plain(str(found)) in said)
    texts = {
        "serial number": (3, "device.serial", f"{PRT}.5.1.1.17.{printer_index(recorded)}"),
        "sysLocation": (14, "device.location", f"{MIB2}.1.6.0"),
    }
    for what, (item, path, oid) in texts.items():
        wanted = plain(ipp_answers.text_of(recorded.objects.get(oid)))
        if wanted and not PLACEHOLDER.fullmatch(wanted):
            yield spelled({wanted}, path, item, what)
    firmware = plain(ipp_answers.firmware(recorded))
    if firmware and not PLACEHOLDER.fullmatch(firmware):
        yield spelled({firmware}, "device.firmware", 17, "entPhysicalFirmwareRev")


def _status(recorded: Recorded) -> Iterator[Fact]:
    status = recorded.number(f"{HR}.5.1.1.{host_index(recorded)}")
    if status in (3, 4):
        yield Fact(7, "hrPrinterStatus", PRINTER_STATUS[status], at("status.printer"))
    if isinstance(recorded.objects.get(f"{HR}.5.1.2.{host_index(recorded)}"), bytes):
        yield Fact(8, "hrPrinterDetectedErrorState", ipp_answers.errors(recorded), at("status.errors"))


def _alerts(recorded: Recorded) -> Iterator[Fact]:
    rows = tables.alerts(recorded)
    if rows:
        yield Fact(8, "number of alerts", len(rows), lambda reading: len(reading["alerts"]), counts_rows=True)
    for row in rows:
        if wanted := plain(ipp_answers.text_of(row.cells.get("description"))):

            def look(reading: Reading, wanted: str = wanted) -> object:
                return next((wanted for alert in reading["alerts"] if plain(alert["description"] or "") == wanted), None)

            yield Fact(8, f"alert {row.index}", wanted, look)


def _meters(recorded: Recorded) -> Iterator[Fact]:
    counted, rows = ipp_answers.impressions(recorded), tables.markers(recorded)
    what = f"prtMarkerLifeCount row {rows[0].index}" if len(rows) == 1 else "prtMarkerLifeCount, all rows"
    for name, count, unit in (("total", counted.total, "impressions"), ("sheets_total", counted.sheets, "sheets")):
        if count is not None:
            yield Fact(4, what, count, at(f"meters.{name}.value"))
            yield Fact(4, f"unit of {what}", unit, at(f"meters.{name}.unit"))
    if counted.mono is not None and counted.color is not None and (counted.mono or counted.color):
        yield Fact(4, "prtMarkerLifeCount, mono", counted.mono, at("meters.total_mono.value"))
        yield Fact(4, "prtMarkerLifeCount, colour", counted.color, at("meters.total_color.value"))


def _supplies(recorded: Recorded) -> Iterator[Fact]:
    names = tables.colorants(recorded)
    rows = [row for row in tables.supplies(recorded) if row.number("level") is not None or (row.number("type") or 2) != 2]
    colors = [tables.color_of(row, names) for row in rows]
    inks = {color for row, color in zip(rows, colors, strict=True) if row.named("type", tables.SUPPLY_TYPES) in tables.COLOR_TYPES}
    if COLORS.intersection(filter(None, colors)) or inks == {"black"}:
        yield Fact(5, "prints colour", inks != {"black"}, at("device.color"))
    for row, color in zip(rows, colors, strict=True):
        item = supply_item(row.number("type"), row.spellings("description"))
        name = f"supply {row.index}"
        level, capacity, unit = row.number("level"), row.number("capacity"), row.named("unit", tables.SUPPLY_UNITS)
        if level is not None:
            yield Fact(item, f"{name} level", (level, capacity), _fields(row.index, "level", "capacity"))
            yield _percent(item, row.index, level, 100 if unit == "percent" else capacity)
        if description := plain(ipp_answers.text_of(row.cells.get("description"))):
            yield Fact(item, f"{name} description", description, _field(row.index, "description"), one_of({description}))
            for serial in serials_in({description}):
                yield Fact(10, f"{name} serial number", serial, _field(row.index, "serial"), one_of({serial}))
        for column, known in (("type", tables.SUPPLY_TYPES), ("class", tables.SUPPLY_CLASSES), ("unit", tables.SUPPLY_UNITS)):
            if (number := row.number(column)) in known:
                yield Fact(item, f"{name} {column}", known[number or 0], _field(row.index, column))
        if color:
            yield Fact(item, f"{name} colour", color, _field(row.index, "color"))


def marker_facts(recorded: Recorded) -> list[Fact]:
    """Return what the answer with markers carries of the supplies, by their position: percentage, type, colour and name."""
    if not ipp_answers.make_and_model(recorded):
        return []
    names = tables.colorants(recorded)
    found = []
    for position, row in enumerate(tables.supplies(recorded), 1):
        item = supply_item(row.number("type"), row.spellings("description"))
        told: dict[str, object] = {
            "percent": ipp_answers.percent_of(row),
            "type": row.named("type", tables.SUPPLY_TYPES),
            "color": tables.color_of(row, names),
            "description": ipp_answers.text_of(row.cells.get("description")) or None,
        }
        topics = {"percent": "supply level", "type": "supply type", "color": "supply colour", "description": "supply description"}
        found += [
            Fact(item, f"marker {position} {name}", wanted, _field(position, name), about=topics[name])
            for name, wanted in told.items()
            if wanted is not None
        ]
        if told["percent"] is None:
            found.append(_percent(item, position, -1, None, f"marker {position} percent"))
    return found


def _percent(item: int, index: int, level: int, whole: int | None, what: str = "") -> Fact:
    """Return the fact that a percentage is known, or that there is none where the printer's numbers give none."""
    known = whole is not None and whole > 0 and 0 <= level <= whole * 1.05
    wanted: object = round(min(100.0, 100 * level / (whole or 1)), 2) if known else "none"

    def look(reading: Reading) -> object:
        supply = supply_at(reading, index)
        return supply and ("none" if supply["percent"] is None else supply["percent"])

    return Fact(item, what or f"supply {index} percent", wanted, look, about="supply level")


def _field(index: int, name: str) -> Look:
    return lambda reading: (supply_at(reading, index) or {}).get(name)


def _fields(index: int, *names: str) -> Look:
    def look(reading: Reading) -> object:
        supply = supply_at(reading, index)
        return supply and tuple(supply[name] for name in names)

    return look


def _trays(recorded: Recorded) -> Iterator[Fact]:
    rows = tables.trays(recorded)
    if rows:
        yield Fact(12, "trays, how many", len(rows), lambda reading: len(reading["trays"]), counts_rows=True)
    for row in rows:
        level = row.number("level")
        if level is not None:
            yield Fact(12, f"tray {row.index} level", (level, row.number("capacity")), _tray_fields(row.index, "level", "capacity"))
        name = ipp_answers.text_of(row.cells.get("name")) or ipp_answers.text_of(row.cells.get("description"))
        for field, text in (("name", name), ("media", ipp_answers.text_of(row.cells.get("media")))):
            if wanted := plain(text.replace(";", ",")):
                yield Fact(12, f"tray {row.index} {field}", wanted, _tray_field(row.index, field), one_of({wanted}))


def _tray_field(index: int, name: str) -> Look:
    return lambda reading: (tables.tray_at(reading, index) or {}).get(name)


def _tray_fields(index: int, *names: str) -> Look:
    def look(reading: Reading) -> object:
        tray = tables.tray_at(reading, index)
        return tray and tuple(tray[name] for name in names)

    return look
