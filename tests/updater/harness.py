"""A running supervisor in a process of its own, for tests."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from appliance.common.errors import ControlError
from appliance.common.paths import Paths
from appliance.process.client import ControlClient
from appliance.settings.store import SettingsStore

T = TypeVar("T")
RUNNER = Path(__file__).with_name("run_supervisor.py")
TWO = ({"name": "collector"}, {"name": "webui"})


def wait_until(look: Callable[[], T | None], seconds: float = 30.0) -> T:
    """Return the first true value of `look`; fail when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {value!r}"
        time.sleep(0.05)
    return value


def alive(pid: int) -> bool:
    """Return whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Appliance:
    """A supervisor in a process of its own, with its data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths = Paths(data=folder, run=folder / "run")
        self.settings = SettingsStore(self.paths.settings, {})
        self.prefix: tuple[str, ...] = ()
        """What the supervisor is started by, for example `unshare`."""
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {**os.environ, "DCA_DATA_DIR": str(folder)}
        self.log = folder.with_suffix(".log")

    def start(self, *components: dict[str, Any], **plan: Any) -> None:
        """Start the supervisor and wait for its control socket."""
        plan_file = self.folder / "plan.json"
        plan_file.write_text(json.dumps({"components": components or TWO, **plan}))
        self.run([sys.executable, str(RUNNER), str(plan_file)])

    def run(self, command: list[str]) -> None:
        """Start the supervisor by `command` and wait for its control socket."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*self.prefix, *command], env=self.environment, stdout=log, stderr=log, cwd=self.folder)
        wait_until(self.answers)

    def answers(self) -> bool:
        """Return whether the control socket is served."""
        try:
            self.call("GET", "/v1/health")
        except ControlError:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            return False
        return True

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call the control API. Raises ControlError."""
        return asyncio.run(ControlClient(self.paths.supervisor_socket, "supervisor").call(method, path, body))

    def component(self, name: str = "collector") -> dict[str, Any]:
        """Return a component as the control API gives it."""
        found = [component for component in self.call("GET", "/v1/status")["components"] if component["name"] == name]
        return dict(found[0])

    def issue(self, check: str, component: str | None = "collector") -> dict[str, Any] | None:
        """Return the issue of a check."""
        for issue in self.call("GET", "/v1/status")["issues"]:
            if (issue["check"], issue["component"]) == (check, component):
                return dict(issue)
        return None

    def wait_running(self, name: str = "collector", *, after: int | None = None, seconds: float = 30.0) -> int:
        """Wait until a component runs, with another pid than `after`; return its pid."""

        def look() -> int | None:
            component = self.component(name)
            return component["pid"] if component["state"] == "running" and component["pid"] != after else None

        pid = wait_until(look, seconds)
        assert pid is not None
        return pid

    def order(self, text: str, name: str = "collector") -> None:
        """Give a component an order, once: a restarted one does not find it any more."""
        (self.folder / f"{name}.orders.new").write_text(text)
        (self.folder / f"{name}.orders.new").rename(self.folder / f"{name}.orders")

    def health_check(self, enabled: bool) -> None:
        """Switch the health check of the running appliance."""
        self.settings.change_site({"health_check": {"enabled": enabled}})
        self.call("POST", "/v1/reload")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal; return the exit code and how many seconds the end took."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(timeout=30), time.monotonic() - begun

    def end(self) -> None:
        """Leave nothing behind."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
