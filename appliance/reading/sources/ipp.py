"""IPP: the one request the collector can make, Get-Printer-Attributes, and the reader of its answer (RFC 8010, RFC 8011). Pure.

No other operation can be encoded, and what is asked for is `REQUESTED`: nothing about jobs or users is among it, and what a
printer sends beyond it is dropped.
"""

import itertools
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.reading.text import decode

GET_PRINTER_ATTRIBUTES = 0x000B
PATHS = ("/ipp/print", "/ipp/printer", "/ipp", "/ipp/port1", "/")
"""Where printers serve IPP, in the order in which they are asked: by IPP Everywhere, and before it. A queue that has a name
(`/printers/NAME`) is one of a print server."""
VERSIONS = ((1, 1), (1, 0))
"""In which versions of IPP is asked; 1.1 is what nearly all later ones answer."""
NEWER = (2, 0)
"""In which version a printer is asked that refuses those (PWG 5100.12)."""
CONTENT_TYPE = "application/ipp"

REQUESTED = (
    *("printer-make-and-model", "printer-device-id", "printer-uuid", "printer-location", "printer-serial-number"),
    *("printer-firmware-string-version", "printer-firmware-version", "printer-firmware-name", "printer-firmware-patches"),
    *("printer-organization", "printer-organizational-unit", "printer-geo-location"),
    *("printer-state", "printer-state-reasons", "printer-alert", "printer-alert-description"),
    *("printer-impressions-completed", "printer-impressions-completed-col"),
    *("printer-pages-completed", "printer-pages-completed-col"),
    *("printer-media-sheets-completed", "printer-media-sheets-completed-col"),
    *("marker-names", "marker-types", "marker-colors", "marker-levels", "marker-high-levels", "marker-low-levels"),
    *("printer-supply", "printer-supply-description", "printer-input-tray"),
)
"""The attributes asked for (RFC 8011, PWG 5100.9, 5100.13, 5100.22, and CUPS for those of the markers)."""

MAX_BYTES = 1 << 20
MAX_VALUES = 20_000
MAX_DEPTH = 8
"""Collections within collections."""

_CHARSET_UTF_8 = 106
_NO_REQUEST_ID = 0
"""What some printers answer instead of the number of the request."""
_OPERATION_ATTRIBUTES, _PRINTER_ATTRIBUTES, _END_OF_ATTRIBUTES = 0x01, 0x04, 0x03
_INTEGER, _BOOLEAN, _ENUM, _OCTET_STRING, _RANGE = 0x21, 0x22, 0x23, 0x30, 0x33
_BEGIN_COLLECTION, _END_COLLECTION, _MEMBER_NAME = 0x34, 0x37, 0x4A
_TEXT_WITH_LANGUAGE, _NAME_WITH_LANGUAGE = 0x35, 0x36
_KEYWORD, _URI, _CHARSET, _LANGUAGE = 0x44, 0x45, 0x47, 0x48
_FIRST_GROUP_END, _FIRST_OUT_OF_BAND_END, _FIRST_CHARACTERS, _LAST_CHARACTERS = 0x10, 0x20, 0x40, 0x5F


class IppError(ValueError):
    """The octets are no answer to an IPP request."""


class _CutOffError(IppError):
    """The octets end within something."""


Scalar = int | bool | str | bytes | tuple[int, int] | None
"""A value; bytes for octet strings and rare syntaxes, a pair for a range, None for what is unknown or does not fit its syntax."""
Value = Scalar | Mapping[str, "tuple[Value, ...]"]


@dataclass(frozen=True, slots=True)
class IppAnswer:
    """The answer to Get-Printer-Attributes; of its attributes only those of `REQUESTED`, each a tuple of values."""

    status: int
    attributes: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)

    @property
    def successful(self) -> bool:
        """Whether the printer did what it was asked (RFC 8011 appendix B)."""
        return self.status < 0x0100


def encode_request(printer_uri: str, request_id: int = 1, *, version: tuple[int, int] = VERSIONS[0]) -> bytes:
    """Return Get-Printer-Attributes for `REQUESTED`, in one of `VERSIONS`."""
    parts = [
        struct.pack(">BBHIB", *version, GET_PRINTER_ATTRIBUTES, request_id, _OPERATION_ATTRIBUTES),
        _attribute(_CHARSET, "attributes-charset", "utf-8"),
        _attribute(_LANGUAGE, "attributes-natural-language", "en"),
        _attribute(_URI, "printer-uri", printer_uri),
    ]
    names = itertools.chain(["requested-attributes"], itertools.repeat(""))
    parts += [_attribute(_KEYWORD, name, wanted) for name, wanted in zip(names, REQUESTED, strict=False)]
    return b"".join([*parts, bytes([_END_OF_ATTRIBUTES])])


def _attribute(tag: int, name: str, value: str) -> bytes:
    octets = value.encode()
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(octets)) + octets


def decode_answer(octets: bytes, request_id: int = 1) -> IppAnswer:
    """Return the answer in `octets`, as far as it is whole; some printers leave out its end, or say 0 for the request they answer.

    Raises IppError for anything else: garbage, an answer of which nothing is whole, one beyond the limits.
    """
    if len(octets) > MAX_BYTES:
        raise IppError(f"larger than {MAX_BYTES} bytes")
    cursor = _Cursor(octets)
    major, _minor, status, answered_id = cursor.unpack(">BBHI")
    if major not in (1, 2) or answered_id not in (request_id, _NO_REQUEST_ID):
        raise IppError("no answer to this request")
    return IppAnswer(status, _read_groups(cursor))


def _read_groups(cursor: "_Cursor") -> dict[str, tuple[Value, ...]]:
    """Return the attributes of the printer, of all its groups, in order; the first value stands where a name comes again.

    Where the octets end within an attribute, that one is left out: more values of it may have followed. Raises IppError where
    none was whole.
    """
    reader = _Groups(cursor)
    try:
        while not cursor.at_end and (tag := cursor.byte()) != _END_OF_ATTRIBUTES:
            reader.read(tag)
    except _CutOffError:
        reader.drop_current()
        if not reader.found:
            raise
    return {name: tuple(values) for name, values in reader.found.items()}


class _Groups:
    """The attributes read so far, and the one whose values are being read."""

    def __init__(self, cursor: "_Cursor") -> None:
        self.found: dict[str, list[Value]] = {}
        self._cursor = cursor
        self._group = 0
        self._name = ""
        self._current: list[Value] = []

    def read(self, tag: int) -> None:
        """Read what begins with `tag`: a group, or a value."""
        if tag < _FIRST_GROUP_END:
            self._group, self._name, self._current = tag, "", []
            return
        name = self._cursor.octets().decode("latin-1")
        if name:
            self._name, self._current = "", []
            if self._group == _PRINTER_ATTRIBUTES and name in REQUESTED:
                self._name, self._current = name, self.found.setdefault(name, [])
        self._current.append(_value(self._cursor, tag, self._cursor.octets(), 0))

    def drop_current(self) -> None:
        """Forget the attribute whose values are being read."""
        self.found.pop(self._name, None)


def _value(cursor: "_Cursor", tag: int, content: bytes, depth: int) -> Value:
    cursor.count_value()
    if tag == _BEGIN_COLLECTION:
        return _collection(cursor, depth + 1)
    return _scalar(tag, content)


def _scalar(tag: int, content: bytes) -> Scalar:
    """Return a value by the syntax its tag names (RFC 8010 section 3.9), None where its length does not fit."""
    value: Scalar = None
    if tag in (_INTEGER, _ENUM):
        value = int.from_bytes(content, "big", signed=True) if len(content) == 4 else None
    elif tag == _BOOLEAN:
        value = content == b"\x01" if len(content) == 1 else None
    elif tag == _RANGE:
        value = struct.unpack(">ii", content) if len(content) == 8 else None
    elif tag in (_TEXT_WITH_LANGUAGE, _NAME_WITH_LANGUAGE):
        value = _text_with_language(content)
    elif _FIRST_CHARACTERS < tag <= _LAST_CHARACTERS:
        value = decode(content, _CHARSET_UTF_8)
    elif tag >= _FIRST_OUT_OF_BAND_END:
        value = content
    return value


def _text_with_language(content: bytes) -> str | None:
    inner = _Cursor(content)
    try:
        inner.octets()
        return decode(inner.octets(), _CHARSET_UTF_8)
    except IppError:
        return None


def _collection(cursor: "_Cursor", depth: int) -> dict[str, tuple[Value, ...]]:
    if depth > MAX_DEPTH:
        raise IppError("collections nested too deep")
    members: dict[str, list[Value]] = {}
    current: list[Value] = []
    while True:
        tag = cursor.byte()
        if tag < _FIRST_GROUP_END:
            raise IppError("a collection does not end")
        _, content = cursor.field()
        if tag == _END_COLLECTION:
            return {name: tuple(values) for name, values in members.items()}
        if tag == _MEMBER_NAME:
            cursor.count_value()
            current = members.setdefault(decode(content, _CHARSET_UTF_8), [])
        else:
            current.append(_value(cursor, tag, content, depth))


class _Cursor:
    """Reads from the start of some octets to their end, and never beyond."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._position = 0
        self._values = 0

    @property
    def at_end(self) -> bool:
        return self._position == len(self._octets)

    def count_value(self) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            raise IppError(f"more than {MAX_VALUES} values")

    def take(self, length: int) -> bytes:
        end = self._position + length
        if end > len(self._octets):
            raise _CutOffError("cut off")
        taken, self._position = self._octets[self._position : end], end
        return taken

    def unpack(self, layout: str) -> tuple[int, ...]:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def byte(self) -> int:
        return self.take(1)[0]

    def octets(self) -> bytes:
        """Return a string of octets after its length."""
        (length,) = self.unpack(">H")
        return self.take(length)

    def field(self) -> tuple[str, bytes]:
        """Return the name and the content of a value."""
        return self.octets().decode("latin-1"), self.octets()
