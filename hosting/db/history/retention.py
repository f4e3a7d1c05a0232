"""How long the history is kept: segments for `raw_days`, the rest of a day for ten years, dictionaries while they are needed."""

from datetime import date, datetime, timedelta

import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.db.history import dictionaries
from hosting.db.jobs import Step
from hosting.db.tables import device_day, site

DAYS_KEPT = timedelta(days=3653)
"""Ten years, in which there are two or three leap days."""
ROWS_A_STEP = 500


class Retention:
    """One run. Called in a transaction it takes one step."""

    def __init__(self, raw_days: int, now: datetime | None = None) -> None:
        self._raw_days = timedelta(days=raw_days)
        self._now = now or utc_now()

    def __call__(self, connection: sa.Connection) -> Step:
        """Remove a bounded part of what had its time."""
        today = self._today(connection)
        if today is None:
            return Step(0)
        raw = today - self._raw_days
        rows = self._empty_segments(connection, raw)
        rows += self._remove_days(connection, today - DAYS_KEPT) if rows < ROWS_A_STEP else 0
        if rows >= ROWS_A_STEP:
            return Step(rows, more=True)
        return Step(rows + dictionaries.forget_before(connection, raw))

    def _today(self, connection: sa.Connection) -> date | None:
        """Return the day it is; None before a site was heard of.

        A site whose clock differs from the server's by more than five minutes is refused. So the last contact is a witness of the
        time, and a server whose clock is years ahead takes nothing away.
        """
        contact = connection.execute(sa.select(sa.func.max(site.c.last_contact_at))).scalar_one()
        return min(self._now, contact).date() if contact else None

    def _empty_segments(self, connection: sa.Connection, before: date) -> int:
        key = (device_day.c.site_id, device_day.c.device_key, device_day.c.day)
        chosen = sa.select(*key).where(device_day.c.segment.is_not(None), device_day.c.day < before).order_by(device_day.c.day)
        had_their_time = sa.tuple_(*key).in_(chosen.limit(ROWS_A_STEP))
        return connection.execute(sa.update(device_day).where(had_their_time).values(segment=None, dictionary=None)).rowcount

    def _remove_days(self, connection: sa.Connection, before: date) -> int:
        key = (device_day.c.site_id, device_day.c.device_key, device_day.c.day)
        chosen = sa.select(*key).where(device_day.c.day < before).order_by(device_day.c.day)
        return connection.execute(sa.delete(device_day).where(sa.tuple_(*key).in_(chosen.limit(ROWS_A_STEP)))).rowcount
