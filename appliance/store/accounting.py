"""What the appliance has cost the network, by UTC day and purpose, and what its averages are made of. SQL of the store."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta

from appliance.common.clock import to_rfc3339
from appliance.common.network.traffic import TrafficByPurpose, Unit, UnitCost
from appliance.store.rows import TrafficRow

KEEP_DAYS = 400
"""A year, and the same month of the year before: the numbers are small, so they outlive the readings."""
HOURS_KEPT = 48
AVERAGE_DAYS = 30


def add(
    connection: sqlite3.Connection, moment: datetime, traffic: TrafficByPurpose, units: Mapping[Unit, UnitCost] | None = None
) -> None:
    """Add to what was counted on the day and in the hour of `moment`."""
    hour = to_rfc3339(moment)[:13]
    for purpose, counted in traffic:
        connection.execute(
            """INSERT INTO traffic (day, purpose, packets_sent, packets_received, bytes_sent, bytes_received)
            VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (day, purpose) DO UPDATE SET
            packets_sent = packets_sent + excluded.packets_sent,
            packets_received = packets_received + excluded.packets_received,
            bytes_sent = bytes_sent + excluded.bytes_sent, bytes_received = bytes_received + excluded.bytes_received""",
            (hour[:10], purpose, *counted.as_json().values()),
        )
        connection.execute(
            "INSERT INTO traffic_hour VALUES (?, ?, ?) ON CONFLICT (hour, purpose) DO UPDATE SET bytes = bytes + excluded.bytes",
            (hour, purpose, counted.bytes),
        )
    for unit, cost in (units or {}).items():
        connection.execute(
            """INSERT INTO traffic_unit VALUES (?, ?, ?, ?) ON CONFLICT (day, unit) DO UPDATE SET
            count = count + excluded.count, bytes = bytes + excluded.bytes""",
            (hour[:10], unit, cost.count, cost.bytes),
        )
    connection.execute("DELETE FROM traffic_hour WHERE hour < ?", (to_rfc3339(moment - timedelta(hours=HOURS_KEPT))[:13],))


def days(connection: sqlite3.Connection, count: int) -> list[TrafficRow]:
    """Return the traffic of the newest `count` days that had any, newest first."""
    rows = connection.execute(
        """SELECT day, purpose, packets_sent, packets_received, bytes_sent, bytes_received FROM traffic
        WHERE day IN (SELECT DISTINCT day FROM traffic ORDER BY day DESC LIMIT ?) ORDER BY day DESC, purpose""",
        (count,),
    )
    return [TrafficRow(*row) for row in rows]


def last_day(connection: sqlite3.Connection, now: datetime) -> dict[str, int]:
    """Return the bytes, both ways, of the last 24 hours by purpose; the oldest hour counts as a whole."""
    rows = connection.execute(
        "SELECT purpose, SUM(bytes) FROM traffic_hour WHERE hour >= ? GROUP BY purpose ORDER BY purpose",
        (to_rfc3339(now - timedelta(hours=24))[:13],),
    )
    return {str(purpose): int(bytes_) for purpose, bytes_ in rows}


def units(connection: sqlite3.Connection) -> dict[str, UnitCost]:
    """Return each unit that was counted, over the newest 30 days that had it: some, such as first reads, are rare."""
    rows = connection.execute(
        """SELECT unit, SUM(count), SUM(bytes) FROM
            (SELECT *, ROW_NUMBER() OVER (PARTITION BY unit ORDER BY day DESC) AS age FROM traffic_unit)
        WHERE age <= ? GROUP BY unit""",
        (AVERAGE_DAYS,),
    )
    return {str(unit): UnitCost(int(count), int(bytes_)) for unit, count, bytes_ in rows}


def forget(connection: sqlite3.Connection, now: datetime) -> None:
    """Remove what is older than 400 days."""
    oldest = to_rfc3339(now - timedelta(days=KEEP_DAYS))[:10]
    connection.execute("DELETE FROM traffic WHERE day < ?", (oldest,))
    connection.execute("DELETE FROM traffic_unit WHERE day < ?", (oldest,))
