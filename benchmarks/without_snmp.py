"""Without SNMP: how many items of the 13 printers of the demo arrive by IPP and web documents alone, and which do not."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from appliance.common.clock import utc_now
from appliance.common.network.traffic import Traffic
from appliance.http.ports import AllowedPorts
from appliance.http.supplements import Supplements
from appliance.reading.without_snmp import reading_of_parts
from benchmarks import _command
from benchmarks._figures import Figure, Report
from benchmarks._fleet import BASE, Printers, printers
from simulator.fleet import Options, generated_fleet
from simulator.truth import fleet_truth

GROUPS = {
    "device": "who and where",
    "status": "status",
    "alerts": "alerts",
    "meters": "meters",
    "supplies": "supplies",
    "trays": "trays",
}
"""The parts of a reading, as the table calls them."""
WORDS = ("--snmp-off", "", "--advance", "0", "--web-port", "631=0", "--web-port", "80=0", "--web-port", "443=0")
_NO_ITEMS = frozenset({"ip", "index", "seconds_ago"})
"""The address is known by asking; rows are told apart by their number; of an alert its time is no value of its own."""
_SAYS_NOTHING: tuple[object, ...] = (None, "", "unknown", [], ())

Item = tuple[str, ...]
"""Where an item stands: `supplies`, number of the row, `level`."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of the items of one printer: by item the source of what arrived, and what arrived otherwise than over SNMP."""

    name: str
    items: Sequence[Item]
    sources: Mapping[Item, str]
    otherwise: Mapping[Item, str]

    def count(self, group: str) -> str:
        """Return how many items of how many of a part of the reading have arrived."""
        asked = [item for item in self.items if item[0] == group]
        return f"{sum(item in self.sources for item in asked)}/{len(asked)}" if asked else ""

    def by(self, source: str) -> int:
        """Return how many items came from `source`."""
        return Counter(self.sources.values())[source]


def items_of(reading: Mapping[str, Any]) -> dict[Item, Any]:
    """Return the items of a reading, or of the truth about a printer, that say something."""
    return {item: value for group in GROUPS for item, value in _below((group,), reading[group])}


def _below(path: Item, value: Any) -> Iterator[tuple[Item, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in _NO_ITEMS:
                yield from _below((*path, name), inner)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for number, row in enumerate(value, 1):
            yield from _below((*path, str(number)), row)
    elif value not in _SAYS_NOTHING:
        yield path, value


def arrived(truth: Mapping[str, Any], reading: Mapping[str, Any] | None) -> Arrived:
    """Return what of the truth about a printer is in a reading; None is one that could not be read."""
    told, found = items_of(truth), items_of(reading) if reading else {}
    sources = {item: _source(reading or {}, item) for item, value in told.items() if found.get(item) == value}
    otherwise = {item: f"{found[item]} for {value}" for item, value in told.items() if item in found and item not in sources}
    device = truth["device"]
    return Arrived(f"{device['manufacturer']} {device['model']}", list(told), sources, otherwise)


def _source(reading: Mapping[str, Any], item: Item) -> str:
    group, name = item[0], item[1]
    told = {
        "meters": lambda: reading["meters"][name]["source"],
        "supplies": lambda: reading["supplies"][int(name) - 1]["source"],
    }.get(group, lambda: reading["sources"].get(".".join(item), "IPP"))()
    return "IPP" if str(told).startswith("IPP") else "documents"


async def read_all(fleet: Printers) -> list[dict[str, Any] | None]:
    """Return the reading of each printer, by IPP and web documents alone; None of one that does not answer."""
    ports = AllowedPorts(fleet.web.values(), secure=[fleet.web[443]])
    supplements = Supplements(ports=ports, ipp_port=fleet.web[631], web_ports=[fleet.web[80], fleet.web[443]])
    readings = []
    for address in fleet.addresses:
        build = partial(reading_of_parts, address=address, taken_at=utc_now())
        reading = await supplements.read(address, build, Traffic())
        readings.append(reading.model_dump(mode="json", by_alias=True) if reading else None)
    return readings


def all_arrived() -> list[Arrived]:
    """Return what arrives of the printers of the demo, when they answer no SNMP."""
    with tempfile.TemporaryDirectory(prefix="dca-without-snmp-") as folder, printers(Path(folder), *WORDS) as fleet:
        readings = asyncio.run(read_all(fleet))
    truth = fleet_truth(generated_fleet(None, BASE, Options(seconds_per_page=0)), 0)["printers"]
    return [arrived(printer, reading) for printer, reading in zip(truth, readings, strict=True)]


def table(found: Sequence[Arrived]) -> str:
    """Return the table as Markdown: a row for each printer, and one for all."""
    head = ("printer", "items over SNMP", "arrive", "by IPP", "by documents", *GROUPS.values())
    rows = [
        (
            each.name,
            str(len(each.items)),
            str(len(each.sources)),
            str(each.by("IPP")),
            str(each.by("documents")),
            *map(each.count, GROUPS),
        )
        for each in found
    ]
    sums = [str(sum(int(row[column]) for row in rows)) for column in range(1, 5)]
    parts = [_sum(each.count(group) for each in found) for group in GROUPS]
    lines = [head, ("---", *["---:"] * (len(head) - 1)), *rows, ("all", *sums, *parts)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _sum(counts: Iterator[str]) -> str:
    pairs = [tuple(map(int, count.split("/"))) for count in counts if count]
    return f"{sum(first for first, _ in pairs)}/{sum(second for _, second in pairs)}"


def measure(_quick: bool) -> Report:
    """Return how many items arrive."""
    found = all_arrived()
    total, there = sum(len(each.items) for each in found), sum(len(each.sources) for each in found)
    figures = [
        Figure("items the 13 printers tell over SNMP", total, ""),
        Figure("of them without SNMP", there, ""),
        Figure("by IPP", sum(each.by("IPP") for each in found), ""),
        Figure("by web documents", sum(each.by("documents") for each in found), ""),
        Figure("told otherwise", sum(len(each.otherwise) for each in found), ""),
    ]
    otherwise = [f"{each.name} {'.'.join(item)} ({told})" for each in found for item, told in each.otherwise.items()]
    details = (
        "An item is a value that says something: rows that are empty, and what is unknown, do not count. "
        f"Told otherwise, for IPP knows no such state: {', '.join(otherwise) or 'nothing'}."
    )
    return Report("without_snmp", figures, {}, f"{table(found)}\n\n{details}")


def run(arguments: Sequence[str]) -> int:
    """Measure and print."""
    return _command.run("without_snmp", __doc__, measure, arguments)
