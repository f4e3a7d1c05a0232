"""What the private objects of a recording say: which of them carry which item, written down here apart from the definitions.

Sources are those of the definitions (vendor MIBs, several independent projects); what is said twice is checked against itself.
"""

import re
import struct
from collections.abc import Iterator

from benchmarks.accuracy.facts import Fact, Fits, Look, Reading, at
from benchmarks.accuracy.recorded import Recorded, number, plain, spellings
from benchmarks.accuracy.standard import PLACEHOLDER, PRT, line_fact, one_of, own_rows, printer_index, spelled

P = "1.3.6.1.4.1"
HP = f"{P}.11.2.3.9.4.2.1"
BROTHER = f"{P}.2435.2.3.9.4.2.1.5.5"

SERIALS = (
    f"{HP}.1.3.3.0 {P}.641.2.1.2.1.6.1 {P}.641.6.2.3.1.5.1 {P}.253.8.53.3.2.1.3.1 {P}.367.3.2.1.2.1.4.0 {P}.1602.1.2.1.8.1.3.1.1 "
    f"{P}.1602.1.2.1.4.0 {P}.1347.43.5.1.1.28.1 {BROTHER}.1.0 {P}.1248.1.2.2.1.1.1.5.1 {P}.2001.1.1.1.1.11.1.10.45.0 "
    f"{P}.236.11.5.1.1.1.4.0 {P}.1129.1.2.1.1.1.1.1.0 {P}.10642.1.9.0 {P}.683.1.5.0 {P}.40093.1.1.1.5.0 {P}.40093.1.1.1.5 "
    f"{P}.40093.6.1.2.0 {P}.40093.6.1.2 {P}.40093.10.1.1.4.0 {P}.40093.10.1.1.4"
).split()
MODELS = (
    f"{HP}.1.3.2.0 {P}.641.2.1.2.1.2.1 {P}.641.6.2.3.1.4.1 {P}.128.2.1.3.1.2.0 {P}.367.3.2.1.1.1.1.0 {P}.1602.1.1.1.1.0 "
    f"{P}.18334.1.1.1.1.6.2.1.0 {P}.1347.43.5.1.1.1.1 {P}.1248.1.2.2.1.1.1.2.1 {P}.2001.1.1.1.1.11.1.10.25.0 "
    f"{P}.236.11.5.1.1.1.1.0 {P}.1129.2.3.50.1.2.3.1.3.1.1 {P}.1129.1.2.1.1.1.2.1.0 {P}.674.10898.100.2.1.2.1.2.1 {P}.10642.1.1.0 "
    f"{P}.2435.2.4.3.2435.5.13.3.0"
).split()
FIRMWARES = (
    f"{HP}.1.3.6.0 {HP}.1.3.5.0 {P}.641.2.1.2.1.4.1 {P}.641.6.3.3.1.7.1.1 {P}.367.3.2.1.1.1.2.0 {P}.367.3.2.1.2.20.1.2.1.1 "
    f"{P}.1602.1.1.1.4.0 {P}.18334.1.1.1.1.6.1.0 {P}.1347.43.5.4.1.5.1.1 {BROTHER}.17.0 {P}.236.11.5.1.1.1.2.0 "
    f"{P}.2385.2.1.1.2.1.2.1 "
    f"{P}.1129.2.3.50.1.2.4.1.62.1.1 {P}.1129.1.2.1.1.1.2.2.0 {P}.10642.1.2.0 {P}.40093.1.1.1.1.0 {P}.40093.1.1.1.1 "
    f"{P}.1248.1.1.3.1.21.1.1.2.1"
).split()
PANELS = (f"{P}.2435.2.3.9.4.2.1.5.4.5.2.0", f"{P}.1347.43.18.2.1.2.1.1", f"{P}.236.11.5.1.1.9.20.0", f"{P}.11.2.3.9.1.1.3.0")

METERS = {
    "engine_total": (f"{HP}.4.1.2.5.0",),
    "engine_mono": (f"{HP}.4.1.2.6.0",),
    "engine_color": (f"{HP}.4.1.2.7.0",),
    "engine_duplex": (f"{HP}.4.1.2.22.0",),
    "jams": (f"{HP}.4.1.2.34.0",),
    "scan_total": (f"{HP}.2.2.1.74.0", f"{P}.1602.1.11.1.3.1.4.501", f"{P}.1347.46.10.1.1.5.3", f"{P}.18334.1.1.1.5.7.2.1.5.0"),
    "simplex": (f"{HP}.1.16.1.1.13.0",),
    "duplex": (f"{HP}.1.16.1.1.14.0", f"{P}.18334.1.1.1.5.7.2.1.3.0"),
    "paper_letter_mono": (f"{HP}.1.16.1.20.1.2.0",),
    "paper_letter_color": (f"{HP}.1.16.1.20.2.2.0",),
    "total": (
        f"{P}.253.8.53.13.2.1.6.1.20.1",
        f"{P}.1602.1.11.1.3.1.4.101",
        f"{P}.18334.1.1.1.5.7.2.1.1.0",
        f"{P}.1347.43.10.1.1.12.1.1",
    ),
    "total_color": (f"{P}.253.8.53.13.2.1.6.1.20.33", f"{P}.1602.1.11.1.3.1.4.105"),
    "total_mono": (f"{P}.253.8.53.13.2.1.6.1.20.34", f"{P}.1602.1.11.1.3.1.4.108"),
    "large_mono": (f"{P}.1602.1.11.1.3.1.4.112",),
    "small_mono": (f"{P}.1602.1.11.1.3.1.4.113",),
    "large_color": (f"{P}.1602.1.11.1.3.1.4.122",),
    "small_color": (f"{P}.1602.1.11.1.3.1.4.123",),
    "print_total": (f"{P}.1602.1.11.1.3.1.4.301", f"{P}.1347.42.3.1.1.1.1.1"),
    "copy_total": (f"{P}.1347.42.3.1.1.1.1.2",),
    "fax_total": (f"{P}.1347.42.3.1.1.1.1.4",),
    "print_mono": (
        f"{P}.253.8.53.13.2.1.6.1.20.7",
        f"{P}.18334.1.1.1.5.7.2.2.1.5.1.2",
        f"{P}.1347.42.3.1.2.1.1.1.1",
    ),
    "print_color": (
        f"{P}.253.8.53.13.2.1.6.1.20.29",
        f"{P}.18334.1.1.1.5.7.2.2.1.5.2.2",
        f"{P}.1347.42.3.1.2.1.1.1.3",
    ),
    "copy_mono": (
        f"{P}.253.8.53.13.2.1.6.11.20.3",
        f"{P}.18334.1.1.1.5.7.2.2.1.5.1.1",
        f"{P}.1347.42.3.1.2.1.1.2.1",
    ),
    "copy_color": (
        f"{P}.253.8.53.13.2.1.6.11.20.25",
        f"{P}.18334.1.1.1.5.7.2.2.1.5.2.1",
        f"{P}.1347.42.3.1.2.1.1.2.3",
    ),
    "fax_mono": (f"{P}.1347.42.3.1.2.1.1.4.1",),
    "scan_copy": (f"{P}.1347.42.3.1.3.1.1.2",),
    "scan_fax": (f"{P}.1347.42.3.1.3.1.1.4",),
    "scan_other": (f"{P}.1347.42.3.1.4.1.1.1",),
    "scan_email": (f"{P}.253.8.53.13.2.1.6.10.20.11",),
    "scan_network": (f"{P}.253.8.53.13.2.1.6.10.20.12",),
}
"""Single objects by the name of their meter. Where a device has several of one meter, the first counts."""

TYPED = (
    (
        f"{P}.641.6.4.2.1.1.2",
        f"{P}.641.6.4.2.1.1.4",
        {16: "print_total", 17: "print_mono", 18: "print_color", 32: "copy_total", 33: "copy_mono", 34: "copy_color"}
        | {48: "fax_total", 49: "fax_mono", 50: "fax_color", 3: "total_mono", 4: "total_color"},
    ),
    (
        f"{P}.367.3.2.1.2.19.5.1.2",
        f"{P}.367.3.2.1.2.19.5.1.9",
        {10: "total", 200: "copy_total", 201: "copy_mono", 300: "fax_total", 400: "print_total", 401: "print_mono"},
    ),
)
"""Tables of counters: column of types, column of values, meters by type."""

LABELLED = {
    f"{P}.2385.1.1.19.2.1": {
        "prints": "print_total",
        "black & white print count": "print_mono",
        "full color print count": "print_color",
        "duplex": "duplex",
        "copies": "copy_total",
        "black & white copy count": "copy_mono",
        "full color copy count": "copy_color",
        "black & white total count": "total_mono",
        "full color total count": "total_color",
        "black & white scanner count": "scan_mono",
        "full color scanner count": "scan_color",
        "scan to e-mail/ftp": "scan_email",
    }
}
"""Sharp: column 3 has the counts, column 4 their labels."""

EQUIVALENT = {"1.1": "print_mono", "2.1": "print_color", "1.2": "copy_mono", "2.2": "copy_color", "1.3": "fax_mono"}
BROTHER_COUNTERS = {0x00: "total", 0x01: "total_mono", 0x02: "total_color", 0x06: "duplex", 0x16: "images_total"} | {
    0x12 + number: f"images_{color}" for number, color in enumerate(("black", "cyan", "magenta", "yellow"))
}
COLORS = ("black", "cyan", "magenta", "yellow")


def facts(recorded: Recorded) -> Iterator[Fact]:
    """Yield what the private objects say."""
    yield from _names(recorded)
    yield from _meters(recorded)
    yield from _brother(recorded)
    yield from _cartridges(recorded)


def _first(recorded: Recorded, oids: tuple[str, ...] | list[str]) -> set[str]:
    """Return the spellings of the first of `oids` that says something."""
    for oid in oids:
        if found := {each for each in recorded.spellings(oid) if not PLACEHOLDER.fullmatch(each)}:
            return found
    return set()


def _own(recorded: Recorded, oids: list[str]) -> list[str]:
    """Return those of `oids` that belong to the maker in sysObjectID; all where that is missing. Zebra has two numbers."""
    number_ = re.match(rf"{re.escape(P)}\.(\d+)", str(recorded.objects.get("1.3.6.1.2.1.1.2.0", "")))
    own = {"683": {"683", "10642"}, "10642": {"683", "10642"}}.get(number_[1], {number_[1]}) if number_ else None
    return [oid for oid in oids if own is None or oid.split(".")[6] in own]


def _names(recorded: Recorded) -> Iterator[Fact]:
    device = printer_index(recorded)
    known = {each for each in recorded.spellings(f"{PRT}.5.1.1.17.{device}") if not PLACEHOLDER.fullmatch(each)}
    serials = {each for oid in _own(recorded, SERIALS) for each in recorded.spellings(oid) if not PLACEHOLDER.fullmatch(each)}
    if serials and not known:
        yield spelled(serials, "device.serial", 3, "serial number", "private")
    if models := _first(recorded, _own(recorded, MODELS)):
        yield Fact(2, "a model", min(models), at("device.model"), lambda _: True, "private")
    firmwares = {each for oid in _own(recorded, FIRMWARES) for each in recorded.spellings(oid) if not PLACEHOLDER.fullmatch(each)}
    if firmwares:
        yield Fact(17, "firmware", min(firmwares), at("device.firmware"), lambda _: True, "private")
    if asset := recorded.spellings(f"{HP}.1.3.12.0"):
        yield spelled(asset, "device.asset_number", 13, "asset number", "private")
    if not any(spellings(each) for each in own_rows(recorded, f"{PRT}.16.5.1.2", device).values()):
        for oid in PANELS:
            if lines := recorded.spellings(oid):
                yield line_fact(lines, "panel", "private")
                return


def meter(name: str, value: int, what: str) -> Fact:
    """Return the fact that the meter `name` has `value`."""
    return Fact(4, what, value, at(f"meters.{name}.value"), source="private")


def _meters(recorded: Recorded) -> Iterator[Fact]:
    for name, oids in METERS.items():
        value = next((count for oid in oids if (count := recorded.number(oid)) is not None and count >= 0), None)
        if value is not None:
            yield meter(name, value, name)
    for types, values, names in TYPED:
        counts = recorded.column(values)
        for index, kind in recorded.column(types).items():
            count = number(counts.get(index))
            typed = names.get(number(kind) or -1)
            if typed and count is not None and count >= 0:
                yield meter(typed, count, f"{typed} by type")
    for table, names_by_label in LABELLED.items():
        counts = recorded.column(f"{table}.3")
        for index, label in recorded.column(f"{table}.4").items():
            labels = spellings(label)
            labelled = next((name for text, name in names_by_label.items() if text in labels), None)
            count = number(counts.get(index))
            if labelled and count is not None:
                yield meter(labelled, count, f"{labelled} by label")
    for code, category in EQUIVALENT.items():
        octets = recorded.objects.get(f"{HP}.1.16.1.44.{code}.0") or recorded.objects.get(f"{HP}.1.16.1.44.{code}")
        if isinstance(octets, bytes) and len(octets) == 4:
            yield meter(category, round(struct.unpack(">f", octets)[0]), f"{category} in A4")
    yield from _sums(recorded)
    yield from _paper(recorded)


def _sums(recorded: Recorded) -> Iterator[Fact]:
    """Yield totals that are sums of all their parts: Kyocera's print, copy and fax."""
    mono = [recorded.number(f"{P}.1347.42.3.1.2.1.1.{function}.1") for function in (1, 2, 4)]
    color = [recorded.number(f"{P}.1347.42.3.1.2.1.1.{function}.3") for function in (1, 2)]
    for name, parts in (("total_mono", mono), ("total_color", color)):
        known = [part for part in parts if part is not None]
        if len(known) == len(parts):
            yield meter(name, sum(known), f"{name}, the sum of its parts")


def _paper(recorded: Recorded) -> Iterator[Fact]:
    table = f"{P}.1347.42.2.1.1.1"
    totals = recorded.column(f"{table}.6")
    for index, size in recorded.column(f"{table}.2").items():
        sizes, count = spellings(size), number(totals.get(index))
        if sizes and count is not None:
            slug = re.sub(r"[^a-z0-9]+", "_", min(sizes)).strip("_")
            yield meter(f"paper_{slug}", count, f"paper size {slug}")


def brother_records(octets: object) -> dict[int, bytes]:
    """Return Brother's records by key: key, 01, length, value."""
    found: dict[int, bytes] = {}
    rest = octets if isinstance(octets, bytes) else b""
    while len(rest) > 3 and rest[0] != 0xFF and rest[1] == 1:
        found.setdefault(rest[0], rest[3 : 3 + rest[2]])
        rest = rest[3 + rest[2] :]
    return found


def _brother(recorded: Recorded) -> Iterator[Fact]:
    has_total = bool(recorded.column(f"{PRT}.10.2.1.4"))
    for key, octets in brother_records(recorded.objects.get(f"{BROTHER}.10.0")).items():
        if len(octets) == 4 and key in BROTHER_COUNTERS and not (key == 0 and has_total):
            yield meter(BROTHER_COUNTERS[key], int.from_bytes(octets, "big"), BROTHER_COUNTERS[key])
    records = brother_records(recorded.objects.get(f"{BROTHER}.8.0"))
    for number_, color in enumerate(COLORS):
        fine, coarse, old = (records.get(start + number_, b"") for start in (0x6F, 0x81, 0xA1))
        percent = _brother_percent(fine, coarse, old)
        if percent is not None:
            kinds = ("toner", "tonerCartridge", "ink", "inkCartridge")
            yield Fact(9, f"{color} left", percent, percent_of(kinds, color), near(percent), "private")
    for key, kind, item in ((0x69, "transferUnit", 11), (0x6A, "fuser", 11), (0x41, "opc", 12)):
        if len(records.get(key, b"")) == 4:
            percent = int.from_bytes(records[key], "big") / 100
            yield Fact(item, f"{kind} left", percent, percent_of((kind,), None), near(percent), "private")


def _brother_percent(fine: bytes, coarse: bytes, old: bytes) -> float | None:
    if len(fine) == 4:
        return int.from_bytes(fine, "big") / 100
    if len(old) == 2 and old[1]:
        return 100 * old[0] / old[1]
    return float(int.from_bytes(coarse, "big")) if len(coarse) == 4 else None


def percent_of(kinds: tuple[str, ...], color: str | None) -> Look:
    """Return a look at the percentage of the one supply of these types and this colour."""

    def look(reading: Reading) -> object:
        found = [each for each in reading["supplies"] if each["type"] in kinds and (color is None or each["color"] == color)]
        return found[0]["percent"] if len(found) == 1 else None

    return look


def near(wanted: float, by: float = 0.01) -> Fits:
    """Return whether a number is `wanted`, give or take `by`."""
    return lambda found: isinstance(found, int | float) and abs(found - wanted) <= by


def _cartridges(recorded: Recorded) -> Iterator[Fact]:
    """Yield the serial numbers of cartridges in the tables of Lexmark, HP and Samsung."""
    for column in (f"{P}.641.6.4.4.1.1.6", f"{HP}.4.1.10.1.1.3"):
        for index, content in recorded.column(column).items():
            wanted = {each for each in spellings(content) if len(each) >= 4 and not PLACEHOLDER.fullmatch(each)}
            if wanted:

                def look(reading: Reading, wanted: set[str] = wanted) -> object:
                    serials = [plain(each["serial"] or "") for each in reading["supplies"]]
                    return next((each for each in serials if each in wanted), None)

                yield Fact(10, f"cartridge {index}", min(wanted), look, one_of(wanted), "private")
