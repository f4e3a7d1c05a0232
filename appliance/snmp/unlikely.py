"""In which order names are asked for that most agents lack, so that few questions show what is missing. Pure."""

from collections.abc import Callable, Iterable
from typing import Final

from appliance.snmp.values import Oid

_GROUP_DEPTH: Final = 3
"""Names that differ in no more than their last so many numbers belong to a group."""
_TREE_DEPTH: Final = 7
"""So many numbers name the tree of a vendor, or a standard MIB."""


def leaders(oids: Iterable[Oid]) -> list[Oid]:
    """Return those of `oids` that tell whether the agent has any of their neighbours: the first of each group of names."""
    chosen: list[Oid] = []
    before: Oid = ()
    for oid in sorted(oids):
        alike = min(len(before), len(oid)) - _GROUP_DEPTH
        if not before or before[:alike] != oid[:alike]:
            chosen.append(oid)
        before = oid
    return chosen


class Unlikely:
    """Names that most agents lack: the first of each tree is asked for, then that of each group, then all that may be there."""

    def __init__(self, oids: Iterable[Oid]) -> None:
        self._left = sorted(set(oids))
        self._rounds = 0

    @property
    def are_left(self) -> bool:
        """Whether any are not to be asked for yet."""
        return bool(self._left)

    def due(self, absent: Callable[[Oid], bool]) -> set[Oid]:
        """Return those that are to be asked for from this round on; what is `absent` never is."""
        self._left = [oid for oid in self._left if not absent(oid)]
        if self._rounds > 1:
            due = set(self._left)
        elif self._rounds:
            due = set(leaders(self._left))
        else:
            due = set({oid[:_TREE_DEPTH]: oid for oid in reversed(self._left)}.values())
        self._rounds += 1
        self._left = [oid for oid in self._left if oid not in due]
        return due
