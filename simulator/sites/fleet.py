"""Drives all sites with few threads: whoever is due is taken up by the next one that is free."""

import heapq
import itertools
import resource
import ssl
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from appliance.transmission.connection import ConnectionSettings
from appliance.transmission.enrolment import parse_enrolment
from appliance.transmission.interface import HostingError, RefusedError, SettingsError
from appliance.transmission.pause import pause_after
from appliance.transmission.tls_sessions import ResumingContext
from simulator.errors import SimulatorError
from simulator.models import load_models
from simulator.sites.scenario import Scenario, SiteTime
from simulator.sites.site import SimulatedSite, World
from simulator.sites.statistics import Statistics
from simulator.sites.truth_file import VERSION, TruthWriter

WORKERS = 24
ENROL_TRIES = 8
LOOK_SECONDS = 0.2
PAUSE_SECONDS = 1.0
"""Between two rounds of sending what waits at the end."""
FILES_OF_A_SITE = 2
"""A connection, and the duplicate by which the client counts it."""
OTHER_FILES = 100


@dataclass(frozen=True)
class SharedConnection(ConnectionSettings):
    """A way to the server with one TLS context for all sites: each of its own would have the public authorities in memory."""

    context: ResumingContext | None = field(default=None, repr=False)

    def tls_context(self) -> ssl.SSLContext:  # type: ignore[override]
        """Return the shared context."""
        return self.context or super().tls_context()


@dataclass(frozen=True, slots=True)
class Way:
    """How the hosting server is reached."""

    url: str | None = None
    ca_file: str = ""


class SimulatedFleet:
    """All sites. `enrol`, then `run` to the end or until `stop`, then `drain`; each returns what it came to in `statistics`."""

    def __init__(self, scenario: Scenario, strings: Sequence[str], truth: TruthWriter, way: Way) -> None:
        """`strings` are the enrolment strings, one for each site. Raises SimulatorError: too few, or unreadable."""
        if len(strings) < scenario.count:
            raise SimulatorError(
                f"There are {len(strings)} enrolment strings for {scenario.count} sites. Make more with "
                "`dca-hosting enrolment-code --names FILE`, or lower --count."
            )
        self.statistics = Statistics()
        self._scenario = scenario
        self._truth = truth
        try:
            connection = SharedConnection(ca_file=way.ca_file)
            connection = replace(connection, context=ConnectionSettings.tls_context(connection))
            enrolments = [parse_enrolment(text) for text in strings[: scenario.count]]
        except SettingsError as error:
            raise SimulatorError(str(error)) from error
        world = World(scenario, load_models(), connection, truth, self.statistics, way.url)
        self._sites = [SimulatedSite(world, n, _name(scenario, n), enrolment) for n, enrolment in enumerate(enrolments)]
        self._stopped = threading.Event()
        self._fault: BaseException | None = None

    def stop(self) -> None:
        """Begin nothing more; from any thread, or a signal handler."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called, or a fault has ended it."""
        return self._stopped.is_set()

    def enrol(self, progress: Callable[[str], None]) -> None:
        """Enrol all sites. Raises SimulatorError where one is refused, or the server is away for too long."""
        scenario = self._scenario
        _allow_files(scenario.count * FILES_OF_A_SITE + OTHER_FILES)
        self._truth.write(truth=VERSION, seed=scenario.seed, sites=scenario.count, devices=scenario.devices)
        self._each(self._sites, self._enrol_one, lambda done: progress(f"{done:,} of {scenario.count:,} sites enrolled"))

    def _enrol_one(self, site: SimulatedSite) -> None:
        for failures in itertools.count(1):
            try:
                site.enrol()
            except (RefusedError, SettingsError) as error:
                raise SimulatorError(f"Site {site.name} does not enrol: {error}") from error
            except HostingError as error:
                if failures >= ENROL_TRIES:
                    raise SimulatorError(f"Site {site.name} does not enrol after {failures} tries: {error}") from error
                if self._stopped.wait(pause_after(error, failures)):
                    return
            else:
                return

    def run(self, progress: Callable[[str], None]) -> None:
        """Let the sites live until the end of the scenario, or until `stop`."""
        times = SiteTime(self._scenario)
        for site in self._sites:
            site.begin(times)
        schedule = _Schedule(self._sites, lambda: self.stopped or times.over, self.statistics)
        self._in_threads(schedule.work, lambda: progress(self.statistics.line()))

    def drain(self, seconds: float, progress: Callable[[str], None]) -> None:
        """Let all sites send what waits, for so many seconds at most; then write the end of the truth."""
        self._stopped.clear()
        end = time.monotonic() + seconds
        waiting = [site for site in self._sites if not site.outbox.empty]

        def upload(site: SimulatedSite) -> None:
            if time.monotonic() < end:
                site.upload(at_once=True)

        while waiting and not self.stopped and time.monotonic() < end:
            self._each(waiting, upload, lambda _: progress(f"sending what waits: {self.statistics.line()}"))
            waiting = [site for site in waiting if not site.outbox.empty]
            if waiting:
                self._stopped.wait(PAUSE_SECONDS)
        self._finish()

    def _finish(self) -> None:
        for site in self._sites:
            site.tell_waiting()
            site.close()
        figures = self.statistics
        aside = sum(site.outbox.set_aside for site in self._sites)
        end = {"made": figures.made, "accepted": figures.accepted, "duplicate": figures.duplicate, "set_aside": aside}
        self._truth.write(end=end)

    @property
    def waiting(self) -> int:
        """How many readings wait at the sites."""
        return sum(site.outbox.readings for site in self._sites)

    def _each(self, sites: Sequence[SimulatedSite], do: Callable[[SimulatedSite], None], look: Callable[[int], None]) -> None:
        """Do something with each of the sites; `look` hears now and then of how many it is done."""
        left, lock = iter(sites), threading.Lock()
        done: list[SimulatedSite] = []

        def work() -> None:
            while not self.stopped:
                with lock:
                    site = next(left, None)
                if site is None:
                    return
                do(site)
                done.append(site)

        self._in_threads(work, lambda: look(len(done)))

    def _in_threads(self, work: Callable[[], None], look: Callable[[], None]) -> None:
        """Do the work in several threads, and look after it in this one. Raises what ended one of them."""

        def guarded() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - raised below, in the thread that waits
                self._fault = self._fault or error
                self.stop()

        threads = [threading.Thread(target=guarded, name=f"sites-{n}", daemon=True) for n in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(LOOK_SECONDS)
                look()
        if self._fault:
            raise self._fault


class _Schedule:
    """Which site is due next; each is in the hands of one thread at a time."""

    def __init__(self, sites: Sequence[SimulatedSite], ended: Callable[[], bool], statistics: Statistics) -> None:
        self._numbers = itertools.count()
        self._heap = [(site.due, next(self._numbers), site) for site in sites]
        heapq.heapify(self._heap)
        self._lock = threading.Lock()
        self._ended = ended
        self._statistics = statistics

    def work(self) -> None:
        """Take up who is due, until it is over."""
        while not self._ended():
            with self._lock:
                now = time.monotonic()
                due, site = (self._heap[0][0], self._heap[0][2]) if self._heap else (now + LOOK_SECONDS, None)
                if site is not None and due <= now:
                    heapq.heappop(self._heap)
                    self._statistics.late = max(self._statistics.late, now - due)
            if site is None or due > now:
                time.sleep(min(LOOK_SECONDS, due - now))
                continue
            site.act()
            with self._lock:
                heapq.heappush(self._heap, (site.due, next(self._numbers), site))


def _name(scenario: Scenario, number: int) -> str:
    return f"Site {number + 1:0{len(str(scenario.count))}d}"


def _allow_files(wanted: int) -> None:
    """Raise the limit of open files as far as it is wanted. Raises SimulatorError where the machine does not allow it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SimulatorError(
            f"So many sites keep {wanted} files open, and this machine allows {hard}. Raise `ulimit -Hn`, or lower --count."
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def show_on(terminal: bool) -> Callable[[str], None]:
    """Return what shows progress on standard error: in one line of a terminal, else a line each ten seconds."""
    shown = [float("-inf")]

    def progress(line: str) -> None:
        every = 1.0 if terminal else 10.0
        if time.monotonic() - shown[0] < every:
            return
        shown[0] = time.monotonic()
        sys.stderr.write(f"\r\x1b[K{line}" if terminal else f"{line}\n")
        sys.stderr.flush()

    return progress
