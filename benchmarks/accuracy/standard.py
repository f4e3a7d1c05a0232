"""What the standard objects of a recording say, item by item: RFC 3805, 2790, 2863, 3418, 4293, 6933 and PWG 5107.1."""

import math
import re
import struct
from collections import Counter
from collections.abc import Iterator

from benchmarks.accuracy.facts import Fact, Fits, Look, Reading, at
from benchmarks.accuracy.recorded import Content, Recorded, number, plain, spellings

MIB2 = "1.3.6.1.2.1"
PRT = f"{MIB2}.43"
HR = f"{MIB2}.25.3"
DEVICE_ID = "1.3.6.1.4.1.2699.1.2.1.2.1.1.3"
PRIVATE_IDS = (
    "1.3.6.1.4.1.11.2.3.9.1.1.7.0",
    "1.3.6.1.4.1.2435.2.3.9.1.1.7.0",
    "1.3.6.1.4.1.253.8.51.1.2.1.20.1",
    "1.3.6.1.4.1.367.3.2.1.1.1.1.11.0",
    "1.3.6.1.4.1.641.2.1.2.1.3.1",
    "1.3.6.1.4.1.674.10898.100.2.1.2.1.3.1",
    "1.3.6.1.4.1.1248.1.2.2.1.1.1.1.1",
    "1.3.6.1.4.1.1347.40.1.1.1.8.1",
)

TONER_TYPES, KIT_TYPES = {3, 5, 6, 21}, {15, 18, 20}
UNITS = {3: "tenThousandthsOfInches", 4: "micrometers", 7: "impressions", 8: "sheets", 11: "hours", 16: "feet", 17: "meters"}
ERROR_BITS = (
    *("lowPaper", "noPaper", "lowToner", "noToner", "doorOpen", "jammed", "offline", "serviceRequested"),
    *("inputTrayMissing", "outputTrayMissing", "markerSupplyMissing", "outputNearFull", "outputFull", "inputTrayEmpty"),
    "overduePreventMaint",
)
PRINTER_STATUS = {1: "other", 2: "unknown", 3: "idle", 4: "printing", 5: "warmup"}
DEVICE_STATUS = {1: "unknown", 2: "running", 3: "warning", 4: "testing", 5: "down"}
COLORS = {"black", "cyan", "magenta", "yellow"}
PLACEHOLDER = re.compile(r"(.)\1*|.*serial.*|n/?a|none|null|unknown|not .*|default|0?123456789?0?|\W+", re.IGNORECASE | re.DOTALL)


def facts(recorded: Recorded, address: str) -> Iterator[Fact]:
    """Yield what the standard objects say of a device that is asked at `address`."""
    yield Fact(1, "address", address, at("device.ip"))
    device = printer_index(recorded)
    yield from _description(recorded, device)
    yield from _serial(recorded, device)
    yield from _markers(recorded, device)
    yield from _color(recorded, device)
    yield from _console(recorded, device)
    yield from _status(recorded)
    yield from _alerts(recorded, device)
    yield from _supplies(recorded, device)
    yield from _trays(recorded, device)
    yield from _system(recorded, device)
    yield from _mac(recorded, address)


def printer_index(recorded: Recorded) -> int:
    """Return the hrDeviceIndex most Printer-MIB rows carry."""
    found: Counter[int] = Counter()
    for column in (f"{PRT}.5.1.1.{each}" for each in (1, 2, 16, 17)):
        found.update(index[0] for index in recorded.column(column) if len(index) == 1)
    for column in (*(f"{PRT}.11.1.1.{each}" for each in range(3, 10)), f"{PRT}.10.2.1.4", f"{PRT}.8.2.1.10"):
        found.update(index[0] for index in recorded.column(column) if len(index) == 2)
    return min(found, key=lambda index: (-found[index], index), default=1)


def host_index(recorded: Recorded) -> int:
    """Return the hrDeviceIndex of the printer in HOST-RESOURCES-MIB."""
    typed = [index[0] for index, kind in recorded.column(f"{HR}.2.1.2").items() if kind == f"{MIB2}.25.3.1.5"]
    typed += [index[0] for column in ("5.1.1", "5.1.2") for index in recorded.column(f"{HR}.{column}")]
    device = printer_index(recorded)
    return device if not typed or device in typed else min(typed)


def own_rows(recorded: Recorded, column: str, device: int) -> dict[int, Content]:
    """Return the rows of a Printer-MIB table by their number within the printer; a bare number is one, too."""
    cells = recorded.column(column)
    bare = {index[0]: cell for index, cell in cells.items() if len(index) == 1}
    return bare | {index[1]: cell for index, cell in cells.items() if len(index) == 2 and index[0] == device}


def texts(recorded: Recorded) -> list[str]:
    """Return how the device describes itself: hrDeviceDescr, sysDescr, prtGeneralPrinterName."""
    oids = (f"{HR}.2.1.3.{host_index(recorded)}", f"{MIB2}.1.1.0", f"{PRT}.5.1.1.16.{printer_index(recorded)}")
    return [text for oid in oids for text in sorted(recorded.spellings(oid))]


def device_ids(recorded: Recorded) -> list[dict[str, str]]:
    """Return the IEEE 1284 device IDs, that of the PWG MIB first."""
    contents = [*recorded.column(DEVICE_ID).values(), *(recorded.objects[oid] for oid in PRIVATE_IDS if oid in recorded.objects)]
    names = {"MANUFACTURER": "MFG", "MANUFACTURE": "MFG", "MODEL": "MDL", "DESCRIPTION": "DES"}
    found = []
    for content in contents:
        if isinstance(content, bytes) and content.strip(b"\0 "):
            pairs = [part.partition(":") for part in content.decode("utf-8", "replace").split(";")]
            found.append(
                {names.get(key := re.sub(r"[^A-Z ]", "", name.upper()).strip(), key): value.strip() for name, _, value in pairs}
            )
    return found


def float_in(octets: bytes) -> int | None:
    """Return the whole number in a float of single precision (IEEE 754), as some makers count; None where there is none."""
    value = struct.unpack(">f", octets)[0] if len(octets) == 4 else math.nan
    return round(value) if math.isfinite(value) else None


def spelled(wanted: set[str], path: str, item: int, what: str, source: str = "standard") -> Fact:
    """Return the fact that the text at `path` of a reading is one of `wanted`."""
    return Fact(item, what, min(wanted), at(path), one_of(wanted), source)


def one_of(wanted: set[str]) -> Fits:
    """Return whether a text is one of `wanted`, as texts are compared."""
    return lambda found: plain(str(found)) in wanted


def _description(recorded: Recorded, device: int) -> Iterator[Fact]:
    known = set(texts(recorded)) | {plain(each["DES"]) for each in device_ids(recorded) if each.get("DES")}
    known |= recorded.spellings(f"{PRT}.5.1.1.16.{device}")
    if known:
        yield spelled(known, "device.description", 2, "description")
    models = [plain(each["MDL"]) for each in device_ids(recorded)[: len(recorded.column(DEVICE_ID))] if each.get("MDL")]
    if models:
        candidates = [*models, *known]
        yield Fact(2, "model", models[0], at("device.model"), lambda found: any(plain(str(found)) in each for each in candidates))


def _serial(recorded: Recorded, device: int) -> Iterator[Fact]:
    wanted = {each for each in recorded.spellings(f"{PRT}.5.1.1.17.{device}") if not PLACEHOLDER.fullmatch(each)}
    if not wanted:
        wanted = {each for each in recorded.spellings(f"{MIB2}.47.1.1.1.1.11.1") if not PLACEHOLDER.fullmatch(each)}
    if wanted:
        yield spelled(wanted, "device.serial", 3, "serial number")


def _markers(recorded: Recorded, device: int) -> Iterator[Fact]:
    units = own_rows(recorded, f"{PRT}.10.2.1.3", device)
    for row, content in own_rows(recorded, f"{PRT}.10.2.1.4", device).items():
        count = number(content)
        if count is None or count < 0:
            continue
        unit = UNITS.get(number(units.get(row)) or 0)
        ends = (f"prtMarkerLifeCount.{device}.{row}", f"prtMarkerLifeCount.{row}")

        def look(reading: Reading, ends: tuple[str, ...] = ends, unit: str | None = unit) -> object:
            meters = reading["meters"].values()
            found = next((meter for meter in meters if meter["source"] in ends), None)
            return found and (found["value"] if unit in {None, found["unit"]} else f"{found['value']} {found['unit']}")

        yield Fact(4, f"prtMarkerLifeCount row {row}", count, look)


def _color(recorded: Recorded, device: int) -> Iterator[Fact]:
    colorants = [number(each) or 0 for each in own_rows(recorded, f"{PRT}.10.2.1.6", device).values()]
    values = {text for each in own_rows(recorded, f"{PRT}.12.1.1.4", device).values() for text in spellings(each)}
    words = {text for each in own_rows(recorded, f"{PRT}.11.1.1.6", device).values() for text in spellings(each)}
    known = words if colorants else words | values
    prints_color = any(each > 1 for each in colorants) or any(re.search(r"\b(?:cyan|magenta|yellow)\b", word) for word in known)
    if prints_color or (colorants and all(each == 1 for each in colorants)):
        yield Fact(5, "prints colour", prints_color, at("device.color"))


def _console(recorded: Recorded, device: int) -> Iterator[Fact]:
    for row, content in own_rows(recorded, f"{PRT}.16.5.1.2", device).items():
        if lines := spellings(content):
            yield line_fact(lines, f"line {row} of the panel")


def line_fact(lines: set[str], what: str, source: str = "standard") -> Fact:
    """Return the fact that the panel shows one of `lines`, which may be cut into several."""

    def look(reading: Reading) -> object:
        console = [plain(line) for line in reading["status"]["console"]]
        whole = plain(" ".join(reading["status"]["console"]))
        return next((line for line in lines if line in console or line in whole), None) or (whole or None)

    return Fact(6, what, min(lines), look, lambda found: any(line in str(found) for line in lines), source, path="status.console")


def _status(recorded: Recorded) -> Iterator[Fact]:
    index = host_index(recorded)
    printer = recorded.number(f"{HR}.5.1.1.{index}")
    if printer in PRINTER_STATUS:
        wanted = {PRINTER_STATUS[printer], "sleeping" if printer <= 3 else PRINTER_STATUS[printer]}
        yield Fact(7, "hrPrinterStatus", PRINTER_STATUS[printer], at("status.printer"), lambda found: found in wanted)
    status = recorded.number(f"{HR}.2.1.5.{index}")
    if status in DEVICE_STATUS:
        yield Fact(7, "hrDeviceStatus", DEVICE_STATUS[status], at("status.device"))
    errors = recorded.objects.get(f"{HR}.5.1.2.{index}")
    if isinstance(errors, bytes) and errors:
        bits = "".join(f"{octet:08b}" for octet in errors)
        names = [name for name, bit in zip(ERROR_BITS, bits, strict=False) if bit == "1"]
        yield Fact(8, "hrPrinterDetectedErrorState", names, at("status.errors"))


def _alerts(recorded: Recorded, device: int) -> Iterator[Fact]:
    rows = {row for column in range(2, 10) for row in own_rows(recorded, f"{PRT}.18.1.1.{column}", device)}
    if rows:
        yield Fact(8, "number of alerts", len(rows), lambda reading: len(reading["alerts"]), counts_rows=True)
    for row, content in own_rows(recorded, f"{PRT}.18.1.1.8", device).items():
        if wanted := spellings(content):

            def look(reading: Reading, wanted: set[str] = wanted) -> object:
                known = [plain(alert["description"] or "") for alert in reading["alerts"]]
                return next((text for text in known if text in wanted), None)

            yield Fact(8, f"alert {row}", min(wanted), look, lambda _: True)


def supply_item(kind: int | None, words: set[str]) -> int:
    """Return the item a supply belongs to: toner 9, maintenance 11, other 12; by its words where it has no type."""
    text = " ".join(words)
    if "waste" in text:
        return 12
    if kind in KIT_TYPES or re.search(r"maintenance|\bmaint\b", text):
        return 11
    if kind in TONER_TYPES or (kind in {None, 1, 2} and re.search(r"\b(?:toner|ink)\b", text)):
        return 9
    return 11 if kind in {None, 1, 2} and re.search(r"\bfus|transfer|belt", text) else 12


def _supplies(recorded: Recorded, device: int) -> Iterator[Fact]:
    columns = {column: own_rows(recorded, f"{PRT}.11.1.1.{column}", device) for column in range(3, 10)}
    colorants = own_rows(recorded, f"{PRT}.12.1.1.4", device)
    for row in sorted({row for cells in columns.values() for row in cells}):
        cells = {column: found[row] for column, found in columns.items() if row in found}
        words = spellings(cells.get(6))
        item = supply_item(number(cells.get(5)), words)
        name = f"supply {row}"
        level, capacity, unit = (number(cells.get(column)) for column in (9, 8, 7))
        if level is not None:
            yield Fact(item, f"{name} level", (level, capacity), _level(row), _level_fits(level, capacity, unit))
            yield from _percent(item, row, level, capacity, unit)
        if words:
            yield Fact(item, f"{name} description", min(words), _field(row, "description"), one_of(words))
        colors = spellings(colorants.get(number(cells.get(3)) or 0)) & COLORS
        if colors:
            yield Fact(item, f"{name} colour", colors.pop(), _field(row, "color"))
        for serial in serials_in(words):
            yield Fact(10, f"{name} serial number", serial, _field(row, "serial"), one_of({serial}))


def serials_in(words: set[str]) -> list[str]:
    """Return the serial numbers within the description of a supply."""
    found = re.findall(r"s/?n[ :]*([a-z0-9-]{6,})", " ".join(sorted(words)[:1]))
    return [serial for serial in found if any(character.isdigit() for character in serial)]


def supply_at(reading: Reading, row: int) -> Reading | None:
    """Return a supply of the standard table by its number."""
    return next((each for each in reading["supplies"] if each["index"] == str(row)), None)


def _field(row: int, name: str) -> Look:
    return lambda reading: (supply_at(reading, row) or {}).get(name)


def _level(row: int) -> Look:
    def look(reading: Reading) -> object:
        supply = supply_at(reading, row)
        return supply and (supply["level"], supply["capacity"], supply["source"])

    return look


def _is_private(source: object) -> bool:
    return not str(source).startswith("prtMarkerSuppliesLevel")


def _whole(capacity: int | None, unit: int | None) -> int | None:
    return 100 if unit == 19 else capacity


def _knows_percent(level: int, capacity: int | None, unit: int | None) -> bool:
    whole = _whole(capacity, unit)
    return whole is not None and whole > 0 and 0 <= level <= whole * 1.05


def _level_fits(level: int, capacity: int | None, unit: int | None) -> Fits:
    """The raw numbers stay; only where they give no percentage may the vendor's own level stand there."""

    def fits(found: object) -> bool:
        assert isinstance(found, tuple)
        stands_in = _is_private(found[2]) and not _knows_percent(level, capacity, unit)
        return stands_in or found[:2] == (level, capacity)

    return fits


def _percent(item: int, row: int, level: int, capacity: int | None, unit: int | None) -> Iterator[Fact]:
    def look(reading: Reading) -> object:
        supply = supply_at(reading, row)
        return supply and (supply["percent"] if supply["percent"] is not None else "none", supply["source"])

    if _knows_percent(level, capacity, unit):
        wanted = min(100.0, 100 * level / (_whole(capacity, unit) or 1))
        yield Fact(item, f"supply {row} percent", round(wanted, 2), look, lambda found: _near(found, wanted))
    else:
        yield Fact(item, f"supply {row} percent", "none", look, _none_or_private)


def _near(found: object, wanted: float) -> bool:
    assert isinstance(found, tuple)
    return isinstance(found[0], int | float) and abs(found[0] - wanted) < 0.01


def _none_or_private(found: object) -> bool:
    assert isinstance(found, tuple)
    return found[0] == "none" or _is_private(found[1])


def _trays(recorded: Recorded, device: int) -> Iterator[Fact]:
    capacities, levels = (own_rows(recorded, f"{PRT}.8.2.1.{column}", device) for column in (9, 10))
    for row, content in levels.items():
        level, capacity = number(content), number(capacities.get(row))

        def look(reading: Reading, row: int = row) -> object:
            tray = next((each for each in reading["trays"] if each["index"] == str(row)), None)
            return tray and (tray["level"], tray["capacity"])

        if level is not None:
            yield Fact(12, f"tray {row} level", (level, capacity), look)


def _system(recorded: Recorded, device: int) -> Iterator[Fact]:
    if location := recorded.spellings(f"{MIB2}.1.6.0"):
        yield spelled(location, "device.location", 14, "sysLocation")
    if name := recorded.spellings(f"{MIB2}.1.5.0"):
        yield spelled(name, "device.hostname", 18, "sysName")
    up_time = recorded.number(f"{MIB2}.1.3.0")
    if up_time is not None and up_time >= 0:
        yield Fact(18, "sysUpTime in seconds", up_time // 100, at("misc.uptime_seconds"))
    changes = recorded.number(f"{PRT}.5.1.1.1.{device}")
    if changes is not None:
        yield Fact(18, "prtGeneralConfigChanges", changes, at("misc.config_changes"))
    if printer_name := recorded.spellings(f"{PRT}.5.1.1.16.{device}"):
        yield spelled(printer_name, "misc.printer_name", 18, "prtGeneralPrinterName")
    power_on = [number(each) for each in own_rows(recorded, f"{PRT}.10.2.1.5", device).values()]
    if len(power_on) == 1 and power_on[0] is not None and power_on[0] >= 0:
        yield Fact(18, "prtMarkerPowerOnCount", power_on[0], at("misc.power_on_count"))
    revisions = [*recorded.column(f"{MIB2}.47.1.1.1.1.9").values(), *recorded.column(f"{MIB2}.47.1.1.1.1.10").values()]
    known = {text for each in revisions for text in spellings(each) if not PLACEHOLDER.fullmatch(text)}
    first = recorded.spellings(f"{MIB2}.47.1.1.1.1.9.1") | recorded.spellings(f"{MIB2}.47.1.1.1.1.10.1")
    if {text for text in first if not PLACEHOLDER.fullmatch(text)}:
        yield spelled(known, "device.firmware", 17, "entPhysicalFirmwareRev")


def _mac(recorded: Recorded, address: str) -> Iterator[Fact]:
    usable = {
        index[0]: content.hex(":")
        for index, content in recorded.column(f"{MIB2}.2.2.1.6").items()
        if isinstance(content, bytes) and len(content) == 6 and any(content) and not content[0] & 1
    }
    owner = usable.get(recorded.number(f"{MIB2}.4.20.1.2.{address}") or -1)
    if usable:
        wanted = {owner} if owner else set(usable.values())
        yield Fact(15, "MAC address", min(wanted), at("device.mac"), lambda found: found in wanted)
