"""How many rows a list has, counted where that is soon done."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa

EXACT: Final = 5_000
"""So many are counted for each page that says how many there are."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are: just so many, about so many, or more than so many."""

    number: int
    kind: Literal["exactly", "about", "more than"] = "exactly"

    @property
    def is_exact(self) -> bool:
        """Whether all of them were counted."""
        return self.kind == "exactly"


def count_up_to(connection: sa.Connection, chosen: sa.Select[Any], most: int | None = None) -> Count:
    """Return how many rows are chosen, or that there are more than `most` (`EXACT`)."""
    most = EXACT if most is None else most
    some = chosen.order_by(None).limit(most + 1).subquery()
    counted = connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
    return Count(counted) if counted <= most else Count(most, "more than")
