"""Supplies: prtMarkerSuppliesTable (RFC 3805) as rows a person can act on, with no number the printer did not give.

- `level` and `capacity` are the raw integers; -1 is unrestricted, -2 unknown, -3 some remains (or, in a receptacle, some space).
- `percent` is null unless level and capacity are both real, or the unit is percent and the level lies between 0 and 100.
- A level a little above its capacity counts as full, and `reasons` says so; far above it the row contradicts itself: no percent.
- Whether a waste container's level tells what is in it or what still fits in differs between makers, so its state follows the
  printer's alerts; without one, a level in the middle is fine in both directions and one at an end is unknown, unless the vendor's
  definition knows the direction.
- What the vendor's own objects tell is joined to the rows by `supply_join`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from appliance.reading import enumerations as enum
from appliance.reading.definitions.schema import Quirks
from appliance.reading.definitions.vendor import Vendor
from appliance.reading.sources import objects as mib
from appliance.reading.status.alerts import AlertRow
from appliance.reading.supplies.colors import color_in_words, color_named
from appliance.reading.view import Row, View, integer
from appliance.report import Supply
from appliance.report.supply_level import LOW_PERCENT, RECEPTACLES
from appliance.snmp.values import Value

OVERSHOOT = 1.05
"""A level up to this much above its capacity counts as full."""

COLORED = frozenset({"toner", "ink", "inkCartridge", "inkRibbon", "solidWax", "tonerCartridge", "matteToner", "matteInk"})
"""Types of supplies that colour what is printed."""
_LETTERED = COLORED | {"opc", "developer", "unknown"}
"""Types of supplies in whose descriptions a letter stands for a colour."""
UNRESTRICTED, UNKNOWN, SOME_REMAINING = -1, -2, -3
_WASTE = re.compile(
    r"\bwaste\b|\bmaintenance (?:box|cartridge|tank)\b|resttoner|toner collect|récupérat|residu|廢|废|廃|폐토너", re.IGNORECASE
)
"""Words of a receptacle, for printers that tell neither type nor class."""
_PART_NUMBER = (
    re.compile(r"\b(?:PN|P/N|Part No\.?)[ :]*([A-Z0-9][A-Z0-9-]{3,})", re.IGNORECASE),
    re.compile(r"\bHP ([A-Z]{1,2}[0-9][A-Z0-9]{2,4}[A-Z]{1,2})\Z"),
    re.compile(r"\A([A-Z]{1,4}-?[0-9]{2,}[A-Z0-9-]*)\Z"),
)
_SERIAL = re.compile(r"\b(?:S/?N|Serial(?: No\.?)?)[ :]*([A-Z0-9][A-Z0-9-]{4,})", re.IGNORECASE)
_ALERT_STATES = {
    **dict.fromkeys(("subunitEmpty", "subunitLifeOver"), "empty"),
    **dict.fromkeys(("markerTonerEmpty", "markerInkEmpty", "markerPrintRibbonEmpty", "markerDeveloperEmpty"), "empty"),
    **dict.fromkeys(("markerOpcLifeOver",), "empty"),
    **dict.fromkeys(("subunitAlmostEmpty", "subunitLifeAlmostOver", "subunitNearLimit", "markerTonerAlmostEmpty"), "low"),
    **dict.fromkeys(("markerInkAlmostEmpty", "markerPrintRibbonAlmostEmpty", "markerDeveloperAlmostEmpty"), "low"),
    **dict.fromkeys(("markerOpcLifeAlmostOver", "subunitAlmostFull"), "low"),
    **dict.fromkeys(("markerWasteTonerReceptacleAlmostFull", "markerWasteInkReceptacleAlmostFull"), "low"),
    **dict.fromkeys(("subunitFull", "markerWasteTonerReceptacleFull", "markerWasteInkReceptacleFull"), "full"),
}
_GRAVITY = ("low", "empty", "full")


@dataclass(slots=True)
class Supplies:
    """The supplies of a device, and by dotted path why a percentage is missing or was corrected."""

    rows: list[Supply] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)


def read_supplies(vendor: Vendor, alerts: list[AlertRow]) -> Supplies:
    """Return the rows of prtMarkerSuppliesTable in order, with the vendor's quirks in mind."""
    view = vendor.view
    columns = {column.name: view.rows(column) for column in mib.SUPPLY_COLUMNS}
    colorants = {row: view.localized(value) for row, value in view.rows(mib.PRT_MARKER_COLORANT_VALUE).items()}
    found = sorted({row for rows in columns.values() for row in rows})
    table = [_Cells(view, row, {name: rows[row] for name, rows in columns.items() if row in rows}) for row in found]
    rules = _rules(vendor, table)
    supplies = Supplies()
    for cells in table:
        supply, reason = _read_row(cells, colorants, alert_state(cells.row, alerts), rules)
        supplies.rows.append(supply)
        if reason:
            supplies.reasons[f"supplies.{supply.index}.percent"] = reason
    return supplies


def has_colorless_rows(view: View, *, read: bool = False) -> bool:
    """Return whether the description of a supply that may have a colour names none: then its colorant may tell it.

    `read`: only rows count of which both kind and description have been read.
    """
    kinds = view.rows(mib.PRT_MARKER_SUPPLIES_TYPE)
    descriptions = view.rows(mib.PRT_MARKER_SUPPLIES_DESCRIPTION)
    for row in kinds.keys() & descriptions.keys() if read else kinds.keys() | descriptions.keys():
        kind = enum.named(enum.SUPPLY_TYPE, integer(kinds.get(row)))
        description = view.localized(descriptions.get(row))
        if kind in COLORED and color_in_words(description) is None and not is_receptacle("", kind, description):
            return True
    return False


def has_open_levels(view: View) -> bool:
    """Return whether a row of the table tells no amount: that it is unknown, that some remains, or nothing."""
    levels, named = view.rows(mib.PRT_MARKER_SUPPLIES_LEVEL), view.rows(mib.PRT_MARKER_SUPPLIES_DESCRIPTION)
    return any(integer(levels.get(row)) in {None, UNKNOWN, SOME_REMAINING} for row in {*levels, *named})


def level_states(vendor: Vendor) -> Mapping[int, str]:
    """Return the levels that name a state instead of an amount on this model."""
    quirk = vendor.quirks.level_states
    if quirk is None:
        return {}
    exempt = quirk.not_models is not None and any(quirk.not_models.search(text) for text in vendor.texts.descriptions)
    return {} if exempt else quirk.states


@dataclass(frozen=True, slots=True)
class _Cells:
    """One row of prtMarkerSuppliesTable, by column name."""

    view: View
    row: Row
    values: dict[str, Value]

    def number(self, column: mib.MibObject) -> int | None:
        return integer(self.values.get(column.name))

    def text(self, column: mib.MibObject) -> str | None:
        return self.view.localized(self.values.get(column.name))


@dataclass(frozen=True, slots=True)
class _Rules:
    """In what the levels of a vendor differ."""

    quirks: Quirks
    level_states: Mapping[int, str]
    percents: bool
    """Whether rows that count in percent, and have no capacity, do tell percentages."""

    def code(self, level: int | None, capacity: int | None, unit: int | None) -> str | None:
        """Return the state that a level names where it is no amount."""
        if level is None or (capacity is not None and capacity >= 0) or (unit == enum.PERCENT and self.percents):
            return None
        return self.level_states.get(level)

    def state(self, level: int | None, capacity: int | None, percent: float | None, *, receptacle: bool) -> str:
        """Return the state of a row by its amount."""
        if level is not None and level == self.quirks.empty_level:
            return "empty"
        return state_of(level, capacity, percent, receptacle=receptacle, waste_level=self.quirks.waste_level)


def _rules(vendor: Vendor, rows: Iterable[_Cells]) -> _Rules:
    """Return how the levels of `rows` are read: one in percent that names no state shows that the others are percentages, too."""
    states = level_states(vendor)
    percents = [
        level
        for cells in rows
        if cells.number(mib.PRT_MARKER_SUPPLIES_SUPPLY_UNIT) == enum.PERCENT
        and (level := cells.number(mib.PRT_MARKER_SUPPLIES_LEVEL) or 0) > max(states, default=0)
        and (cells.number(mib.PRT_MARKER_SUPPLIES_MAX_CAPACITY) or 0) <= 0
    ]
    return _Rules(vendor.quirks, states, percents=bool(percents))


def _read_row(cells: _Cells, colorants: dict[Row, str | None], alerted: str | None, rules: _Rules) -> tuple[Supply, str | None]:
    level, capacity = cells.number(mib.PRT_MARKER_SUPPLIES_LEVEL), cells.number(mib.PRT_MARKER_SUPPLIES_MAX_CAPACITY)
    unit = cells.number(mib.PRT_MARKER_SUPPLIES_SUPPLY_UNIT)
    kind = enum.named(enum.SUPPLY_TYPE, cells.number(mib.PRT_MARKER_SUPPLIES_TYPE))
    supply_class = enum.named(enum.SUPPLY_CLASS, cells.number(mib.PRT_MARKER_SUPPLIES_CLASS))
    description = cells.text(mib.PRT_MARKER_SUPPLIES_DESCRIPTION)
    colorant = cells.number(mib.PRT_MARKER_SUPPLIES_COLORANT_INDEX)
    code = rules.code(level, capacity, unit)
    percent, reason = (None, f"level {level} names a state") if code else percent_of(level, capacity, unit)
    state = code or rules.state(level, capacity, percent, receptacle=is_receptacle(supply_class, kind, description))
    part_number, serial = numbers_in(description)
    supply = Supply.model_validate(
        {
            "index": ".".join(map(str, cells.row)),
            "type": kind,
            "class": supply_class,
            "color": color_of(colorants.get((colorant,)) if colorant else None, description, kind),
            "description": description,
            "unit": enum.named(enum.SUPPLY_UNIT, unit) if unit is not None else None,
            "level": level,
            "capacity": capacity,
            "percent": percent,
            "state": alerted or state,
            "serial": serial,
            "part_number": part_number,
            "source": cells.view.source(mib.PRT_MARKER_SUPPLIES_LEVEL, cells.row),
        }
    )
    return supply, reason


def percent_of(level: int | None, capacity: int | None, unit: int | None) -> tuple[float | None, str | None]:
    """Return the percentage and, where it is missing or corrected against the row's own numbers, why.

    Special values (below zero) explain themselves and get no reason.
    """
    if level is None or level < 0:
        return None, None
    whole = 100 if unit == enum.PERCENT else capacity
    if whole is None or whole < 0:
        return None, None
    if whole == 0:
        return None, f"level {level} of a capacity of 0"
    if level > whole * OVERSHOOT:
        return None, f"level {level} is above the capacity of {whole}"
    if level > whole:
        return 100.0, f"level {level} of {whole} counts as full"
    return round(100 * level / whole, 2), None


def is_receptacle(supply_class: str, kind: str, description: str | None) -> bool:
    """Return whether a supply is a container that is filled, such as one for waste toner."""
    return supply_class == "receptacleThatIsFilled" or kind in RECEPTACLES or _WASTE.search(description or "") is not None


def state_of(
    level: int | None, capacity: int | None, percent: float | None, *, receptacle: bool, waste_level: str | None = None
) -> str:
    """Return the state of a supply by its own row; `waste_level` is what the levels of receptacles tell, where that is known."""
    if percent is None:
        special = {SOME_REMAINING: "some_remaining", UNRESTRICTED: "unrestricted"}
        if level is None or level >= 0:
            return "unrestricted" if level is None and capacity == UNRESTRICTED else "unknown"
        return special.get(level, "unknown")
    if receptacle and waste_level is not None:
        space = percent if waste_level == "remaining" else 100 - percent
        return "full" if space == 0 else "low" if space <= LOW_PERCENT else "ok"
    if receptacle:
        return "ok" if LOW_PERCENT < percent < 100 - LOW_PERCENT else "unknown"
    if level == 0:
        return "empty"
    return "low" if percent <= LOW_PERCENT else "ok"


def color_of(colorant: str | None, description: str | None, kind: str) -> str | None:
    """Return the colour: prtMarkerColorantValue of the supply's colorant, else what its description names, else None."""
    if colorant and colorant.lower() not in {"other", "unknown", "none"}:
        return color_named(colorant) or colorant.lower()
    return color_named(description) if kind in _LETTERED else color_in_words(description)


def numbers_in(description: str | None) -> tuple[str | None, str | None]:
    """Return part number and serial number inside a description such as `Black Toner, PN 006R01509;SN48178080E0000481`."""
    if not description:
        return None, None
    part_number = next((found[1] for pattern in _PART_NUMBER if (found := pattern.search(description))), None)
    serial = _SERIAL.search(description)
    return _with_digit(part_number), _with_digit(serial[1] if serial else None)


def _with_digit(found: str | None) -> str | None:
    return found if found and any(character.isdigit() for character in found) else None


def alert_state(row: Row, alerts: list[AlertRow]) -> str | None:
    """Return the worst state the printer's own alerts give the supply of `row`."""
    states = {
        _ALERT_STATES[alert.code]
        for alert in alerts
        if alert.group_number == enum.MARKER_SUPPLIES_GROUP and (alert.group_index,) == row and alert.code in _ALERT_STATES
    }
    return max(states, key=_GRAVITY.index, default=None)
