"""What the next GETBULK asks (RFC 3416 section 4.2.3), so that a visit takes few bytes. Pure.

The rows that one column of a table has shown are the likely ones of the others. So the cells that are left of neighbouring columns
make a run of which each part can be asked for by the cell before it. All that repeats in a GETBULK repeats equally often: of all
numbers of repetitions the one is taken by which the whole rest would cost the fewest bytes, packets included. A guess that is wrong
costs bytes, and nothing else: a column is read as far as the answers show that there is nothing between its cells.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from appliance.snmp.tables.walk import WITNESSES, ColumnWalk, Tables
from appliance.snmp.values import Oid

FIRST_CELLS: Final = 4
"""What is asked of a table of which nothing is known: hardly ever more than it has."""

# Bytes in which plans are compared: a name to go on from, a cell, and another request with its answer, headers included.
_NAME_BYTES: Final = 17
_CELL_BYTES: Final = 22
_REQUEST_BYTES: Final = 115
_CELLS_OF_REQUEST: Final = 40
_CELLS_OF_NAME: Final = 6
_PARTS: Final = (1, 2, 3, 4, 5)
"""Into so many parts a run may be cut."""
_FIRST_ROW: Final[Oid] = (1, 1)
"""The index of the first row of most tables of the Printer-MIB: device and row."""


class Batch(NamedTuple):
    """What one GETBULK asks of tables: the cell after each of `singles`, and `repetitions` cells after each of `repeating`."""

    singles: list[Oid]
    repeating: list[Oid]
    repetitions: int
    columns: list[Sequence[Oid]]
    """Those of which cells are expected after each of both."""
    left: int = 0
    """How many cells are likely to be left for other requests."""

    @property
    def size(self) -> int:
        """Return how many objects the answer has at most."""
        return len(self.singles) + len(self.repeating) * self.repetitions

    @property
    def bytes(self) -> int:
        """Return about how many bytes it takes to read all that is likely, if it begins so."""
        names = len(self.singles) + len(self.repeating)
        further = -(-self.left // _CELLS_OF_REQUEST) * _REQUEST_BYTES + -(-self.left // _CELLS_OF_NAME) * _NAME_BYTES
        return names * _NAME_BYTES + (self.size + self.left) * _CELL_BYTES + further


@dataclass(slots=True)
class _Run:
    """Cells that are likely to follow each other: where to begin so as to get each, and in which column it is."""

    begins: list[Oid] = field(default_factory=list)
    columns: list[Oid] = field(default_factory=list)
    unnamed: int = 0
    """How many more are to be expected after these, whose names nobody can tell."""
    last: Oid = ()
    """The last of them, as far as its name is likely."""

    def add(self, begin: Oid, cell: Oid, column: Oid) -> None:
        """Have one more cell, which follows `begin`, at its end."""
        self.begins.append(begin)
        self.columns.append(column)
        self.last = cell

    @property
    def cells(self) -> int:
        """Return how many cells are likely."""
        return len(self.begins) + self.unnamed

    def parts(self, repetitions: int) -> tuple[list[int], list[int]]:
        """Return at which cells to begin: to have them repeated, and one by one."""
        starts = list(range(0, len(self.begins), repetitions))
        last = starts[-1]
        left = self.cells - last
        if left < repetitions and left == len(self.begins) - last and _singly(left) <= _repeated(repetitions):
            return starts[:-1], list(range(last, len(self.begins)))
        return starts, []


def _singly(cells: int) -> int:
    return cells * (_NAME_BYTES + _CELL_BYTES)


def _repeated(repetitions: int) -> int:
    return _NAME_BYTES + repetitions * _CELL_BYTES


def plan_bulk(tables: Tables, rows: Mapping[Oid, int], max_repetitions: int, room: int) -> Batch:
    """Return what the next GETBULK asks, so that an answer has at most about `room` objects and few that nobody asked for.

    At least one column is to be walked; `rows` tells how many rows tables have, as far as that is known. Of a table that is not in
    it the first cells are asked, and one cell of a column in `seldom`.
    """
    # What may lead to more goes first: it takes another request in any case.
    runs = sorted(_Planned(tables, rows).runs(), key=lambda run: len(run.begins) > 1)
    most = max(1, min(max_repetitions, room))
    # Only these can be the best: that many are left of a run, or a part of it without a rest.
    counts = {min(most, -(-run.cells // parts)) for run in runs for parts in _PARTS}
    plans = [_batch(runs, count, room) for count in counts]
    return min(plans, key=lambda batch: (batch.bytes, -batch.repetitions))


def plan_next(tables: Tables, rows: Mapping[Oid, int], room: int) -> list[tuple[Oid, Oid]]:
    """Return what the next GETNEXT asks: where to begin for each object, and in which column it is expected.

    `tables` and `rows` are as for `plan_bulk`, and `room` is the most objects there may be. Rows are looked for in one column of a
    table, a few at a time; what the others have is then asked for by these rows.
    """
    runs = _Planned(tables, rows, one_by_one=True).runs()
    return [asked for run in runs for asked in zip(run.begins, run.columns, strict=True)][:room]


def _batch(runs: Iterable[_Run], repetitions: int, room: int) -> Batch:
    """Return as many parts of `runs` as there is room for, at least one."""
    batch = Batch([], [], repetitions, [])
    columns: list[Sequence[Oid]] = []
    left = 0
    for run in runs:
        repeated, singles = run.parts(repetitions)
        for at in repeated:
            cells = min(repetitions, run.cells - at)
            if batch.size + repetitions <= room or not batch.size:
                batch.repeating.append(run.begins[at])
                columns.append(run.columns[at : at + repetitions])
            else:
                left += cells
        if not singles:
            left += run.cells - repeated[-1] - cells
        for at in singles:
            if batch.size < room:
                batch.singles.append(run.begins[at])
                batch.columns.append([run.columns[at]])
            else:
                left += 1
    batch.columns.extend(columns)
    return batch._replace(left=left)


def _follows(walk: ColumnWalk, other: ColumnWalk) -> bool:
    """Return whether nothing stands between two columns: what nobody wants is not asked for, not even on the way."""
    return walk.table == other.table and walk.column[-1] + 1 == other.column[-1]


class _Planned:
    """What is left of tables, and what is likely of it."""

    def __init__(self, tables: Tables, rows: Mapping[Oid, int], *, one_by_one: bool = False) -> None:
        """`one_by_one`: each cell is to be named."""
        self._tables = tables
        self._one_by_one = one_by_one
        self._seen = tables.known_rows()
        self._rows = {**rows, **{table: len(indexes) for table, indexes in self._seen.items()}}
        self._proved: dict[Oid, int] = {}
        """For each table of how many columns the end has been seen, or will be."""

    def runs(self) -> list[_Run]:
        """Return what is to be asked for, in the order of its names."""
        groups = self._groups()
        found = [self._of(group) for group in groups]
        for group, runs in zip(groups, found, strict=True):
            self._add_end(group, runs)
        return [run for runs in found for run in runs]

    def _groups(self) -> list[list[ColumnWalk]]:
        """Return the columns that may be asked for, neighbours together."""
        found: list[list[ColumnWalk]] = []
        before: ColumnWalk | None = None
        for walk in sorted(self._tables.walkable, key=lambda each: each.column):
            if self._one_by_one and walk.table not in self._rows and found and found[-1][-1].table == walk.table:
                continue
            if not walk.indexes and before is not None and found and found[-1][-1] is before and _follows(before, walk):
                found[-1].append(walk)
            elif self._tables.may_ask(walk, self._rows):
                found.append([walk])
            before = walk
        return [group for group in found if not self._is_shown_by_others(group, found)]

    def _is_shown_by_others(self, group: list[ColumnWalk], groups: list[list[ColumnWalk]]) -> bool:
        """Return whether enough columns are about to be asked for that show which row is the last of a column already begun."""
        first = group[0]
        return bool(first.indexes) and any(
            len(others) > WITNESSES and others[0].table == first.table and not others[0].indexes for others in groups
        )

    def _likely(self, walk: ColumnWalk) -> list[Oid]:
        """Return the rows that the table of `walk` is likely to have, none where nobody can tell."""
        table = walk.table
        if table in self._seen:
            return self._seen[table]
        if not self._tables.may_guess:
            return walk.indexes
        found = self._tables.rows_seen(table)
        before = found[-1] if found else (*_FIRST_ROW[:-1], 0)
        if self._one_by_one:
            further = FIRST_CELLS // 2 if found else walk.column not in self._tables.seldom
        else:
            further = 1 if FIRST_CELLS <= len(found) < 2 * FIRST_CELLS else len(found) // 3
        more = max(0, self._rows.get(table, len(found) + further) - len(found))
        return [*found, *((*before[:-1], before[-1] + number) for number in range(1, more + 1))]

    def _of(self, group: Sequence[ColumnWalk]) -> list[_Run]:
        """Return what is left of neighbouring columns."""
        first = group[0]
        likely = self._likely(first)
        if len(group) == 1 and first.indexes and first.table not in self._rows and not self._one_by_one:
            return [_Run([first.cursor], [first.column], first.rows - 1)]
        if not likely:
            is_short = first.table in self._rows or first.column in self._tables.seldom
            return [_Run([first.cursor], [first.column], 0 if is_short else FIRST_CELLS - 1)]
        runs: list[_Run] = []
        before: Oid = ()
        for walk in group:
            is_next = bool(before) and not walk.indexes
            begin = before if is_next and walk.table not in self._seen else walk.cursor
            before = before if is_next else walk.cursor
            for index in filter(walk.is_before, likely):
                cell = (*walk.column, *index)
                if not self._tables.knows(cell):
                    begin, expected = self._tables.shown.last_before(cell, begin), begin
                    if not runs or runs[-1].last != before or begin != expected:
                        runs.append(_Run())
                    runs[-1].add(begin, cell, walk.column)
                    self._proved[walk.table] = self._proved.get(walk.table, 0) + (not walk.holds(begin) and begin != walk.column)
                before = begin = cell
        return runs or [_Run([walk.cursor], [walk.column]) for walk in group]

    def _add_end(self, group: Sequence[ColumnWalk], runs: list[_Run]) -> None:
        """Have the end of the last column looked for where not enough others show which row is the last."""
        last, run = group[-1], runs[-1]
        proved = self._proved.get(last.table, 0) + self._tables.ended_columns(last.table)
        if last.table in self._seen or proved >= WITNESSES or not last.holds(run.last) or self._tables.shown.following(run.last):
            return
        self._proved[last.table] = self._proved.get(last.table, 0) + 1
        run.add(run.last, (), last.column)
