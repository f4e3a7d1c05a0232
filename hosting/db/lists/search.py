"""Conditions of the devices that have words in what they are searched by."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from hosting.db.tables import device_search

TRIGRAM: Final = 3
"""Letters of a word from which on the search index finds it."""


def has_words(words: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the devices that have all the words in what they are searched by; each row is looked at."""
    # Not the column itself: PostgreSQL would take the index of words where the order of the list is what has to be kept to.
    looked_at = device_search.c.words + ""
    return [looked_at.contains(word.lower(), autoescape=True) for word in words]


def found_by_index(connection: sa.Connection, words: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    """Return the same conditions in such a way that the search index finds the rows, where a word is long enough for it."""
    if connection.dialect.name == "postgresql":
        return [device_search.c.words.contains(word.lower(), autoescape=True) for word in words]
    # The index knows which three letters a text has, and not where: so what it finds is looked at as well.
    parts = {word.lower()[at : at + TRIGRAM] for word in words for at in range(len(word.lower()) - TRIGRAM + 1)}
    if not parts:
        return has_words(words)
    wanted = " AND ".join('"' + part.replace('"', '""') + '"' for part in sorted(parts))
    rows = sa.text("SELECT rowid FROM device_words WHERE device_words MATCH :wanted").bindparams(wanted=wanted)
    numbers = rows.columns(sa.column("rowid", sa.BigInteger))
    return [device_search.c.number.in_(numbers), *has_words(words)]
