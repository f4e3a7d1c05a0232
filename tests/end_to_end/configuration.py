"""A hosting server with a repository and three appliances that follow it, each in processes of its own, over real sockets."""

import asyncio
import contextlib
import html
import json
import re
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import urllib3

from appliance.process.client import ControlClient
from appliance.settings.configuration_state import Received
from tests.children import Child, run_child
from tests.forked import run_forked
from tests.hosting.person import Person
from tests.hosting.running import Answer
from tests.ports import free_port
from tests.updater.harness import Appliance, wait_until

DCA = Path(sys.executable).with_name("dca")
PASSWORD = "a pass word of the hosting team"
CHECK_IN_SECONDS = "5"
GUARDRAIL = "127.0.0.0/16"


class HostingTeam:
    """The hosting server, what the team does with its commands, and one of them with a browser."""

    def __init__(self, folder: Path, bind: str = "127.0.0.1") -> None:
        self.folder = folder
        self.bind = bind
        folder.mkdir()
        (folder / "password").write_text(PASSWORD)
        self.command("init", "--admin-password-file", str(folder / "password"))
        self.command("repository", "init", "--local-keys", str(folder / "keys"), "--passphrase-file", str(folder / "password"))
        words = ["serve", "--data", str(folder / "data"), "--http", "--bind", bind, "--port", "0"]
        self.child = Child(["python", "-m", "hosting", *words], environment={"DCA_HOSTING_CHECK_IN_SECONDS": CHECK_IN_SECONDS})
        self.port = int(self.child.wait_for("is ready on port").partition("on port ")[2].partition(":")[0])
        self._pool = urllib3.PoolManager()
        self.person = Person(self)
        assert self.person.log_in(PASSWORD).status == 302

    def command(self, *words: str) -> str:
        """Return what a `dca-hosting` command prints."""
        at = 2 if words[0] in ("repository", "config", "site", "release") else 1
        told = [*words[:at], "--data", str(self.folder / "data"), *words[at:]]
        finished = run_forked("hosting", ["-m", "hosting", *told])
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.strip()

    def publish(self, settings: str, *to: str) -> None:
        """Publish settings, `{section: {field: value}}`, for `--global`, `--group NAME` or `--site NAME`."""
        file = self.folder / "settings.json"
        file.write_text(settings)
        assert "Published config/" in self.command("config", "set", *to, str(file), "--yes")

    def request(self, method: str, path: str, *, headers: dict[str, str] | None = None, body: Any = None) -> Answer:
        """Return what the server answers; redirects are not followed."""
        url = f"http://{self.bind}:{self.port}{path}"
        answer = self._pool.request(method, url, headers=headers or {}, body=body, redirect=False, retries=False)
        return Answer(answer.status, answer.headers, answer.data)

    def stop(self) -> None:
        self._pool.clear()
        self.child.stop()


class Line:
    """The line of one site to its hosting server: passes on whatever comes, and notes what was asked for."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._sent: list[bytearray] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def fetched(self) -> list[str]:
        """Return the paths below `/tuf/` that were asked for until now."""
        return [path.decode() for path in self._found(rb"GET (/tuf/\S+) HTTP/1")]

    def check_ins(self) -> int:
        """Return how often the site has checked in."""
        return len(self._found(rb"POST /api/v1/checkin HTTP/1"))

    def _found(self, pattern: bytes) -> list[bytes]:
        return [found for sent in list(self._sent) for found in re.findall(pattern, bytes(sent))]

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            noted = bytearray()
            self._sent.append(noted)
            threading.Thread(target=_pass_on, args=(client, server, noted), daemon=True).start()
            threading.Thread(target=_pass_on, args=(server, client, bytearray()), daemon=True).start()


def _pass_on(source: socket.socket, to: socket.socket, noted: bytearray) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            noted += data
            to.sendall(data)
    with contextlib.suppress(OSError):
        to.shutdown(socket.SHUT_WR)


class RunningSite(Appliance):
    """The appliance of one site: supervisor, collector and web UI, by the real command."""

    def __init__(self, folder: Path, team: HostingTeam, name: str) -> None:
        super().__init__(folder)
        self.name = name
        self.team = team
        self.line = Line(team.port)
        enrolment = team.command("enrolment-code", "--site", name, "--url", f"http://127.0.0.1:{self.line.port}")
        assert "&root=" in enrolment
        self.environment |= {
            "DCA_ENROLMENT": enrolment,
            "DCA_GUARDRAIL_NETWORKS": GUARDRAIL,
            "DCA_WEB_BIND": "127.0.0.1",
            "DCA_WEB_PORT": str(free_port()),
            "DCA_HTTP": "off",
            "DCA_SNMP_TIMEOUT_SECONDS": "0.2",
        }
        self.run([str(DCA), "run"])

    def settle(self) -> None:
        """Wait until it is enrolled, and let it make the check at once that is due after a start: no more comes by itself then."""
        self.wait_running(seconds=60)
        self.wait_running("webui", seconds=60)
        wait_until(lambda: self.settings.documents("enrolment"), 60)
        self.call("POST", "/v1/update/check", {})
        wait_until(lambda: (last := self.update["last_check"]) and last["ok"], 60)

    @property
    def site_id(self) -> str:
        """The id that the hosting server has given to it."""
        return str(self.settings.documents("enrolment")[0]["site_id"])

    @property
    def update(self) -> dict[str, Any]:
        """What the supervisor says of the intelligent update."""
        return dict(self.call("GET", "/v1/status")["update"])

    @property
    def received(self) -> Received:
        """What it has received of the hosting team."""
        return self.settings.received()

    def value(self, path: str) -> Any:
        """Return a setting as it is in force there."""
        told = self.command("settings", "show", "--json")
        return json.loads(told)[path]["value"]

    def command(self, *words: str) -> str:
        """Return what a `dca` command prints."""
        finished = run_child([DCA, *words], environment=self.environment)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def scanned(self) -> int:
        """Return how many addresses the last scan of the collector has asked."""
        status = asyncio.run(ControlClient(self.paths.collector_socket, "collector").call("GET", "/v1/status"))
        return int((status["last_scan"] or {"addresses": 0})["addresses"])

    def page(self) -> str:
        """Return the page of the site in the console, as text without its tags."""
        answer = self.team.person.get(f"/sites/{self.site_id}")
        assert answer.status == 200
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())

    def close(self) -> None:
        """End it, and leave nothing behind."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        self.end()
        self.line.close()
        shutil.rmtree(self.folder)
        self.log.unlink(missing_ok=True)


@contextlib.contextmanager
def running_sites(team: HostingTeam, *names: str) -> Iterator[list[RunningSite]]:
    """Yield sites that are enrolled and have nothing to do. Their folders have short names: paths of sockets are limited."""
    with contextlib.ExitStack() as exits:
        sites = []
        for name in names:
            sites.append(RunningSite(Path(tempfile.mkdtemp(prefix="dca-")), team, name))
            exits.callback(sites[-1].close)
        for site in sites:
            site.settle()
        yield sites
