"""In which order the addresses of a sweep are asked: from each target range one in turn, so that a large one delays no small one.

Within a range the order is ascending. Where ranges overlap an address belongs to the smallest of them. What is kept is one position
a range, however many addresses it has.
"""

import hashlib
import heapq
import ipaddress
import itertools
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_TEXT: Final[dict[int, Callable[[int], str]]] = {
    # Once for each address of a sweep: `ipaddress` takes ten times as long.
    4: lambda number: socket.inet_ntoa(number.to_bytes(4, "big")),
    6: lambda number: str(ipaddress.IPv6Address(number)),
}

Piece = tuple[int, int]
"""First and last number of some addresses; both belong to it."""


@dataclass(frozen=True, slots=True)
class Range:
    """The addresses of one target, ascending, less what other targets have and what is excluded."""

    version: int
    pieces: tuple[Piece, ...]

    def count(self) -> int:
        """Return the number of addresses."""
        return sum(high - low + 1 for low, high in self.pieces)


@dataclass(frozen=True, slots=True)
class Place:
    """An address, and where it stands: the number of its range, and how many addresses of that range come before it."""

    address: str
    range: int
    offset: int


def split_by_owner(spans: Iterable[Piece]) -> list[list[Piece]]:
    """Return for each span the numbers that belong to it and to no smaller one (of equal ones: to no earlier one)."""
    numbered = list(enumerate(spans))
    owned: list[list[Piece]] = [[] for _ in numbered]
    by_start = sorted(numbered, key=lambda item: item[1][0])
    edges = sorted({edge for _, (low, high) in numbered for edge in (low, high + 1)})
    open_spans: list[tuple[int, int, int]] = []
    begun = 0
    for edge, following in itertools.pairwise(edges):
        while begun < len(by_start) and by_start[begun][1][0] <= edge:
            number, (low, high) = by_start[begun]
            heapq.heappush(open_spans, (high - low, number, high))
            begun += 1
        while open_spans and open_spans[0][2] < edge:
            heapq.heappop(open_spans)
        if open_spans:
            pieces = owned[open_spans[0][1]]
            start = pieces.pop()[0] if pieces and pieces[-1][1] == edge - 1 else edge
            pieces.append((start, following - 1))
    return owned


class Order:
    """Goes once through all addresses. `positions` says how many of each range are behind it."""

    def __init__(self, ranges: Sequence[Range], positions: Sequence[int] = ()) -> None:
        """`positions` are those of an order of the same ranges that was cut off."""
        self._ranges = tuple(ranges)
        self._counts = [each.count() for each in self._ranges]
        start = positions if len(positions) == len(self._ranges) else [0] * len(self._ranges)
        self.positions = [min(max(0, position), count) for position, count in zip(start, self._counts, strict=True)]
        self._cursors = [_Cursor(each, position) for each, position in zip(self._ranges, self.positions, strict=True)]
        self.left = sum(self._counts) - sum(self.positions)
        """How many addresses are still to come."""
        self._turn = [number for number, count in enumerate(self._counts) if self.positions[number] < count]
        self._next = 0

    def __iter__(self) -> "Order":
        return self

    def __next__(self) -> Place:
        if not self._turn:
            raise StopIteration
        if self._next >= len(self._turn):
            self._next = 0
        number = self._turn[self._next]
        offset = self.positions[number]
        place = Place(self._cursors[number].take(), number, offset)
        self.positions[number] = offset + 1
        self.left -= 1
        if offset + 1 == self._counts[number]:
            del self._turn[self._next]
        else:
            self._next += 1
        return place


class _Cursor:
    """Walks through one range."""

    def __init__(self, of: Range, offset: int) -> None:
        self._text = _TEXT[of.version]
        self._pieces = iter(of.pieces)
        self._number, self._last = 0, -1
        for low, high in self._pieces:
            if offset <= high - low:
                self._number, self._last = low + offset, high
                break
            offset -= high - low + 1

    def take(self) -> str:
        """Return the next address; whoever asks knows that there is one."""
        if self._number > self._last:
            self._number, self._last = next(self._pieces)
        self._number += 1
        return self._text(self._number - 1)


def fingerprint(ranges: Iterable[Range]) -> str:
    """Return what tells these ranges from others: positions are of use only in the same ones."""
    text = ";".join(f"{each.version}:{','.join(f'{low}-{high}' for low, high in each.pieces)}" for each in ranges)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
