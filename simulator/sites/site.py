"""One simulated site: an enrolled appliance as its hosting server sees it, through the appliance's own client."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.report import Event, Reading
from appliance.transmission.client import HostingClient
from appliance.transmission.connection import ConnectionSettings
from appliance.transmission.enrolment import Enrolment, checked_root
from appliance.transmission.interface import HostingError, Uuid7Maker
from appliance.transmission.site_key import Identity
from appliance.transmission.upload import Sent, upload_waiting
from simulator.models import Model
from simulator.sites.life import CHECK_IN_SECONDS, NEVER, UPLOAD_SECONDS, Life
from simulator.sites.outbox import Entry, MemoryOutbox
from simulator.sites.printers import History, Printer, moment_of
from simulator.sites.scenario import Kind, Scenario, SiteTime, Trouble
from simulator.sites.statistics import Statistics
from simulator.sites.truth_file import TruthWriter

JITTER = 0.1
SPREAD_SECONDS = 120
"""A round ends so many seconds after the first of its devices was read."""


@dataclass(frozen=True, slots=True)
class World:
    """What all sites share."""

    scenario: Scenario
    models: Sequence[Model]
    connection: ConnectionSettings
    truth: TruthWriter
    statistics: Statistics
    url: str | None = None
    """In place of the address of the enrolment strings."""


class SimulatedSite:
    """A site; one thread at a time calls it. Moments are seconds since 1970 by the sites' time, before a wrong clock."""

    def __init__(self, world: World, number: int, name: str, enrolment: Enrolment) -> None:
        self.name = name
        self.number = number
        self.disturbed = world.scenario.is_disturbed(number)
        """Whether it has trouble of its own."""
        self._world = world
        self._enrolment = enrolment
        self._chance = world.scenario.chance("site", number)
        secret = hashlib.sha256(f"dca-simulator {world.scenario.seed} {number}".encode()).digest()
        self._identity = Identity(Ed25519PrivateKey.from_private_bytes(secret))
        self._history = History()
        self._make_id = Uuid7Maker().make
        self._client: HostingClient | None = None
        self._life: Life | None = None
        self.outbox = MemoryOutbox(self._render, self._make_id)

    def enrol(self) -> None:
        """Get a site id at the hosting server; the same one again with the same seed and the same string.

        Raises HostingError, RefusedError and SettingsError, as at an appliance.
        """
        enrolment = self._enrolment
        client = self._connect()
        answer = client.enrol(enrolment.code, self.name, enrolment.root_sha256)
        if enrolment.root_sha256:
            checked_root(answer.root, enrolment.root_sha256, client.url)
        self._identity = Identity(self._identity.private_key, answer.site_id)
        keys = [self._printer(device).key for device in range(self._world.scenario.devices)]
        self._world.truth.write(site=self.number, site_id=answer.site_id, name=self.name, keys=keys)

    def begin(self, times: SiteTime) -> None:
        """Begin to live: first rounds and check-ins are spread over their intervals."""
        self._life = Life(times, self._world.scenario, self.number, self.name)

    def close(self) -> None:
        """Give up the connection."""
        client, self._client = self._client, None
        if client:
            client.close()

    @property
    def due(self) -> float:
        """When there is something to do, as `time.monotonic` tells it."""
        return self._living.due

    @property
    def _living(self) -> Life:
        assert self._life is not None, "a site lives once it is enrolled"
        return self._life

    def act(self) -> None:
        """Do what is due. Raises nothing for trouble on the way to the server: it is noted, and tried again later."""
        life, now = self._living, self._living.times.now()
        for trouble in life.due_troubles(now):
            self._suffer(trouble)
        if life.down(now):
            return
        if life.round_at <= now:
            self._read(now)
        if life.check_in_at <= now and life.may_call(now):
            self._check_in(now)
        if life.upload_at <= now and life.may_call(now):
            self.upload()

    def upload(self, *, at_once: bool = False) -> bool:
        """Send what waits; tell whether nothing waits any more. `at_once`: although the server was to be left alone."""
        life, statistics = self._living, self._world.statistics
        if at_once:
            life.recover()
        life.upload_at = NEVER
        sent = Sent()
        try:
            if not self.outbox.empty:
                upload_waiting(self.outbox, self._connected(), sent=sent)
                life.failures = 0
        except HostingError as error:
            self._failed(error)
            life.upload_at = life.times.now()
        with statistics.lock:
            statistics.batches += sent.batches
            statistics.accepted += sent.accepted
            statistics.duplicate += sent.duplicate
            statistics.needed += sent.needed
        return self.outbox.empty

    def tell_waiting(self) -> None:
        """Write what still waits into the truth."""
        if waiting := [[entry.device, entry.taken_at] for entry in self.outbox.entries()]:
            self._world.truth.write(site=self.number, waiting=waiting)

    def _check_in(self, now: float) -> None:
        life, statistics = self._living, self._world.statistics
        began = time.monotonic()
        life.asked_since = life.asked_since or began
        of_kind = statistics.disturbed if self.disturbed else statistics.undisturbed
        try:
            answer = self._connected().check_in(life.told.state(self.outbox.readings, self.outbox.oldest_at))
        except HostingError as error:
            self._failed(error)
            with statistics.lock:
                of_kind.add_failure(time.monotonic() - began)
            return
        ended = time.monotonic()
        with statistics.lock:
            of_kind.add(ended - began, ended - life.asked_since)
        life.answered()
        life.told.heard(answer, life.clock(now))
        seconds = self._world.scenario.check_in_seconds or answer.intervals.check_in_seconds or CHECK_IN_SECONDS
        life.upload_seconds = answer.intervals.upload_seconds or UPLOAD_SECONDS
        life.check_in_at = now + self._jittered(seconds)

    def _failed(self, error: HostingError) -> None:
        self._living.failed(error)
        with self._world.statistics.lock:
            self._world.statistics.failures[error.code or str(error)] += 1

    def _read(self, now: float) -> None:
        """Read all devices: what they say is settled by the moment, so that only this is kept."""
        life, scenario = self._living, self._world.scenario
        taken_at = life.unused(int(life.clock(now)) - SPREAD_SECONDS)
        readings = []
        for device in range(scenario.devices):
            entry = Entry(device, now, taken_at + device * SPREAD_SECONDS // scenario.devices)
            self.outbox.add(entry)
            readings.append([device, entry.taken_at, self._printer(device).total(self._history, now - life.times.epoch)])
        self._world.truth.write(site=self.number, readings=readings, **({"off": round(life.offset)} if life.offset else {}))
        with self._world.statistics.lock:
            self._world.statistics.made += len(readings)
        life.told.read_at = taken_at + SPREAD_SECONDS
        life.round_at = now + self._jittered(scenario.read_seconds)
        life.upload_at = min(life.upload_at, now + self._chance.uniform(0.0, life.upload_seconds))

    def _suffer(self, trouble: Trouble) -> None:
        life = self._living
        with self._world.statistics.lock:
            self._world.statistics.troubles[trouble.kind] += 1
        if trouble.kind in ("reset", "move"):
            self._happen(trouble)
            return
        if trouble.kind == "clock":
            life.offset, life.wrong_until = trouble.offset, trouble.until
            return
        self.close()
        life.cut_until = max(life.cut_until, trouble.until)
        if trouble.kind == "restart":
            life.down_until = trouble.until
            life.told.started_at = life.clock(trouble.until)

    def _happen(self, trouble: Trouble) -> None:
        """Let the counter of a device go back, or let it move; an event tells of it, as an appliance's does."""
        life, printer = self._living, self._printer(trouble.device)
        seconds = trouble.at - life.times.epoch
        moments = self._history.resets if trouble.kind == "reset" else self._history.moves
        moments.setdefault(trouble.device, []).append(seconds)
        measure: Callable[[History, float], object] = printer.total if trouble.kind == "reset" else printer.place
        before, after = measure(self._history, seconds), measure(self._history, seconds + 1.0)
        kinds: dict[Kind, tuple[str, dict[str, object], str]] = {
            "reset": ("counter_reset", {"meter": "total", "old": before, "new": after}, "the meter total went back from"),
            "move": ("device_moved", {"from": before, "to": after}, "it moved from"),
        }
        kind, detail, sentence = kinds[trouble.kind]
        at = moment_of(life.clock(trouble.at))
        text = f"{printer.key}: {sentence} {before} to {after}."
        event = Event(id=self._make_id(), at=at, kind=kind, device=printer.key, text=text, detail=detail)
        self.outbox.add_event(event.to_json())
        self._world.truth.write(site=self.number, events=[event.id])
        with self._world.statistics.lock:
            self._world.statistics.events += 1
        life.upload_at = min(life.upload_at, trouble.at + life.upload_seconds)

    def _render(self, entry: Entry) -> Reading:
        seconds = entry.at - self._living.times.epoch
        return self._printer(entry.device).reading(self._history, seconds, moment_of(entry.taken_at))

    def _printer(self, device: int) -> Printer:
        scenario = self._world.scenario
        return Printer(self._world.models, self.number * scenario.devices + device, device, scenario.seed)

    def _jittered(self, seconds: float) -> float:
        return seconds * self._chance.uniform(1 - JITTER, 1 + JITTER)

    def _connected(self) -> HostingClient:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> HostingClient:
        self.close()
        url = self._world.url or self._enrolment.url
        self._client = HostingClient(url, self._identity, self._world.connection, clock=self._now)
        return self._client

    def _now(self) -> datetime:
        """Return the real moment by the clock of the site: signatures are dated by it."""
        return moment_of(time.time() + (self._life.offset if self._life else 0.0))
