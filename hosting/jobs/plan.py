"""The jobs of the server, with their intervals. Several processes share them: whoever finds one due and free does it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from appliance.common.message import Message
from hosting.config import Config
from hosting.db.cleanup import clean
from hosting.db.database import Connection
from hosting.db.jobs import Step

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


def _clean_up(_config: Config) -> Work:
    return lambda connection: Step(clean(connection))


JOBS: Final[tuple[Job, ...]] = (
    Job(
        "cleanup",
        Message("Clean-up"),
        Message("Takes away what has expired: sessions, enrolment codes, commands, old events, notes of what was received."),
        timedelta(minutes=1),
        _clean_up,
    ),
)


def job_named(name: str) -> Job | None:
    """Return the job of this name, None where there is none."""
    return next((job for job in JOBS if job.name == name), None)
