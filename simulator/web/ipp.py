"""IPP as printers answer it (RFC 8010, RFC 8011): Get-Printer-Attributes alone, made of the description of the printer."""

import struct
from collections.abc import Iterator, Mapping

from simulator.models import Alert, Marker, Supply, Tray
from simulator.printers import device_id
from simulator.printing import Printing

GET_PRINTER_ATTRIBUTES = 0x000B
SUCCESSFUL, BAD_REQUEST, OPERATION_NOT_SUPPORTED, VERSION_NOT_SUPPORTED = 0x0000, 0x0400, 0x0501, 0x0503
_INTEGER, _ENUM, _OCTETS, _TEXT, _NAME, _KEYWORD, _URI, _CHARSET, _LANGUAGE = 0x21, 0x23, 0x30, 0x41, 0x42, 0x44, 0x45, 0x47, 0x48
_BEGIN, _END, _MEMBER = 0x34, 0x37, 0x4A
_STATES = {"idle": 3, "warmup": 3, "sleeping": 3, "printing": 4}
"""printer-state; a printer that has to wait for somebody is stopped(5)."""
_STOPPED = 5
_REASONS = {
    "lowPaper": "media-low-warning",
    "noPaper": "media-empty-error",
    "lowToner": "toner-low-warning",
    "noToner": "toner-empty-error",
    "doorOpen": "cover-open-error",
    "jammed": "media-jam-error",
    "serviceRequested": "other-error",
}
_MARKER_TYPES = {"tonerCartridge": "toner-cartridge", "inkCartridge": "ink-cartridge", "wasteToner": "waste-toner"}
_MARKER_COLORS = {"black": "#000000", "cyan": "#00FFFF", "magenta": "#FF00FF", "yellow": "#FFFF00"}
_PARTS = {"color": "full-color", "mono": "monochrome"}


def answer(printing: Printing, request: bytes, seconds: float) -> bytes:
    """Return the answer to an IPP request, `seconds` after the start."""
    version, operation, request_id = request[:2], int.from_bytes(request[2:4], "big"), request[4:8]
    spoken = printing.model.web.ipp_versions
    if f"{version[0]}.{version[1]}" not in spoken:
        newest = bytes(int(part) for part in spoken[-1].split("."))
        return _message(newest, VERSION_NOT_SUPPORTED, request_id)
    if operation != GET_PRINTER_ATTRIBUTES:
        return _message(version, OPERATION_NOT_SUPPORTED, request_id)
    wanted = _requested(request)
    told = [octets for name, octets in attributes(printing, seconds) if wanted is None or name in wanted]
    return _message(version, SUCCESSFUL, request_id, b"\x04" + b"".join(told))


def attributes(printing: Printing, seconds: float) -> Iterator[tuple[str, bytes]]:
    """Yield each attribute by its name, encoded."""
    model = printing.model
    device, status, tells = model.device, model.status, model.web.tells
    yield _attribute(_TEXT, "printer-make-and-model", device.description)
    yield _attribute(_TEXT, "printer-device-id", device_id(model, with_serial="serial" in tells))
    yield _attribute(_ENUM, "printer-state", _STATES.get(status.printer, _STOPPED))
    reasons = [_REASONS.get(error, "other-warning") for error in status.errors]
    yield _attribute(_KEYWORD, "printer-state-reasons", *(reasons or ["none"]))
    yield _attribute(_URI, "printer-uuid", f"urn:uuid:00000000-0000-1000-8000-{device.mac.replace(':', '')}")
    # What a printer knows of people, and nobody asks for.
    yield _attribute(_TEXT, "printer-message-from-operator", "Call m.keller@example.org")
    yield _attribute(_NAME, "job-originating-user-name", "m.keller")
    if model.alerts:
        yield _attribute(_OCTETS, "printer-alert", *(_alert(index, row) for index, row in enumerate(model.alerts, 1)))
        yield _attribute(_TEXT, "printer-alert-description", *(row.description for row in model.alerts))
    if "location" in tells:
        yield _attribute(_TEXT, "printer-location", device.location)
    if "serial" in tells:
        yield _attribute(_TEXT, "printer-serial-number", device.serial)
    if "firmware" in tells:
        yield _attribute(_TEXT, "printer-firmware-string-version", device.firmware)
    if "meters" in tells:
        yield from _meters(printing, seconds)
    if "supplies" in tells:
        rows = [_supply(printing, index, row, seconds) for index, row in enumerate(model.supplies, 1)]
        yield _attribute(_OCTETS, "printer-supply", *rows)
        yield _attribute(_TEXT, "printer-supply-description", *(row.description for row in model.supplies))
    if "markers" in tells:
        yield from _markers(printing, seconds)
    if "trays" in tells:
        yield _attribute(_OCTETS, "printer-input-tray", *map(_tray, model.trays))


def _meters(printing: Printing, seconds: float) -> Iterator[tuple[str, bytes]]:
    """Yield how much was completed, and of a printer that counts them apart the kinds (PWG 5100.22 section 7.7)."""
    markers = [marker for marker in printing.model.markers if marker.unit == "impressions"]

    def count(marker: Marker) -> int:
        return printing.life_count(marker, seconds)

    if markers:
        yield _attribute(_INTEGER, "printer-impressions-completed", sum(map(count, markers)))
    if parts := {_PARTS[marker.counts]: count(marker) for marker in markers if marker.counts in _PARTS}:
        members = b"".join(
            _encoded(_MEMBER, "", name.encode()) + _encoded(_INTEGER, "", struct.pack(">i", value)) for name, value in parts.items()
        )
        name = "printer-impressions-completed-col"
        yield name, _encoded(_BEGIN, name, b"") + members + _encoded(_END, "", b"")


def _supply(printing: Printing, index: int, row: Supply, seconds: float) -> str:
    """Return a row of printer-supply (PWG 5100.13 section 5.6.36)."""
    pairs = {
        "index": index,
        "class": row.supply_class,
        "type": row.type,
        "unit": row.unit,
        "maxcapacity": row.capacity,
        "level": printing.level(row, seconds),
        "colorantname": row.color or "none",
    }
    return _written(pairs)


def _markers(printing: Printing, seconds: float) -> Iterator[tuple[str, bytes]]:
    """Yield the supplies as CUPS has them; levels are percent."""
    rows = [row for row in printing.model.supplies if row.capacity > 0]
    levels = [printing.level(row, seconds) for row in rows]
    yield _attribute(_NAME, "marker-names", *(row.description for row in rows))
    yield _attribute(_KEYWORD, "marker-types", *(_MARKER_TYPES.get(row.type, row.type) for row in rows))
    yield _attribute(_NAME, "marker-colors", *(_MARKER_COLORS.get(row.color, "none") for row in rows))
    percents = [100 * level // row.capacity if level >= 0 else level for row, level in zip(rows, levels, strict=True)]
    yield _attribute(_INTEGER, "marker-levels", *percents)


def _alert(index: int, row: Alert) -> str:
    """Return a row of printer-alert (PWG 5100.9 section 5.2)."""
    pairs = {
        "index": index,
        "severity": row.severity,
        "training": row.training,
        "group": row.group,
        "groupindex": row.group_index,
        "location": row.location,
        "code": row.code,
    }
    return _written(pairs)


def _written(pairs: Mapping[str, object]) -> str:
    """Return what PWG 5100.9 and 5100.13 write as `key=value;`."""
    return "".join(f"{name}={value};" for name, value in pairs.items())


def _tray(row: Tray) -> str:
    """Return a row of printer-input-tray (PWG 5100.13 section 5.6.23)."""
    pairs = {
        "type": row.type,
        "mediafeed": 0,
        "mediaxfeed": 0,
        "maxcapacity": row.capacity,
        "level": row.level,
        "unit": row.unit,
        "status": 0,
        "name": row.name,
        "medianame": row.media,
    }
    return _written(pairs)


def _requested(request: bytes) -> set[str] | None:
    """Return the attributes that are asked for; None for all of them."""
    position, name, wanted = 8, b"", set[str]()
    while position + 3 <= len(request) and request[position] != 0x03:
        if request[position] < 0x10:
            position += 1
            continue
        length = int.from_bytes(request[position + 1 : position + 3], "big")
        name = request[position + 3 : position + 3 + length] or name
        position += 3 + length
        size = int.from_bytes(request[position : position + 2], "big")
        if name == b"requested-attributes":
            wanted.add(request[position + 2 : position + 2 + size].decode("ascii", "replace"))
        position += 2 + size
    return None if not wanted or wanted & {"all", "printer-description"} else wanted


def _attribute(tag: int, name: str, *values: str | int) -> tuple[str, bytes]:
    encoded = [struct.pack(">i", value) if isinstance(value, int) else value.encode() for value in values]
    return name, b"".join(_encoded(tag, "" if number else name, octets) for number, octets in enumerate(encoded))


def _encoded(tag: int, name: str, octets: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(octets)) + octets


def _message(version: bytes, status: int, request_id: bytes, groups: bytes = b"") -> bytes:
    operation = [_attribute(_CHARSET, "attributes-charset", "utf-8"), _attribute(_LANGUAGE, "attributes-natural-language", "en")]
    head = version + struct.pack(">H", status) + request_id + b"\x01" + b"".join(octets for _, octets in operation)
    return head + groups + b"\x03"
