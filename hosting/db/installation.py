"""Which generation of this installation this is, and which of the sites know so.

A restored database lacks what came after its backup. Each restored copy is a generation of its own, which sites are told of; what
they were told by another one, they send again. `docs/protocol/check-in.md` has the words on the wire.
"""

import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from appliance.common.clock import to_rfc3339, utc_now
from hosting.db import audit
from hosting.db.tables import enrolment_code, installation, session, site, site_generation
from hosting.db.upsert import insert

HERE = "here"
FIRST_GENERATION = "first"
"""What a server that was never restored calls itself to a site that has spoken with one that was; the sites know the word."""
LEAP = 1_000_000
"""Versions of the repository rise by so much after a restore, and by one more for each second since the backup was made.

No server publishes once a second; so they are above what sites have seen, also of another copy restored from the same backup.
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """What this database knows of itself. `backup_at` is that of the backup it was restored from."""

    generation: str | None = None
    backup_at: datetime | None = None
    restored_at: datetime | None = None
    leap: int | None = None
    last_backup_at: datetime | None = None


def here(connection: sa.Connection) -> Installation:
    """Return what this database knows of itself."""
    columns = [column for column in installation.c if column.name != "name"]
    row = connection.execute(sa.select(*columns).where(installation.c.name == HERE)).first()
    return Installation(*row) if row else Installation()


def begin_generation(connection: sa.Connection, backup_at: datetime, now: datetime) -> None:
    """Let this be a generation of its own, restored from a backup.

    Sessions end, and enrolment codes nobody had used are void: one may have been used since, and the backup does not know.
    """
    leap = LEAP + max(0, round((now - backup_at).total_seconds()))
    _set(connection, generation=secrets.token_hex(8), backup_at=backup_at, restored_at=now, leap=leap)
    connection.execute(sa.delete(session))
    unused = (enrolment_code.c.used_at.is_(None), enrolment_code.c.expires_at > now)
    connection.execute(sa.update(enrolment_code).where(*unused).values(expires_at=now - timedelta(seconds=1)))
    audit.note(connection, "dca-hosting", "restored", f"from the backup of {to_rfc3339(backup_at)}")


def has_leapt(connection: sa.Connection) -> None:
    """Note that the versions of the repository have risen."""
    _set(connection, leap=None)


def note_backup(connection: sa.Connection, at: datetime) -> None:
    """Note that a backup was made."""
    _set(connection, last_backup_at=at)
    audit.note(connection, "dca-hosting", "backup made", "")


def _set(connection: sa.Connection, **values: Any) -> None:
    statement = insert(connection, installation).values(name=HERE, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


@dataclass(frozen=True, slots=True)
class Asked:
    """Of the sites that are enrolled, how many know that this server was restored."""

    sites: int
    know: int


def asked(connection: sa.Connection, generation: str) -> Asked:
    """Return how many of the sites have been asked for what they sent before."""
    enrolled = sa.select(sa.func.count()).select_from(site).where(site.c.public_key.is_not(None))
    know = enrolled.join(site_generation, site_generation.c.site_id == site.c.site_id)
    known = know.where(site_generation.c.generation == generation)
    return Asked(connection.execute(enrolled).scalar_one(), connection.execute(known).scalar_one())


class Generation:
    """What check-ins are answered about the generation; while a server runs it stays the same, and is looked up once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._here: Installation | None = None
        self._know: set[str] = set()

    def news(self, connection: sa.Connection, site_id: str, told: str | None) -> dict[str, Any]:
        """Return the part of the answer for a site that has spoken with another generation last, as it has `told`; else nothing."""
        with self._lock:
            mine = self._here = self._here or here(connection)
        own = mine.generation or (FIRST_GENERATION if told else None)
        if own is None:
            return {}
        if told == own:
            self._note(connection, site_id, own)
            return {}
        self._know.discard(site_id)
        since = {"since": to_rfc3339(mine.backup_at)} if mine.backup_at else {}
        return {"restored": {"generation": own, **since}}

    def _note(self, connection: sa.Connection, site_id: str, generation: str) -> None:
        if site_id in self._know:
            return
        values = {"generation": generation, "told_at": utc_now()}
        statement = insert(connection, site_generation).values(site_id=site_id, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["site_id"], set_=values))
        self._know.add(site_id)
