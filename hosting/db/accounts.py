"""People: accounts of the console and their sessions. Secrets are stored as hashes only."""

from dataclasses import dataclass

import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.db import audit
from hosting.db.tables import account, session
from hosting.db.upsert import insert_new
from web.session import USE_NOTED_EVERY, ends_at, new_session_id, session_key


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is logged in."""

    session_hash: str
    account: str


def add_account(connection: sa.Connection, name: str, password_hash: str) -> bool:
    """Make an account; false when there is one of that name."""
    now = utc_now()
    row = {"name": name, "password_hash": password_hash, "created_at": now, "changed_at": now}
    return insert_new(connection, account, [row]) == 1


def has_account(connection: sa.Connection) -> bool:
    """Return whether anybody can log in at all."""
    return connection.execute(sa.select(account.c.name).limit(1)).first() is not None


def password_hash(connection: sa.Connection, name: str) -> str | None:
    """Return the stored hash of an account, or None when there is none of that name."""
    return connection.execute(sa.select(account.c.password_hash).where(account.c.name == name)).scalar()


def set_password(connection: sa.Connection, name: str, new_hash: str) -> bool:
    """Set the password of an account and end all its sessions; false when there is no such account."""
    values = {"password_hash": new_hash, "changed_at": utc_now()}
    done = connection.execute(sa.update(account).where(account.c.name == name).values(**values))
    connection.execute(sa.delete(session).where(session.c.account == name))
    if done.rowcount:
        audit.note(connection, name, "password set", "")
    return bool(done.rowcount)


def start_session(connection: sa.Connection, name: str, address: str) -> str:
    """Return the id of a new session, 256 random bits; only its hash is stored."""
    session_id = new_session_id()
    now = utc_now()
    row = {"session_hash": session_key(session_id), "account": name, "created_at": now, "seen_at": now, "address": address}
    connection.execute(sa.insert(session).values(**row))
    audit.note(connection, name, "logged in", "", address=address)
    return session_id


def find_session(connection: sa.Connection, session_id: str) -> tuple[Session | None, bool]:
    """Return the session, or None when it is unknown or over, and whether it is time to call `see_session`."""
    row = connection.execute(sa.select(session).where(session.c.session_hash == session_key(session_id))).first()
    now = utc_now()
    if row is None or ends_at(row.created_at, row.seen_at) < now:
        return None, False
    return Session(row.session_hash, row.account), row.seen_at < now - USE_NOTED_EVERY


def see_session(connection: sa.Connection, session_hash: str) -> None:
    """Note that the session is in use."""
    connection.execute(sa.update(session).where(session.c.session_hash == session_hash).values(seen_at=utc_now()))


def end_session(connection: sa.Connection, session_hash: str) -> None:
    """Log out."""
    connection.execute(sa.delete(session).where(session.c.session_hash == session_hash))
