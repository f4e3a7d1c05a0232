"""Columns that are not walked with the others, because an agent fails requests for some of them. Pure."""

from collections.abc import Iterable, Sequence

from appliance.snmp.values import Oid


class ColumnsApart:
    """Halves the columns of a request that failed, until it is known which one is to blame: its cells are read by their names."""

    def __init__(self) -> None:
        self._by_name: dict[Oid, str] = {}
        self._held: list[Sequence[Oid]] = []
        """Columns that wait until those before them have been tried."""
        self._suspected = False
        """Whether, if none of those before them fails, one of those held last is to blame."""
        self._reason = ""

    @property
    def are_none(self) -> bool:
        """Whether all columns may be walked, as with nearly every agent."""
        return not (self._by_name or self._held)

    def allow(self, column: Oid) -> bool:
        """Return whether `column` may be walked now."""
        return column not in self._by_name and not any(column in held for held in self._held)

    def are_by_name(self, column: Oid) -> bool:
        """Return whether the cells of `column` are to be asked for by their names."""
        return column in self._by_name

    def why(self, column: Oid) -> str:
        """Return why a column is read by the names of its cells."""
        return self._by_name[column]

    def read_by_name(self, columns: Iterable[Oid], reason: str) -> None:
        """Have the cells of `columns` asked for by their names, for a reason."""
        self._by_name.update(dict.fromkeys(columns, reason))
        self._suspected = False

    def walk(self, columns: Iterable[Oid]) -> None:
        """Have `columns` walked after all."""
        for column in columns:
            del self._by_name[column]

    def suspect(self, columns: Sequence[Oid], reason: str) -> None:
        """Take note that the agent fails a request, for a reason, because of one of `columns`."""
        self._reason = reason
        middle = len(columns) // 2
        if not middle:
            self.read_by_name(columns, reason)
            return
        self._held.append(columns[middle:])
        self._suspected = True

    def release(self) -> bool:
        """Let go on with those that were held last, when all others have ended; return False if there are none."""
        if not self._held:
            return False
        held = self._held.pop()
        if self._suspected:
            self.suspect(held, self._reason)
        return True
