"""What other projects computed from the same recordings (`expected/*.json`), where it is no placeholder of their own."""

import re
from collections.abc import Iterator
from typing import Any

from benchmarks.accuracy.facts import Fact, Reading, at
from benchmarks.accuracy.private import COLORS, near, percent_of
from benchmarks.accuracy.recorded import Recorded, plain
from benchmarks.accuracy.standard import PLACEHOLDER, PRT, line_fact, spelled, supply_at, texts

METERS = {
    "page_counter": "total",
    "bw_counter": "total_mono",
    "color_counter": "total_color",
    "duplex_unit_pages_counter": "duplex",
    "image_counter": "images_total",
} | {f"{color}_counter": f"images_{color}" for color in COLORS}
PARTS = {
    "belt_unit_remaining_life": (("transferUnit",), None),
    "fuser_remaining_life": (("fuser",), None),
    "drum_remaining_life": (("opc",), None),
} | {f"{color}_drum_remaining_life": (("opc",), color) for color in COLORS}
INKS = ("toner", "tonerCartridge", "ink", "inkCartridge")
LEFT = {
    "belt_unit_remaining_pages": "belt_pages_left",
    "drum_remaining_pages": "drum_pages_left",
    "fuser_unit_remaining_pages": "fuser_pages_left",
    "laser_unit_remaining_pages": "laser_pages_left",
    "pf_kit_1_remaining_pages": "paper_feed_kit_1_pages_left",
    "pf_kit_mp_remaining_pages": "paper_feed_kit_mp_pages_left",
    "drum_counter": "drum_pages",
} | {f"{color}_drum_remaining_pages": f"drum_{color}_pages_left" for color in COLORS}
STATES = {1: {"ok", "low"}, 2: {"low", "empty"}}
"""What the states 1 and 2 of a toner or ink may be called: a level below a tenth is low even where the device is still content."""


def facts(recorded: Recorded) -> Iterator[Fact]:
    """Yield what is known of the device beside its recording."""
    expected = recorded.expected
    device = expected.get("device") or {}
    yield from _identity(recorded, expected, device)
    sensors = expected.get("sensors") or {}
    if isinstance(sensors, dict):
        yield from _named(sensors)
    else:
        yield from _counted(recorded, sensors)
    for row in expected.get("printer_supplies") or []:
        yield from _supply(row)


def _identity(recorded: Recorded, expected: dict[str, Any], device: dict[str, Any]) -> Iterator[Fact]:
    serial = expected.get("serial") or device.get("serial")
    if serial and not PLACEHOLDER.fullmatch(serial) and "<" not in serial:
        yield spelled({plain(serial)}, "device.serial", 3, "serial number", "peer")
    hardware = expected.get("hardware") or device.get("model")
    if hardware and any(character.isdigit() for character in hardware) and not hardware.isdigit():
        candidates = [plain(hardware), *texts(recorded)]
        yield Fact(
            2, "model", hardware, at("device.model"), lambda found: any(plain(str(found)) in each for each in candidates), "peer"
        )
    version = expected.get("version") or device.get("firmware")
    if version:
        wanted = plain(version)

        def look(reading: Reading) -> object:
            known = [
                reading["device"]["firmware"],
                *(value for name, value in reading["misc"].items() if name.endswith("firmware")),
            ]
            spelled_ = [plain(str(each)) for each in known if each]
            is_told = any(wanted in each.split() or wanted == each for each in spelled_)
            return wanted if is_told else reading["device"]["firmware"]

        yield Fact(17, "version", wanted, look, source="peer")
    mac = device.get("mac")
    if mac:
        yield spelled({mac}, "device.mac", 15, "MAC address", "peer")
    up = {
        port["ifPhysAddress"]
        for port in expected.get("ports") or []
        if port.get("ifOperStatus") == "up" and port.get("ifPhysAddress")
    }
    if up:
        yield Fact(15, "a port that is up", min(up), at("device.mac"), lambda found: str(found).replace(":", "") in up, "peer")


def _named(sensors: dict[str, Any]) -> Iterator[Fact]:
    """Yield the values of a project that names them."""
    for name, value in sensors.items():
        if name == "status" and value:
            yield line_fact({plain(str(value))}, "panel", "peer")
        if not isinstance(value, int | float) or isinstance(value, bool):
            continue
        if name in METERS:
            yield Fact(4, name, value, at(f"meters.{METERS[name]}.value"), source="peer")
        elif name in PARTS:
            yield Fact(12 if "drum" in name else 11, name, value, percent_of(*PARTS[name]), near(value, 0.5), "peer")
        elif name in LEFT:
            yield Fact(18, name, value, at(f"misc.{LEFT[name]}"), source="peer")
        elif found := re.fullmatch(r"(black|cyan|magenta|yellow)_(?:toner|ink)(_remaining|_status)?", name):
            yield from _ink(name, found[1], found[2], value, sensors)


def _ink(name: str, color: str, kind: str | None, value: float, sensors: dict[str, Any]) -> Iterator[Fact]:
    if kind == "_status":
        # Other values are what this project reads where a record is shorter than it thinks.
        if value in STATES:
            allowed = STATES[int(value)]

            def look(reading: Reading) -> object:
                found = [each for each in reading["supplies"] if each["type"] in INKS and each["color"] == color]
                return found[0]["state"] if len(found) == 1 else None

            yield Fact(9, name, sorted(allowed), look, lambda found: found in allowed, "peer")
        return
    rounded = kind is None and f"{name}_remaining" in sensors
    if not rounded:
        yield Fact(9, name, value, percent_of(INKS, color), near(value, 0.5), "peer")


def _counted(recorded: Recorded, sensors: list[dict[str, Any]]) -> Iterator[Fact]:
    """Yield the counters of a project that names their objects."""
    for sensor in sensors:
        oid, value = sensor["oid"].lstrip("."), sensor["current"]
        if sensor["cls"] != "count" or oid not in recorded.objects:
            continue
        if oid.startswith(f"{PRT}.10.2.1.5."):
            yield Fact(18, sensor["descr"], value, at("misc.power_on_count"), source="peer")
        elif not oid.startswith(f"{PRT}."):

            def look(reading: Reading, oid: str = oid) -> object:
                found = next((meter for meter in reading["meters"].values() if oid in meter["source"].split()), None)
                return found and found["value"]

            yield Fact(4, sensor["descr"], value, look, source="peer")


def _supply(row: dict[str, Any]) -> Iterator[Fact]:
    oid = row["oid"]
    if row["percent_is_placeholder"] or row["capacity_is_placeholder"] or not oid.startswith(f"{PRT}.11."):
        return
    index, value = int(oid.rpartition(".")[2]), row["current_percent"]
    fits = [value, 100 - value] if "waste" in f"{row['type']} {row['descr']}".lower() else [value]

    def look(reading: Reading) -> object:
        supply = supply_at(reading, index)
        return supply and supply["percent"]

    def close(found: object) -> bool:
        return isinstance(found, int | float) and any(abs(found - each) <= 0.5 for each in fits)

    item = 9 if "toner" in row["type"] and "waste" not in row["type"] else 12
    yield Fact(item, f"supply {index} percent", value, look, close, "peer")
