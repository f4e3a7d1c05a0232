"""One device that was known under two keys becomes one, with all its history."""

import sqlite3


def merge(connection: sqlite3.Connection, former: str, key: str) -> None:
    """Let the device known as `former` be the one with `key`, which may be there already; `former` stays known as an alias."""
    connection.execute("DELETE FROM shared_serial WHERE other = ?", (former,))
    for table in ("reading", "event", "device_stay", "device_alias", "second_address", "shared_serial"):
        connection.execute(f"UPDATE {table} SET device_key = ? WHERE device_key = ?", (key, former))  # noqa: S608 - names of ours
    row = connection.execute("SELECT first_seen_at FROM device WHERE key = ?", (former,)).fetchone()
    if connection.execute("SELECT 1 FROM device WHERE key = ?", (key,)).fetchone():
        connection.execute("UPDATE device SET first_seen_at = MIN(first_seen_at, ?) WHERE key = ?", (row[0], key))
        connection.execute("DELETE FROM device WHERE key = ?", (former,))
    else:
        connection.execute("UPDATE device SET key = ? WHERE key = ?", (key, former))
    connection.execute("DELETE FROM base WHERE device_key = ?", (former,))
    connection.execute("UPDATE device SET replaced_by = ? WHERE replaced_by = ?", (key, former))
    connection.execute("DELETE FROM device_alias WHERE key = ?", (key,))
    connection.execute("INSERT OR REPLACE INTO device_alias (key, device_key) VALUES (?, ?)", (former, key))
