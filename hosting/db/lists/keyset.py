"""A list in parts of a fixed size: each begins behind a row of the one before (keyset), so that the last costs what the first does.

A place in a list is the values its rows are ordered by. In addresses of pages it stands as an opaque text.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

import sqlalchemy as sa

Row = TypeVar("Row")
Value = str | int | datetime
Values = tuple[Value, ...]
"""Where in a list a row stands: what it is ordered by, down to what no other row has."""

LONGEST = 4000
"""Characters of a place in an address: names and keys are far shorter."""
LARGEST = 2**63 - 1


class PlaceError(ValueError):
    """A text is no place in this list."""


@dataclass(frozen=True, slots=True)
class Key:
    """One of what a list is ordered by, and what its values are. It is never null."""

    expression: sa.ColumnElement[Any]
    kind: Literal["text", "number", "moment"] = "text"

    def read(self, value: object) -> Value:
        """Return a value out of an address. Raises PlaceError."""
        if self.kind == "text":
            if isinstance(value, str) and "\x00" not in value:
                return value
        elif isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST:
            try:
                return value if self.kind == "number" else datetime.fromtimestamp(value, UTC)
            except (ValueError, OverflowError, OSError):
                pass
        raise PlaceError


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part of a list begins: behind the row with these values, or `backwards` before it; without values at an end."""

    values: Values | None = None
    backwards: bool = False

    def text(self, order: str) -> str:
        """Return it as it stands in addresses; `order` names the list and its order, in which alone it is a place."""
        values = [int(each.timestamp()) if isinstance(each, datetime) else each for each in self.values or ()]
        told = json.dumps([order, int(self.backwards), *values], ensure_ascii=False, separators=(",", ":"))
        return urlsafe_b64encode(told.encode()).decode().rstrip("=")


FIRST = Place()
LAST = Place(backwards=True)


def read_place(text: str, order: str, keys: Sequence[Key]) -> Place:
    """Return the place that stands in an address, the first one for an empty text. Raises PlaceError for one of another order."""
    if not text:
        return FIRST
    try:
        told = json.loads(urlsafe_b64decode(text[:LONGEST] + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        raise PlaceError from None
    if not isinstance(told, list) or len(told) < 2 or told[0] != order or told[1] not in (0, 1):
        raise PlaceError
    _order, backwards, *values = told
    if not values:
        return LAST if backwards else FIRST
    if len(values) != len(keys):
        raise PlaceError
    return Place(tuple(key.read(value) for key, value in zip(keys, values, strict=True)), bool(backwards))


@dataclass(frozen=True, slots=True)
class Part(Generic[Row]):
    """A part of a list, and the places of the parts around it; None where there is none."""

    rows: Sequence[Row]
    previous: Place | None = None
    next: Place | None = None


Walk = Callable[[Values | None, bool, int], list[tuple[Values, Row]]]
"""Returns so many rows with their places from behind a place on (None: from the end of the list), going up or down its order."""


def part_of(place: Place, limit: int, walk: Walk[Row]) -> Part[Row]:
    """Return the part of a list at a place."""
    found = walk(place.values, not place.backwards, limit + 1)
    more, found = len(found) > limit, found[:limit]
    if place.backwards:
        if not more and place.values is not None:
            return part_of(FIRST, limit, walk)  # the rest before it is less than a part
        found.reverse()
    rows = [row for _, row in found]
    if not found:
        return Part(rows, LAST if place.values is not None else None)
    first, last = Place(found[0][0], backwards=True), Place(found[-1][0])
    if place.backwards:
        return Part(rows, first if more else None, last if place.values is not None else None)
    return Part(rows, first if place.values is not None else None, last if more else None)


def behind(keys: Sequence[Key], values: Sequence[Value], *, up: bool) -> sa.ColumnElement[bool]:
    """Return the condition of the rows behind a place; one comparison of rows, which an index in that order answers."""
    columns = [key.expression for key in keys]
    bound = [sa.literal(value, column.type) for value, column in zip(values, columns, strict=True)]
    if len(columns) == 1:
        return columns[0] > bound[0] if up else columns[0] < bound[0]
    here, there = sa.tuple_(*columns), sa.tuple_(*bound)
    return here > there if up else here < there


def ordered(keys: Sequence[Key], *, up: bool) -> list[sa.ColumnElement[Any]]:
    """Return what to order by."""
    return [key.expression if up else key.expression.desc() for key in keys]


def walk_rows(connection: sa.Connection, chosen: sa.Select[Any], keys: Sequence[Key], *, descending: bool) -> Walk[sa.Row[Any]]:
    """Return the walk through the rows that `chosen` selects."""

    def walk(values: Values | None, forth: bool, limit: int) -> list[tuple[Values, sa.Row[Any]]]:
        up = forth != descending
        labelled = [key.expression.label(f"key_{number}") for number, key in enumerate(keys)]
        statement = chosen.add_columns(*labelled).order_by(*ordered(keys, up=up)).limit(limit)
        if values is not None:
            statement = statement.where(behind(keys, values, up=up))
        return [(tuple(row[-len(keys) :]), row) for row in connection.execute(statement)]

    return walk
