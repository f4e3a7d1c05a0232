"""What devices said when they were last read in full, so that a poll is enough also after a restart. Inside a transaction."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta

from appliance.common.clock import from_rfc3339, to_rfc3339
from appliance.store.rows import SnapshotRow

KEPT = timedelta(days=2)
"""Devices are read in full once a day: what is older is of no use."""


def keep(connection: sqlite3.Connection, rows: Iterable[SnapshotRow]) -> None:
    """Keep snapshots, in place of former ones of the same address and port."""
    connection.executemany(
        "INSERT OR REPLACE INTO snapshot (address, port, full_at, counts_alerts, definitions, objects) VALUES (?, ?, ?, ?, ?, ?)",
        ((row.address, row.port, to_rfc3339(row.full_at), row.counts_alerts, row.definitions, row.objects) for row in rows),
    )


def read(connection: sqlite3.Connection, definitions: str) -> list[SnapshotRow]:
    """Return the snapshots of devices that were read by these definitions."""
    rows = connection.execute(
        "SELECT address, port, full_at, counts_alerts, definitions, objects FROM snapshot WHERE definitions = ?", (definitions,)
    )
    return [SnapshotRow(row[0], row[1], from_rfc3339(row[2]), bool(row[3]), row[4], row[5]) for row in rows]


def forget(connection: sqlite3.Connection, now: datetime) -> None:
    """Remove what is of no use any more."""
    connection.execute("DELETE FROM snapshot WHERE full_at < ?", (to_rfc3339(now - KEPT),))
