"""XML documents of devices, broken in their octets and in what these mean, and read as the collector reads them.

HP's documents come over HTTP (LEDM), Canon's stands in pieces in objects of SNMP. Elements are doubled, nested, left open, renamed
and filled with something else; types of document, entities, encodings, and what only looks like them, are put in.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

from appliance.privacy.people import scrub
from appliance.reading.build import build_reading
from appliance.reading.sources.ledm import LedmError, parts_of_ledm
from appliance.reading.supplement import supplement
from appliance.report import Device, Reading
from appliance.snmp.values import Oid, Tag, Value, parse_oid
from benchmarks._broken import octets as plain
from benchmarks._broken import xml_trees

TAKEN_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
CANON_STATUS = parse_oid("1.3.6.1.4.1.1602.1.5.1.6.2.2.1.2")
CANON: dict[Oid, Value] = {
    parse_oid("1.3.6.1.2.1.1.2.0"): Value(Tag.OBJECT_IDENTIFIER, parse_oid("1.3.6.1.4.1.1602.4.7")),
    parse_oid("1.3.6.1.2.1.43.11.1.1.5.1.1"): Value(Tag.INTEGER, 5),
    parse_oid("1.3.6.1.2.1.43.11.1.1.6.1.1"): Value(Tag.OCTET_STRING, b"BK"),
    parse_oid("1.3.6.1.2.1.43.11.1.1.9.1.1"): Value(Tag.INTEGER, -3),
}
"""An ink printer whose table leaves the level open."""
LONGEST_PIECE = 255
PLAIN = Reading(taken_at=TAKEN_AT, device=Device(key="address:192.0.2.10", ip="192.0.2.10", manufacturer="HP"))

_TAG = re.compile(rb"<(/?)([A-Za-z:]+)([^<>]*)>")
_TEXT = re.compile(rb">([^<>]+)<")
FILLS = (
    *(b"", b" ", b"-1", b"255", b"99999999999999999999999", b"9" * 4000, b"1e999", b"NaN", b"&amp;&lt;", b"&#0;", b"&#x110000;"),
    *(
        b"&nope;",
        b"&lol;",
        b"]]>",
        b"<![CDATA[12]]>",
        b"<!-- -- -->",
        b"<?php ?>",
        "ü中\u202e".encode(),
        b"\xff\xfe",
        b"\0",
        b"%s%n",
    ),
    *(b"a" * 5000, b"CMYK", b"0000000", b"toner"),
)
HEADS = (
    b'<?xml version="1.0" encoding="UTF-16"?>',
    b'<?xml version="1.0" encoding="iso-8859-1"?>',
    b'<?xml version="1.0" encoding="shift_jis"?>',
    b'<?xml version="1.0" encoding="utf-7"?>',
    b'<?xml version="1.0" encoding="rot13"?>',
    b'<?xml version="1.0" encoding="hex"?>',
    b'<?xml version="1.0" encoding="idna"?>',
    b'<?xml version="1.0" encoding="cp037"?>',
    b'<?xml version="9.9"?>',
    b'<?xml version="1.0" standalone="yes"?>',
    b'<!DOCTYPE a [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;">]>',
    b'<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://192.0.2.1/x"> %p;]>',
    b'<!DOCTYPE a [<!ATTLIST a b CDATA "c">]>',
    b"\xef\xbb\xbf",
    b"\xfe\xff",
    b"",
)
CHARSETS = ("utf-16", "utf-16-be", "utf-32", "iso8859-1", "utf-7", "cp037", "shift_jis", "utf-8-sig")
_DOCUMENTS = ("ProductConfigDyn", "ProductUsageDyn", "ConsumableConfigDyn")
_STATUS = "CanonStatus"


def documents() -> list[bytes]:
    """Return whole documents, of HP and of Canon."""
    config = (
        "<p:ProductInformation><dd:MakeAndModel>HP LaserJet M000</dd:MakeAndModel><dd:SerialNumber>VNB0K00001</dd:SerialNumber>"
        "<dd:Version><dd:Revision>20200612</dd:Revision></dd:Version></p:ProductInformation>"
    )
    usage = (
        "<p:PrinterSubunit><dd:TotalImpressions PEID='5082'>5000</dd:TotalImpressions>"
        "<dd:MonochromeImpressions>3000</dd:MonochromeImpressions><dd:ColorImpressions>2000</dd:ColorImpressions>"
        "<dd:DuplexSheets>700</dd:DuplexSheets></p:PrinterSubunit>"
        "<p:ScannerEngineSubunit><dd:AdfImages>40</dd:AdfImages><dd:FlatbedImages>2</dd:FlatbedImages></p:ScannerEngineSubunit>"
    )
    consumables = "".join(
        f"<p:ConsumableInfo><dd:ConsumableLabelCode>{label}</dd:ConsumableLabelCode><dd:ConsumableStation>{station}"
        "</dd:ConsumableStation><dd:ConsumableTypeEnum>toner</dd:ConsumableTypeEnum>"
        f"<dd:ConsumablePercentageLevelRemaining>{level}</dd:ConsumablePercentageLevelRemaining>"
        f"<dd:ProductNumber>W2110A</dd:ProductNumber><dd:SerialNumber>90000{level}</dd:SerialNumber></p:ConsumableInfo>"
        for station, (label, level) in enumerate((("K", 80), ("C", 9), ("M", 255)))
    )
    inside = (config, usage, consumables)
    status = (
        b'<?xml version="1.0"?><ivec:status><ivec:inks><ivec:ink><ivec:color>BK</ivec:color><ivec:level>40</ivec:level></ivec:ink>'
        b"<ivec:ink><ivec:color>C</ivec:color><ivec:level>7</ivec:level></ivec:ink></ivec:inks></ivec:status>"
    )
    return [*(_ledm(name, content) for name, content in zip(_DOCUMENTS, inside, strict=True)), status]


def _ledm(name: str, content: str) -> bytes:
    root = f'<p:{name} xmlns:p="urn:test:{name}" xmlns:dd="urn:test:dictionary">'
    return f'<?xml version="1.0" encoding="UTF-8"?>{root}{content}</p:{name}>'.encode()


# What is broken in what the octets mean

Change = Callable[[bytes, bytes, Random], bytes]


def _tag(document: bytes, chance: Random) -> re.Match[bytes] | None:
    found = list(_TAG.finditer(document))
    return chance.choice(found) if found else None


def _drop_tag(document: bytes, _other: bytes, chance: Random) -> bytes:
    tag = _tag(document, chance)
    return document[: tag.start()] + document[tag.end() :] if tag else document


def _rename(document: bytes, _other: bytes, chance: Random) -> bytes:
    """Give an element another name, at one of its ends or at all."""
    tag, another = _tag(document, chance), _tag(document, chance)
    if tag is None or another is None:
        return document
    if chance.random() < 0.5:
        return document.replace(tag[2], another[2])
    return document[: tag.start(2)] + another[2] + document[tag.end(2) :]


def _fill(document: bytes, _other: bytes, chance: Random) -> bytes:
    found = list(_TEXT.finditer(document))
    if not found:
        return document
    text = chance.choice(found)
    return document[: text.start(1)] + chance.choice(FILLS) + document[text.end(1) :]


def _nest(document: bytes, _other: bytes, chance: Random) -> bytes:
    """Put elements into elements, deeper than any are."""
    tag, depth = _tag(document, chance), chance.choice((1, 10, 63, 64, 65, 1000, 20_000))
    at = tag.end() if tag else 0
    begins, ends = b"<x>" * depth, b"</x>" * chance.choice((depth, depth - 1, 0))
    return document[:at] + begins + ends + document[at:]


def _multiply(document: bytes, _other: bytes, chance: Random) -> bytes:
    """Say a stretch between two tags again, now and then many times."""
    one, other = _tag(document, chance), _tag(document, chance)
    if one is None or other is None:
        return document
    start, end = sorted((one.start(), other.end()))
    times = chance.choice((1, 2, 3, 40)) if chance.random() < 0.99 else 2000
    return (document[:start] + document[start:end] * times + document[start:])[: plain.MOST]


def _mix(document: bytes, other: bytes, chance: Random) -> bytes:
    one, two = _tag(document, chance), _tag(other, chance)
    return document[: one.start()] + other[two.start() :] if one and two else document


def _head(document: bytes, _other: bytes, chance: Random) -> bytes:
    """Say another version or encoding, or declare a type and entities."""
    body = re.sub(rb"<\?xml.*?\?>", b"", document, count=1) if chance.random() < 0.8 else document
    return chance.choice(HEADS) + body


def _encode(document: bytes, _other: bytes, chance: Random) -> bytes:
    """Write it in another encoding than it says, or in the one it says."""
    text = document.decode("utf-8", "replace")
    charset = chance.choice(CHARSETS)
    if chance.random() < 0.5:
        text = text.replace("UTF-8", charset, 1)
    return text.encode(charset, "replace")


def _attribute(document: bytes, _other: bytes, chance: Random) -> bytes:
    tag = _tag(document, chance)
    more = chance.choice(
        (b" a='1' a='2'", b" xmlns=''", b" xmlns:dd='urn:x'", b" q:z='1'", b" a='&lol;'", b" a=" + b"'" * 3, b" a='b'" * 500)
    )
    return document[: tag.end(2)] + more + document[tag.end(2) :] if tag else document


_CHANGES: tuple[Change, ...] = (_drop_tag, _rename, _fill, _fill, _fill, _nest, _multiply, _mix, _head, _head, _encode, _attribute)


def broken(octets: bytes, other: bytes, chance: Random) -> bytes:
    """Return a document broken in one to four ways: in its octets, in its elements, or in both; half of them stay well-formed."""
    if chance.random() < 0.5:
        return xml_trees.broken(octets, other, chance)[: plain.MOST]
    ways = chance.choice((1, 1, 2, 4))
    if chance.random() < 0.25:
        return plain.changed(octets, other, chance, ways)
    for _ in range(ways):
        octets = chance.choice(_CHANGES)(octets, other, chance)
    octets = octets[: plain.MOST]
    return plain.changed(octets, other, chance) if chance.random() < 0.1 else octets


def read(octets: bytes, chance: Random) -> bool:
    """Read a document as one of HP's, and as that of Canon; return whether it was one of them."""
    was_one = False
    reading = PLAIN
    names = _DOCUMENTS if chance.random() < 0.1 else [name for name in _DOCUMENTS if name.encode() in octets]
    for name in names:
        try:
            parts = parts_of_ledm(octets, name)
        except LedmError:
            continue
        reading, was_one = supplement(reading, parts), True
    if not names or chance.random() < 0.05:
        reading = build_reading(CANON | _in_pieces(octets, chance), "192.0.2.10", taken_at=TAKEN_AT)
        was_one = was_one or any(supply.percent is not None for supply in reading.supplies)
    reading = scrub(reading)
    if chance.random() < 0.1 and Reading.model_validate_json(reading.to_json()) != reading:
        raise ValueError("the reading does not survive being written and read")
    return was_one


def _in_pieces(octets: bytes, chance: Random) -> dict[Oid, Value]:
    """Return a document as an agent tells it: in pieces, of which one may be missing or no octets."""
    pieces = [octets[start : start + LONGEST_PIECE] for start in range(0, len(octets), LONGEST_PIECE)][:256]
    found = {(*CANON_STATUS, 1, number): Value(Tag.OCTET_STRING, piece) for number, piece in enumerate(pieces, 1)}
    if found and chance.random() < 0.05:
        del found[chance.choice(list(found))]
    if found and chance.random() < 0.05:
        found[chance.choice(list(found))] = Value(Tag.INTEGER, 7)
    return found
