"""The audit log: who did what, to which site, from where. Rows are only ever added."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.db.tables import audit


def note(connection: sa.Connection, actor: str, action: str, detail: str, *, site_id: str = "", address: str = "") -> None:
    """Add one line, in the transaction of what it tells about."""
    row = {"site_id": site_id, "audit_id": str(uuid.uuid4()), "at": utc_now(), "actor": actor, "action": action}
    connection.execute(sa.insert(audit).values(**row, detail=detail, address=address))


def latest(connection: sa.Connection, *, site_id: str, limit: int = 20) -> list[sa.Row[Any]]:
    """Return the newest lines about a site, newest first."""
    chosen = sa.select(audit).where(audit.c.site_id == site_id).order_by(audit.c.at.desc(), audit.c.audit_id)
    return list(connection.execute(chosen.limit(limit)))


def every(connection: sa.Connection, site_id: str) -> Iterator[Mapping[str, Any]]:
    """Yield all lines about a site by their columns, oldest first."""
    rows = connection.execute(sa.select(audit).where(audit.c.site_id == site_id).order_by(audit.c.at, audit.c.audit_id))
    yield from map(dict, rows.mappings())
