"""Walking the columns of tables (RFC 3416 sections 4.2.2 and 4.2.3): how far they are, and when they have ended. Pure.

Neighbouring columns of a table are walked as one `Stretch`: what follows the last row of one is the first row of the next, so that
nothing is asked for only to see the end of a column.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Final

from appliance.snmp.columns_apart import ColumnsApart
from appliance.snmp.unlikely import Unlikely
from appliance.snmp.values import Oid, Tag, Value, is_undecodable

WITNESSES: Final = 2
"""Columns that have to agree on which row is the last of their table."""
_END: Final = (2**32,)
"""Behind all there is."""


@dataclass(slots=True)
class ColumnWalk:
    """How far one column has been read."""

    column: Oid
    cursor: Oid = ()
    """The last OID of the column that was seen; the next request asks for what follows it."""
    indexes: list[Oid] = field(default_factory=list)
    """The rows that were seen."""
    ended: bool = False
    trouble: str | None = None
    """Why the column ended before its end, or None."""

    def __post_init__(self) -> None:
        self.cursor = self.cursor or self.column

    @property
    def table(self) -> Oid:
        """Return the OID of the table entry; columns of one entry have about the same rows."""
        return self.column[:-1]

    @property
    def rows(self) -> int:
        """Return how many rows were seen."""
        return len(self.indexes)

    def holds(self, oid: Oid) -> bool:
        """Return whether `oid` is a cell of the column."""
        return oid[: len(self.column)] == self.column

    def take(self, oid: Oid, value: Value, max_rows: int) -> bool:
        """Move on to `oid`, which an agent named as following the cursor. Return whether its value belongs to the column."""
        if self.ended:
            return False
        if value.tag == Tag.END_OF_MIB_VIEW or not self.holds(oid):
            self.ended = True
        elif oid <= self.cursor:
            self.end("the agent goes round in circles")
        elif self.rows >= max_rows:
            self.end(f"it has more than {max_rows} rows")
        else:
            self.cursor = oid
            self.indexes.append(oid[len(self.column) :])
            return value.content is not None
        return False

    def end(self, trouble: str) -> None:
        """End the column early, for a reason."""
        self.ended = True
        self.trouble = trouble


class Stretch:
    """Columns of one table next to each other, read as one from the cursor of the first."""

    def __init__(self, walks: Sequence[ColumnWalk]) -> None:
        """Of `walks`, in the order of their columns, only the first may have begun."""
        self.walks = walks
        self.cursor = walks[0].cursor
        """The OID after which to go on."""
        self._at = 0

    def take(self, oid: Oid, value: Value, max_rows: int) -> bool:
        """Move on to `oid`, which follows the OID before. Return whether its value belongs to one of the columns."""
        self.cursor = oid
        for at in range(self._at + 1, len(self.walks)):
            if self.walks[at].holds(oid):
                for passed in self.walks[self._at : at]:
                    passed.ended = True
                self._at = at
        if value.tag == Tag.END_OF_MIB_VIEW or (oid > self.walks[-1].column and not self.walks[self._at].holds(oid)):
            for passed in self.walks[self._at + 1 :]:
                passed.ended = True
        return self.walks[self._at].take(oid, value, max_rows)


def stretches(walks: Iterable[ColumnWalk]) -> list[Stretch]:
    """Return `walks`, which have not ended, with neighbours joined."""
    ordered = sorted(walks, key=lambda walk: walk.column)
    numbers = [0]
    for before, walk in pairwise(ordered):
        joins = before.column[:-1] == walk.column[:-1] and before.column[-1] + 1 == walk.column[-1] and not walk.indexes
        numbers.append(numbers[-1] + (not joins))
    grouped = groupby(zip(numbers, ordered, strict=False), key=lambda pair: pair[0])
    return [Stretch([walk for _, walk in group]) for _, group in grouped]


class Gaps:
    """Where an agent has nothing, as its answers show: what it names as following an object has nothing before it."""

    def __init__(self) -> None:
        self._spans: list[tuple[Oid, Oid]] = []

    def note(self, asked: Oid, oid: Oid, value: Value) -> None:
        """Take into account that the agent named `oid` as following `asked`."""
        self._spans.append((asked, _END if value.tag == Tag.END_OF_MIB_VIEW else oid))

    def note_end(self, asked: Oid) -> None:
        """Take into account that nothing follows `asked`."""
        self._spans.append((asked, _END))

    def hold(self, oid: Oid) -> bool:
        """Return whether there is no object of this name."""
        return any(asked < oid < found for asked, found in self._spans)

    def hold_column(self, column: Oid) -> bool:
        """Return whether there is no object below `column`."""
        return any(asked <= column < found and found[: len(column)] != column for asked, found in self._spans)


class Tables:
    """What one visit reads of tables: the columns, how far they are, and the cells."""

    def __init__(
        self,
        columns: Iterable[Oid],
        seldom: Collection[Oid] = (),
        max_rows: int = 256,
        rows: Mapping[Oid, Sequence[Oid]] | None = None,
        apart: Collection[Oid] = (),
    ) -> None:
        """`seldom` are columns that most devices have empty, and scalars they lack; of a column at most `max_rows` rows are read.

        `rows` are the rows of tables that are known: no others are looked for. `apart` are cells that are asked for elsewhere.
        """
        self.walks = [ColumnWalk(column) for column in dict.fromkeys(columns)]
        self.seldom = frozenset(seldom)
        self.apart = ColumnsApart()
        self.undecodable: list[Oid] = []
        """Scalars and cells whose values cannot be decoded."""
        self.due: set[Oid] = set()
        """Those of `seldom` that may be asked for by now."""
        self.objects: dict[Oid, Value] = {}
        self.gaps = Gaps()
        self._cells_elsewhere = frozenset(apart)
        self._rows = {table: sorted(indexes) for table, indexes in (rows or {}).items() if indexes}
        self._max_rows = max_rows
        self._columns = frozenset(walk.column for walk in self.walks)
        self._unlikely = Unlikely(self.seldom)

    def begin_round(self, *, all_at_once: bool) -> None:
        """Let go on with columns that were held, and let some more of the unlikely names be asked for.

        With `all_at_once` all of these, where answers do not tell what is missing beside them.
        """
        while not self.walkable and self.apart.release():
            pass
        self.due |= self._unlikely.due(self.lacks, all_at_once=all_at_once)

    def lacks(self, oid: Oid) -> bool:
        """Return whether the agent is known not to have a column, or a scalar."""
        return self.gaps.hold_column(oid) if oid in self._columns else self.gaps.hold(oid)

    @property
    def active(self) -> list[ColumnWalk]:
        """Return the columns that have not ended."""
        return [walk for walk in self.walks if not walk.ended]

    @property
    def walkable(self) -> list[ColumnWalk]:
        """Return those of them that are to be walked now."""
        return self.active if self.apart.are_none else [walk for walk in self.active if self.apart.allow(walk.column)]

    def take(self, walk: ColumnWalk | Stretch, oid: Oid, value: Value) -> None:
        """Take what follows the cursor of `walk`."""
        self.gaps.note(walk.cursor, oid, value)
        if walk.take(oid, value, self._max_rows):
            self.objects[oid] = value
        elif is_undecodable(value) and any(each.indexes and oid == each.cursor for each in self.walks):
            self.undecodable.append(oid)

    def take_scalars(self, asked: Sequence[Oid], varbinds: Sequence[tuple[Oid, Value]]) -> list[Oid]:
        """Take the answer to `asked`, which was asked for by the predecessors; return those it says nothing about."""
        answers = ScalarAnswers()
        answers.take(asked, varbinds, self.gaps)
        self.objects.update(answers.objects)
        self.undecodable += answers.undecodable
        return answers.uncertain

    def may_ask(self, walk: ColumnWalk, rows: Mapping[Oid, int]) -> bool:
        """Return whether `walk` may be asked for; of a table that is not in `rows` one column goes ahead."""
        if walk.indexes or walk.table in rows:
            return True
        if walk.column in self.seldom:
            return walk.column in self.due
        return next(each for each in self.walkable if each.table == walk.table) is walk

    def settle(self) -> None:
        """End the columns that have reached the last row of their table, as another column of it has shown.

        A table whose column in `seldom` is empty has no rows.
        """
        rows = self.known_rows()
        empty = {walk.table for walk in self.walks if walk.column in self.seldom and walk.ended and not walk.indexes}
        for walk in self.active:
            last = rows.get(walk.table)
            if last and walk.indexes and walk.indexes[-1] >= last[-1]:
                walk.ended = True
            elif walk.column in self.seldom:
                walk.ended = not walk.indexes and self.lacks(walk.column)
            elif walk.table in empty:
                walk.ended = True

    def known_rows(self) -> dict[Oid, list[Oid]]:
        """Return the indexes of the rows of each table of which two columns have been read to their end, with the same last row.

        One alone may lack a cell in the last row.
        """
        rows = dict(self._rows)
        for table, ended in self._ended().items():
            if table not in rows and len(ended) >= WITNESSES and len({walk.indexes[-1] for walk in ended}) == 1:
                rows[table] = sorted({index for walk in ended for index in walk.indexes})
        return rows

    def ended_columns(self, table: Oid) -> int:
        """Return how many columns of `table` that have any rows have been read to their end."""
        return len(self._ended().get(table, ()))

    def _ended(self) -> dict[Oid, list[ColumnWalk]]:
        ended: dict[Oid, list[ColumnWalk]] = {}
        for walk in self.walks:
            if walk.ended and walk.trouble is None and walk.indexes:
                ended.setdefault(walk.table, []).append(walk)
        return ended

    def scouts(self) -> list[ColumnWalk]:
        """Return the columns to go on with where rows are found one by one.

        That is the first and the last column of each table, and all of one of which these were empty or do not agree.
        """
        tried = {walk.table for walk in self.walks if walk.ended}
        ends: dict[Oid, list[ColumnWalk]] = {}
        for walk in self.walkable:
            ends.setdefault(walk.table, []).append(walk)
        return [walk for walk in self.walkable if walk.table in tried or walk in (ends[walk.table][0], ends[walk.table][-1])]

    def cells_left(self) -> list[Oid]:
        """Return the cells not read yet of the tables whose rows are known."""
        rows = self.known_rows()
        return [
            (*walk.column, *index)
            for walk in self.active
            for index in rows.get(walk.table, ())
            if (not walk.indexes or index > walk.indexes[-1]) and (*walk.column, *index) not in self._cells_elsewhere
        ]

    def columns_without_rows(self) -> list[Oid]:
        """Return the columns to be read by the names of their cells, where no other column has shown what rows there are."""
        return [walk.column for walk in self.active if self.apart.are_by_name(walk.column) and not self._rows_of(walk)]

    def _rows_of(self, walk: ColumnWalk) -> list[Oid]:
        """Return the rows that are left of a column, as any other column of its table shows."""
        rows = set(self._rows.get(walk.table, ())).union(*(each.indexes for each in self.walks if each.table == walk.table))
        return sorted(index for index in rows if not walk.indexes or index > walk.indexes[-1])

    def cells_apart(self) -> list[Oid]:
        """Return the cells to be read by their names of columns that cannot be walked: those of the rows seen in other columns.

        Where no other has any, such a column ends.
        """
        cells: list[Oid] = []
        for walk in (each for each in self.active if self.apart.are_by_name(each.column)):
            left = [(*walk.column, *index) for index in self._rows_of(walk)]
            here = [oid for oid in left if oid not in self._cells_elsewhere]
            if not left:
                walk.end(self.apart.why(walk.column))
            elif not here:
                walk.ended = True
            cells += here
        return cells

    def columns_of(self, cells: Iterable[Oid]) -> list[Oid]:
        """Return the columns, not ended, that hold `cells`."""
        return [walk.column for walk in self.active if any(walk.holds(oid) for oid in cells)]

    def take_cells(self, asked: Iterable[Oid]) -> None:
        """End the columns of which all cells left were asked for; those that exist are in `objects`."""
        columns = self.columns_of(list(asked))
        for walk in self.active:
            if walk.column in columns:
                walk.ended = True


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


class Scalars:
    """The objects of a visit that are asked for by name."""

    def __init__(self, oids: Iterable[Oid], pointers: Mapping[Oid, Oid] | None = None) -> None:
        """`pointers` are objects whose value is the row of a cell that is wanted, by the column of that."""
        self._left = list(dict.fromkeys(oids))
        self._pointers = dict(pointers or {})

    def __bool__(self) -> bool:
        return bool(self._left)

    def take(self, tables: Tables) -> list[Oid]:
        """Return what may be asked for by now, less what is known not to exist."""
        for pointer in [each for each in self._pointers if each in tables.objects]:
            column, row = self._pointers.pop(pointer), tables.objects[pointer].content
            if isinstance(row, int) and row > 0:
                self._left.append((*column, row))
        known = [oid for oid in self._left if oid not in tables.seldom or not tables.lacks(oid)]
        now = [oid for oid in known if oid not in tables.seldom or oid in tables.due]
        self._left = [oid for oid in known if oid in tables.seldom and oid not in tables.due]
        return now

    def put_back(self, oids: list[Oid]) -> None:
        """Take back what was not answered."""
        self._left = oids + self._left


@dataclass(slots=True)
class ScalarAnswers:
    """What came back for scalars that were asked for as "the next object after the predecessor"."""

    objects: dict[Oid, Value] = field(default_factory=dict)
    undecodable: list[Oid] = field(default_factory=list)
    uncertain: list[Oid] = field(default_factory=list)
    """Objects the answer says nothing about; only a GET can tell."""

    def take(self, wanted: Sequence[Oid], varbinds: Sequence[tuple[Oid, Value]], gaps: Gaps) -> None:
        """Judge the first of `varbinds`. A neighbour beyond an object proves that it does not exist; its value is not taken."""
        for scalar, (oid, value) in zip(wanted, varbinds, strict=False):
            if value.tag == Tag.END_OF_MIB_VIEW or oid > scalar:
                gaps.note(predecessor(scalar), oid, value)
            elif oid < scalar:
                self.uncertain.append(scalar)
            elif value.content is not None:
                self.objects[scalar] = value
            elif is_undecodable(value):
                self.undecodable.append(scalar)
        self.uncertain.extend(wanted[len(varbinds) :])
