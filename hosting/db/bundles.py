"""Support bundles that sites sent: kept as they came, never unpacked here."""

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.db import audit
from hosting.db.tables import support_bundle

KEPT = 5
"""Bundles of one site."""


@dataclass(frozen=True, slots=True)
class SupportBundle:
    """A bundle without its content; `size` is in bytes."""

    bundle_id: str
    received_at: datetime
    size: int


def keep(connection: sa.Connection, site_id: str, content: bytes, *, address: str) -> str:
    """Keep a bundle, forget all but the newest of the site, and return its id."""
    bundle_id = str(uuid.uuid4())
    row = {"site_id": site_id, "bundle_id": bundle_id, "received_at": utc_now(), "bytes": len(content), "content": content}
    connection.execute(sa.insert(support_bundle).values(**row))
    others = [bundle.bundle_id for bundle in of_site(connection, site_id) if bundle.bundle_id != bundle_id]
    mine = support_bundle.c.site_id == site_id
    connection.execute(sa.delete(support_bundle).where(mine, support_bundle.c.bundle_id.in_(others[KEPT - 1 :])))
    audit.note(connection, "site", "support bundle received", f"{len(content)} bytes", site_id=site_id, address=address)
    return bundle_id


def of_site(connection: sa.Connection, site_id: str) -> list[SupportBundle]:
    """Return the bundles of a site, newest first."""
    columns = (support_bundle.c.bundle_id, support_bundle.c.received_at, support_bundle.c.bytes)
    chosen = sa.select(*columns).where(support_bundle.c.site_id == site_id)
    return [SupportBundle(*row) for row in connection.execute(chosen.order_by(columns[1].desc(), columns[0]))]


def content_of(connection: sa.Connection, site_id: str, bundle_id: str) -> bytes | None:
    """Return a bundle, or None."""
    chosen = sa.select(support_bundle.c.content)
    mine = sa.and_(support_bundle.c.site_id == site_id, support_bundle.c.bundle_id == bundle_id)
    return connection.execute(chosen.where(mine)).scalar()
