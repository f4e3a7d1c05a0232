"""Sessions of the web UI, kept at the server. The browser holds a random id; the settings store only its SHA-256."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appliance.common.clock import from_rfc3339, to_rfc3339, utc_now
from appliance.common.record import Moment, Sha256, record_of
from appliance.settings.store import SettingsStore
from web.session import USE_NOTED_EVERY, ends_at, new_session_id, session_key

TABLE = "sessions"
MOST_KEPT = 50


@dataclass(frozen=True, slots=True)
class Session:
    """One login of one browser."""

    key: str
    """SHA-256 of the id: names the session on pages and in the store, and does not let anybody in."""
    user: str
    created_at: datetime
    used_at: datetime
    ip: str
    agent: str

    def ends_at(self) -> datetime:
        """Return when it ends if it is not used until then."""
        return ends_at(self.created_at, self.used_at)


@dataclass(frozen=True, slots=True)
class _Row:
    """A session as it is kept."""

    key: Sha256
    user: str
    created_at: Moment
    used_at: Moment
    ip: str
    agent: str


def _usable(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that are sessions: what is none lets nobody in, and is in nobody's way."""
    return [row for row in rows if _is_session(row)]


def _is_session(row: dict[str, Any]) -> bool:
    try:
        _session(row)
    except ValueError:
        return False
    return True


def _session(row: dict[str, Any]) -> Session:
    kept = record_of(_Row, row)
    return Session(kept.key, kept.user, from_rfc3339(kept.created_at), from_rfc3339(kept.used_at), kept.ip, kept.agent)


class Sessions:
    """Starts, finds and ends sessions."""

    def __init__(self, store: SettingsStore, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._now = now

    def start(self, user: str, *, ip: str, agent: str) -> str:
        """Start a session and return its id (256 random bits) for the cookie. Sessions that have ended are swept out."""
        session_id = new_session_id()
        now = self._now()
        row = {
            "key": session_key(session_id),
            "user": user,
            "created_at": to_rfc3339(now),
            "used_at": to_rfc3339(now),
            "ip": ip,
            "agent": agent[:200],
        }

        def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [*(old for old in _usable(rows) if _session(old).ends_at() > now), row][-MOST_KEPT:]

        self._store.change_documents(TABLE, change)
        return session_id

    def find(self, session_id: str) -> Session | None:
        """Return the session of this id, or None when there is none or it has ended."""
        key = session_key(session_id)
        now = self._now()
        for row in _usable(self._store.documents(TABLE)):
            if secrets.compare_digest(str(row["key"]), key):
                session = _session(row)
                return session if session.ends_at() > now else None
        return None

    def use(self, session: Session) -> None:
        """Note that the session was used now, which puts off its idle end."""
        now = self._now()
        if now - session.used_at < USE_NOTED_EVERY:
            return

        def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            for row in _usable(rows):
                if row["key"] == session.key:
                    row["used_at"] = to_rfc3339(now)
            return rows

        self._store.change_documents(TABLE, change)

    def list(self, user: str) -> list[Session]:
        """Return the sessions of `user` that have not ended, the last used first."""
        now = self._now()
        found = [_session(row) for row in _usable(self._store.documents(TABLE)) if row["user"] == user]
        return sorted((one for one in found if one.ends_at() > now), key=lambda one: one.used_at, reverse=True)

    def end(self, key: str, user: str) -> None:
        """End one session of `user`."""
        self._keep(lambda row: not (row["key"] == key and row["user"] == user))

    def end_all(self, user: str, *, but: str | None = None) -> None:
        """End all sessions of `user`, except the one with the key `but`."""
        self._keep(lambda row: row["user"] != user or row["key"] == but)

    def _keep(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        self._store.change_documents(TABLE, lambda rows: [row for row in _usable(rows) if wanted(row)])
