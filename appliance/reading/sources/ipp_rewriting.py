"""Writing an answer to Get-Printer-Attributes anew, with other texts and without what was not asked for (RFC 8010). Pure.

For recordings: some printers send more than they are asked, such as jobs and who sent them.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.reading.sources.ipp import REQUESTED, IppError
from appliance.reading.text import decode

_OPERATION, _PRINTER, _END = 0x01, 0x04, 0x03
_FIRST_GROUP_END = 0x10
_BEGIN_COLLECTION, _END_COLLECTION = 0x34, 0x37
_OCTET_STRING, _FIRST_CHARACTERS, _LAST_CHARACTERS = 0x30, 0x40, 0x5F
_WITH_LANGUAGE = frozenset({0x35, 0x36})
_STANDARD = frozenset({"attributes-charset", "attributes-natural-language"})
"""What the group about the operation begins with (RFC 8011 section 4.1.4); a status message may name anything."""
_UTF_8 = 106

Change = Callable[[str, str], str]
"""Takes the name of an attribute and one of its texts, and returns the text that is written."""


@dataclass(frozen=True, slots=True)
class _Field:
    """A value as it stands in the octets; `attribute` is the one it belongs to, also within a collection."""

    tag: int
    attribute: str
    name: bytes
    content: bytes


def rewrite(octets: bytes, change: Change) -> bytes:
    """Return the answer with its texts as `change` returns them, and of its attributes only those of `ipp.REQUESTED`.

    What is cut off within an attribute ends before it. Raises IppError where the octets are no IPP at all.
    """
    if len(octets) < 8 or octets[0] not in (1, 2):
        raise IppError("no answer of IPP")
    written, group = [octets[:8]], 0
    for field in _fields(octets):
        if isinstance(field, int):
            group = field
            written += [bytes([group])] if group in (_OPERATION, _PRINTER) else []
        elif field.attribute in ({_OPERATION: _STANDARD, _PRINTER: frozenset(REQUESTED)}.get(group, frozenset())):
            content = _changed(field, change)
            head = struct.pack(">BH", field.tag, len(field.name)) + field.name
            written.append(head + struct.pack(">H", len(content)) + content)
    return b"".join([*written, bytes([_END])])


def _fields(octets: bytes) -> Iterator[int | _Field]:
    """Yield the tag of each group, and each value, as far as they are whole; a collection only when it ends."""
    position, depth, attribute = 8, 0, ""
    pending: list[_Field] = []
    while position < len(octets):
        tag = octets[position]
        if tag < _FIRST_GROUP_END:
            if tag == _END or depth:
                return
            yield tag
            position, attribute = position + 1, ""
            continue
        name, after = _string(octets, position + 1)
        content, position = _string(octets, after)
        if name is None or content is None:
            return
        attribute = name.decode("latin-1") if name and not depth else attribute
        depth += (tag == _BEGIN_COLLECTION) - (tag == _END_COLLECTION)
        pending.append(_Field(tag, attribute, name, content))
        if depth <= 0:
            yield from pending
            pending, depth = [], 0


def _string(octets: bytes, position: int) -> tuple[bytes | None, int]:
    """Return the octets after their length, and the position behind them; None where they are cut off."""
    begin = position + 2
    end = begin + int.from_bytes(octets[position:begin], "big")
    return (octets[begin:end], end) if end <= len(octets) and begin <= len(octets) else (None, end)


def _changed(field: _Field, change: Change) -> bytes:
    """Return the content with its text changed; what is no text stays, and so does a text that is not changed."""
    if field.tag in _WITH_LANGUAGE:
        language, after = _string(field.content, 0)
        text, _ = _string(field.content, after)
        if language is None or text is None:
            return b""
        octets = _text(field.attribute, text, change)
        return field.content[:after] + struct.pack(">H", len(octets)) + octets
    if field.tag == _OCTET_STRING or _FIRST_CHARACTERS < field.tag <= _LAST_CHARACTERS:
        return _text(field.attribute, field.content, change)
    return field.content


def _text(attribute: str, octets: bytes, change: Change) -> bytes:
    text = decode(octets, _UTF_8)
    changed = change(attribute, text)
    return octets if changed == text else changed.encode()[:0xFFFF]
