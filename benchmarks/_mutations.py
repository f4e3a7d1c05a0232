"""Breaking encoded replies: as a lossy line would, and as a careless agent does."""

import random
from collections.abc import Callable

NUMBERS = (b"\x00", b"\x7f", b"\x80", b"\xff", b"\x81\xff", b"\x82\xff\xff", b"\x84\x7f\xff\xff\xff", b"\x01")
"""Octets that are trouble as lengths and as numbers."""
TAGS = bytes((0x02, 0x04, 0x05, 0x06, 0x30, 0x40, 0x41, 0x42, 0x43, 0x44, 0x46, 0x80, 0x81, 0x82, 0xA0, 0xA2, 0xA8, 0x24, 0x1F))
TEXTS = (b"", b"\x00" * 8, b"-2", b"99999999999999999999", b"\xff\xfe", b"%s%n", b"\x1b[2J", "ü中".encode(), b"a" * 300, b"unknown")

Mutation = Callable[[bytearray, bytes, random.Random], None]


def mutate(reply: bytes, other: bytes, chance: random.Random) -> bytes:
    """Return `reply` broken in one to four ways; `other` is another reply, to be mixed in."""
    octets = bytearray(reply)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        if octets:
            chance.choice(MUTATIONS)(octets, other, chance)
    return bytes(octets)


def _flip(octets: bytearray, _other: bytes, chance: random.Random) -> None:
    octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)


def _set(octets: bytearray, _other: bytes, chance: random.Random) -> None:
    octets[chance.randrange(len(octets))] = chance.randrange(256)


def _cut(octets: bytearray, _other: bytes, chance: random.Random) -> None:
    del octets[chance.randrange(len(octets)) :]


def _remove(octets: bytearray, _other: bytes, chance: random.Random) -> None:
    start = chance.randrange(len(octets))
    del octets[start : start + chance.randrange(1, 9)]


def _repeat(octets: bytearray, _other: bytes, chance: random.Random) -> None:
    start = chance.randrange(len(octets))
    octets[start:start] = octets[start : start + chance.randrange(1, 65)]


def _insert(octets: bytearray, _other: bytes, chance: random.Random) -> None:
    start = chance.randrange(len(octets) + 1)
    octets[start:start] = chance.randbytes(chance.randrange(1, 9))


def _number(octets: bytearray, _other: bytes, chance: random.Random) -> None:
    start, number = chance.randrange(len(octets)), chance.choice(NUMBERS)
    octets[start : start + len(number)] = number


def _splice(octets: bytearray, other: bytes, chance: random.Random) -> None:
    if other:
        octets[chance.randrange(len(octets)) :] = other[chance.randrange(len(other)) :]


def _retag(octets: bytearray, _other: bytes, chance: random.Random) -> None:
    """Change the tag of a value: the first octets of elements are known ones."""
    places = [place for place, octet in enumerate(octets) if octet in TAGS]
    if places:
        octets[chance.choice(places)] = chance.choice(TAGS)


def _value(octets: bytearray, _other: bytes, chance: random.Random) -> None:
    """Put another value in place of one, so that the message stays whole: what a careless agent sends."""
    places = _varbinds(octets)
    if not places:
        return
    start, name_end, end = chance.choice(places)
    tag, content = chance.choice(TAGS), chance.choice(TEXTS)[:100]
    if chance.random() < 0.5:
        tag, content = chance.choice((0x02, 0x41, 0x42, 0x46)), chance.randbytes(chance.randrange(0, 10))
    name = bytes(octets[start:name_end])
    if chance.random() < 0.3:
        # Another name, too: another column, another row, or back to where the walk came from.
        name = name[:-1] + bytes((chance.randrange(128),))
    inner = name + bytes((tag, len(content))) + content
    if len(inner) < 128:
        _replace(octets, start - 2, end, bytes((0x30, len(inner))) + inner)


def _shuffle(octets: bytearray, _other: bytes, chance: random.Random) -> None:
    """Answer in another order, some twice."""
    places = _varbinds(octets)
    if len(places) > 1:
        first, last = places[0][0] - 2, places[-1][2]
        pieces = [bytes(octets[start - 2 : end]) for start, _, end in places]
        chance.shuffle(pieces)
        if chance.random() < 0.5:
            pieces = [*pieces[:-1], pieces[0]]
        _replace(octets, first, last, b"".join(pieces))


MUTATIONS: tuple[Mutation, ...] = (
    _flip,
    _set,
    _cut,
    _remove,
    _repeat,
    _insert,
    _number,
    _splice,
    _retag,
    _retag,
    _value,
    _value,
    _value,
    _value,
    _shuffle,
    _shuffle,
)


def _varbinds(octets: bytearray) -> list[tuple[int, int, int]]:
    """Return start of the content, end of the name and end of the VarBinds in their short form, as far as they are plain."""
    found = []
    place = 0
    while (place := octets.find(b"\x30", place)) >= 0 and place + 4 < len(octets):
        length, name_length = octets[place + 1], octets[place + 3]
        end, name_end = place + 2 + length, place + 4 + name_length
        if octets[place + 2] == 0x06 and length < 128 and name_end + 2 <= end <= len(octets):
            found.append((place + 2, name_end, end))
            place = end
        else:
            place += 1
    return found


def _replace(octets: bytearray, start: int, end: int, content: bytes) -> None:
    """Replace octets, and correct the lengths of what is around them where they are plain."""
    grown = len(content) - (end - start)
    octets[start:end] = content
    place = 0
    # Message, PDU and list of VarBinds: each begins before `start`, ends with the message, and says how long it is.
    while grown and 0 <= place < start:
        tag, length = octets[place], octets[place + 1]
        size = 1 if length < 128 else 1 + (length & 0x7F)
        if tag in (0x30, 0xA2) and size <= 3:
            _correct(octets, place + 1, size, grown)
            place += 1 + size
        elif tag in (0x02, 0x04) and size == 1:
            place += 2 + length
        else:
            return


def _correct(octets: bytearray, place: int, size: int, grown: int) -> None:
    old = octets[place] if size == 1 else int.from_bytes(octets[place + 1 : place + size], "big")
    new = old + grown
    if 0 <= new < (128 if size == 1 else 256 ** (size - 1)):
        octets[place : place + size] = bytes((new,)) if size == 1 else bytes((octets[place],)) + new.to_bytes(size - 1, "big")
