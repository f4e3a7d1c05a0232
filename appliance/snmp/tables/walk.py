"""Walking the columns of tables (RFC 3416 sections 4.2.2 and 4.2.3): how far they are, and when they have ended. Pure.

A column moves on as far as it has been shown what follows (`shown`), whatever was asked: so questions may begin anywhere in a
table, and what follows the last row of one column, mostly the first row of the next, shows its end. `bulk_plan` chooses where they
begin.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from appliance.snmp.tables.columns_apart import ColumnsApart
from appliance.snmp.tables.shown import END, Shown
from appliance.snmp.unlikely import Unlikely
from appliance.snmp.values import Oid, Tag, Value, is_undecodable

WITNESSES: Final = 2
"""Columns that have to agree on which row is the last of their table."""


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
        """Move on to `oid`, the cell that follows the cursor. Return whether it has a value."""
        if self.rows >= max_rows:
            self.end(f"it has more than {max_rows} rows")
        else:
            self.cursor = oid
            self.indexes.append(oid[len(self.column) :])
            return value.content is not None
        return False

    def is_before(self, index: Oid) -> bool:
        """Return whether a row comes after those that were seen."""
        return not self.indexes or index > self.indexes[-1]

    def end(self, trouble: str) -> None:
        """End the column early, for a reason."""
        self.ended = True
        self.trouble = trouble


class Tables:
    """What one visit reads of tables: the columns, how far they are, and the cells."""

    def __init__(
        self,
        seldom: Collection[Oid] = (),
        *,
        max_rows: int = 256,
        rows: Mapping[Oid, Sequence[Oid]] | None = None,
        shown: Shown | None = None,
    ) -> None:
        """`seldom` are columns that most devices have empty, and scalars they lack; of a column at most `max_rows` rows are read.

        `rows` are the rows of tables that are known: no others are looked for. `shown` is what answers have shown before.
        """
        self.walks: list[ColumnWalk] = []
        self.seldom = frozenset(seldom)
        self.apart = ColumnsApart()
        self.undecodable: list[Oid] = []
        """Scalars and cells whose values cannot be decoded."""
        self.due: set[Oid] = set()
        """Those of `seldom` that may be asked for by now."""
        self.objects: dict[Oid, Value] = {}
        self.shown = shown if shown is not None else Shown()
        self.may_guess = True
        """Whether questions may begin after cells that are only likely to exist."""
        self._by_column: dict[Oid, ColumnWalk] = {}
        self._lengths: set[int] = set()
        self._ahead: dict[Oid, Value] = {}
        """Cells that were named before those in front of them were."""
        self._cells_elsewhere: set[Oid] = set()
        self._rows = {table: sorted(indexes) for table, indexes in (rows or {}).items() if indexes}
        self._max_rows = max_rows
        self._unlikely = Unlikely(self.seldom)

    def add(self, columns: Iterable[Oid], apart: Collection[Oid] = ()) -> None:
        """Have `columns` read as well; `apart` are cells that are asked for elsewhere."""
        for column in columns:
            if column not in self._by_column:
                self._by_column[column] = ColumnWalk(column)
                self.walks.append(self._by_column[column])
                self._lengths.add(len(column))
        self._cells_elsewhere.update(apart)

    def begin_round(self, rows: Mapping[Oid, int]) -> None:
        """Let go on with columns that were held, and let some more of the unlikely names be asked for.

        Where columns are to be walked, one of them may be asked for from then on; `rows` are those of tables, as far as known.
        """
        while not self.walkable and self.apart.release():
            pass
        self.due |= self._unlikely.due(self.lacks)
        while self._unlikely.are_left and self.walkable and not any(self.may_ask(walk, rows) for walk in self.walkable):
            self.due |= self._unlikely.due(self.lacks)

    def lacks(self, oid: Oid) -> bool:
        """Return whether the agent is known not to have a column, or a scalar."""
        return self.shown.lacks_column(oid) if oid in self._by_column else self.shown.lacks(oid)

    @property
    def active(self) -> list[ColumnWalk]:
        """Return the columns that have not ended."""
        return [walk for walk in self.walks if not walk.ended]

    @property
    def walkable(self) -> list[ColumnWalk]:
        """Return those of them that are to be walked now."""
        return self.active if self.apart.are_none else [walk for walk in self.active if self.apart.allow(walk.column)]

    def take(self, asked: Oid, varbinds: Iterable[tuple[Oid, Value]]) -> None:
        """Take what the agent named, one after the other, as following `asked`."""
        for oid, value in varbinds:
            if value.tag == Tag.END_OF_MIB_VIEW:
                self.shown.note_end(asked)
                break
            if oid <= asked:
                self._goes_round(asked)
                break
            self._note(asked, oid, value)
            asked = oid

    def _note(self, asked: Oid, oid: Oid, value: Value) -> None:
        self.shown.note(asked, oid, value)
        walk = self._walk_of(oid)
        if walk is not None and not walk.ended:
            self._ahead[oid] = value

    def _walk_of(self, oid: Oid) -> ColumnWalk | None:
        for length in self._lengths:
            if (walk := self._by_column.get(oid[:length])) is not None and length < len(oid):
                return walk
        return None

    def _goes_round(self, asked: Oid) -> None:
        """End the columns that cannot be walked beyond `asked`; where that is a guess of ours, make no more of them."""
        stuck = [walk for walk in self.active if walk.cursor == asked]
        for walk in stuck:
            walk.end("the agent goes round in circles")
        self.may_guess = self.may_guess and bool(stuck)

    def stop(self, columns: Collection[Oid], trouble: str) -> None:
        """End columns early, for a reason."""
        for walk in self.active:
            if walk.column in columns:
                walk.end(trouble)

    def move_on(self) -> None:
        """Have each column go as far as it has been shown."""
        for walk in self.active:
            while not walk.ended and (oid := self.shown.following(walk.cursor)) is not None:
                if oid == END or not walk.holds(oid):
                    walk.ended = True
                elif oid not in self._ahead:
                    break
                else:
                    self._take_cell(walk, oid, self._ahead.pop(oid))

    def _take_cell(self, walk: ColumnWalk, oid: Oid, value: Value) -> None:
        if walk.take(oid, value, self._max_rows):
            self.objects[oid] = value
        elif is_undecodable(value) and oid == walk.cursor:
            self.undecodable.append(oid)

    def take_scalars(self, asked: Sequence[Oid], varbinds: Sequence[tuple[Oid, Value]]) -> list[Oid]:
        """Take the answer to `asked`, which was asked for by the predecessors; return those it says nothing about."""
        answers = ScalarAnswers()
        answers.take(asked, varbinds)
        for scalar, (oid, value) in zip(asked, varbinds, strict=False):
            self._note(predecessor(scalar), oid, value)
        self.objects.update(answers.objects)
        self.undecodable += answers.undecodable
        return answers.uncertain

    def may_ask(self, walk: ColumnWalk, rows: Mapping[Oid, int]) -> bool:
        """Return whether `walk` may be asked for, the first of neighbouring columns.

        Of a table that is not in `rows` those in `seldom` go ahead, and of these one; what is not walked now holds up none.
        """
        if walk.indexes or walk.table in rows:
            return True
        others = [each for each in self.walks if each.table == walk.table and each is not walk and self.apart.allow(each.column)]
        if walk.column in self.seldom:
            return walk.column in self.due and not any(each.indexes and not each.ended for each in others)
        return not any(each.column in self.seldom and not each.indexes for each in others)

    def settle(self) -> None:
        """Have columns go as far as has been shown, and end those at the last row of their table, as others of it have shown it.

        A table whose column in `seldom` is empty has no rows.
        """
        self.move_on()
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
            last_rows = {walk.indexes[-1] for walk in ended}
            if table not in rows and len(ended) >= WITNESSES and last_rows == {self.rows_seen(table)[-1]}:
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

    def knows(self, cell: Oid) -> bool:
        """Return whether a cell need not be asked for: it has been read, or does not exist."""
        return cell in self._ahead or cell in self.objects or self.shown.lacks(cell)

    def rows_seen(self, table: Oid) -> list[Oid]:
        """Return the rows that any column of `table` has shown."""
        return sorted({index for walk in self.walks if walk.table == table for index in walk.indexes})

    def columns_without_rows(self) -> list[Oid]:
        """Return the columns to be read by the names of their cells, where no other column has shown what rows there are."""
        return [walk.column for walk in self.active if self.apart.are_by_name(walk.column) and not self._rows_of(walk)]

    def _rows_of(self, walk: ColumnWalk) -> list[Oid]:
        """Return the rows that are left of a column, as any other column of its table shows."""
        return sorted(filter(walk.is_before, {*self._rows.get(walk.table, ()), *self.rows_seen(walk.table)}))

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
        for oid, value in self._ahead.items():
            if value.content is not None and any(oid[: len(column)] == column for column in columns):
                self.objects.setdefault(oid, value)


def count_rows(walks: Iterable[ColumnWalk]) -> dict[Oid, int]:
    """Return for each table of which a column has been read to its end how many rows its longest such column had."""
    counted: dict[Oid, int] = {}
    for walk in walks:
        if walk.ended and walk.trouble is None:
            counted[walk.table] = max(walk.rows, counted.get(walk.table, 0))
    return counted


def predecessor(oid: Oid) -> Oid:
    """Return an OID that `oid` follows with hardly anything between, so that "the next object" after it is `oid` if that exists."""
    return oid[:-1] if oid[-1] <= 1 else (*oid[:-1], oid[-1] - 1)


class Scalars:
    """The objects of a visit that are asked for by name."""

    def __init__(self) -> None:
        self._left: list[Oid] = []

    def __bool__(self) -> bool:
        return bool(self._left)

    def take(self, tables: Tables) -> list[Oid]:
        """Return what may be asked for by now, less what is known not to exist."""
        known = [oid for oid in self._left if oid not in tables.seldom or not tables.lacks(oid)]
        now = [oid for oid in known if oid not in tables.seldom or oid in tables.due]
        self._left = [oid for oid in known if oid in tables.seldom and oid not in tables.due]
        return now

    def put_back(self, oids: list[Oid]) -> None:
        """Take what is still to be asked for."""
        self._left = oids + self._left


@dataclass(slots=True)
class ScalarAnswers:
    """What came back for scalars that were asked for as "the next object after the predecessor"."""

    objects: dict[Oid, Value] = field(default_factory=dict)
    undecodable: list[Oid] = field(default_factory=list)
    uncertain: list[Oid] = field(default_factory=list)
    """Objects the answer says nothing about; only a GET can tell."""

    def take(self, wanted: Sequence[Oid], varbinds: Sequence[tuple[Oid, Value]]) -> None:
        """Judge the first of `varbinds`. A neighbour beyond an object proves that it does not exist; its value is not taken."""
        for scalar, (oid, value) in zip(wanted, varbinds, strict=False):
            if value.tag == Tag.END_OF_MIB_VIEW or oid > scalar:
                continue
            if oid < scalar:
                self.uncertain.append(scalar)
            elif value.content is not None:
                self.objects[scalar] = value
            elif is_undecodable(value):
                self.undecodable.append(scalar)
        self.uncertain.extend(wanted[len(varbinds) :])
