"""Conditions of the devices that have words in what they are searched by."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.sql.operators import custom_op

from hosting.db.tables import device_search

_INDEX: Final = sa.table("device_words", sa.column("rowid", sa.BigInteger), sa.column("device_words", sa.Text))


def _signed(column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.UnaryExpression(column, operator=custom_op("+"))


TRIGRAM: Final = 3
"""Letters of a word from which on the search index finds it."""


def has_words(connection: sa.Connection, words: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the devices that have all the words in what they are searched by; each row is looked at."""
    # No LIKE: PostgreSQL would take the index of words where the order of the list is what has to be kept to.
    place = sa.func.strpos if connection.dialect.name == "postgresql" else sa.func.instr
    return [place(device_search.c.words, word.lower()) > 0 for word in words]


def has_index(words: Sequence[str]) -> bool:
    """Tell whether the search index finds the devices that have all the words; where none is asked for, it is not needed."""
    return not words or any(len(word.lower()) >= TRIGRAM for word in words)


def found_by_index(connection: sa.Connection, words: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    """Return the same conditions in such a way that the search index finds the rows, where a word is long enough for it."""
    if connection.dialect.name == "postgresql":
        long = [word.lower() for word in words if len(word.lower()) >= TRIGRAM]
        short = [word for word in words if len(word.lower()) < TRIGRAM]
        found = [device_search.c.words.contains(word, autoescape=True) for word in long]
        return [*found, *has_words(connection, short)]
    # The index knows which three letters a text has, and not where: so what it finds is looked at as well.
    parts = {word.lower()[at : at + TRIGRAM] for word in words for at in range(len(word.lower()) - TRIGRAM + 1)}
    if not parts:
        return has_words(connection, words)
    wanted = " AND ".join('"' + part.replace('"', '""') + '"' for part in sorted(parts))
    matched = _INDEX.c.device_words.op("MATCH", is_comparison=True)(wanted)
    # One after another as the index has them, so that whoever wants some of many need not wait for all. The sign keeps SQLite from
    # asking the index for one row after another instead.
    return [device_search.c.number == _signed(_INDEX.c.rowid), matched, *has_words(connection, words)]
