"""An appliance on the network of the host that scans and sends all the time, its printers and its hosting server beside it."""

import contextlib
import json
import secrets
import sqlite3
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.common.clock import to_rfc3339
from appliance.report import Reading
from tests.children import Child, wait_until
from tests.end_to_end.configuration import HostingTeam
from tests.engine.site import COMPOSE_IMAGE, HEALTH, NAME, REFERENCE, SITE_NAME, SOCKET_GROUP, START_SECONDS, Site, Wanted

PRINTERS, ANSWERING = 13, 12
"""One of the fleet does not answer to SNMP."""
BASE = "127.98.0.1"
POLL_SECONDS = 0.05
SENT_SECONDS = 60.0
QUIET_SECONDS = 4.0
ENOUGH = "/tmp/enough"
SCANNING = """
import asyncio, fcntl, sys
from pathlib import Path
from appliance.common.paths import Paths
from appliance.process.client import ControlClient

only_one = open("/tmp/scanning", "w")
try:
    fcntl.flock(only_one, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit()  # it scans already

async def scan():
    client = ControlClient(Paths.from_environment().collector_socket, "collector")
    while not Path("/tmp/enough").exists():
        try:
            await client.call("POST", "/v1/scan", {})
        except Exception:
            pass  # it has just been started, or scans already
        await asyncio.sleep(0.5)

asyncio.run(scan())
"""
"""Inside the appliance: asks for the next scan as soon as one has ended."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The readings of the site and those of the hosting server, each (serial number, moment) as often as it is there."""

    at_site: Counter[tuple[str, str]]
    at_server: Counter[tuple[str, str]]

    @property
    def lost(self) -> set[tuple[str, str]]:
        """Return what the server does not have."""
        return set(self.at_site) - set(self.at_server)

    @property
    def doubled(self) -> list[tuple[str, str]]:
        """Return what one of them has more than once, and what the server has of which the site knows nothing."""
        twice = [key for counts in (self.at_site, self.at_server) for key, count in counts.items() if count > 1]
        return [*twice, *(set(self.at_server) - set(self.at_site))]


class ScanningSite(Site):
    """A site whose readings and whose web UI are followed while versions change."""

    def __init__(self, site: Site, team: HostingTeam, folder: Path) -> None:
        super().__init__(site.engine, site.door, site.port)
        self.team = team
        self._folder = folder

    @contextmanager
    def printers(self) -> Iterator[tuple[str, int]]:
        """Yield a scan target and a port at which simulated printers answer, while all of them print."""
        ready = self._folder / "printers.json"
        words = ["serve", "--port", "0", "--ready-file", str(ready), "--base", BASE, "--fleet", str(PRINTERS)]
        child = Child(["python", "-m", "simulator", *words])
        try:
            wait_until("the simulator answers", lambda: ready.exists() or not child.running)
            told = json.loads(ready.read_text())
            yield f"{told['addresses'][0]}-{told['addresses'][-1]}", int(told["port"])
        finally:
            child.stop()

    def install_scanning(self, image: str, targets: str, snmp_port: int, policy: str = "unless-stopped") -> None:
        """Start the appliance on the network of the host, and wait until all printers are known to the hosting server."""
        self.door.path.chmod(0o666)
        self.docker("tag", image, REFERENCE)
        enrolment = self.team.command("enrolment-code", "--site", "Office", "--url", f"http://127.0.0.1:{self.team.port}")
        environment = {
            "DCA_ENROLMENT": enrolment,
            "DCA_WEB_BIND": "127.0.0.1",
            "DCA_WEB_PORT": str(self.port),
            "DCA_SCAN_TARGETS": targets,
            "DCA_SNMP_PORT": str(snmp_port),
            "DCA_HTTP": "off",
            "DCA_CHECK_IN_SECONDS": "5",
            "DCA_UPLOAD_SECONDS": "1",
        }
        self.docker(
            *("run", "--detach", "--name", NAME, "--restart", policy, "--network", "host"),
            *(word for name, value in environment.items() for word in ("--env", f"{name}={value}")),
            *("--volume", f"{self.door.path}:/var/run/docker.sock", "--group-add", str(SOCKET_GROUP)),
            *("--label", f"{COMPOSE_IMAGE}={self.image_id(REFERENCE)}", *HEALTH, REFERENCE),
        )
        wait_until("the appliance is healthy", self.healthy, START_SECONDS)
        self.docker("exec", NAME, "dca", "settings", "set", f"site.name={SITE_NAME}")
        self.before = self.facts()
        self.scan()
        wait_until("all printers are known", lambda: len({key for key, _ in self.kept().at_server}) == ANSWERING, SENT_SECONDS)

    def update(self, image: str, version: str, *, deadline: float = 60.0, steady: float = 2.0) -> float:
        """Install a version while the scans go on; return the seconds for which the web UI did not answer."""
        mark = secrets.token_hex(6)
        with watched(f"http://127.0.0.1:{self.port}/healthz") as gaps:
            self.begin(mark, image, version, deadline=deadline, steady=steady).communicate(timeout=60)
            _, problems = self.wait_end(Wanted(mark, self.image_id(image), "installed"))
        assert not problems, problems
        self.scan()
        return max(gaps)

    def scan(self) -> None:
        """Let the appliance scan from now on, again and again, until it is to send all or its container ends."""
        self.docker("exec", NAME, "rm", "--force", ENOUGH)
        self.docker("exec", "--detach", NAME, "python3", "-P", "-c", SCANNING)

    def all_sent(self) -> Kept:
        """Stop scanning, wait until nothing waits to be sent, and return what both sides have."""
        self.docker("exec", NAME, "touch", ENOUGH)
        wait_until("everything is sent", self._quiet, SENT_SECONDS)
        return self.kept()

    def kept(self) -> Kept:
        """Return the readings both sides have now."""
        return Kept(self._at_site(), self._at_server())

    def _at_site(self) -> Counter[tuple[str, str]]:
        return _readings(self.data / "readings.db")

    def _at_server(self) -> Counter[tuple[str, str]]:
        return _readings(self.team.folder / "data/hosting.db")

    def _quiet(self) -> bool:
        """Return whether nothing was read for some seconds, and nothing waits to be sent."""
        before = sum(self._at_site().values())
        time.sleep(QUIET_SECONDS)
        return sum(self._at_site().values()) == before and not self._waiting()

    def _waiting(self) -> int:
        with contextlib.closing(sqlite3.connect(f"file:{self.data / 'readings.db'}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM outbox").fetchone()[0])


@contextmanager
def watched(url: str) -> Iterator[list[float]]:
    """Ask for a page every 50 ms, and collect the gaps between two answers, in seconds."""
    gaps: list[float] = [0.0]
    over = threading.Event()

    def watch() -> None:
        seen = time.monotonic()
        while not over.wait(POLL_SECONDS):
            with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    now = time.monotonic()
                    gaps.append(now - seen)
                    seen = now

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield gaps
    finally:
        over.set()
        thread.join()


def _readings(database: Path) -> Counter[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        readings = [Reading.model_validate_json(row[0]) for row in connection.execute("SELECT body FROM reading")]
    return Counter((reading.device.serial or "", to_rfc3339(reading.taken_at)) for reading in readings)
