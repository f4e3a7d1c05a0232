"""The jobs of the server, with their intervals. Several processes share them: whoever finds one due and free does it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from appliance.common.clock import utc_now
from appliance.common.message import Message
from hosting.config import Config
from hosting.db import removal
from hosting.db.cleanup import clean
from hosting.db.connection.database import Connection, Database
from hosting.db.contact import counted_sites
from hosting.db.history.dictionaries import train_anew
from hosting.db.history.partitions import Partitions
from hosting.db.history.retention import Retention
from hosting.db.history.roll_up import RollUp
from hosting.db.jobs import Step
from hosting.db.lists import tally
from hosting.jobs.emptied_sites import end_emptied

LEARNT_ANEW = timedelta(days=30)
"""So seldom another dictionary is made, where one is there: the old ones are kept beside it."""

Work = Callable[[Connection], Step]
"""One step of a job, in a transaction of its own: bounded, and nothing is lost when the process is killed in it."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job, and how often it is done; `begin` returns the work of one run."""

    name: str
    title: str
    what: str
    every: timedelta
    begin: Callable[[Config], Work]
    after: Callable[[Config, Database], None] = lambda _config, _database: None
    """What follows the steps, in transactions of its own."""


def _clean_up(_config: Config) -> Work:
    return lambda connection: Step(clean(connection))


def _learn(_config: Config) -> Work:
    return lambda connection: Step(train_anew(connection, utc_now(), LEARNT_ANEW))


def _count(config: Config) -> Work:
    return lambda connection: Step(tally.count_all(connection, counted_sites(utc_now(), config.check_in_seconds)))


JOBS: Final[tuple[Job, ...]] = (
    Job(
        "cleanup",
        Message("Clean-up"),
        Message("Takes away what has expired: sessions, enrolment codes, commands, old events, notes of what was received."),
        timedelta(minutes=1),
        _clean_up,
    ),
    Job(
        "partitions",
        Message("Partitions"),
        Message("Makes the tables for the readings of the days to come, and drops those of days that are rolled up (PostgreSQL)."),
        timedelta(hours=1),
        lambda _config: Partitions(),
    ),
    Job(
        "count",
        Message("Counts"),
        Message("Counts the devices and the sites by their state, for pages that would take too long to count them."),
        timedelta(minutes=1),
        _count,
    ),
    Job(
        "roll-up",
        Message("Roll-up"),
        Message("Puts the readings of each device and day that is over into one row, compressed."),
        timedelta(hours=1),
        lambda _config: RollUp(),
    ),
    Job(
        "dictionary",
        Message("Dictionary"),
        Message("Learns from the newest readings of the fleet how to compress them best."),
        timedelta(days=1),
        _learn,
    ),
    Job(
        "retention",
        Message("Retention"),
        Message("Takes away readings that are older than DCA_HOSTING_RAW_DAYS, and what days came to after ten years."),
        timedelta(days=1),
        lambda config: Retention(config.raw_days),
    ),
    Job(
        "removal",
        Message("Removal"),
        Message("Removes the sites and devices whose day has come."),
        timedelta(hours=1),
        lambda _config: removal.step,
        after=end_emptied,
    ),
)


def job_named(name: str) -> Job | None:
    """Return the job of this name, None where there is none."""
    return next((job for job in JOBS if job.name == name), None)
