"""How things stand at the moment of asking: what this process holds, and what the database and the repository say."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from appliance.common.clock import utc_now
from hosting.db import jobs, sites
from hosting.db.contact import CONTACTS, contact_is
from hosting.db.jobs import JobStatus
from hosting.errors import BusyError, DataError, RepositoryError
from hosting.repository.validity import RoleCondition
from hosting.services import Services

KEPT_SECONDS = 30.0
"""For so long what the database said holds: whoever asks more often makes it work no more."""
WAIT_SECONDS = 5.0
"""So long an answer waits for the database; without it, it says that the database is away."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the database and the repository said. `roles` is None where the repository cannot be read."""

    sites: Mapping[str, int]
    jobs: tuple[JobStatus, ...]
    roles: tuple[RoleCondition, ...] | None


class Standing:
    """Looks now and then, on one event loop: one look at a time, however many ask."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._clock = clock
        self._look: asyncio.Task[Looked | None] | None = None
        self._until = 0.0

    async def metrics(self) -> list[Metric]:
        """Return how things stand now; what only the database knows is missing while it is away."""
        looked = await self._looked()
        found = [*_of_process(self._services), *_of_certificate(self._services)]
        found.append(_gauge("dca_hosting_database_up", "Whether the database could be read just now.", looked is not None))
        return [*found, *(_of_database(looked) if looked else ())]

    async def _looked(self) -> Looked | None:
        if self._look is None or (self._look.done() and (self._clock() >= self._until or self._look.result() is None)):
            self._until = self._clock() + KEPT_SECONDS
            self._look = asyncio.create_task(self._look_now())
        await asyncio.wait({self._look}, timeout=WAIT_SECONDS)
        return self._look.result() if self._look.done() else None

    async def _look_now(self) -> Looked | None:
        try:
            return await self._services.upkeep.run(lambda: _look(self._services))
        except (BusyError, DataError):  # told by the readiness of the server, and logged there
            return None


def _look(services: Services) -> Looked:
    now, every = utc_now(), services.config.check_in_seconds
    with services.database.reading(WAIT_SECONDS) as connection:
        counted = sites.count_sites(connection, {word: contact_is(word, now, every) for word in CONTACTS})
        statuses = tuple(jobs.statuses(connection))
    try:
        status = services.repository.status(now)
    except RepositoryError:
        return Looked(counted, statuses, None)
    return Looked(counted, statuses, status.roles if status else ())


def _of_process(services: Services) -> Iterator[Metric]:
    lanes = (services.intake, services.pages, services.upkeep)
    yield _gauges("dca_hosting_lane_threads", "Threads of a lane.", "lane", {lane.name: lane.threads for lane in lanes})
    yield _gauges("dca_hosting_lane_running", "Requests at work in a lane.", "lane", {lane.name: lane.running for lane in lanes})
    yield _gauges("dca_hosting_lane_waiting", "Requests that wait in a lane.", "lane", {lane.name: lane.waiting for lane in lanes})
    refused = CounterMetricFamily("dca_hosting_lane_refused", "Requests for which a lane had no place.", labels=["lane"])
    for lane in lanes:
        refused.add_metric([lane.name], lane.refused)
    yield refused
    yield _gauge("dca_hosting_interval_stretch", "By what the intervals of sites are multiplied.", services.intake.load.stretch)
    pool = services.database.pool
    yield _gauge("dca_hosting_database_pool_size", "Connections to the database that are kept.", pool.size)
    yield _gauge("dca_hosting_database_pool_in_use", "Connections to the database in use.", pool.in_use)
    bodies, limits = services.bodies, services.config.limits
    yield _gauge("dca_hosting_bodies_bytes", "Bytes of bodies under way.", bodies.total)
    yield _gauge("dca_hosting_bodies_limit_bytes", "Bytes of bodies that may be under way.", limits.bodies_bytes)
    connections = services.connections
    counted = {"busy": connections.busy, "idle": connections.idle}
    yield _gauges("dca_hosting_connections", "Connections of sites, people and proxies.", "state", counted)
    yield _gauge("dca_hosting_connections_limit", "Connections there may be.", connections.most)
    dropped = CounterMetricFamily("dca_hosting_connections_dropped", "Connections closed for want of files.", labels=["why"])
    dropped.add_metric(["idle"], connections.log.closed)
    dropped.add_metric(["refused"], connections.log.refused)
    yield dropped


def _of_certificate(services: Services) -> Iterator[Metric]:
    certificate = services.certificate
    if certificate is not None and certificate.expires is not None:
        text = "When the first certificate of the chain this server shows ends."
        yield _gauge("dca_hosting_certificate_expiry_timestamp_seconds", text, certificate.expires.timestamp())


def _of_database(looked: Looked) -> Iterator[Metric]:
    yield _gauges("dca_hosting_sites", "Sites by how long ago they were heard of.", "state", looked.sites)
    yield from _of_jobs(looked.jobs)
    yield _gauge("dca_hosting_repository_readable", "Whether the repository can be read.", looked.roles is not None)
    expiry = {role.role: role.expires.timestamp() for role in looked.roles or ()}
    text = "When a role of the repository ends; of the bins, the first one."
    yield _gauges("dca_hosting_repository_role_expiry_timestamp_seconds", text, "role", expiry)


def _of_jobs(listed: tuple[JobStatus, ...]) -> Iterator[Metric]:
    def gauge(name: str, text: str, value: Callable[[JobStatus], float | None]) -> Metric:
        known = {job.name: found for job in listed if (found := value(job)) is not None}
        return _gauges(f"dca_hosting_job_{name}", text, "job", known)

    yield gauge("running", "Whether some server is at the job.", lambda job: float(job.began_at is not None))
    yield gauge("last_run_timestamp_seconds", "When the last run that ended began.", lambda job: _timestamp(job.last_run_at))
    yield gauge("next_run_timestamp_seconds", "When it is due.", lambda job: _timestamp(job.next_at))
    yield gauge("last_run_duration_seconds", "How long the last run took.", lambda job: job.seconds)
    yield gauge("last_run_rows", "How many rows the last run changed.", lambda job: job.rows)
    failed = "Whether the last run did not do all it had to."
    yield gauge("last_run_failed", failed, lambda job: None if job.last_run_at is None else float(job.error is not None))


def _timestamp(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for word, value in values.items():
        family.add_metric([word], value)
    return family
