"""What the answers of an agent show of its objects, one following the other (RFC 3416 sections 4.2.2 and 4.2.3). Pure.

Each name an agent gives as following another one shows that there is nothing between the two. So it does not matter where a
question began: what it has shown is never asked again, and a table has been read when nothing of it is left unshown.
"""

from bisect import bisect_left, bisect_right, insort
from typing import Final

from appliance.snmp.values import Oid, Tag, Value

END: Final[Oid] = (2**32,)
"""Behind all there is."""


class Shown:
    """The spans between two objects of which the answers have shown that nothing is in them."""

    def __init__(self) -> None:
        self._starts: list[Oid] = []
        self._following: dict[Oid, Oid] = {}

    def note(self, asked: Oid, oid: Oid, value: Value) -> None:
        """Take into account that the agent named `oid` as following `asked`; a name that does not follow it shows nothing."""
        self._add(asked, END if value.tag == Tag.END_OF_MIB_VIEW else oid)

    def note_end(self, asked: Oid) -> None:
        """Take into account that nothing follows `asked`."""
        self._add(asked, END)

    def _add(self, asked: Oid, oid: Oid) -> None:
        if oid > asked:
            if asked not in self._following:
                insort(self._starts, asked)
            self._following[asked] = oid

    def following(self, oid: Oid) -> Oid | None:
        """Return the object that follows `oid`, `END` where none does; None where that has not been shown."""
        at = bisect_right(self._starts, oid)
        found = self._following[self._starts[at - 1]] if at else oid
        return found if found > oid else None

    def lacks(self, oid: Oid) -> bool:
        """Return whether there is no object of this name."""
        at = bisect_left(self._starts, oid)
        return bool(at) and self._following[self._starts[at - 1]] > oid

    def last_before(self, cell: Oid, begin: Oid) -> Oid:
        """Return the last object before `cell`, from `begin` on, of which it has not been shown what follows."""
        while (found := self.following(begin)) is not None and found < cell:
            begin = found
        return begin

    def lacks_column(self, column: Oid) -> bool:
        """Return whether there is no object below `column`."""
        found = self.following(column)
        return found is not None and found[: len(column)] != column
