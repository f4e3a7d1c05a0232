"""What the handlers work with, made once when a server starts."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, TypeVar

from appliance.common.network.forwarded import TrustedProxies
from hosting.api.bodies import BodiesUnderWay
from hosting.config import DATABASE_READ_URL, TRUSTED_PROXIES, Config
from hosting.configuration.publication import Publishing
from hosting.connections import Connections
from hosting.db.connection.database import Database, postgresql_url
from hosting.db.connection.lane import Lane, LanePlan
from hosting.db.connection.readiness import Readiness
from hosting.db.connection.replica import Replica
from hosting.db.distribution import is_cluster
from hosting.db.installation import Generation
from hosting.db.intake.gathering import TOGETHER, Gathering
from hosting.metrics.counts import Counts
from hosting.repository.repository_status import RepositoryStatusCache
from hosting.server_certificate import ServerCertificate
from web.login_budget import LoginBudget, Rate
from web.passwords import Passwords
from web.proxies import Proxies
from web.throttle import Throttle

Result = TypeVar("Result")

UPKEEP_SECONDS = 5.0
STANDBY_CONNECT_SECONDS = 3
"""A page waits no longer for a standby that does not answer at all."""


@dataclass(frozen=True, slots=True)
class Services:
    """The database, the password hasher with its own threads (each hash takes memory), and the throttles."""

    config: Config
    proxies: Proxies
    database: Database
    replica: Replica | None  # from which pages are read; none where there is no standby
    intake: Lane  # what sites send
    pages: Lane  # what people and their programs look at
    check_ins: Gathering[Any, Any]  # those that tell nothing new, on the lane of the intake
    upkeep: Lane  # whether the server is well
    readiness: Readiness
    connections: Connections
    counts: Counts
    passwords: Passwords
    password_threads: ThreadPoolExecutor
    sites: Throttle  # requests of one site
    bodies: BodiesUnderWay
    failures: Throttle  # refused enrolments and tokens of one address
    logins: LoginBudget
    certificate: ServerCertificate | None  # of this server itself; none behind a proxy
    publishing: Publishing
    publishing_threads: ThreadPoolExecutor
    repository: RepositoryStatusCache
    generation: Generation

    async def publish(self, work: Callable[[Publishing], Result]) -> Result:
        """Return what `work` returns, done on the one thread that signs."""
        return await asyncio.get_running_loop().run_in_executor(self.publishing_threads, copy_context().run, work, self.publishing)

    def close(self) -> None:
        """Wait for the work under way and close the database."""
        self.password_threads.shutdown()
        self.publishing_threads.shutdown()
        for lane in (self.intake, self.pages, self.upkeep):
            lane.close()
        if self.replica:
            self.replica.close()
        self.database.close()


def make_services(config: Config, database: Database, certificate: ServerCertificate | None = None) -> Services:
    """Return the services of one server process."""
    limits = config.limits
    upkeep = Lane(database, LanePlan("upkeep", threads=2, waiting=16, seconds=UPKEEP_SECONDS))
    intake = Lane(database, LanePlan("intake", threads=8, waiting=256, seconds=limits.intake_seconds))
    replica = _make_replica(config, database)
    return Services(
        config=config,
        proxies=Proxies(TrustedProxies(config.trusted_proxies), TRUSTED_PROXIES),
        database=database,
        replica=replica,
        intake=intake,
        check_ins=Gathering(intake, 1 if is_cluster(database) else TOGETHER),
        pages=Lane(database, LanePlan("pages", threads=4, waiting=64, seconds=limits.page_seconds), replica),
        upkeep=upkeep,
        readiness=Readiness(upkeep),
        connections=Connections(),
        counts=Counts(),
        passwords=Passwords(),
        password_threads=ThreadPoolExecutor(2, thread_name_prefix="password"),
        sites=Throttle(limits.site_burst, limits.site_per_second),
        bodies=BodiesUnderWay(limits.bodies_bytes, limits.site_bodies_bytes),
        failures=Throttle(limits.failures_burst, limits.failures_per_second),
        logins=LoginBudget(
            Rate(limits.failures_burst, 1 / limits.failures_per_second), Rate(limits.logins_burst, 1 / limits.logins_per_second)
        ),
        certificate=certificate,
        publishing=Publishing(config, database),
        publishing_threads=ThreadPoolExecutor(1, thread_name_prefix="publishing"),
        repository=RepositoryStatusCache(config.repository),
        generation=Generation(),
    )


def _make_replica(config: Config, database: Database) -> Replica | None:
    if not config.database_read_url:
        return None
    url = postgresql_url(config.database_read_url, DATABASE_READ_URL)
    return Replica(database, Database(url, DATABASE_READ_URL, STANDBY_CONNECT_SECONDS), config.limits.behind_seconds)
