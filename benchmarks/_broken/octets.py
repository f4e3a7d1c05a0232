"""Breaking octets of any kind: as a lossy line would, and as a careless device does. Nothing here knows what they mean."""

from collections.abc import Callable
from random import Random

NUMBERS = (
    b"\x00",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\x00\x00",
    b"\x7f\xff",
    b"\x80\x00",
    b"\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\x00\x00\x00",
)
"""Octets that are trouble as lengths and as numbers."""
MOST = 200_000
"""Octets of a broken answer; a larger one only takes longer."""

Change = Callable[[bytearray, bytes, Random], None]


def flip(octets: bytearray, _other: bytes, chance: Random) -> None:
    """Turn one bit over."""
    octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)


def put(octets: bytearray, _other: bytes, chance: Random) -> None:
    """Put another octet in place of one."""
    octets[chance.randrange(len(octets))] = chance.randrange(256)


def cut(octets: bytearray, _other: bytes, chance: Random) -> None:
    """Leave out the end."""
    del octets[chance.randrange(len(octets)) :]


def remove(octets: bytearray, _other: bytes, chance: Random) -> None:
    """Leave out some octets."""
    start = chance.randrange(len(octets))
    del octets[start : start + chance.randrange(1, 9)]


def repeat(octets: bytearray, _other: bytes, chance: Random) -> None:
    """Say something again, now and then many times."""
    start = chance.randrange(len(octets))
    piece = bytes(octets[start : start + chance.randrange(1, 200)])
    octets[start:start] = piece * (1 if chance.random() < 0.9 else chance.randrange(2, 200))


def insert(octets: bytearray, _other: bytes, chance: Random) -> None:
    """Add some octets."""
    start = chance.randrange(len(octets) + 1)
    octets[start:start] = chance.randbytes(chance.randrange(1, 9))


def number(octets: bytearray, _other: bytes, chance: Random) -> None:
    """Put an odd number somewhere."""
    start, found = chance.randrange(len(octets)), chance.choice(NUMBERS)
    octets[start : start + len(found)] = found


def splice(octets: bytearray, other: bytes, chance: Random) -> None:
    """Go on with another answer."""
    if other:
        octets[chance.randrange(len(octets)) :] = other[chance.randrange(len(other)) :]


CHANGES: tuple[Change, ...] = (flip, put, cut, remove, repeat, insert, number, splice)


def changed(octets: bytes, other: bytes, chance: Random, times: int = 1) -> bytes:
    """Return `octets` with so many changes."""
    found = bytearray(octets)
    for _ in range(times):
        if found:
            chance.choice(CHANGES)(found, other, chance)
    return bytes(found[:MOST])
