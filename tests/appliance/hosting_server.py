"""A real hosting server in a process of its own, over HTTPS by a private authority."""

import contextlib
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hosting.db.connection.database import Database, database_url
from hosting.db.sites import queue_command, set_revoked
from tests.children import Child
from tests.conftest import StartChild
from tests.forked import run_forked


@dataclass
class Hosting:
    """A hosting server with its data in a folder; it can be stopped and started again on the same port."""

    folder: Path
    port: int
    start_child: StartChild
    child: Child | None = None

    @property
    def authority(self) -> Path:
        """The certificate a site has to trust."""
        return self.folder / "ca.pem"

    def prepare(self) -> "Hosting":
        self.command("init", "--private-ca", "--name", "127.0.0.1")
        return self

    def command(self, *words: str) -> str:
        finished = run_forked("hosting", ["-m", "hosting", *words, "--data", str(self.folder)])
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.strip()

    def start(self, *more: str) -> None:
        serve = ["serve", "--data", str(self.folder), "--bind", "127.0.0.1", "--port", str(self.port), *more]
        self.child = self.start_child(["python", "-m", "hosting", *serve])
        self.child.wait_for("is ready on port")

    def stop(self) -> None:
        assert self.child is not None
        assert self.child.stop().returncode == 0

    def enrolment(self, scheme: str = "https") -> str:
        return self.command("enrolment-code", "--site", "Office", "--url", f"{scheme}://127.0.0.1:{self.port}")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.folder / "hosting.db")) as connection:
            return connection.execute(query).fetchall()

    def readings(self) -> list[tuple[str, str]]:
        """Return device key and moment of every reading the server has, each as often as it has it."""
        found = [(key, json.loads(body)["taken_at"]) for key, body in self.rows("SELECT device_key, body FROM reading")]
        return sorted(found)

    def state(self) -> dict[str, Any]:
        """Return what the site said of itself last, empty before."""
        rows = self.rows("SELECT state FROM site WHERE state IS NOT NULL")
        return dict(json.loads(rows[0][0])) if rows else {}

    def order(self, command: str) -> None:
        """Ask the site to do something, as the console does."""
        with Database(database_url(None, self.folder)) as database, database.writing() as connection:
            assert queue_command(connection, self.site_id, command, actor="test")

    def revoke(self) -> None:
        """Refuse the site from now on, as the console does."""
        with Database(database_url(None, self.folder)) as database, database.writing() as connection:
            set_revoked(connection, self.site_id, True, actor="test")

    @property
    def site_id(self) -> str:
        """The id of the one site there is."""
        [(site_id,)] = self.rows("SELECT site_id FROM site")
        return str(site_id)
