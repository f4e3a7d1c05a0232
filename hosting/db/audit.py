"""The audit log: who did what, to which site, from where. Rows are only ever added."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.db.tables import audit


@dataclass(frozen=True, slots=True)
class Line:
    """One line: who did what, and to which site; `site_id` is empty where none is concerned."""

    actor: str
    action: str
    detail: str
    site_id: str = ""
    address: str = ""


def note(connection: sa.Connection, actor: str, action: str, detail: str, *, site_id: str = "", address: str = "") -> None:
    """Add one line, in the transaction of what it tells about."""
    note_all(connection, [Line(actor, action, detail, site_id, address)])


def note_all(connection: sa.Connection, lines: Sequence[Line]) -> None:
    """Add lines, in the transaction of what they tell about."""
    now = utc_now()
    rows = [{"audit_id": str(uuid.uuid4()), "at": now, **asdict(line)} for line in lines]
    if rows:
        connection.execute(sa.insert(audit), rows)


def latest(connection: sa.Connection, *, site_id: str, limit: int = 20) -> list[sa.Row[Any]]:
    """Return the newest lines about a site, newest first."""
    chosen = sa.select(audit).where(audit.c.site_id == site_id).order_by(audit.c.at.desc(), audit.c.audit_id)
    return list(connection.execute(chosen.limit(limit)))
