"""Which of the 18 items each vendor's devices give, by which objects, how sure that is, and whether a recording has shown it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.reading.definitions.definitions import Definition, builtin_definitions
from appliance.reading.definitions.vendor import read_vendor
from appliance.reading.view import View
from appliance.snmp.recording import read_recording
from appliance.snmp.values import Oid
from benchmarks.accuracy.facts import ITEMS
from benchmarks.accuracy.judge import Judged
from benchmarks.accuracy.recorded import Recorded

NOT_STANDARD = frozenset({10, 13})
"""Items no standard object has; cartridge serials stand in free texts at best."""
_ITEM_OF = {"device.model": 2, "device.serial": 3, "status.console": 6, "device.asset_number": 13, "device.location": 14} | {
    "device.device_id": 16,
    "device.firmware": 17,
    "device.hostname": 18,
}
_ITEM_OF_SUPPLY = {"toner": 9, "tonerCartridge": 9, "ink": 9, "inkCartridge": 9, "fuser": 11, "transferUnit": 11}


@dataclass(frozen=True, slots=True)
class Cover:
    """One object of a definition that gives an item."""

    item: int
    name: str
    evidence: str
    seen: bool


@dataclass(frozen=True, slots=True)
class VendorCoverage:
    """What covers the items of one vendor."""

    vendor: str
    standard_seen: frozenset[int]
    """Items that standard objects have shown on a recording of this vendor."""
    covers: tuple[Cover, ...]

    def cell(self, item: int) -> str:
        """Return the item in short: S or s for the standard objects (seen on a recording or not), then the best mark, * if seen."""
        standard = "" if item in NOT_STANDARD and item not in self.standard_seen else "S" if item in self.standard_seen else "s"
        marks = sorted((each.evidence, not each.seen) for each in self.covers if each.item == item)
        best = f"{marks[0][0]}{'*' if any(not unseen for _, unseen in marks) else ''}" if marks else ""
        return f"{standard}{best}" or "-"


def coverage(recordings: Sequence[Recorded], judged: Sequence[Judged]) -> list[VendorCoverage]:
    """Return the coverage of each built-in definition, as these recordings show it."""
    definitions = builtin_definitions()
    objects = {each.name: read_recording(each.file) for each in recordings}
    applying = {name: read_vendor(View(found), definitions).applying for name, found in objects.items()}
    by_name = {each.name: each for each in judged}
    result = []
    for definition in definitions.definitions:
        mine = [name for name, found in applying.items() if definition in found]
        seen = {oid for name in mine for oid in objects[name]}
        shown = {each.fact.item for name in mine for each in by_name[name].findings if each.fact.source == "standard"}
        result.append(VendorCoverage(definition.vendor, frozenset(shown), tuple(_covers(definition, seen))))
    return result


def _item(target: str) -> int:
    if target.startswith("meters."):
        return 5 if target.endswith(("_mono", "_color")) else 4
    return _ITEM_OF.get(target, 18)


def _covers(definition: Definition, seen: set[Oid]) -> Iterator[Cover]:
    content = definition.content
    marks = {each.name: (each.evidence, any(oid in seen for oid in each.oid)) for each in content.objects}
    marks |= {each.name: (each.evidence, each.oid in seen) for each in content.records}
    for spec in content.objects:
        if spec.gives:
            yield Cover(_item(spec.gives), spec.name, *marks[spec.name])
    for records in content.records:
        yield from (Cover(_item(entry.gives), f"{records.name}:{entry.key:02x}", *marks[records.name]) for entry in records.entries)
    for table in content.tables:
        has = _has(seen, table.columns.value)
        yield from (Cover(_item(row.gives), table.name, table.evidence, has) for row in table.rows)
    for paper in content.papers:
        yield Cover(4, paper.name, paper.evidence, _has(seen, paper.columns.total))
    for supply in content.supplies:
        for reference in (*supply.level[:1], *filter(None, [supply.state])):
            evidence, has = marks[reference.partition(":")[0]]
            yield Cover(_ITEM_OF_SUPPLY.get(supply.type, 12), reference, evidence, has)
    for supplies in content.supply_tables:
        columns = supplies.columns
        if columns.serial is not None:
            yield Cover(10, supplies.name, supplies.evidence, _has(seen, columns.serial))
        if columns.level is not None:
            items = (9, 11, 12) if columns.type is not None else (9,)
            yield from (Cover(item, supplies.name, supplies.evidence, _has(seen, columns.level)) for item in items)


def _has(seen: set[Oid], column: Oid) -> bool:
    return any(oid[: len(column)] == column for oid in seen)


def as_json(covered: Sequence[VendorCoverage]) -> list[dict[str, object]]:
    """Return the coverage as JSON values: for each vendor and item the standard objects and those of the definition."""
    return [
        {
            "vendor": each.vendor,
            "items": {
                str(item): {
                    "name": name,
                    "standard": item not in NOT_STANDARD,
                    "standard_seen": item in each.standard_seen,
                    "objects": [
                        {"name": cover.name, "evidence": cover.evidence, "seen_on_a_recording": cover.seen}
                        for cover in each.covers
                        if cover.item == item
                    ],
                }
                for item, name in ITEMS.items()
            },
        }
        for each in covered
    ]
