"""One run of the configuration benchmark: a repository of many sites, one of which is real, counted within a network namespace."""

import json
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from appliance.common.paths import Paths
from appliance.settings.document import GLOBAL_PATH, Document, group_path, site_path, write_document
from appliance.settings.store import SettingsStore
from appliance.transmission.enrolment import enrol_site
from benchmarks._children import environment, python
from benchmarks._wire import Wire
from hosting.db import configuration
from hosting.db.connection.database import Database, database_url
from hosting.repository.repository import Repository

PORT = 8443
"""Nobody else is in this namespace."""
TIMES = 5
SITE, GROUP = "Harbour office", "north"
LONGER_SYN_BYTES = 16
"""The options by which the first two packets of a connection are longer than the others."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What was found. Bytes of one check, both ways, by its kind: first, idle, changed; times in seconds."""

    everything: float
    """Publishing for all sites at once."""
    publication: float
    """Of one change, within a process that runs already."""
    command: float
    """Of one change, by the command."""
    wire: Mapping[str, int]
    """At IP level, over HTTPS."""
    http: Mapping[str, int]
    """What TCP carries over plain HTTP."""
    files: Mapping[str, int]
    """Sizes of the largest metadata."""


def measured(sites: int) -> Signed:
    """Publish for so many sites, and measure. The namespace has to be this run's own."""
    with tempfile.TemporaryDirectory(prefix="dca-signed-") as name:
        team = Team(Path(name))
        with team.serving():
            site_id = team.enrol()
            everything = seconds(lambda: team.publish_all(site_id, sites))
            wire = team.checks(site_id)
        with team.serving(plain=True):
            http = team.checks(site_id, plain=True)
        publication = median(seconds(lambda: team.publish(site_id)) for _ in range(TIMES))
        command = median(seconds(team.command_of_a_change) for _ in range(TIMES))
        return Signed(everything, publication, command, wire, http, team.largest_files())


def seconds(act: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def document(minutes: int, version: int, group: str | None = None) -> bytes:
    """Return what a layer sets: a few networks, and how often they are read."""
    networks = [f"10.20.{number}.0/24" for number in range(4)]
    return write_document(Document(version, {"scan": {"targets": networks, "read_minutes": minutes}}, group=group))


class Team:
    """A hosting server with a repository, and one site that follows it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "hosting"
        self._enrolled = folder / "enrolled"
        # It brings the loopback device up, too, which publishing needs.
        self._wire = Wire(PORT)
        passphrase = folder / "passphrase"
        passphrase.write_text("four words of a benchmark\n")
        self.run("init", "--private-ca", "--name", "127.0.0.1")
        self.run("repository init", "--local-keys", str(folder / "keys"), "--passphrase-file", str(passphrase))
        self._version = 1

    @property
    def repository(self) -> Repository:
        """The repository as it is now."""
        repository = Repository.open(self._data / "repository")
        assert repository is not None
        return repository

    def run(self, command: str, *words: str) -> str:
        """Return what a `dca-hosting` command prints."""
        told = [*python("hosting"), *command.split(), "--data", str(self._data), *words]
        done = subprocess.run(told, check=False, capture_output=True, text=True, env=environment())
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout.strip()

    @contextmanager
    def serving(self, *, plain: bool = False) -> Iterator[None]:
        """Let the server run, over HTTPS or plain HTTP."""
        words = [*python("hosting"), "serve", "--data", str(self._data), "--bind", "127.0.0.1", "--port", str(PORT)]
        words += ["--http"] if plain else []
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment()) as process:
            assert process.stdout is not None
            try:
                while "is ready" not in (line := process.stdout.readline()):
                    if not line:
                        raise SystemExit("The hosting server did not start.")
                yield
            finally:
                process.terminate()

    def enrol(self) -> str:
        """Enrol a site and return its id."""
        paths = Paths(data=self._enrolled, run=self._enrolled / "run")
        paths.prepare()
        store = SettingsStore(paths.settings, self._site_variables())
        enrol_site(self.run("enrolment-code", "--site", SITE, "--url", f"https://127.0.0.1:{PORT}"), paths.trust, store)
        return str(store.documents("enrolment")[0]["site_id"])

    def publish_all(self, site_id: str, sites: int) -> None:
        """Publish for everybody, a group and so many sites."""
        documents = {site_path(secrets.token_hex(16)): document(60, 1) for _ in range(sites - 1)}
        documents |= {GLOBAL_PATH: document(90, 1), group_path(GROUP): document(80, 1), site_path(site_id): document(60, 1, GROUP)}
        with Database(database_url(None, self._data)) as database:
            with database.writing() as connection:
                wanted = [(path, 1, content) for path, content in documents.items()]
                configuration.intend(connection, wanted, actor="benchmark")
            self.repository.publish_configuration(documents)
            with database.writing() as connection:
                configuration.finish(connection)

    def checks(self, site_id: str, *, plain: bool = False) -> dict[str, int]:
        """Return the bytes of a first check of the site, one with nothing new, and one with a change of its own document."""
        data = self._folder / ("plain" if plain else "encrypted")
        shutil.copytree(self._enrolled, data)
        if plain:
            SettingsStore(data / "settings.json", {}).change_site({"hosting": {"url": f"http://127.0.0.1:{PORT}"}})
        found = {}
        for kind, what in (("first", "applied"), ("idle", "unchanged"), ("changed", "applied")):
            if kind == "changed":
                self.publish(site_id)
            before = self._wire.count()
            self._check(data, what)
            counted = self._wire.count() - before
            found[kind] = counted.payload - LONGER_SYN_BYTES if plain else counted.bytes
        return found

    def publish(self, site_id: str) -> None:
        """Publish a change for the site."""
        self._version += 1
        self.repository.publish_configuration({site_path(site_id): document(60 + self._version, self._version, GROUP)})

    def command_of_a_change(self) -> None:
        """Publish a change for the site as people do."""
        self._version += 1
        file = self._folder / "change.json"
        file.write_text(json.dumps({"scan": {"read_minutes": 60 + self._version}}))
        said = self.run("config set", "--site", SITE, str(file), "--yes")
        if "Published config/site/" not in said:
            raise SystemExit(f"Nothing was published: {said}")

    def largest_files(self) -> dict[str, int]:
        """Return the bytes of the largest bin and of the newest snapshot."""
        metadata = self._data / "repository" / "metadata"
        snapshot = max(metadata.glob("*.snapshot.json"), key=lambda path: int(path.name.partition(".")[0]))
        return {"bin": max(path.stat().st_size for path in metadata.glob("*.site-*.json")), "snapshot": snapshot.stat().st_size}

    def _site_variables(self) -> dict[str, str]:
        return {"DCA_HOSTING_CA_FILE": str(self._data / "ca.pem")}

    def _check(self, data: Path, expected: str) -> None:
        """Let the site check as its supervisor does."""
        variables = environment(DCA_DATA_DIR=str(data), **self._site_variables())
        told = subprocess.run([*python("updater"), "receive"], check=True, stdout=subprocess.PIPE, text=True, env=variables)
        result = json.loads(told.stdout)
        if result["what"] != expected:
            raise SystemExit(f"The check was {result['what']}, not {expected}: {result['text']}")
