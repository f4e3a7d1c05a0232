"""Watching a new version: what the gate judges is looked up here, in the engine, on the data volume and at the hosting server."""

import fcntl
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import structlog

from appliance.common.errors import DcaError
from appliance.common.files import from_json
from appliance.common.paths import Paths
from appliance.settings.store import SettingsStore
from updater.components.awake_clock import AwakeClock
from updater.configuration.documents import site_client
from updater.engine.container_spec import Json
from updater.engine.engine import Engine
from updater.engine.labels import ROLE_LABEL, TRANSACTION_LABEL, container_name, labels_of
from updater.errors import EngineError
from updater.records import acknowledgement
from updater.records.acknowledgement import Acknowledgement
from updater.records.journal import Transaction
from updater.replacement.health_gate import ENDED, Candidate, Hand, HealthGate, Verdict
from updater.replacement.plan import ALIVE
from updater.trust.http_source import Fetcher, FetchLimits
from updater.trust.origin import followed

log = structlog.get_logger()

HEALTH_COMMAND = ("dca", "health")
HEALTH_SECONDS = 10.0
HELD_LOOK_SECONDS = 0.9
HELD_SECONDS = 5.0
"""A new version that was stopped and stands still for so long is left so over a restart of the switcher, too: an engine that ends
stops all containers, and we are one of them."""
LOOK_SECONDS = 0.4
"""Less than a second: longer gaps count as a machine that stood still."""
TRY = (sys.executable, "-P", "-m", "appliance.transmission.trial")
TRY_SECONDS = 60.0
DOCUMENTS = ("documents", "releases", "*.lock")
"""What of the trusted folder a refresh does without."""
SERVICE_LABELS = ("com.docker.compose.project", "com.docker.compose.service")


@dataclass(frozen=True, slots=True)
class Timer:
    """Time as the switcher has it: seconds while the machine ran, and waiting."""

    now: Callable[[], float]
    wait: Callable[[float], None]

    @classmethod
    def real(cls) -> Self:
        """Return the time of this machine."""
        return cls(AwakeClock().now, time.sleep)


@dataclass(slots=True)
class GateObserver:
    """One switcher's means to watch."""

    engine: Engine
    paths: Paths
    timer: Timer
    reaches: Callable[[Transaction, frozenset[str]], bool]
    """Our own try at the hosting server, on the ways on which the new version does not get there."""
    web_seen: Callable[[], None] = field(default=lambda: None)
    """Called when the new version has said for the first time that its web UI answers."""
    held: Callable[[bool], None] = field(default=lambda _held: None)
    """Called when the new version is left alone because a person has stopped it, and when that is over."""
    since: float = field(default_factory=time.time)
    """What was stopped since then was stopped by somebody else: an engine that starts has stopped what it does not revive."""

    def watch(self, transaction: Transaction, container: str) -> Verdict:
        """Return the decision about a new container. Raises EngineError when the engine is away for too long."""
        found = self.engine.container(container)
        healthcheck = ((found or {}).get("Config") or {}).get("Healthcheck")
        gate = HealthGate(transaction.gate, transaction.to_version, healthcheck, self.timer.now())
        web_seen, stopped_at = False, -math.inf if transaction.held else None
        while True:
            said = acknowledgement.read(self.paths.update, transaction.transaction)
            if said is not None and said.webui and not web_seen:
                web_seen = True
                self.web_seen()
            found = self.engine.container(container)
            candidate = Candidate.from_inspect(found) if found is not None else None
            stopped_at = self._stopped_at(candidate, container, stopped_at)
            hand = None if stopped_at is None else Hand(is_alive(self.engine.container(transaction.old.id)))
            gone = hand is None and (candidate is None or candidate.taken_away)
            other = gone and another_main(self.engine, self.paths, transaction)
            if verdict := gate.judge(self.timer.now(), candidate, said, other_main=other, hand=hand):
                return verdict
            self._ask(gate, transaction, container, said)
            self.timer.wait(LOOK_SECONDS if hand is None else HELD_LOOK_SECONDS)

    def _stopped_at(self, candidate: Candidate | None, container: str, before: float | None) -> float | None:
        """Return since when the new container stands still because a person has stopped it, None when that is not so."""
        if candidate is None or candidate.status not in ENDED:
            if before is not None:
                self.held(False)
            return None
        now = self.timer.now()
        if before is None:
            return now if self.engine.was_stopped(container, self.since) else None
        if now - before > HELD_SECONDS:
            self.held(True)
        return before

    def _ask(self, gate: HealthGate, transaction: Transaction, container: str, said: Acknowledgement | None) -> None:
        """Run the health command of the new version, and try the hosting server, when it is time to."""
        if gate.wants_probe(self.timer.now()):
            gate.probed(self._is_well(container), self.timer.now())
        if gate.wants_control(self.timer.now()) and said is not None:
            reached = self.reaches(transaction, said.unreached)
            log.warning("The new version cannot reach the hosting server; we have tried it ourselves.", reached=reached)
            gate.controlled(reached, self.timer.now())

    def _is_well(self, container: str) -> bool | None:
        """Return what the health command of the new version says, None where a proxy of the socket lets nothing be run."""
        try:
            return self.engine.run(container, HEALTH_COMMAND, HEALTH_SECONDS) == 0
        except EngineError as error:
            if error.kind in ("unreachable", "broken"):
                raise
            return None if error.forbidden else False


def is_alive(container: Json | None) -> bool:
    """Return whether a container runs, or the engine is about to run it."""
    return container is not None and container["State"]["Status"] in ALIVE


def reaches_hosting(paths: Paths, transaction: Transaction, ways: frozenset[str]) -> bool:
    """Return whether this version gets to the hosting server on one of `ways`, on which the new one does not."""
    if "refresh" in ways and _refreshes(paths, transaction):
        return True
    return bool(ways & working_ways())


def working_ways() -> frozenset[str]:
    """Return which of `check_in` and `upload` work for this version. The collector's own code tries, in a process of its own."""
    try:
        done = subprocess.run(TRY, capture_output=True, check=False, timeout=TRY_SECONDS, stdin=subprocess.DEVNULL)
        return frozenset(from_json(done.stdout)["works"])
    except (OSError, subprocess.TimeoutExpired, ValueError, LookupError, TypeError) as error:
        log.info("The hosting server could not be tried.", reason=str(error))
        return frozenset()


def _refreshes(paths: Paths, transaction: Transaction) -> bool:
    """Return whether this version can bring itself up to date at the hosting server, through proxy and authority of the site.

    It is the whole check of the new version, not the connection alone: metadata that has expired is nobody's fault here. It works
    on a copy of what the site trusts.
    """
    try:
        store = SettingsStore(paths.settings)
        known = followed(store)
        fetcher = Fetcher(store.effective().settings.hosting, FetchLimits(connect_seconds=5.0, read_seconds=10.0))
        with tempfile.TemporaryDirectory(prefix="dca-") as scratch:
            copy = Paths(data=Path(scratch), run=paths.run)
            trusted = paths.repository(known.root_sha256)
            shutil.copytree(trusted, copy.repository(known.root_sha256), symlinks=True, ignore=shutil.ignore_patterns(*DOCUMENTS))
            with site_client(copy, known, fetcher, f"{transaction.hosting_url}/tuf") as client:
                client.refresh()
    except (DcaError, OSError) as error:
        log.info("The hosting server is of no use from here.", reason=str(error))
        return False
    return True


def another_main(engine: Engine, paths: Paths, transaction: Transaction) -> bool:
    """Return whether an appliance that is neither the old nor the new one has taken over this data folder."""
    ours = labels_of(transaction.old.inspect)
    service = {name: ours[name] for name in SERVICE_LABELS if name in ours}
    known = {transaction.old.id}
    found = [
        container
        for container in engine.containers({ROLE_LABEL: "main"})
        if container["Id"] not in known
        and labels_of(container).get(TRANSACTION_LABEL) != transaction.transaction
        and container["State"]["Status"] == "running"
        and (container_name(container) == transaction.old.name or (service and service.items() <= labels_of(container).items()))
    ]
    return bool(found) and is_locked(paths.main_lock)


def is_locked(file: Path) -> bool:
    """Return whether somebody holds the lock of the data folder."""
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
