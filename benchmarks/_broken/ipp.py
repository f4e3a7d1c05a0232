"""Answers to IPP Get-Printer-Attributes, broken in their octets and in what these mean (RFC 8010), and read as the collector reads.

An answer is taken apart into its fields (tag, name, content), some of which are changed, moved, repeated, nested or said to be
longer than they are, and put together again.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random

from appliance.privacy.people import scrub
from appliance.reading.sources.ipp import REQUESTED, IppError, decode_answer
from appliance.reading.sources.ipp_parts import parts_of_ipp
from appliance.reading.supplement import supplement
from appliance.reading.without_snmp import reading_of_parts
from appliance.report import Reading
from benchmarks._broken import octets as plain

TAKEN_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HEAD = 8
"""Octets of version, status and the number of the request."""
GROUPS = (0x01, 0x02, 0x03, 0x04, 0x05, 0x00, 0x0F)
TAGS = (
    0x10,
    0x12,
    0x13,
    0x21,
    0x22,
    0x23,
    0x30,
    0x31,
    0x32,
    0x33,
    0x34,
    0x35,
    0x36,
    0x37,
    0x41,
    0x42,
    0x44,
    0x45,
    0x47,
    0x4A,
    0x7F,
    0xFF,
)
BEGIN, END, MEMBER = 0x34, 0x37, 0x4A
CONTENTS = (
    *(b"", b"\0", b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\xff\xff\xff\xfe", b"\0\0\0\x64", b"\xff\xfe", b"\xc3"),
    *(
        b"unknown",
        b"-2",
        b"99999999999999999999",
        b"level=;;==;index=1;=",
        b"type=toner;level=1e9;maxcapacity=0;index=" + b"7" * 500,
    ),
    *(b"index=1;class=x;type=toner;unit=percent;maxcapacity=100;level=-3;colorantname=#00FFFF#FF00FF#FFFF00;", b"%s%n", b"\x1b[2J"),
    *(
        b"code=jam;severity=;location=-1;time=99999999999",
        "ü中\u202e\ud7ff".encode(),
        b"a" * 3000,
        b"\0\2en\0\5Hallo",
        b"\xff\xff",
        b"#",
    ),
    *(b"MFG:;MDL:;SN:;;;:", b"MFG:HP;MDL:" + b"x" * 2000, b"#" + b"0" * 7, b"x#y;" * 300),
)
LENGTHS = (0, 1, 0x7FFF, 0x8000, 0xFFFF)
_SOME = (
    ("printer-make-and-model", 0x41, (b"Brother HL-L2350DW series",)),
    ("printer-device-id", 0x41, (b"MFG:Brother;CMD:PJL,PCL;MDL:HL-L2350DW series;CLS:PRINTER;SN:E00000A0N000001;",)),
    ("printer-serial-number", 0x41, (b"E00000A0N000001",)),
    ("printer-uuid", 0x45, (b"urn:uuid:e3248000-80ce-11db-8000-000000000001",)),
    ("printer-location", 0x35, (b"\0\2de\0\7Halle 2",)),
    ("printer-firmware-string-version", 0x41, (b"ZF", b"1.09")),
    ("printer-state", 0x23, (b"\0\0\0\3",)),
    ("printer-state-reasons", 0x44, (b"toner-low-warning", b"media-empty-warning", b"door-open-report")),
    (
        "printer-alert",
        0x30,
        (b"code=coverOpen;index=4;severity=critical;group=cover;groupindex=2;location=7;time=4200;", b"code=jam"),
    ),
    ("printer-alert-description", 0x41, (b"Close the cover", b"Paper jam")),
    ("printer-impressions-completed", 0x21, (b"\0\0\x14\0",)),
    ("printer-pages-completed", 0x21, (b"\0\0\x15\0",)),
    ("printer-media-sheets-completed", 0x21, (b"\0\0\x0f\xa0",)),
    (
        "printer-supply",
        0x30,
        (
            b"index=1;class=supplyThatIsConsumed;type=toner;unit=percent;maxcapacity=100;level=40;colorantname=black;",
            b"index=2;class=receptacleThatIsFilled;type=wasteToner;unit=percent;maxcapacity=100;level=25;colorantname=unknown;",
            b"index=3;class=supplyThatIsConsumed;type=opc;unit=impressions;maxcapacity=12000;level=-3;colorantname=none;",
        ),
    ),
    ("printer-supply-description", 0x41, (b"Black Toner TN-2410 S/N: A1B2C3D4", b"Waste Toner Box", b"Drum Unit")),
    (
        "printer-input-tray",
        0x30,
        (b"type=sheetFeedAutoRemovableTray;maxcapacity=250;level=100;status=0;name=Tray 1;index=1;medianame=A4;",),
    ),
)
_MARKERS = (
    ("printer-make-and-model", 0x41, (b"EPSON ET-0000 Series",)),
    ("marker-names", 0x42, (b"Black ink", b"Color ink", b"Maintenance box")),
    ("marker-types", 0x44, (b"ink-cartridge", b"ink", b"waste-ink")),
    ("marker-colors", 0x42, (b"#000000", b"#00FFFF#FF00FF#FFFF00", b"none")),
    ("marker-levels", 0x21, (b"\0\0\0\x28", b"\xff\xff\xff\xff", b"\0\0\0\x5f")),
    ("marker-high-levels", 0x21, (b"\0\0\0\x64",) * 3),
    ("marker-low-levels", 0x21, (b"\0\0\0\x0f",) * 3),
    ("printer-location", 0x41, ("Büro".encode(),)),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A delimiter of groups (`name` None), or a value with its name; `says` are lengths that are not those of name and content."""

    tag: int
    name: bytes | None
    content: bytes = b""
    says: tuple[int | None, int | None] = (None, None)

    def octets(self) -> bytes:
        """Return it as it is sent."""
        if self.name is None:
            return bytes((self.tag,))
        name, content = self.says
        lengths = (len(self.name) if name is None else name, len(self.content) if content is None else content)
        return struct.pack(">BH", self.tag, lengths[0]) + self.name + struct.pack(">H", lengths[1]) + self.content


def answers() -> list[bytes]:
    """Return whole answers: of a laser printer with collections, of an ink printer with attributes of CUPS, of nearly nothing."""
    columns = [
        Piece(BEGIN, b"printer-impressions-completed-col"),
        *(
            piece
            for name, count in ((b"monochrome", 3000), (b"full-color", 2000), (b"blank", 120))
            for piece in (Piece(MEMBER, b"", name), Piece(0x21, b"", struct.pack(">i", count)))
        ),
        Piece(END, b""),
    ]
    return [_whole([*_attributes(_SOME), *columns]), _whole([*_attributes(_MARKERS)]), _whole([*_attributes(_SOME[:1])])]


def _attributes(attributes: tuple[tuple[str, int, tuple[bytes, ...]], ...]) -> Iterator[Piece]:
    for name, tag, values in attributes:
        yield from (Piece(tag, name.encode() if position == 0 else b"", value) for position, value in enumerate(values))


def _whole(pieces: list[Piece]) -> bytes:
    first = [Piece(0x01, None), Piece(0x47, b"attributes-charset", b"utf-8"), Piece(0x48, b"attributes-natural-language", b"en")]
    told = [*first, Piece(0x04, None), *pieces, Piece(0x03, None)]
    return struct.pack(">BBHI", 1, 1, 0, 1) + b"".join(piece.octets() for piece in told)


def _pieces(octets: bytes) -> list[Piece]:
    """Return an answer taken apart, as far as it is whole."""
    found, place = [], HEAD
    while place < len(octets):
        tag = octets[place]
        if tag < 0x10:
            found.append(Piece(tag, None))
            place += 1
            continue
        name_end = place + 3 + int.from_bytes(octets[place + 1 : place + 3], "big")
        end = name_end + 2 + int.from_bytes(octets[name_end : name_end + 2], "big")
        if end > len(octets):
            break
        found.append(Piece(tag, octets[place + 3 : name_end], octets[name_end + 2 : end]))
        place = end
    return found


# What is broken in what the octets mean

PieceChange = Callable[[list[Piece], int, Random], None]


def _retag(pieces: list[Piece], place: int, chance: Random) -> None:
    tags = GROUPS if pieces[place].name is None else TAGS
    pieces[place] = replace(pieces[place], tag=chance.choice(tags))


def _rename(pieces: list[Piece], place: int, chance: Random) -> None:
    name = chance.choice((chance.choice(REQUESTED).encode(), b"", b"\xff\xfe", b"n" * 2000))
    pieces[place] = replace(pieces[place], name=name)


def _refill(pieces: list[Piece], place: int, chance: Random) -> None:
    content = chance.choice(CONTENTS) if chance.random() < 0.7 else chance.randbytes(chance.randrange(12))
    pieces[place] = replace(pieces[place], content=content)


def _misstate(pieces: list[Piece], place: int, chance: Random) -> None:
    wrong = chance.choice(LENGTHS)
    pieces[place] = replace(pieces[place], says=chance.choice(((wrong, None), (None, wrong), (wrong, wrong))))


def _multiply(pieces: list[Piece], place: int, chance: Random) -> None:
    times = chance.choice((1, 1, 2, 30)) if chance.random() < 0.99 else 3000
    pieces[place:place] = [pieces[place]] * times


def _drop(pieces: list[Piece], place: int, _chance: Random) -> None:
    del pieces[place]


def _move(pieces: list[Piece], place: int, chance: Random) -> None:
    pieces.insert(chance.randrange(len(pieces)), pieces.pop(place))


def _nest(pieces: list[Piece], place: int, chance: Random) -> None:
    """Put a value into collections, deeper than any is, that may not end."""
    depth = chance.choice((1, 2, 7, 8, 9, 40, 400))
    name = pieces[place].name or b"printer-supply"
    inner = [piece for _ in range(depth) for piece in (Piece(BEGIN, b""), Piece(MEMBER, b"", b"member"))]
    ends = [Piece(END, b"")] * chance.choice((depth, depth - 1, 0, depth + 1))
    pieces[place : place + 1] = [Piece(BEGIN, name), Piece(MEMBER, b"", b"outer"), *inner, pieces[place], *ends, Piece(END, b"")]


_CHANGES: tuple[PieceChange, ...] = (_retag, _rename, _refill, _refill, _refill, _misstate, _multiply, _drop, _move, _nest)


def broken(octets: bytes, other: bytes, chance: Random) -> bytes:
    """Return an answer broken in one to four ways: in its octets, in its fields, or in both."""
    ways = chance.choice((1, 1, 2, 4))
    if chance.random() < 0.3:
        return plain.changed(octets, other, chance, ways)
    pieces = _pieces(octets)
    if chance.random() < 0.1:
        pieces += _pieces(other)
    for _ in range(ways):
        if pieces:
            chance.choice(_CHANGES)(pieces, chance.randrange(len(pieces)), chance)
    head = octets[:HEAD] if chance.random() < 0.95 else chance.randbytes(chance.randrange(HEAD + 1))
    found = (head + b"".join(piece.octets() for piece in pieces))[: plain.MOST]
    return plain.changed(found, other, chance) if chance.random() < 0.1 else found


def read(octets: bytes, chance: Random) -> bool:
    """Read an answer, as of a printer without SNMP and as a supplement; return whether it was one."""
    try:
        answer = decode_answer(octets)
    except IppError:
        return False
    parts = parts_of_ipp(answer)
    reading = scrub(reading_of_parts(parts, "192.0.2.10", taken_at=TAKEN_AT))
    completed = supplement(reading, parts)
    # The contract with the hosting server holds whatever the device has sent.
    if chance.random() < 0.1 and Reading.model_validate_json(completed.to_json()) != completed:
        raise ValueError("the reading does not survive being written and read")
    return True
