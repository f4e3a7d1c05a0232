"""`dca-hosting token`: make, list and revoke tokens, with which programs read over the API."""

import argparse

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.plain import plain, plain_json
from hosting.commands.preparation import open_existing
from hosting.db import tokens
from hosting.db.connection.database import Database
from hosting.db.tokens import SCOPES, Maker, NewToken, Token
from hosting.errors import ConfigurationError
from hosting.expiry import coming_end_of_day


def run(options: argparse.Namespace) -> int:
    """Do what is asked for; `create` prints the token, which is shown only once."""
    wanted = _wanted(options) if options.action == "create" else None
    _, database = open_existing(options)
    with database:
        if wanted is not None:
            print(_create(database, wanted))
        elif options.action == "revoke":
            _revoke(database, options.name)
        else:
            _list(database, as_json=options.json)
    return 0


def _wanted(options: argparse.Namespace) -> NewToken:
    name = options.name.strip()
    if not tokens.usable_name(name):
        raise ConfigurationError("--name is empty, longer than 100 characters, or has characters that cannot be shown.")
    expires_at = None if options.expires is None else coming_end_of_day(options.expires)
    return NewToken(name, tuple(options.scope) or SCOPES, expires_at)


def _create(database: Database, wanted: NewToken) -> str:
    with database.writing() as connection:
        secret = tokens.add_token(connection, wanted, Maker())
    if secret is None:
        raise ConfigurationError(
            f"There is a token called {wanted.name!r} already, and it is shown only once. Choose another name."
        )
    return secret


def _revoke(database: Database, name: str) -> None:
    with database.writing() as connection:
        known = tokens.revoke_token(connection, name, Maker())
    if not known:
        raise ConfigurationError(f"There is no token called {name!r}. The command dca-hosting token list lists them.")
    print(plain(f"{name}: revoked"))


def _list(database: Database, *, as_json: bool) -> None:
    with database.reading() as connection:
        found = tokens.tokens(connection)
    if as_json:
        print(plain_json({"tokens": [_as_json(one) for one in found]}))
        return
    for one in found:
        ends = to_rfc3339(one.expires_at) or "never"
        used = to_rfc3339(one.last_used_at) or "-"
        print(f"{one.state(utc_now()):8} {ends:20} {used:20} {','.join(one.scopes):36} {plain(one.name)}")


def _as_json(one: Token) -> dict[str, object]:
    moments = ("created_at", "expires_at", "revoked_at", "last_used_at")
    told: dict[str, object] = {"name": one.name, "scopes": one.scopes, "state": one.state(utc_now()), "created_by": one.created_by}
    return told | {name: to_rfc3339(getattr(one, name)) for name in moments}
