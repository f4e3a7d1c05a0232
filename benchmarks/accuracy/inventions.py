"""What a reading says of which the recording has nothing.

Everything a reading says is looked up in the recording by plain means: a text stands in one of its texts, a number is one of its
numbers or stands in its octets, a row of a table is there, an enumeration has a cell. What is found nowhere is invented.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from appliance.report.proof import UNPROVEN
from benchmarks.accuracy import makers, standard, tables
from benchmarks.accuracy.facts import Fact, Reading
from benchmarks.accuracy.recorded import Content, Recorded, number, plain, spellings

_OID = re.compile(r"\b1(?:\.\d+){5,}\b")
_LIFE_COUNT = re.compile(r"prtMarkerLifeCount\.([\d.]+)")
_COLOR_WORDS = re.compile(r"cyan|magenta|yellow|colou?r", re.IGNORECASE)
_LEVEL = "prtMarkerSuppliesLevel"
_DEVICE_TEXTS = {
    "model": "model",
    "description": "description",
    "serial": "serial number",
    "asset_number": "asset number",
    "location": "location",
    "hostname": "miscellaneous",
    "firmware": "firmware",
}


@dataclass(frozen=True, slots=True)
class Invention:
    """Something a reading says that nothing stands for."""

    topic: str
    what: str
    said: object

    def text(self) -> str:
        """Return it as a sentence."""
        return f"{self.what} is {self.said!r}, of which the recording has nothing"


def inventions(recorded: Recorded, reading: Reading, *, further: frozenset[int | str] = frozenset()) -> list[Invention]:
    """Return what `reading` says and `recorded` has not; `further` is what was answered beside it, such as sums and keywords."""
    ground = _Ground(recorded, further)
    checks = (_device, _status, _alerts, _meters, _supplies, _trays, _misc)
    return [found for check in checks for found in check(ground, reading)]


class _Ground:
    """What a recording has, to be looked up."""

    def __init__(self, recorded: Recorded, further: frozenset[int | str]) -> None:
        self.recorded = recorded
        self.further = further

    @cached_property
    def texts(self) -> list[str]:
        """All texts, by all their spellings."""
        answered = [plain(each) for each in self.further if isinstance(each, str)]
        return [*answered, *(text for content in self.recorded.objects.values() for text in spellings(content))]

    @cached_property
    def numbers(self) -> set[int]:
        """All numbers, those written as digits among them."""
        return {found for content in self.recorded.objects.values() if (found := number(content)) is not None}

    @cached_property
    def octets(self) -> list[bytes]:
        return [content for content in self.recorded.objects.values() if isinstance(content, bytes)]

    def has_text(self, said: object) -> bool:
        """Whether a text, or each of several behind another (`; `), stands in a text of the recording."""
        wanted = plain(str(said))
        return any(wanted in text for text in self.texts) or all(
            any(part in text for text in self.texts) for part in map(plain, wanted.split(";"))
        )

    def has_number(self, said: int) -> bool:
        """Whether a number is there, or stands in octets."""
        return said in self.numbers or said in self.further or any(_carries(content, said) for content in self.octets)


def _carries(content: Content, said: int) -> bool:
    """Return whether an object has a number: as such, as digits within a text, as octets, or as a float of four octets."""
    if not isinstance(content, bytes):
        return content == said
    if re.search(rb"(?<!\d)%d(?!\d)" % said, content):
        return True
    if said < 0:
        return said.to_bytes(4, "big", signed=True) in content if said >= -(2**31) else False
    if said < 256 and bytes((said,)) in content and not content.isascii():
        return True
    width = 4 if said < 2**32 else 8
    return said < 2**64 and (said.to_bytes(width, "big") in content or standard.float_in(content) == said)


def _at_sources(ground: _Ground, source: str) -> list[Content] | None:
    """Return the objects that a source names, None where one of them is not there or none is named."""
    device = standard.printer_index(ground.recorded)
    found = []
    for oid in _OID.findall(source):
        content = ground.recorded.objects.get(oid)
        if content is None:
            return None
        found.append(content)
    for index in _LIFE_COUNT.findall(source):
        rows = standard.own_rows(ground.recorded, f"{standard.PRT}.10.2.1.4", device)
        content = rows.get(int(index.rpartition(".")[2]))
        if content is None:
            return None
        found.append(content)
    return found or None


def _device(ground: _Ground, reading: Reading) -> Iterator[Invention]:
    device = reading["device"]
    for field, topic in _DEVICE_TEXTS.items():
        if device[field] is not None and not ground.has_text(device[field]):
            yield Invention(topic, f"device.{field}", device[field])
    maker = device["manufacturer"]
    if maker is not None and not next(makers.facts(ground.recorded), None) and not ground.has_text(maker):
        yield Invention("maker", "device.manufacturer", maker)
    mac = device["mac"]
    if mac is not None and bytes.fromhex(mac.replace(":", "")) not in ground.octets:
        yield Invention("MAC address", "device.mac", mac)
    if device["color"] is not None and not _tells_color(ground, reading):
        yield Invention("mono or colour", "device.color", device["color"])


def _tells_color(ground: _Ground, reading: Reading) -> bool:
    """Return whether anything tells what the device prints with: its markers, its supplies, or a meter of what is in colour."""
    has_markers = any(row.number("colorants") is not None for row in tables.markers(ground.recorded))
    has_supplies = bool(tables.supplies(ground.recorded) or reading["supplies"])
    return has_markers or has_supplies or any("color" in name for name in reading["meters"])


def _status(ground: _Ground, reading: Reading) -> Iterator[Invention]:
    status, recorded = reading["status"], ground.recorded
    index = standard.host_index(recorded)
    known = {
        "printer": recorded.number(f"{standard.HR}.5.1.1.{index}") is not None or status["printer"] == "sleeping",
        "device": recorded.number(f"{standard.HR}.2.1.5.{index}") is not None,
        "errors": isinstance(recorded.objects.get(f"{standard.HR}.5.1.2.{index}"), bytes),
    }
    for field, is_known in known.items():
        if status[field] not in ("unknown", []) and not is_known:
            yield Invention("status", f"status.{field}", status[field])
    for line in status["console"]:
        if not ground.has_text(line):
            yield Invention("panel", "a line of the panel", line)


def _alerts(ground: _Ground, reading: Reading) -> Iterator[Invention]:
    rows = tables.alerts(ground.recorded)
    if len(reading["alerts"]) > len(rows):
        yield Invention("alerts and errors", "the number of alerts", len(reading["alerts"]))
    for alert in reading["alerts"]:
        if alert["description"] is not None and not ground.has_text(alert["description"]):
            yield Invention("alerts and errors", "the description of an alert", alert["description"])
        severities = {row.named("severity", tables.ALERT_SEVERITIES) or "unknown" for row in rows}
        is_unread = alert["severity"] == "unknown" and "reading" in reading["reasons"]
        if alert["severity"] not in severities and not is_unread:
            yield Invention("alerts and errors", "the severity of an alert", alert["severity"])


def _meters(ground: _Ground, reading: Reading) -> Iterator[Invention]:
    for name, meter in reading["meters"].items():
        objects = _at_sources(ground, meter["source"])
        numbers = [number(content) for content in objects or ()]
        known = [found for found in numbers if found is not None]
        is_sum = bool(objects) and len(known) == len(numbers) and sum(known) == meter["value"]
        stands_in = any(_carries(content, meter["value"]) for content in objects or ())
        # Sums of records that stand in one object, and what another protocol than SNMP has answered.
        is_known = ("+" in meter["source"] and bool(objects)) or meter["value"] in ground.further
        if not (is_sum or stands_in or is_known):
            what = Fact(4, name, None, lambda _: None, source="private" if _OID.search(meter["source"]) else "standard")
            yield Invention(what.topic, f"meters.{name}", meter["value"])


def _supplies(ground: _Ground, reading: Reading) -> Iterator[Invention]:
    rows = {str(row.index): row for row in tables.supplies(ground.recorded)}
    for supply in reading["supplies"]:
        row = rows.get(supply["index"])
        name = f"supply {supply['index']}"
        if row is None:
            if _at_sources(ground, supply["source"]) is None:
                yield Invention("supply level", name, supply["source"])
            elif supply["level"] is not None and not ground.has_number(supply["level"]):
                yield Invention("supply level", f"{name} level", supply["level"])
            continue
        for field, topic in (("type", "supply type"), ("class", "supply class"), ("unit", "supply unit")):
            if supply[field] not in (None, "unknown") and field not in row.cells and not _is_private(supply):
                yield Invention(topic, f"{name} {field}", supply[field])
        for field in ("level", "capacity"):
            if supply[field] is not None and field not in row.cells and not _is_private(supply):
                yield Invention("supply level", f"{name} {field}", supply[field])
        yield from _supply_texts(ground, supply, row, name)


def _supply_texts(ground: _Ground, supply: Reading, row: tables.Row, name: str) -> Iterator[Invention]:
    for field, topic in (("description", "supply description"), ("serial", "cartridge serial"), ("part_number", "miscellaneous")):
        if supply[field] is not None and not ground.has_text(supply[field]):
            yield Invention(topic, f"{name} {field}", supply[field])
    told = "description" in row.cells or row.number("colorant") or _is_private(supply)
    if supply["color"] is not None and not told:
        yield Invention("supply colour", f"{name} colour", supply["color"])


def _is_private(supply: Reading) -> bool:
    """Return whether another source than the table has a part in it."""
    return not re.fullmatch(rf"{_LEVEL}\.[\d.]+", supply["source"])


def _trays(ground: _Ground, reading: Reading) -> Iterator[Invention]:
    rows = {str(row.index): row for row in tables.trays(ground.recorded)}
    for tray in reading["trays"]:
        row = rows.get(tray["index"])
        if row is None:
            yield Invention("trays", f"tray {tray['index']}", tray["name"])
            continue
        for field, columns in (("name", ("name", "description")), ("media", ("media",)), ("capacity", ("capacity",))):
            if tray[field] is not None and not set(columns).intersection(row.cells):
                yield Invention("trays", f"tray {tray['index']} {field}", tray[field])
        if (tray["level"] is not None or tray["state"] != "unknown") and "level" not in row.cells:
            yield Invention("trays", f"tray {tray['index']} level", tray["level"] or tray["state"])


def _misc(ground: _Ground, reading: Reading) -> Iterator[Invention]:
    for name, said in reading["misc"].items():
        if name == UNPROVEN:
            continue  # of the definitions, not of the device
        if isinstance(said, int):
            up_time = name == "uptime_seconds" and any(found // 100 == said for found in ground.numbers)
            known = up_time or ground.has_number(said)
        else:
            in_octets = any(str(said) == content.hex() for content in ground.octets)
            known = in_octets or ground.has_text(said) or (name == "engine_maker" and plain(str(said)) in makers.NAMES)
        if not known:
            yield Invention("miscellaneous", f"misc.{name}", said)
