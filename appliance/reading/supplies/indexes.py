"""The indexes of supplies: in a reading each is there once, whatever its sources number. Pure."""

from collections.abc import Iterable
from itertools import chain, count

from appliance.report import Supply


def free_index(index: str, taken: Iterable[str], name: str = "") -> str:
    """Return an index that is not `taken`: `1`, else `NAME.1` where there is a name, else `1.2` and so on."""
    longer = f"{name}.{index}" if name else index
    used = set(taken)
    return next(each for each in chain((index, longer), (f"{longer}.{number}" for number in count(2))) if each not in used)


def told_apart(rows: Iterable[Supply]) -> tuple[Supply, ...]:
    """Return the supplies, each with an index of its own; the first of an index keeps it."""
    own: dict[str, Supply] = {}
    for row in rows:
        index = free_index(row.index, own)
        own[index] = row if index == row.index else row.model_copy(update={"index": index})
    return tuple(own.values())
