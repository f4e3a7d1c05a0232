"""What the next GETBULK asks (RFC 3416 section 4.2.3), so that a visit takes few bytes. Pure.

All that repeats in a GETBULK repeats equally often. So columns are cut into pieces of about as many cells, and of all numbers of
repetitions the one is taken by which the whole rest would cost the fewest bytes, packets included.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from appliance.snmp.values import Oid
from appliance.snmp.walk import WITNESSES, ColumnWalk, Stretch, Tables, stretches

FIRST_CELLS: Final = 4
"""What is asked of a table of which nothing is known: hardly ever more than it has."""

# Bytes in which plans are compared: a name to go on from, a cell, and another request with its answer, headers included.
_NAME_BYTES: Final = 17
_CELL_BYTES: Final = 22
_REQUEST_BYTES: Final = 115


class Batch(NamedTuple):
    """What one GETBULK asks of tables: `cells` by their names, one cell of each of `singles`, and `repetitions` of the others."""

    cells: list[Oid]
    singles: list[Stretch]
    repeating: list[Stretch]
    repetitions: int

    @property
    def size(self) -> int:
        """Return how many objects the answer has at most."""
        return len(self.cells) + len(self.singles) + len(self.repeating) * self.repetitions


@dataclass(frozen=True, slots=True)
class _Piece:
    """Columns to be read from one cursor, and how many cells they are likely to have left."""

    walks: tuple[ColumnWalk, ...]
    left: int
    cells: tuple[Oid, ...] = ()
    """The cells by their names, where these are known."""

    def bytes(self, repetitions: int) -> int:
        """Return about how many bytes it takes to read it with the others."""
        turns = -(-self.left // repetitions)
        return turns * _NAME_BYTES + (1 if self.left == 1 else turns * repetitions) * _CELL_BYTES

    def is_named(self, repetitions: int) -> bool:
        """Return whether it is better to name its cells than to repeat more often than it has any."""
        return 0 < len(self.cells) * (_NAME_BYTES + _CELL_BYTES) < self.bytes(repetitions)


def plan_bulk(tables: Tables, rows: Mapping[Oid, int], max_repetitions: int, room: int) -> Batch:
    """Return what the next GETBULK asks, so that an answer has at most about `room` objects and few that nobody asked for.

    At least one column is to be walked; `rows` tells how many rows tables have, as far as that is known. Of a table that is not in
    it the first cells are asked, and one cell of a column in `seldom`.
    """
    seen = tables.known_rows()
    counts = {**rows, **{table: len(indexes) for table, indexes in seen.items()}}
    found = [each for each in stretches(tables.walkable) if tables.may_ask(each.walks[0], counts)]
    columns = [_columns(each, tables, counts, seen) for each in found]
    plans = {
        count: [piece for each in columns for piece in _joined(each, count)]
        for count in range(1, max(1, min(max_repetitions, room)) + 1)
    }
    repetitions = min(plans, key=lambda count: (_bytes_of(plans[count], count, room), -count))
    return _batch(plans[repetitions], repetitions, room)


def _batch(pieces: Iterable[_Piece], repetitions: int, room: int) -> Batch:
    """Return as many of `pieces` as there is room for, at least one."""
    batch = Batch([], [], [], repetitions)
    for piece in pieces:
        if piece.is_named(repetitions):
            if batch.size + len(piece.cells) <= room:
                batch.cells.extend(piece.cells)
        elif piece.left == 1 and batch.size < room:
            batch.singles.append(Stretch(piece.walks))
        elif batch.size + repetitions <= room or not batch.size:
            batch.repeating.append(Stretch(piece.walks))
    return batch


def _columns(stretch: Stretch, tables: Tables, rows: Mapping[Oid, int], seen: Mapping[Oid, list[Oid]]) -> list[_Piece]:
    """Return a stretch column by column, or as a whole where its rows are not known; of tables in `seen` they are."""
    first = stretch.walks[0]
    if first.rows > rows.get(first.table, 0):
        # With more rows than were asked for it is likely to go on.
        return [_Piece(tuple(stretch.walks), max(FIRST_CELLS, first.rows * (len(stretch.walks) - 1)))]
    if not rows.get(first.table):
        return [_Piece(tuple(stretch.walks), 1 if first.table in rows or first.column in tables.seldom else FIRST_CELLS)]
    # Where no columns agree on the last row, one has to be seen to end.
    unsure = tables.ended_columns(first.table) + len(stretch.walks) - 1 < WITNESSES
    pieces = []
    for walk in stretch.walks:
        cells = tuple((*walk.column, *index) for index in seen.get(walk.table, ())[walk.rows :])
        end = unsure and walk is stretch.walks[-1]
        pieces.append(_Piece((walk,), len(cells) or max(1, rows[walk.table] + end - walk.rows), cells))
    return pieces


def _joined(columns: Sequence[_Piece], most: int) -> list[_Piece]:
    """Return the columns of a stretch in pieces of at most `most` cells, as far as they allow."""
    pieces = [columns[0]]
    for column in columns[1:]:
        before = pieces[-1]
        if before.left + column.left <= most:
            pieces[-1] = _Piece(before.walks + column.walks, before.left + column.left, before.cells + column.cells)
        else:
            pieces.append(column)
    return pieces


def _bytes_of(pieces: Sequence[_Piece], repetitions: int, room: int) -> int:
    """Return about how many bytes it takes to read `pieces` with so many repetitions a request."""
    named = [piece for piece in pieces if piece.is_named(repetitions)]
    others = [piece for piece in pieces if not piece.is_named(repetitions)]
    cells = sum(len(piece.cells) for piece in named) + sum(
        1 if piece.left == 1 else -(-piece.left // repetitions) * repetitions for piece in others
    )
    requests = max([1, -(-cells // room), *(-(-piece.left // repetitions) for piece in others)])
    return (
        requests * _REQUEST_BYTES
        + sum(len(piece.cells) for piece in named) * (_NAME_BYTES + _CELL_BYTES)
        + sum(piece.bytes(repetitions) for piece in others)
    )
