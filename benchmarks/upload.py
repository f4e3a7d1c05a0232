"""Bytes of an upload and of a check-in with nothing to do: 1, 13 and 1,000 printers, in full and as changes, TLS included.

A real hosting server, a real site, HTTPS by a private authority (ECDSA; the chains of public authorities are 1 to 2 kB longer).
The readings are what the appliance's own reader makes of simulated printers, 70 % of which print between two readings.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.privacy.outgoing import Masking
from appliance.report import Reading
from appliance.settings.model import PrivacySettings
from appliance.settings.store import SettingsStore
from appliance.store.store import Store
from appliance.transmission.client import HostingClient, compressed
from appliance.transmission.enrolment import enrol_site, open_client
from appliance.transmission.upload import BATCH_READINGS, upload_waiting
from benchmarks import _command, _machine
from benchmarks._children import environment, python
from benchmarks._figures import Bars, Figure, Reach, Report
from benchmarks._network import NoNetworkError
from benchmarks._office import office
from benchmarks._wire import Count, Wire, inside_namespace, is_inside

SIZES = (1, 13, 1000)
CONNECTIONS = ("fresh", "kept alive", "resumed")
CEILINGS = {(1000, "full"): 150.0, (1000, "changes"): 40.0}
"""Bytes a printer at IP level, the whole exchange on a fresh connection."""
IDLE_CEILING = 1000
"""Bytes of TLS and HTTP of a check-in with nothing to do, both ways, on the connection that is kept alive."""

STATE = {
    "site_name": "Harbour office",
    "started_at": "2026-11-22T08:00:00Z",
    "collector": "idle",
    "devices": {"known": 13, "answering": 13},
    "outbox": {"readings": 0, "oldest_at": None},
    "last_scan": {
        "kind": "read",
        "finished_at": "2026-11-22T10:00:02Z",
        "cancelled": False,
        "addresses": 13,
        "devices": 13,
        "read": 13,
        "failed": 0,
    },
    "problems": [],
    "health_check": True,
    "update": {"level": "auto"},
    "privacy": {"phone_numbers": "mask"},
}


@dataclass(frozen=True, slots=True)
class Row:
    """Bytes a printer of one upload: the body as sent, and all of the exchange at IP level by the kind of connection."""

    printers: int
    what: str
    body: float
    wire: dict[str, float]

    @property
    def ceiling(self) -> float | None:
        """What the design asks for."""
        return CEILINGS.get((self.printers, self.what))

    @property
    def kept(self) -> bool:
        """Whether it is so."""
        return self.ceiling is None or self.wire["fresh"] <= self.ceiling


def run(arguments: Sequence[str]) -> int:
    """Measure, print, and return 0 when the ceilings of the design are kept, else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks upload", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="N", help="numbers of printers (1 13 1000)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    options = parser.parse_args(arguments)
    if options.write:
        return _command.finish(measure(False), options)
    if not is_inside():
        return inside_namespace("upload", arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dca-upload-")))
        hosting = stack.enter_context(_hosting(folder))
        rows = [row for size in options.sizes for row in _upload(hosting, size)]
        idle = _check_in(hosting)
    if options.json:
        print(json.dumps({"uploads": [asdict(row) for row in rows], "check_in": {name: asdict(one) for name, one in idle.items()}}))
    else:
        _print(rows, idle)
    return 0 if all(row.kept for row in rows) and idle["unchanged"].payload <= IDLE_CEILING else 1


def measure(quick: bool) -> Report:
    """Return the same as figures of the table of all. Raises NoNetworkError where there are no network namespaces."""
    words = [*python("benchmarks"), "upload", "--json", "--sizes", *map(str, SIZES[:2] if quick else SIZES)]
    told = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False, env=environment())
    try:
        document = json.loads(told.stdout)
    except ValueError as error:
        raise NoNetworkError("see above for what is missing") from error
    rows = [Row(**each) for each in document["uploads"]]
    idle = Count(**document["check_in"]["unchanged"])
    figures = [
        Figure(
            f"upload of {row.printers:,}, {row.what}, each printer",
            row.wire["fresh"],
            "B",
            None if row.ceiling is None else Reach(row.ceiling, "at most"),
            note=f"{row.body:.1f} B of body; kept alive {row.wire['kept alive']:.1f} B, TLS resumed {row.wire['resumed']:.1f} B",
        )
        for row in rows
    ]
    figures.append(Figure("idle check-in, TLS and HTTP", idle.payload, "B", Reach(IDLE_CEILING, "at most")))
    details = "IP level, both ways, on a fresh connection, TLS and acknowledgements included, counted by nftables."
    values = {f"ours, {row.printers:,} printers, {row.what}": row.wire["fresh"] for row in rows}
    versions = {"nftables": _machine.program("nft", ["--version"])}
    return Report("upload", figures, versions, details, Bars("Upload, bytes a printer", "bytes at IP level", values))


def _print(rows: Sequence[Row], idle: dict[str, Count]) -> None:
    print("Bytes a printer".ljust(28), "body".rjust(9), *(name.rjust(11) for name in CONNECTIONS), "at most".rjust(9))
    for row in rows:
        ceiling = "" if row.ceiling is None else f"{row.ceiling:.0f}" + ("" if row.kept else " ABOVE")
        wire = [f"{row.wire[name]:11.1f}" for name in CONNECTIONS]
        print(f"{row.printers:6d} printers, {row.what:10}", f"{row.body:9.1f}", *wire, ceiling.rjust(9))
    print("\nCheck-in, bytes in all".ljust(29), "IP level".rjust(9), "TLS and HTTP".rjust(13), "packets".rjust(9))
    for name, count in idle.items():
        ceiling = f"   at most {IDLE_CEILING}" if name == "unchanged" else ""
        print(f"{name:28}", f"{count.bytes:9d}", f"{count.payload:13d}", f"{count.packets:9d}{ceiling}")


@dataclass(frozen=True, slots=True)
class Hosting:
    """A hosting server that runs, and what its port costs."""

    folder: Path
    port: int
    wire: Wire

    def command(self, *words: str) -> str:
        """Return what a `dca-hosting` command prints."""
        command = [sys.executable, "-P", "-m", "hosting", words[0], "--data", str(self.folder / "hosting"), *words[1:]]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def site(self, name: str) -> tuple[Path, SettingsStore]:
        """Enrol a site; return its folder and its settings."""
        folder = self.folder / name
        folder.mkdir()
        settings = SettingsStore(folder / "settings.json", {"DCA_HOSTING_CA_FILE": str(self.folder / "hosting" / "ca.pem")})
        enrol_site(self.command("enrolment-code", "--site", name, "--url", f"https://127.0.0.1:{self.port}"), folder, settings)
        return folder, settings


@contextmanager
def _hosting(folder: Path) -> Iterator[Hosting]:
    port = 8443  # nobody else is in this namespace
    made = Hosting(folder, port, Wire(port))
    made.command("init", "--private-ca", "--name", "127.0.0.1")
    serve = [sys.executable, "-P", "-m", "hosting", "serve", "--data", str(folder / "hosting"), "--bind", "127.0.0.1"]
    with subprocess.Popen([*serve, "--port", str(port)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            while "is ready" not in (line := process.stdout.readline()):
                if not line:
                    raise SystemExit("The hosting server did not start.")
            yield made
        finally:
            process.terminate()


def _clients(folder: Path, settings: SettingsStore) -> Iterator[tuple[str, HostingClient]]:
    """Yield a client for each kind of connection: not connected yet, connected, connected before."""
    client = open_client(folder, settings)
    assert client is not None
    with client:
        for kind in CONNECTIONS:
            if kind == "resumed":
                client.close()
            yield kind, client


def _upload(hosting: Hosting, size: int) -> Iterator[Row]:
    printers = office(size)
    rounds = [[printer.read(number) for printer in printers] for number in range(len(CONNECTIONS) + 1)]
    for what in ("full", "changes"):
        folder, settings = hosting.site(f"{what}-{size}")
        body, wire = 0, {}
        for number, (kind, client) in enumerate(_clients(folder, settings), 1):
            file = folder / (f"{number}.db" if what == "full" else "readings.db")
            with Store(file) as store:
                if what == "full" or number == 1:
                    _told_before(store, rounds[number - 1], settings, folder, send=what == "changes")
                _keep(store, rounds[number])
                batch = store.next_batch(BATCH_READINGS)
                assert batch is not None
                assert len(batch.changes if what == "changes" else batch.readings) == size
                body = len(compressed(batch.body()))
                before = hosting.wire.count()
                assert upload_waiting(store, client).accepted == size
                wire[kind] = (hosting.wire.count() - before).bytes / size
        yield Row(size, what, body / size, wire)


def _keep(store: Store, readings: Sequence[Reading]) -> None:
    store.keep(readings, outgoing=Masking(PrivacySettings(), None))


def _told_before(store: Store, readings: Sequence[Reading], settings: SettingsStore, folder: Path, *, send: bool) -> None:
    """Keep the first readings, with the events of new devices, and send them or act as if they were sent to an old server."""
    _keep(store, readings)
    if send:
        client = open_client(folder, settings)
        assert client is not None
        with client:
            upload_waiting(store, client)
    while batch := store.next_batch(BATCH_READINGS):
        store.acknowledge(batch.id)


def _check_in(hosting: Hosting) -> dict[str, Count]:
    """Return what check-ins cost, the second and third on the connection of the first."""
    client = open_client(*hosting.site("check-in"))
    assert client is not None
    counts: dict[str, Count] = {}
    with client:
        changed = STATE | {"collector": "reading"}
        told = (("the first", STATE), ("another state", changed), ("unchanged", changed), ("unchanged, resumed", changed))
        for name, state in told:
            if name == "unchanged, resumed":
                client.close()
            before = hosting.wire.count()
            client.check_in(state)
            counts[name] = hosting.wire.count() - before
    return counts
