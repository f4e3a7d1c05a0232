"""How long sessions of both web interfaces last, and their secret: the browser holds a random id, the server its SHA-256."""

import hashlib
import secrets
from datetime import datetime, timedelta

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
USE_NOTED_EVERY = timedelta(seconds=60)
"""A use is written down at most this often: every write is made durable."""


def new_session_id() -> str:
    """Return the id of a new session for the cookie: 256 random bits."""
    return secrets.token_urlsafe(32)


def session_key(session_id: str) -> str:
    """Return what names the session at the server, and lets nobody in."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def ends_at(created_at: datetime, used_at: datetime) -> datetime:
    """Return when a session ends if it is not used until then."""
    return min(used_at + IDLE, created_at + LONGEST)
