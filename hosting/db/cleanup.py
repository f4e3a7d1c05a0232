"""Remove what has had its time: nonces, sessions, unused codes, old events, the ledger of batches sites have long forgotten."""

from datetime import timedelta

import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.db.tables import batch, command, enrolment_code, event, nonce, reading_ahead, session
from web.session import LONGEST

LEDGER_KEPT = timedelta(days=90)
COMMANDS_KEPT = timedelta(days=30)
EVENTS_KEPT = timedelta(days=730)
AHEAD_KEPT = timedelta(days=90)
"""For so long readings from the future are kept for people to look at."""


def clean(connection: sa.Connection) -> int:
    """Remove expired rows and return how many there were. Readings of the history are never touched."""
    now = utc_now()
    over = (
        sa.delete(nonce).where(nonce.c.expires_at < now),
        sa.delete(session).where(session.c.created_at < now - LONGEST),
        sa.delete(enrolment_code).where(enrolment_code.c.used_at.is_(None), enrolment_code.c.expires_at < now - COMMANDS_KEPT),
        sa.delete(command).where(command.c.created_at < now - COMMANDS_KEPT),
        sa.delete(reading_ahead).where(reading_ahead.c.received_at < now - AHEAD_KEPT),
        sa.delete(event).where(event.c.at < now - EVENTS_KEPT),
        # A replay that old still adds nothing: the readings themselves are unique.
        sa.delete(batch).where(batch.c.received_at < now - LEDGER_KEPT),
    )
    return sum(connection.execute(statement).rowcount for statement in over)
