"""Walking the columns of tables (RFC 3416 sections 4.2.2 and 4.2.3): what to ask next, and when a column has ended. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from appliance.snmp.values import Oid, Tag, Value

NO_OBJECT = frozenset((int(Tag.NO_SUCH_OBJECT), int(Tag.NO_SUCH_INSTANCE), int(Tag.END_OF_MIB_VIEW), int(Tag.NULL)))
"""Tags of a variable binding that carries no value; NULL is what some agents send for an object they do not have."""


@dataclass(slots=True)
class ColumnWalk:
    """How far one column has been read."""

    column: Oid
    cursor: Oid = ()
    """The last OID of the column that was seen; the next request asks for what follows it."""
    rows: int = 0
    ended: bool = False
    trouble: str | None = None
    """Why the column ended before its end, or None."""

    def __post_init__(self) -> None:
        self.cursor = self.cursor or self.column

    @property
    def table(self) -> Oid:
        """Return the OID of the table entry; columns of one entry have about the same number of rows."""
        return self.column[:-1]

    def take(self, oid: Oid, value: Value, max_rows: int) -> bool:
        """Move on to `oid`, which an agent named as following the cursor. Return whether its value belongs to the column."""
        if self.ended:
            return False
        if value.tag == Tag.END_OF_MIB_VIEW or oid[: len(self.column)] != self.column:
            self.ended = True
        elif oid <= self.cursor:
            self.end("the agent goes round in circles")
        elif self.rows >= max_rows:
            self.end(f"it has more than {max_rows} rows")
        else:
            self.cursor = oid
            self.rows += 1
            return value.tag not in NO_OBJECT
        return False

    def end(self, trouble: str) -> None:
        """End the column early, for a reason."""
        self.ended = True
        self.trouble = trouble


class Batch(NamedTuple):
    """The repeating part of one GETBULK."""

    walks: list[ColumnWalk]
    repetitions: int


def plan_bulk(walks: Sequence[ColumnWalk], rows: Mapping[Oid, int], max_repetitions: int, room: int) -> Batch:
    """Return what the next GETBULK asks, so that an answer has at most about `room` objects and few that nobody asked for.

    `walks` are the columns not yet ended, at least one. Of a table whose number of rows is not in `rows` one column goes ahead;
    the others then ask for exactly as many rows, and one more to see the end.
    """
    scouts: dict[Oid, ColumnWalk] = {}
    for walk in walks:
        if walk.table not in rows:
            scouts.setdefault(walk.table, walk)
    if scouts:
        ahead = list(scouts.values())[: max(1, room // 2)]
        return Batch(ahead, max(1, min(max_repetitions, room // len(ahead))))
    wanted = [_rows_left(walk, rows, max_repetitions) for walk in walks]
    repetitions = wanted[0]
    alike = [walk for walk, count in zip(walks, wanted, strict=True) if count == repetitions]
    return Batch(alike[: max(1, room // repetitions)], repetitions)


def _rows_left(walk: ColumnWalk, rows: Mapping[Oid, int], max_repetitions: int) -> int:
    left = rows[walk.table] + 1 - walk.rows
    return min(left, max_repetitions) if left > 0 else max_repetitions


def count_rows(walks: Iterable[ColumnWalk]) -> dict[Oid, int]:
    """Return for each table of which a column has been read to its end how many rows its longest such column had."""
    counted: dict[Oid, int] = {}
    for walk in walks:
        if walk.ended and walk.trouble is None:
            counted[walk.table] = max(walk.rows, counted.get(walk.table, 0))
    return counted


def predecessor(oid: Oid) -> Oid:
    """Return an OID that `oid` follows with hardly anything between, so that "the next object" after it is `oid` if that exists."""
    return oid[:-1] if oid[-1] == 0 else (*oid[:-1], oid[-1] - 1)


@dataclass(slots=True)
class ScalarAnswers:
    """What came back for scalars that were asked for as "the next object after the predecessor"."""

    objects: dict[Oid, Value] = field(default_factory=dict)
    uncertain: list[Oid] = field(default_factory=list)
    """Objects the answer says nothing about; only a GET can tell."""

    def take(self, wanted: Oid, oid: Oid, value: Value) -> None:
        """Judge one answer. A neighbour beyond `wanted` proves that `wanted` does not exist; its value is not taken."""
        if value.tag == Tag.END_OF_MIB_VIEW or oid > wanted:
            return
        if oid < wanted:
            self.uncertain.append(wanted)
        elif value.tag not in NO_OBJECT:
            self.objects[wanted] = value
