"""What a recorded device would answer over IPP: its standard objects, as the PWG maps them to attributes.

printer-supply, printer-input-tray (PWG 5100.13), printer-alert, printer-state-reasons (PWG 5100.9), printer-impressions-completed
(PWG 5100.22); names and numbers are those of RFC 3805 and of `tables`. What IPP has no attribute for is not in the answer.
"""

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.accuracy import tables
from benchmarks.accuracy.recorded import Content, Recorded
from benchmarks.accuracy.standard import ERROR_BITS, HR, MIB2, PRT, UNITS, device_ids, host_index, printer_index

INTEGER, ENUM, OCTETS, TEXT, NAME, KEYWORD = 0x21, 0x23, 0x30, 0x41, 0x42, 0x44
HEX_COLORS = {"black": "#000000", "cyan": "#00FFFF", "magenta": "#FF00FF", "yellow": "#FFFF00"}
UNAVAILABLE = -1
"""A level that a printer cannot tell, as CUPS writes it."""
LONGEST_NAME, LONGEST_TEXT, LARGEST = 127, 1023, 2**31 - 1
REASONS = {
    "lowPaper": "media-low",
    "noPaper": "media-empty",
    "lowToner": "toner-low",
    "noToner": "toner-empty",
    "doorOpen": "door-open",
    "jammed": "media-jam",
    "inputTrayMissing": "input-tray-missing",
    "outputTrayMissing": "output-tray-missing",
    "markerSupplyMissing": "marker-supply-missing",
    "outputNearFull": "output-area-almost-full",
    "outputFull": "output-area-full",
}
"""The errors that have a keyword of their own."""
ALERT_CODES = {8: "jam", 3: "coverOpen", 12: "subunitAlmostEmpty", 13: "subunitEmpty"}
FULL_COLOR = 3
"""Process colorants from which on a marker prints full colour."""


def text_of(content: Content | None) -> str:
    """Return a recorded text as Unicode: UTF-8, or Latin-1 where it is none; HP's two octets before it are no part of it."""
    if not isinstance(content, bytes):
        return "" if content is None else str(content)
    octets = content[2:] if len(content) > 2 and content[0] < 0x20 else content
    octets = octets.lstrip(b"\0").partition(b"\0")[0]
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def make_and_model(recorded: Recorded) -> str:
    """Return printer-make-and-model: maker and model of the IEEE 1284 device ID, else hrDeviceDescr, else sysDescr."""
    described = text_of(recorded.objects.get(f"{HR}.2.1.3.{host_index(recorded)}"))
    by_id = next((f"{each.get('MFG', '')} {each['MDL']}".strip() for each in device_ids(recorded) if each.get("MDL")), "")
    return (by_id or described or text_of(recorded.objects.get(f"{MIB2}.1.1.0")))[:LONGEST_NAME].strip()


def errors(recorded: Recorded) -> list[str]:
    """Return the errors of hrPrinterDetectedErrorState that IPP has a keyword for."""
    octets = recorded.objects.get(f"{HR}.5.1.2.{host_index(recorded)}")
    bits = "".join(f"{octet:08b}" for octet in octets) if isinstance(octets, bytes) else ""
    return [name for name, bit in zip(ERROR_BITS, bits, strict=False) if bit == "1" and name in REASONS]


def reasons(recorded: Recorded) -> list[str]:
    """Return printer-state-reasons."""
    return [f"{REASONS[name]}-report" for name in errors(recorded)]


@dataclass(frozen=True, slots=True)
class Impressions:
    """What the markers have counted; None where they do not tell it."""

    total: int | None = None
    mono: int | None = None
    color: int | None = None
    sheets: int | None = None


def impressions(recorded: Recorded) -> Impressions:
    """Return the sums of prtMarkerLifeCount by unit, and mono and colour apart where two markers print one each."""
    rows = [row for row in tables.markers(recorded) if 0 <= (row.number("count") or -1) <= LARGEST or row.number("count") == 0]
    counted = [row for row in rows if row.named("unit", UNITS) in (None, "impressions")]
    paper = [row.number("count") or 0 for row in rows if row.named("unit", UNITS) == "sheets"]
    total = sum(row.number("count") or 0 for row in counted)
    mono = [row for row in counted if row.number("colorants") == 1]
    color = [row for row in counted if (row.number("colorants") or 0) >= FULL_COLOR]
    split = len(counted) == 2 and len(mono) == len(color) == 1
    return Impressions(
        total if counted and total <= LARGEST else None,
        mono[0].number("count") if split else None,
        color[0].number("count") if split else None,
        sum(paper) if paper and sum(paper) <= LARGEST else None,
    )


def answer(recorded: Recorded, *, markers: bool = False) -> bytes:
    """Return the answer to Get-Printer-Attributes; with `markers` the supplies as CUPS has them, which older printers send."""
    device = printer_index(recorded)
    found = [
        _texts("printer-make-and-model", make_and_model(recorded)),
        _texts("printer-device-id", _device_id(recorded)[:LONGEST_TEXT]),
        _texts("printer-serial-number", text_of(recorded.objects.get(f"{PRT}.5.1.1.17.{device}"))[:LONGEST_TEXT]),
        _texts("printer-location", text_of(recorded.objects.get(f"{MIB2}.1.6.0"))[:LONGEST_NAME]),
        _texts("printer-firmware-string-version", firmware(recorded)),
        *_state(recorded),
        *_counts(recorded),
        *(_markers(recorded) if markers else _supplies(recorded)),
        _octets("printer-input-tray", [_tray(row) for row in tables.trays(recorded)]),
        *_alerts(recorded),
    ]
    head = struct.pack(">BBHIB", 1, 1, 0, 1, 0x01) + _attribute("attributes-charset", 0x47, [b"utf-8"])
    return head + b"\x04" + b"".join(found) + b"\x03"


def firmware(recorded: Recorded) -> str:
    """Return entPhysicalFirmwareRev.1, else entPhysicalSoftwareRev.1."""
    revisions = (text_of(recorded.objects.get(f"{MIB2}.47.1.1.1.1.{column}.1")) for column in (9, 10))
    return next(filter(None, revisions), "")


def _device_id(recorded: Recorded) -> str:
    """Return the IEEE 1284 device ID of the PWG MIB, else that which the vendor keeps."""
    found = next(iter(device_ids(recorded)), {})
    return "".join(f"{key}:{value};" for key, value in found.items() if key and value)


def _state(recorded: Recorded) -> Iterator[bytes]:
    status = recorded.number(f"{HR}.5.1.1.{host_index(recorded)}")
    if status in (3, 4):
        yield _attribute("printer-state", ENUM, [struct.pack(">i", status)])
    told = reasons(recorded) or ["none"]
    yield _attribute("printer-state-reasons", KEYWORD, [reason.encode() for reason in told])


def _counts(recorded: Recorded) -> Iterator[bytes]:
    counted = impressions(recorded)
    for name, count in (("printer-impressions-completed", counted.total), ("printer-media-sheets-completed", counted.sheets)):
        if count is not None:
            yield _attribute(name, INTEGER, [struct.pack(">i", count)])
    if counted.mono is not None and counted.color is not None:
        parts = {"monochrome": counted.mono, "full-color": counted.color}
        members = b"".join(
            _attribute("", 0x4A, [name.encode()]) + _attribute("", INTEGER, [struct.pack(">i", count)])
            for name, count in parts.items()
        )
        yield _attribute("printer-impressions-completed-col", 0x34, [b""]) + members + _attribute("", 0x37, [b""])


def _supplies(recorded: Recorded) -> Iterator[bytes]:
    rows, names = tables.supplies(recorded), tables.colorants(recorded)
    yield _octets("printer-supply", [_supply(row, tables.color_of(row, names)) for row in rows])
    yield _texts("printer-supply-description", *(text_of(row.cells.get("description"))[:LONGEST_TEXT] for row in rows))


def _supply(row: tables.Row, color: str | None) -> str:
    pairs = {
        "index": row.index,
        "class": row.named("class", tables.SUPPLY_CLASSES),
        "type": row.named("type", tables.SUPPLY_TYPES),
        "unit": row.named("unit", tables.SUPPLY_UNITS),
        "maxcapacity": row.number("capacity"),
        "level": row.number("level"),
        "colorantname": color or "none",
    }
    return _pairs(pairs)


def percent_of(row: tables.Row) -> int | None:
    """Return what is left of a supply in percent, None where its numbers do not tell it."""
    level, capacity = row.number("level"), row.number("capacity")
    whole = 100 if row.named("unit", tables.SUPPLY_UNITS) == "percent" else capacity
    if level is None or whole is None or whole <= 0 or not 0 <= level <= whole * 1.05:
        return None
    return min(100, round(100 * level / whole))


def _markers(recorded: Recorded) -> Iterator[bytes]:
    rows, names = tables.supplies(recorded), tables.colorants(recorded)
    colors = [HEX_COLORS.get(tables.color_of(row, names) or "", "none") for row in rows]
    kinds = [re.sub("([A-Z])", r"-\1", row.named("type", tables.SUPPLY_TYPES) or "unknown").lower() for row in rows]
    levels = [percent if (percent := percent_of(row)) is not None else UNAVAILABLE for row in rows]
    if rows:
        yield _attribute("marker-names", NAME, [text_of(row.cells.get("description"))[:LONGEST_TEXT].encode() for row in rows])
        yield _attribute("marker-types", KEYWORD, [kind.encode() for kind in kinds])
        yield _attribute("marker-colors", NAME, [color.encode() for color in colors])
        yield _attribute("marker-levels", INTEGER, [struct.pack(">i", level) for level in levels])


def _tray(row: tables.Row) -> str:
    return _pairs(
        {
            "index": row.index,
            "maxcapacity": row.number("capacity"),
            "level": row.number("level"),
            "name": text_of(row.cells.get("name")) or text_of(row.cells.get("description")) or None,
            "medianame": text_of(row.cells.get("media")) or None,
        }
    )


def _alerts(recorded: Recorded) -> Iterator[bytes]:
    rows = tables.alerts(recorded)
    yield _octets("printer-alert", [_alert(row) for row in rows])
    yield _texts("printer-alert-description", *(text_of(row.cells.get("description"))[:LONGEST_TEXT] for row in rows))


def _alert(row: tables.Row) -> str:
    return _pairs(
        {
            "code": row.named("code", ALERT_CODES) or "unknown",
            "index": row.index,
            "severity": row.named("severity", tables.ALERT_SEVERITIES),
            "location": location if (location := row.number("location")) is not None and location >= 0 else None,
        }
    )


def _pairs(values: Mapping[str, object]) -> str:
    """Return `key=value;` for what is known; a semicolon in a value would end it."""
    return "".join(f"{key}={str(value).replace(';', ',')};" for key, value in values.items() if value is not None)


def _octets(name: str, values: list[str]) -> bytes:
    return _attribute(name, OCTETS, [value.encode() for value in values])


def _texts(name: str, *values: str) -> bytes:
    return _attribute(name, TEXT, [value.encode() for value in values]) if any(values) else b""


def _attribute(name: str, tag: int, values: list[bytes]) -> bytes:
    """Return an attribute; its values after the first have no name."""
    encoded = b""
    for position, value in enumerate(values):
        own = name.encode() if position == 0 else b""
        encoded += struct.pack(">BH", tag, len(own)) + own + struct.pack(">H", len(value)) + value
    return encoded
