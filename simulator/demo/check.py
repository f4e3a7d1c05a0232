"""Compares what the hosting server has with what the printers say: every item of every device."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Printer = Mapping[str, Any]

ALERT_TOLERANCE = timedelta(seconds=65)
"""Readings tell to the minute when an alert was raised, so that the moment stays the same from one to the next."""

PERCENT_TOLERANCE = 0.51
"""A percentage may be given in whole numbers."""


@dataclass(slots=True)
class Comparison:
    """What was compared so far and what did not agree; each difference is a sentence. The printers started at `started_at`."""

    started_at: datetime
    items: int = 0
    differences: list[str] = field(default_factory=list)

    def equal(self, what: str, expected: object, found: object) -> None:
        """Note whether an item is as expected."""
        self.holds(what, expected == found, f"is {found!r}, the printer says {expected!r}")

    def holds(self, what: str, true: bool, otherwise: str) -> None:
        """Note whether something about an item is true."""
        self.items += 1
        if not true:
            self.differences.append(f"{what} {otherwise}")


def compare(
    readings: Sequence[Mapping[str, Any]], first: Sequence[Printer], now: Sequence[Printer], started_at: datetime
) -> Comparison:
    """Compare readings with the truth about the printers when they started (`first`, at `started_at`) and `now`.

    Meters and levels that move have to lie between both.
    """
    comparison = Comparison(started_at)
    by_serial: dict[str, list[Mapping[str, Any]]] = {}
    for reading in readings:
        by_serial.setdefault(str(reading["device"]["serial"]), []).append(reading)
    for before, after in zip(first, now, strict=True):
        device = before["device"]
        name = f"{device['manufacturer']} {device['model']}"
        own = by_serial.pop(str(device["serial"]), [])
        comparison.holds(f"{name} ({before['address']}):", bool(own), "has not arrived")
        comparison.holds(f"{name} ({before['address']}):", len(own) < 2, f"is there {len(own)} times")
        if own:
            _printer(comparison, name, own[0], before, after)
    for serial, strangers in by_serial.items():
        comparison.holds(f"A device with the serial number {serial}", not strangers, "is there and should not be")
    return comparison


def _printer(comparison: Comparison, name: str, reading: Mapping[str, Any], before: Printer, after: Printer) -> None:
    for item, expected in before["device"].items():
        comparison.equal(f"{name}: {item}", expected, reading["device"].get(item))
    status, expected_status = reading["status"], before["status"]
    for item in ("printer", "device", "console"):
        comparison.equal(f"{name}: status.{item}", expected_status[item], status.get(item))
    comparison.equal(f"{name}: status.errors", sorted(expected_status["errors"]), sorted(status.get("errors", [])))
    _alerts(comparison, name, reading["alerts"], before["alerts"])
    _meters(comparison, name, reading["meters"], before["meters"], after["meters"])
    _supplies(comparison, name, reading["supplies"], before["supplies"], after["supplies"])
    comparison.equal(f"{name}: number of trays", len(before["trays"]), len(reading["trays"]))
    for number, (expected, found) in enumerate(zip(before["trays"], reading["trays"], strict=False), 1):
        for item, value in expected.items():
            comparison.equal(f"{name}: tray {number} {item}", value, found.get(item))


def _alerts(
    comparison: Comparison,
    name: str,
    found: Sequence[Mapping[str, Any]],
    expected: Sequence[Mapping[str, Any]],
) -> None:
    comparison.equal(f"{name}: number of alerts", len(expected), len(found))
    for number, (one, other) in enumerate(zip(expected, found, strict=False), 1):
        for item in ("severity", "group", "code", "location", "description"):
            comparison.equal(f"{name}: alert {number} {item}", one[item], other.get(item))
        if one["seconds_ago"] is None:
            comparison.equal(f"{name}: alert {number} since", None, other.get("since"))
            continue
        raised = comparison.started_at - timedelta(seconds=one["seconds_ago"])
        since = datetime.fromisoformat(other["since"]) if other.get("since") else None
        near = since is not None and abs(since - raised) <= ALERT_TOLERANCE
        comparison.holds(f"{name}: alert {number} since", near, f"is {since}, it was raised at {raised:%Y-%m-%d %H:%M:%S}")


def _meters(
    comparison: Comparison, name: str, found: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    comparison.equal(f"{name}: names of the meters", sorted(before), sorted(found))
    for meter in before.keys() & found.keys():
        comparison.equal(f"{name}: unit of {meter}", before[meter]["unit"], found[meter]["unit"])
        value, low, high = found[meter]["value"], before[meter]["value"], after[meter]["value"]
        comparison.holds(f"{name}: meter {meter}", low <= value <= high, f"is {value}, the printer counts from {low} to {high}")


def _supplies(
    comparison: Comparison,
    name: str,
    found: Sequence[Mapping[str, Any]],
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
) -> None:
    comparison.equal(f"{name}: number of supplies", len(before), len(found))
    for number, (full, used, supply) in enumerate(zip(before, after, found, strict=False), 1):
        label = f"{name}: supply {number}"
        for item in ("index", "type", "class", "color", "description", "unit", "capacity"):
            comparison.equal(f"{label} {item}", full[item], supply.get(item))
        for item in ("serial", "part_number"):
            if full[item]:
                comparison.equal(f"{label} {item}", full[item], supply.get(item))
        level, percent = supply.get("level"), supply.get("percent")
        known = isinstance(level, int) and used["level"] <= level <= full["level"]
        comparison.holds(f"{label} level", known, f"is {level}, the printer says {full['level']} to {used['level']}")
        states = {full["state"], used["state"]}
        comparison.holds(
            f"{label} state", supply.get("state") in states, f"is {supply.get('state')!r}, expected {' or '.join(states)}"
        )
        if full["percent"] is None or not isinstance(level, int):
            comparison.equal(f"{label} percent", full["percent"], percent)
        else:
            true = 100 * level / full["capacity"]
            near = percent is not None and abs(percent - true) < PERCENT_TOLERANCE
            comparison.holds(f"{label} percent", near, f"is {percent}, {level} of {full['capacity']} are {true:.1f}")
