"""Programs: tokens for reading over the API, each with what it opens and until when. Only their hashes are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from appliance.common.clock import utc_now
from appliance.common.plain import is_plain
from hosting.credentials import digest, new_token
from hosting.db import audit
from hosting.db.tables import token
from hosting.db.upsert import insert_new

Scope = Literal["read:devices", "read:meters", "read:sites"]
SCOPES: tuple[Scope, ...] = ("read:devices", "read:meters", "read:sites")
TokenState = Literal["valid", "expired", "revoked"]

USE_NOTED_EVERY = timedelta(minutes=1)
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Token:
    """A token, without its secret, which nobody can show again."""

    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def state(self, now: datetime) -> TokenState:
        """Return whether the token opens anything."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "valid"

    def use_is_due(self, now: datetime) -> bool:
        """Return whether its use is to be noted: the last note is a minute old."""
        return self.last_used_at is None or self.last_used_at <= now - USE_NOTED_EVERY


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a token is to be: `expires_at` None is never."""

    name: str
    scopes: Sequence[Scope] = SCOPES
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes or revokes a token, and from where, for the audit log."""

    actor: str = "command line"
    address: str = ""


def usable_name(text: str) -> bool:
    """Return whether a token can be called so: 1 to 100 characters that can be shown."""
    return 1 <= len(text) <= LONGEST_NAME and is_plain(text)


def add_token(connection: sa.Connection, wanted: NewToken, maker: Maker) -> str | None:
    """Return the secret of a new token, shown this once; None when there is one of that name."""
    secret = new_token()
    scopes = " ".join(scope for scope in SCOPES if scope in wanted.scopes)
    row = {"token_hash": digest(secret), "name": wanted.name, "scopes": scopes, "created_by": maker.actor}
    if insert_new(connection, token, [row | {"created_at": utc_now(), "expires_at": wanted.expires_at}]) == 0:
        return None
    audit.note(connection, maker.actor, "token made", f"{wanted.name}: {scopes}", address=maker.address)
    return secret


def find_token(connection: sa.Connection, secret: str) -> Token | None:
    """Return the token, whatever its state, or None when it is unknown."""
    row = connection.execute(sa.select(token).where(token.c.token_hash == digest(secret))).first()
    return _token(row) if row else None


def tokens(connection: sa.Connection) -> list[Token]:
    """Return all tokens, those that open something first, by name."""
    found = [_token(row) for row in connection.execute(sa.select(token).order_by(sa.func.lower(token.c.name), token.c.name))]
    now = utc_now()
    return sorted(found, key=lambda one: one.state(now) != "valid")


def see_token(connection: sa.Connection, name: str) -> None:
    """Note that the token is in use; where another server did so within the minute, nothing is written."""
    now = utc_now()
    due = sa.or_(token.c.last_used_at.is_(None), token.c.last_used_at <= now - USE_NOTED_EVERY)
    connection.execute(sa.update(token).where(token.c.name == name, due).values(last_used_at=now))


def revoke_token(connection: sa.Connection, name: str, maker: Maker) -> bool:
    """Let a token open nothing any more, for ever; false when there is none of that name. One that is revoked stays as it is."""
    one = token.c.name == name
    done = connection.execute(sa.update(token).where(one, token.c.revoked_at.is_(None)).values(revoked_at=utc_now()))
    if done.rowcount:
        audit.note(connection, maker.actor, "token revoked", name, address=maker.address)
        return True
    return connection.execute(sa.select(token.c.name).where(one)).first() is not None


def _token(row: sa.Row[Any]) -> Token:
    values = {name: getattr(row, name) for name in ("name", "created_at", "created_by", "expires_at", "revoked_at", "last_used_at")}
    return Token(scopes=tuple(row.scopes.split()), **values)
