"""What the tables of the Printer-MIB say, row by row: a plain walk over the recorded columns, with the enumerations of the MIB."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.accuracy.facts import Fact, Fits, Look, Reading
from benchmarks.accuracy.recorded import Content, Recorded, number, plain, spellings
from benchmarks.accuracy.standard import PRT, UNITS, own_rows, printer_index, supply_at, supply_item

SUPPLY_UNITS = UNITS | {
    1: "other",
    2: "unknown",
    12: "thousandthsOfOunces",
    13: "tenthsOfGrams",
    14: "hundrethsOfFluidOunces",
    15: "tenthsOfMilliliters",
    18: "items",
    19: "percent",
}
SUPPLY_CLASSES = {1: "other", 3: "supplyThatIsConsumed", 4: "receptacleThatIsFilled"}
SUPPLY_TYPES = dict(
    enumerate(
        (
            *("other", "unknown", "toner", "wasteToner", "ink", "inkCartridge", "inkRibbon", "wasteInk", "opc", "developer"),
            *("fuserOil", "solidWax", "ribbonWax", "wasteWax", "fuser", "coronaWire", "fuserOilWick", "cleanerUnit"),
            *("fuserCleaningPad", "transferUnit", "tonerCartridge", "fuserOiler", "water", "wasteWater", "glueWaterAdditive"),
            *("wastePaper", "bindingSupply", "bandingSupply", "stitchingWire", "shrinkWrap", "paperWrap", "staples", "inserts"),
            *("covers", "matteToner", "matteInk"),
        ),
        1,
    )
)
ALERT_SEVERITIES = {1: "other", 3: "critical", 4: "warning", 5: "warningBinaryChangeEvent"}
COLOR_TYPES = {"toner", "ink", "inkCartridge", "tonerCartridge"}
_ONE_COLOR = re.compile(r"(black|cyan|magenta|yellow)\b")
_OTHER_COLOR = re.compile(r"photo|matte|light|gr[ae]y|waste")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table by the names of its columns; what the recording does not have is missing."""

    index: int
    cells: Mapping[str, Content]

    def number(self, column: str) -> int | None:
        """Return the number in a cell."""
        return number(self.cells.get(column))

    def spellings(self, column: str) -> set[str]:
        """Return how the text of a cell may be written."""
        return spellings(self.cells.get(column))

    def named(self, column: str, names: Mapping[int, str]) -> str | None:
        """Return the name of an enumerated cell, its digits where the MIB has no name; None where there is no number."""
        found = self.number(column)
        return None if found is None else names.get(found, str(found))


_SUPPLIES = {"colorant": 3, "class": 4, "type": 5, "description": 6, "unit": 7, "capacity": 8, "level": 9}
_TRAYS = {"type": 2, "capacity": 9, "level": 10, "status": 11, "media": 12, "name": 13, "description": 18}
_TRAY_COLUMNS_OF_ROWS = ("capacity", "level", "media", "name")
_MARKERS = {"unit": 3, "count": 4, "power_on": 5, "colorants": 6}
_ALERTS = {"severity": 2, "group": 4, "group_index": 5, "location": 6, "code": 7, "description": 8, "time": 9}


def _rows(recorded: Recorded, entry: str, columns: Mapping[str, int]) -> list[Row]:
    device = printer_index(recorded)
    found: dict[int, dict[str, Content]] = {}
    for name, column in columns.items():
        for index, content in own_rows(recorded, f"{PRT}.{entry}.{column}", device).items():
            found.setdefault(index, {})[name] = content
    return [Row(index, cells) for index, cells in sorted(found.items())]


def supplies(recorded: Recorded) -> list[Row]:
    """Return the rows of prtMarkerSuppliesTable."""
    return _rows(recorded, "11.1.1", _SUPPLIES)


def trays(recorded: Recorded) -> list[Row]:
    """Return the rows of prtInputTable of which something is known beside their type."""
    return [row for row in _rows(recorded, "8.2.1", _TRAYS) if set(row.cells).intersection(_TRAY_COLUMNS_OF_ROWS)]


def markers(recorded: Recorded) -> list[Row]:
    """Return the rows of prtMarkerTable."""
    return _rows(recorded, "10.2.1", _MARKERS)


def alerts(recorded: Recorded) -> list[Row]:
    """Return the rows of prtAlertTable."""
    return _rows(recorded, "18.1.1", _ALERTS)


def colorants(recorded: Recorded) -> dict[int, set[str]]:
    """Return how the names of the colorants may be written, by their rows."""
    return {row: spellings(cell) for row, cell in own_rows(recorded, f"{PRT}.12.1.1.4", printer_index(recorded)).items()}


def color_of(row: Row, names: Mapping[int, set[str]]) -> str | None:
    """Return the colour of a supply where its colorant, or the first word of its description, is one of the four."""
    by_colorant = names.get(row.number("colorant") or 0, set())
    if by_colorant:
        found = sorted(by_colorant & {"black", "cyan", "magenta", "yellow"})
        return found[0] if found else None
    if row.named("type", SUPPLY_TYPES) not in COLOR_TYPES:
        return None
    for text in sorted(row.spellings("description")):
        word = _ONE_COLOR.match(text)
        if word and not _OTHER_COLOR.search(text):
            return word[1]
    return None


def facts(recorded: Recorded) -> Iterator[Fact]:
    """Yield what the rows say: what a supply is, in which unit it is counted, its colour; the unit of a meter; the trays."""
    yield from _supplies(recorded)
    yield from _units(recorded)
    yield from _trays(recorded)


def _supplies(recorded: Recorded) -> Iterator[Fact]:
    names = colorants(recorded)
    for row in supplies(recorded):
        item = supply_item(row.number("type"), row.spellings("description"))
        for column, field, known in (("type", "type", SUPPLY_TYPES), ("class", "class", SUPPLY_CLASSES)):
            if wanted := row.named(column, known):
                yield Fact(item, f"supply {row.index} {column}", wanted, supply_field(row.index, field))
        if unit := row.named("unit", SUPPLY_UNITS):
            yield Fact(item, f"supply {row.index} unit", unit, _unit(row.index), _unit_fits(row, unit))
        # A colour that its colorant tells is a fact of `standard`.
        if (color := color_of(row, names)) and not names.get(row.number("colorant") or 0):
            yield Fact(item, f"supply {row.index} colour", color, supply_field(row.index, "color"))


def supply_field(index: int, name: str) -> Look:
    """Return a look at a field of the supply of a row."""
    return lambda reading: (supply_at(reading, index) or {}).get(name)


def _unit(index: int) -> Look:
    def look(reading: Reading) -> object:
        supply = supply_at(reading, index)
        return supply and supply["unit"] and (supply["unit"], supply["source"])

    return look


def _unit_fits(row: Row, wanted: str) -> Fits:
    """The unit belongs to level and capacity: it is the vendor's where these are, because the table has no amount."""

    def fits(found: object) -> bool:
        assert isinstance(found, tuple)
        unit, source = found
        level = row.number("level")
        is_amount = level is not None and level >= 0
        return bool(unit == wanted or (not str(source).startswith("prtMarkerSuppliesLevel") and not is_amount))

    return fits


def _units(recorded: Recorded) -> Iterator[Fact]:
    device = printer_index(recorded)
    for row in markers(recorded):
        count, unit = row.number("count"), UNITS.get(row.number("unit") or 0)
        if count is None or count < 0 or unit is None:
            continue
        ends = (f"prtMarkerLifeCount.{device}.{row.index}", f"prtMarkerLifeCount.{row.index}")

        def look(reading: Reading, ends: tuple[str, ...] = ends) -> object:
            meters = reading["meters"].values()
            return next((meter["unit"] for meter in meters if set(meter["source"].split("+")).intersection(ends)), None)

        yield Fact(4, f"unit of prtMarkerLifeCount row {row.index}", unit, look)


def tray_at(reading: Reading, index: int) -> Reading | None:
    """Return a tray by the number of its row."""
    return next((each for each in reading["trays"] if each["index"] == str(index)), None)


def _trays(recorded: Recorded) -> Iterator[Fact]:
    rows = trays(recorded)
    if rows:
        yield Fact(12, "trays, how many", len(rows), lambda reading: len(reading["trays"]), counts_rows=True)
    for row in rows:
        for field, columns in (("name", ("name", "description")), ("media", ("media",))):
            wanted = next((found for column in columns if (found := row.spellings(column))), set())
            if wanted:

                def look(reading: Reading, index: int = row.index, field: str = field) -> object:
                    return (tray_at(reading, index) or {}).get(field)

                def fits(found: object, wanted: set[str] = wanted) -> bool:
                    return plain(str(found)) in wanted

                yield Fact(12, f"tray {row.index} {field}", min(wanted), look, fits)
