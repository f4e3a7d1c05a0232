"""A collector in a process of its own, with its data in a folder of the test, and the commands that use the same folder."""

import asyncio
import contextlib
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.common.errors import ControlError
from appliance.process.client import ControlClient
from tests.children import Child, Finished, run_child, wait_until
from tests.conftest import StartChild
from tests.forked import run_forked

DCA = Path(sys.executable).with_name("dca")
RUN_DCA = "import sys; from appliance.commands.cli import main; sys.exit(main())"
"""What the installed command `dca` does."""


@dataclass
class Site:
    """The data folder of one appliance."""

    folder: Path
    start_child: StartChild
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        return {"DCA_DATA_DIR": str(self.data), "DCA_RUN_DIR": str(self.folder / "run"), **self.variables}

    def dca(self, *words: str | Path, more: Mapping[str, str] | None = None) -> Finished:
        """Run a `dca` command to its end."""
        return run_forked("appliance", ["-c", RUN_DCA, *words], environment=self.environment | dict(more or {}))

    def installed(self, *words: str | Path, more: Mapping[str, str] | None = None) -> Finished:
        """Run the installed command `dca` to its end, in an interpreter of its own."""
        return run_child([DCA, *words], environment=self.environment | dict(more or {}))

    def set(self, *changes: str) -> None:
        finished = self.dca("settings", "set", *changes)
        assert finished.returncode == 0, finished.stderr

    def start(self, more: Mapping[str, str] | None = None) -> Child:
        """Start the collector and wait until it answers."""
        child = self.start_child(["python", "-m", "appliance"], environment=self.environment | dict(more or {}))

        def answers() -> bool:
            assert child.running, child.wait().stderr
            with contextlib.suppress(ControlError):
                return int(self.status()["pid"]) == child.pid
            return False

        wait_until("the collector answers", answers)
        return child

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return asyncio.run(ControlClient(self.folder / "run" / "collector.sock", "collector").call(method, path, body))

    def status(self) -> dict[str, Any]:
        return self.call("GET", "/v1/status")

    def scan_to_the_end(self, body: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Start a scan and return every state the progress stream told of it."""
        client = ControlClient(self.folder / "run" / "collector.sock", "collector")

        async def follow() -> list[dict[str, Any]]:
            await client.call("POST", "/v1/scan", body or {})
            return [state async for state in client.events("/v1/scan/events")]

        return asyncio.run(follow())

    def wait_for_scan(self) -> dict[str, Any]:
        """Wait until a scan has ended; return it."""
        wait_until("a scan has ended", lambda: self.status()["last_scan"], 60)
        return dict(self.status()["last_scan"])

    def problem(self, name: str) -> str | None:
        """Return the text of a standing problem, or None."""
        return next((item["text"] for item in self.status()["problems"] if item["name"] == name), None)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the answer of the database of readings to `query`."""
        with contextlib.closing(sqlite3.connect(self.data / "readings.db")) as connection:
            return connection.execute(query).fetchall()
