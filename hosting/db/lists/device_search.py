"""What devices are ordered and searched by, apart from what changes with each reading.

It is written only where a device is new or another one, so that most readings pay nothing for the indexes of lists.
"""

import ipaddress
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from appliance.common.clock import in_utc
from appliance.report import Device, Reading
from hosting.db.tables import device_latest, device_search
from hosting.db.upsert import insert

LONGEST_KEY: Final = 200
"""Characters of a text that orders a list: a row of an index of PostgreSQL holds no more than 2,700 bytes."""
LONGEST_WORDS: Final = 2000
TRIGRAM: Final = 3
"""Letters of a word from which on the search index finds it."""


def keep(connection: sa.Connection, site_id: str, readings: Sequence[Reading]) -> None:
    """Keep what lists know of the devices of a site whose newest reading is one of these. To be called before that is kept."""
    if not readings:
        return
    newest: dict[str, Reading] = {}
    for item in readings:
        before = newest.get(item.device.key)
        if before is None or in_utc(before.taken_at) < in_utc(item.taken_at):
            newest[item.device.key] = item
    latest, search = device_latest.c, device_search.c
    chosen = sa.select(search.device_key, search.words, latest.taken_at)
    same = sa.and_(latest.site_id == search.site_id, latest.device_key == search.device_key)
    chosen = chosen.outerjoin_from(device_search, device_latest, same)
    found = connection.execute(chosen.where(search.site_id == site_id, search.device_key.in_(newest)))
    known = {row.device_key: (row.words, row.taken_at) for row in found}
    rows = []
    for key, item in sorted(newest.items()):
        words = _words(item.device)
        kept, taken_at = known.get(key, (None, None))
        if kept != words and (taken_at is None or kept is None or taken_at < in_utc(item.taken_at)):
            rows.append(_row(site_id, item.device, words))
    if not rows:
        return
    statement = insert(connection, device_search)
    update = {name: statement.excluded[name] for name in ("model", "serial", "address", "location", "words")}
    connection.execute(statement.on_conflict_do_update(index_elements=["site_id", "device_key"], set_=update), rows)


def _words(device: Device) -> str:
    shown = (device.manufacturer, device.model, device.serial, device.ip, device.location)
    others = (device.hostname, device.mac, device.asset_number, device.description)
    # A line for each, also where it says nothing: so the words differ where anything of it does.
    return "\n".join(_plain(text) for text in (*shown, *others))[:LONGEST_WORDS]


def _row(site_id: str, device: Device, words: str) -> dict[str, str]:
    texts = {"model": device.model, "serial": device.serial, "location": device.location}
    keys = {name: _plain(text)[:LONGEST_KEY] for name, text in texts.items()}
    return {"site_id": site_id, "device_key": device.key, "address": _address_key(device.ip), "words": words, **keys}


def _plain(text: str | None) -> str:
    return text.replace("\x00", "").lower() if text else ""


def _address_key(text: str | None) -> str:
    """Return a text in the order of addresses: IPv4 before IPv6, each by its value, anything else behind them."""
    if not text:
        return ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return f"x{_plain(text)[:LONGEST_KEY]}"
    return f"{address.version}{address.packed.hex()}"


def rename(connection: sa.Connection, site_id: str, former: str, key: str) -> None:
    """Let what lists know of a device stand under the `key` it is known by now, unless something stands there."""
    search = device_search.c
    here, there = ((search.site_id == site_id, search.device_key == each) for each in (former, key))
    if connection.execute(sa.select(sa.literal(1)).where(*there)).first():
        connection.execute(sa.delete(device_search).where(*here))
    else:
        connection.execute(sa.update(device_search).where(*here).values(device_key=key))


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
    parts = {word.lower()[at : at + TRIGRAM] for word in words for at in range(len(word) - TRIGRAM + 1)}
    if not parts:
        return has_words(words)
    wanted = " AND ".join('"' + part.replace('"', '""') + '"' for part in sorted(parts))
    rows = sa.text("SELECT rowid FROM device_words WHERE device_words MATCH :wanted").bindparams(wanted=wanted)
    numbers = rows.columns(sa.column("rowid", sa.BigInteger))
    return [device_search.c.number.in_(numbers), *has_words(words)]
