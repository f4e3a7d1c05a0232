"""What happens in the demo, in order: printers, hosting server, enrolment, appliance; then scan, readings and the table."""

import json
import os
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simulator.demo.check import Comparison, compare
from simulator.demo.hosting_api import HostingApi
from simulator.demo.processes import Processes, command
from simulator.demo.screen import Screen
from simulator.demo.table import device_table
from simulator.errors import DemoError
from simulator.fleet import DEFAULT_BASE, Options, generated_fleet
from simulator.truth import fleet_truth

SITE = "Demo site"
USER = "admin"
SCAN_TARGET = "127.0.42.1-127.0.42.16"
"""Three addresses more than there are printers: blank ones belong to every network."""

SNMP_OFF = "hp-color-laserjet"
"""The printer whose SNMP is off: it is found and read by IPP and by the documents of its maker."""

WEB_PORTS = (631, 80, 443)
"""Where printers answer IPP and HTTP. Many systems keep ports below 1024 from ordinary users."""

SECONDS_PER_PAGE = 3.0
ARRIVAL_SECONDS = 90.0
POLL_SECONDS = 0.5
ASK_SECONDS = 2.0
"""Between two questions to the appliance, each of which is a process of its own."""

LONGEST_SOCKET_PATH = 100
"""Below the 108 bytes of a Unix socket's path, with room for the names of the sockets (unix(7))."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo works: everything it writes is in `folder` and `run`."""

    folder: Path
    run: Path
    password: str

    def secret_file(self, name: str, content: str) -> Path:
        """Write a file only this user can read, and return it."""
        file = self.folder / name
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as stream:
            stream.write(content)
        return file

    @property
    def hosting_data(self) -> Path:
        """The hosting server's data folder."""
        return self.folder / "hosting"

    @property
    def authority(self) -> Path:
        """The certificate of the hosting server's private authority."""
        return self.hosting_data / "ca.pem"


@dataclass(frozen=True, slots=True)
class Printers:
    """The simulated printers: where they answer and since when; `snmp_off` fits the names of those without SNMP."""

    port: int
    started: float
    started_at: datetime
    snmp_off: tuple[str, ...]

    def compared_with(self, readings: list[dict[str, Any]]) -> Comparison:
        """Compare readings with what the printers say."""
        fleet = generated_fleet(None, DEFAULT_BASE, Options(seconds_per_page=SECONDS_PER_PAGE, snmp_off=self.snmp_off))
        first = fleet_truth(fleet, 0.0)["printers"]
        now = fleet_truth(fleet, time.monotonic() - self.started)["printers"]
        return compare(readings, first, now, self.started_at)


def play(screen: Screen, *, check: bool, keep: Path | None) -> int:
    """Play the demo and return its exit code. Raises DemoError when something fails; nothing is left behind in any case."""
    with ExitStack() as exits:
        stage = exits.enter_context(_stage(keep))
        logs = stage.folder / "logs"
        logs.mkdir()
        processes = exits.enter_context(Processes(logs))
        screen.line("The appliance at work: simulated printers, a hosting server and an appliance, all on this machine.")
        screen.line()
        printers = _start_printers(screen, stage, processes)
        hosting_port = _start_hosting(screen, stage, processes)
        web_port, environment = _start_appliance(screen, stage, processes, printers, hosting_port)
        api = _reading_api(stage, processes, hosting_port)
        readings, comparison = _watch(screen, processes, printers, api, environment)
        screen.line()
        if not check:
            screen.line(f"  Appliance       http://localhost:{web_port}/")
            screen.line(f"  Hosting server  https://localhost:{hosting_port}/   (its private authority: {stage.authority})")
            screen.line(f"  Log in to both  {USER}, password {stage.password}")
            screen.line()
        screen.line("The devices as the hosting server has them:")
        screen.line()
        screen.line(device_table(readings))
        screen.line()
        code = _verdict(screen, comparison)
        if check:
            return code
        _stay(screen, processes)
    screen.line("Everything is stopped" + (f"; the folder {keep} is kept." if keep else " and removed."))
    return code


@contextmanager
def _stage(keep: Path | None) -> Iterator[Stage]:
    """Yield the folders of the demo; what is not to be kept is removed at the end."""
    with ExitStack() as exits:
        if keep is None:
            folder = Path(tempfile.mkdtemp(prefix="dca-demo-"))
            exits.callback(shutil.rmtree, folder, ignore_errors=True)
        else:
            folder = keep.absolute()
            try:
                folder.mkdir(parents=True, exist_ok=True)
                taken = any(folder.iterdir())
            except OSError as error:
                raise DemoError(f"The folder {folder} cannot be used: {error.strerror}. Name another with --keep.") from error
            if taken:
                raise DemoError(f"The folder {folder} is not empty. Name a new one with --keep.")
        run = folder / "run"
        if len(os.fsencode(run)) > LONGEST_SOCKET_PATH - len("supervisor.sock "):
            run = Path(tempfile.mkdtemp(prefix="dca-run-", dir="/tmp"))
            exits.callback(shutil.rmtree, run, ignore_errors=True)
        yield Stage(folder, run, secrets.token_urlsafe(12))


def _start_printers(screen: Screen, stage: Stage, processes: Processes) -> Printers:
    screen.live("starting the printers …")
    ready = stage.folder / "simulator.json"
    words = ["--port", "0", "--advance", str(SECONDS_PER_PAGE), "--ready-file", str(ready)]
    words += ["--statistics-file", str(stage.folder / "asked.json")]
    obstacle = _web_obstacle()
    snmp_off = () if obstacle else (SNMP_OFF,)
    words += [] if obstacle else ["--web", "--snmp-off", SNMP_OFF]
    # Taken before the start: meters compared later may run a moment ahead, never behind.
    started, started_at = time.monotonic(), datetime.now(UTC)
    simulator = processes.start("simulator", command("dca-simulator", "serve", *words))
    simulator.wait_for("printers answer")
    told = json.loads(ready.read_text())
    first = SCAN_TARGET.partition("-")[0]
    screen.done(f"{len(told['addresses']) - len(snmp_off)} printers answer SNMP at {first} and on, UDP port {told['port']}")
    if obstacle:
        screen.line(f"           (All by SNMP: IPP and web pages are left out, for {obstacle}.)")
    else:
        screen.line("           and IPP, TCP port 631; the first one has SNMP off, and is read by IPP and its web pages alone")
    return Printers(told["port"], started, started_at, snmp_off)


def _web_obstacle() -> str:
    """Return why printers cannot answer at the ports they have for IPP and HTTP, empty where they can."""
    for port in WEB_PORTS:
        try:
            socket.create_server((DEFAULT_BASE, port)).close()
        except OSError as error:
            hint = "; `sysctl net.ipv4.ip_unprivileged_port_start=80` opens it" if isinstance(error, PermissionError) else ""
            return f"TCP port {port} cannot be used here: {os.strerror(error.errno or 0)}{hint}"
    return ""


def _start_hosting(screen: Screen, stage: Stage, processes: Processes) -> int:
    """Set up and start the hosting server; return its port."""
    screen.live("setting up the hosting server …")
    password = stage.secret_file("password", stage.password)
    data = ["--data", str(stage.hosting_data)]
    init = [*data, "--name", "localhost", "--private-ca", "--admin-password-file", str(password)]
    processes.run("Setting up the hosting server", command("dca-hosting", "init", *init))
    screen.done("Hosting server set up: SQLite database, account, private certificate authority")
    screen.live("founding the repository …")
    signing = [*data, "--local-keys", str(stage.folder / "keys"), "--passphrase-file", str(password)]
    processes.run("Founding the repository", command("dca-hosting", "repository", "init", *signing))
    screen.done("Repository founded: what is published for the site in the console is signed")
    server = processes.start("hosting server", command("dca-hosting", "serve", *data, "--port", "0", "--bind", "127.0.0.1"))
    port = int(server.wait_for(r"is ready on port (\d+)")[1])
    screen.done(f"Hosting server answers at https://localhost:{port}/")
    return port


def _reading_api(stage: Stage, processes: Processes, port: int) -> HostingApi:
    """Make a token and return the API it opens."""
    words = ["token", "create", "--data", str(stage.hosting_data), "--name", "demo"]
    token = processes.run("Making a token", command("dca-hosting", *words)).strip()
    return HostingApi(f"https://localhost:{port}", stage.authority, token)


def _start_appliance(
    screen: Screen, stage: Stage, processes: Processes, printers: Printers, hosting_port: int
) -> tuple[int, dict[str, str]]:
    """Make an enrolment string for the site and start its appliance; return the port of its web UI and its environment."""
    screen.live("making an enrolment code …")
    words = ["--data", str(stage.hosting_data), "--site", SITE, "--url", f"https://localhost:{hosting_port}"]
    code = processes.run("Making an enrolment code", command("dca-hosting", "enrolment-code", *words)).strip()
    enrolment = stage.secret_file("enrolment", code)
    port = _free_tcp_port()
    environment = {
        "DCA_DATA_DIR": str(stage.folder / "appliance"),
        "DCA_RUN_DIR": str(stage.run),
        "DCA_SITE_NAME": SITE,
        "DCA_SCAN_TARGETS": SCAN_TARGET,
        "DCA_READ_MINUTES": "1",
        "DCA_SNMP_PORT": str(printers.port),
        "DCA_SNMP_TIMEOUT_SECONDS": "0.5",
        "DCA_ENROLMENT_FILE": str(enrolment),
        "DCA_HOSTING_CA_FILE": str(stage.authority),
        "DCA_CHECK_IN_SECONDS": "5",
        "DCA_UPLOAD_SECONDS": "2",
        "DCA_WEB_PORT": str(port),
        "DCA_WEB_BIND": "127.0.0.1",
        "DCA_ADMIN_PASSWORD_FILE": str(stage.folder / "password"),
    }
    processes.start("appliance", command("dca", "run"), environment)
    screen.done(f"Appliance started with an enrolment code; it enrols itself, then scans {SCAN_TARGET}")
    return port, environment


def _free_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _watch(
    screen: Screen, processes: Processes, printers: Printers, api: HostingApi, environment: dict[str, str]
) -> tuple[list[dict[str, Any]], Comparison]:
    """Show the scan and the arrival of devices; return what has arrived when all is there, or when time is up."""
    end = time.monotonic() + ARRIVAL_SECONDS
    told, ask_again = "the appliance starts", 0.0
    while True:
        processes.check()
        readings = api.devices()
        comparison = printers.compared_with(readings)
        if not comparison.differences:
            screen.done(f"All {len(readings)} devices have arrived at the hosting server")
            return readings, comparison
        if time.monotonic() > end:
            return readings, comparison
        if time.monotonic() > ask_again:
            told, ask_again = _scan_text(processes, environment), time.monotonic() + ASK_SECONDS
        screen.live(f"{told}; {len(readings)} devices at the hosting server")
        time.sleep(POLL_SECONDS)


def _scan_text(processes: Processes, environment: dict[str, str]) -> str:
    """Return what the appliance does now, in its own words."""
    try:
        told = json.loads(processes.run("Asking the appliance", command("dca", "status", "--json"), environment))
    except (DemoError, ValueError):  # it starts just now
        return "the appliance starts"
    collector = told.get("collector") or {}
    scan = collector.get("scan") or collector.get("last_scan")
    if scan is None:
        hosting = collector.get("hosting") or {}
        return "enrolled" if hosting.get("enrolled") else "enrolling"
    return str(scan["text"])


def _verdict(screen: Screen, comparison: Comparison) -> int:
    if not comparison.differences:
        screen.line(f"Checked: {comparison.items} items, each as its printer says it.")
        return 0
    screen.line(f"{len(comparison.differences)} of {comparison.items} items are missing or different:")
    for difference in comparison.differences:
        screen.line(f"  {difference}")
    return 1


def _stay(screen: Screen, processes: Processes) -> None:
    """Keep everything running until Ctrl-C or SIGTERM."""
    screen.line()
    screen.line("The printers go on printing, and the appliance reads them every minute. Ctrl-C ends it all.")
    with suppress(KeyboardInterrupt):
        while True:
            processes.check()
            time.sleep(POLL_SECONDS)
    screen.line()
