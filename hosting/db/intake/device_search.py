"""What lists order and search devices by, apart from what changes with each reading.

It is written only where a device is new or another one, so that most readings pay nothing for the indexes of lists.
"""

import ipaddress
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from hosting.db.intake.reading_row import ReadingRow
from hosting.db.tables import device_latest, device_search
from hosting.db.upsert import insert_newer, one_of

LONGEST_KEY: Final = 200
"""Characters of a text that orders a list: a row of an index of PostgreSQL holds no more than 2,700 bytes."""
LONGEST_WORDS: Final = 2000


def keep(connection: sa.Connection, site_id: str, rows: Sequence[ReadingRow]) -> None:
    """Keep what lists know of devices of a site, a row for each, where it is not known yet.

    To be called before `device_latest` has these rows.
    """
    told = {row.device_key: row for row in rows if not row.is_listed}
    if not told:
        return
    latest, search = device_latest.c, device_search.c
    same = sa.and_(latest.site_id == search.site_id, latest.device_key == search.device_key)
    chosen = sa.select(search.device_key, search.words, latest.taken_at).outerjoin_from(device_search, device_latest, same)
    found = connection.execute(chosen.where(search.site_id == site_id, one_of(connection, search.device_key, told)))
    known = {row.device_key: (row.words, row.taken_at) for row in found}
    fresh = []
    for key, row in sorted(told.items()):
        kept, taken_at = known.get(key, (None, None))
        words = _words(row)
        if kept != words and (taken_at is None or taken_at < row.taken_at):
            fresh.append(_listed(site_id, row, words))
    insert_newer(connection, device_search, fresh, by="taken_at")


def _words(row: ReadingRow) -> str:
    # A line for each, also where it says nothing: so the words differ where anything of it does.
    return "\n".join(text.lower() if text else "" for text in row.texts)[:LONGEST_WORDS]


def _listed(site_id: str, row: ReadingRow, words: str) -> dict[str, Any]:
    _manufacturer, model, serial, address, location, *_others = row.texts
    return {
        "site_id": site_id,
        "device_key": row.device_key,
        "taken_at": row.taken_at,
        "model": order_key(model),
        "serial": order_key(serial),
        "address": address_key(address),
        "location": order_key(location),
        "words": words,
    }


def order_key(text: str | None) -> str:
    """Return what a text is ordered by."""
    return (text or "").lower()[:LONGEST_KEY]


def address_key(text: str | None) -> str:
    """Return a text in the order of addresses: IPv4 before IPv6, each by its value, anything else behind them."""
    if not text:
        return ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return f"x{order_key(text)}"
    return f"{address.version}{address.packed.hex()}"


def rename(connection: sa.Connection, site_id: str, former: str, key: str) -> None:
    """Let what lists know of a device stand under the `key` it is known by now, unless something stands there."""
    search = device_search.c
    here, there = ((search.site_id == site_id, search.device_key == each) for each in (former, key))
    if connection.execute(sa.select(sa.literal(1)).where(*there)).first():
        connection.execute(sa.delete(device_search).where(*here))
    else:
        connection.execute(sa.update(device_search).where(*here).values(device_key=key))
