"""Tokens: what each opens, until when, who made it; made, listed and revoked in the console and by a command."""

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from appliance.common.clock import to_rfc3339, utc_now
from hosting import cli
from hosting.credentials import digest
from hosting.db import tokens
from hosting.db.connection.database import Database, database_url
from hosting.db.migrate import alembic_config, migrate
from hosting.db.tables import EVERY_SCOPE, audit
from hosting.db.tables import token as token_table
from hosting.db.tokens import SCOPES, Maker, NewToken
from tests.conftest import ROOT
from tests.forked import run_forked
from tests.hosting.person import Person
from tests.hosting.running import Answer, RunningServer

OPENED_BY = {"/api/v1/sites": "read:sites", "/api/v1/devices": "read:devices"}


def token(server: RunningServer, name: str = "ERP", **wanted: Any) -> str:
    secret = server.write(lambda connection: tokens.add_token(connection, NewToken(name, **wanted), Maker("test")))
    assert secret is not None
    return secret


def get(server: RunningServer, path: str, secret: str) -> Answer:
    return server.request("GET", path, headers={"Authorization": f"Bearer {secret}"})


def hosting(server: RunningServer, *words: str) -> tuple[int, str]:
    """Return how `dca-hosting token …` ended and what it said."""
    address = server.config.database_url
    environment = {"DCA_HOSTING_DATABASE_URL": address} if address else {}
    folder = str(server.config.folder)
    finished = run_forked("hosting", ["-m", "hosting", "token", *words, "--data", folder], folder=ROOT, environment=environment)
    return finished.returncode, finished.stdout + finished.stderr


@pytest.mark.parametrize(("path", "scope"), OPENED_BY.items())
def test_a_token_opens_what_its_scopes_name_and_nothing_else(server: RunningServer, path: str, scope: str) -> None:
    with_it = token(server, "with", scopes=(scope,))
    without = token(server, "without", scopes=tuple(other for other in SCOPES if other != scope))
    assert get(server, path, with_it).status == 200
    answer = get(server, path, without)
    assert answer.status == 403
    assert answer.json()["error"] == "scope_missing"
    assert scope in answer.json()["message"]
    assert answer.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{scope}"'


def test_a_token_whose_time_is_over_says_so(server: RunningServer) -> None:
    ends = utc_now() - timedelta(seconds=1)
    answer = get(server, "/api/v1/sites", token(server, expires_at=ends))
    assert (answer.status, answer.json()["error"]) == (401, "token_expired")
    assert f"'ERP' expired at {to_rfc3339(ends)}" in answer.json()["message"]
    assert get(server, "/api/v1/sites", token(server, "later", expires_at=utc_now() + timedelta(hours=1))).status == 200


def test_a_revoked_token_says_so_however_often_it_asks(server: RunningServer) -> None:
    secret = token(server)
    server.write(lambda connection: tokens.revoke_token(connection, "ERP", Maker()))
    answers = [get(server, "/api/v1/sites", secret) for _ in range(server.config.limits.failures_burst + 2)]
    assert {(answer.status, answer.json()["error"]) for answer in answers} == {(401, "token_revoked")}


def test_the_last_use_is_written_once_a_minute(server: RunningServer) -> None:
    secret = token(server)

    def use(seconds: int) -> bool:
        """Let the last use be so long ago, and return whether the next one is noted."""
        then = utc_now() - timedelta(seconds=seconds)
        server.write(lambda connection: connection.execute(sa.update(token_table).values(last_used_at=then)))
        assert get(server, "/api/v1/sites", secret).status == 200
        return server.read(tokens.tokens)[0].last_used_at != then

    assert not use(30)
    assert use(61)


def test_only_the_hash_of_a_token_is_stored(server: RunningServer) -> None:
    secret = token(server)
    stored = server.read(lambda connection: connection.execute(sa.select(token_table)).one())
    assert secret not in str(stored)
    assert stored.token_hash == digest(secret)


def test_tokens_made_before_there_were_scopes_open_all_and_never_end(database_address: str | None, tmp_path: Any) -> None:
    with Database(database_url(database_address, tmp_path)) as database:
        config = alembic_config()
        with database.writing() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0008")
            names = ("token_hash", "name", "created_at")
            old = sa.table("token", *(sa.column(name, token_table.c[name].type) for name in names))
            row = {"token_hash": digest("dca_old"), "name": "old", "created_at": utc_now()}
            connection.execute(sa.insert(old).values(row))
        migrate(database)
        with database.writing() as connection:
            # As a server of the version before makes one, while it is replaced.
            connection.execute(sa.insert(old).values(row | {"token_hash": digest("dca_beside"), "name": "beside"}))
            for secret in ("dca_old", "dca_beside"):
                found = tokens.find_token(connection, secret)
                assert found is not None
                assert found.scopes == SCOPES == tuple(EVERY_SCOPE.split())
                assert found.state(utc_now() + timedelta(days=36500)) == "valid"


def test_the_command_makes_lists_and_revokes(server: RunningServer) -> None:
    code, said = hosting(server, "create", "--name", "ERP", "--scope", "read:sites", "--expires", "2090-12-31")
    secret = said.strip()
    assert code == 0
    assert get(server, "/api/v1/sites", secret).status == 200
    assert get(server, "/api/v1/devices", secret).status == 403
    [listed] = json.loads(hosting(server, "list", "--json")[1])["tokens"]
    told = {name: listed[name] for name in ("name", "scopes", "state", "expires_at")}
    assert told == {"name": "ERP", "scopes": ["read:sites"], "state": "valid", "expires_at": "2090-12-31T23:59:59Z"}
    assert listed["last_used_at"]
    assert hosting(server, "revoke", "ERP") == (0, "ERP: revoked\n")
    assert get(server, "/api/v1/sites", secret).status == 401
    line = hosting(server, "list")[1]
    assert line.startswith("revoked ")
    assert secret not in line
    actions = server.read(lambda connection: connection.execute(sa.select(audit.c.action, audit.c.detail)).all())
    assert {tuple(row) for row in actions} >= {("token made", "ERP: read:sites"), ("token revoked", "ERP")}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["create", "--name", ""], "--name"),
        (["create", "--name", "ERP", "--expires", "soon"], "'soon'"),
        (["create", "--name", "ERP", "--expires", "2020-01-01"], "2020-01-01 is over"),
        (["create", "--name", "ERP", "--expires", "2090-W01-1"], "'2090-W01-1' is no day"),
        (["create", "--name", "ERP", "--scope", "read:all"], "read:all"),
        (["revoke", "nothing"], "'nothing'"),
    ],
)
def test_wrong_use_of_the_command_is_named(server: RunningServer, words: list[str], named: str) -> None:
    code, said = hosting(server, *words)
    assert code in (1, 2)
    assert named in said
    assert "Traceback" not in said


def test_the_command_offers_the_scopes_there_are() -> None:
    assert cli.TOKEN_SCOPES == SCOPES


def test_the_console_shows_a_new_token_once(server: RunningServer, person: Person) -> None:
    assert "No token opens the API" in person.get("/tokens").text
    made = person.post("/tokens", {"name": "<ERP>", "scope": ["read:sites", "read:meters"], "days": "30"})
    [secret] = re.findall(r"dca_[\w-]{43}", made.text)
    assert get(server, "/api/v1/sites", secret).status == 200
    assert get(server, "/api/v1/devices", secret).status == 403
    page = person.get("/tokens").text
    assert secret not in page
    assert "&lt;ERP&gt;" in page
    assert re.findall(r'<code class="nowrap">(.*?)</code>', page) == ["read:meters", "read:sites"]
    assert "in 30 days" in page
    assert server.read(tokens.tokens)[0].created_by == "admin"


def test_the_console_revokes_a_token(server: RunningServer, person: Person) -> None:
    secret = token(server, 'A "B"')
    [shown] = re.findall(r'name="name" value="(A[^>]*)"><button', person.get("/tokens").text)
    answer = person.post("/tokens/revoke", {"name": html.unescape(shown)})
    assert answer.headers["Location"] == "/tokens?done=token-revoked"
    assert get(server, "/api/v1/sites", secret).status == 401
    page = person.get("/tokens?done=token-revoked").text
    assert "The token is revoked" in page
    assert "Revoked" in page
    assert 'action="/tokens/revoke"' not in page
    assert person.post("/tokens/revoke", {"name": "nothing"}).status == 404


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": " ", "scope": "read:sites"}, "1 to 100 characters"),
        ({"name": "new", "scope": "read:all"}, "Choose what the token opens."),
        ({"name": "taken", "scope": "read:sites"}, "a token of this name already"),
    ],
)
def test_what_cannot_be_made_is_said_beside_the_field(
    server: RunningServer, person: Person, form: dict[str, str], said: str
) -> None:
    token(server, "taken")
    answer = person.post("/tokens", form)
    assert answer.status == 422
    assert said in answer.text
    assert server.count(token_table) == 1


def test_nobody_makes_or_revokes_a_token_without_a_session_or_from_another_site(server: RunningServer, person: Person) -> None:
    token(server)
    form = {"name": "ERP", "scope": "read:sites"}
    for path in ("/tokens", "/tokens/revoke"):
        assert Person(server).post(path, form).status == 403
        assert person.post(path, form, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert [one.state(utc_now()) for one in server.read(tokens.tokens)] == ["valid"]
