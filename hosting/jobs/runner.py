"""Runs the jobs: each process looks now and then whether one is due that no other process has.

A run is made of steps with a pause after each, so that a long one leaves the database to sites and people for half of the time.
"""

import asyncio
import os
import random
import secrets
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog

from appliance.common.clock import utc_now
from appliance.common.periodic import PeriodicTasks
from hosting.config import Config
from hosting.db import jobs
from hosting.db.connection.database import Database
from hosting.db.jobs import Run, Step
from hosting.errors import DataError, HostingServerError
from hosting.jobs.plan import JOBS, Job

LOOK_SECONDS = 15.0
"""So often a process looks whether a job is due."""
THREADS = 2
"""A long run keeps no other job waiting; as many connections has the pool beside those for requests."""
JITTER = 0.2
"""Share by which a look, and the next run of a job, is earlier or later."""
FIRST_LOOK_SECONDS = 1.0, 5.0
"""After the start; the port comes first."""
RETRY = timedelta(minutes=5)
"""After a failure a job is tried again so soon, where its interval is longer."""
ERROR_CHARACTERS = 500


def process_name() -> str:
    """Return what tells this process from all others, on this machine and on the others: as long as it lives."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"


class JobRunner:
    """The jobs of one process."""

    def __init__(self, database: Database, config: Config) -> None:
        self._database = database
        self._config = config
        self._holder = process_name()
        self._stopping = threading.Event()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="job")

    async def run(self) -> None:
        """Do what is due until cancelled."""
        tasks = PeriodicTasks()
        for job in JOBS:
            tasks.every(LOOK_SECONDS).seconds.within(JITTER).tag(job.name).starting_in(*FIRST_LOOK_SECONDS).do(self._look, job)
        await tasks.run()

    def stop(self) -> None:
        """Begin no step any more; what is left of a run is left to whoever runs the jobs next."""
        self._stopping.set()

    def close(self) -> None:
        """Stop, and return when the step under way has ended and its job is given back."""
        self.stop()
        self._threads.shutdown()

    async def _look(self, job: Job) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, self._run_when_due, job)

    def _run_when_due(self, job: Job) -> None:
        if self._stopping.is_set():
            return
        log = structlog.get_logger().bind(job=job.name)
        try:
            with self._database.reading() as connection:
                due = jobs.is_due(connection, job.name, job.every, utc_now())
            if due:
                self.run_now(job, only_when_due=True)
        except DataError as error:
            log.warning("a job could not be run; it is tried again", reason=str(error))
        except Exception:
            log.exception("a job could not be run; it is tried again")

    def run_now(self, job: Job, *, only_when_due: bool = False, rest: float = 1.0) -> Run | None:
        """Run a job to its end and return what it came to; None where another process has it, or has taken it over.

        `rest` is the pause after a step, in times of how long the step took. Raises DataError when the database cannot be used.
        """
        began_at, began = utc_now(), time.monotonic()
        with self._database.writing() as connection:
            jobs.declare(connection, job.name, began_at)
            if not jobs.take(connection, job.name, self._holder, began_at, every=job.every if only_when_due else None):
                return None
        done = _Done()
        try:
            if not self._steps(job, done, rest):
                structlog.get_logger().warning("another server has taken over a job", job=job.name)
                return None
            if not done.more:
                job.after(self._config, self._database)
        except HostingServerError as error:
            done.failed(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is: the job says so, and is tried again
            structlog.get_logger().exception("a job failed", job=job.name)
            done.failed(f"A fault of the server ({type(error).__name__}); its log says more.")
        run = Run(began_at, round(time.monotonic() - began, 3), done.rows, done.error)
        with self._database.writing() as connection:
            jobs.end(connection, job.name, self._holder, run, self._next(job, done))
        if run.error:
            structlog.get_logger().error("a job did not do all it had to", job=job.name, reason=run.error)
        return run

    def _steps(self, job: Job, done: "_Done", rest: float) -> bool:
        """Do the steps of a run; false where another process has taken the job over."""
        work = job.begin(self._config)
        while done.more and not self._stopping.is_set():
            began = time.monotonic()
            with self._database.writing() as connection:
                if not jobs.renew(connection, job.name, self._holder, utc_now()):
                    return False
                step = work(connection)
            done.add(step)
            if step.more:
                self._stopping.wait(rest * (time.monotonic() - began))
        return True

    @staticmethod
    def _next(job: Job, done: "_Done") -> datetime:
        now = utc_now()
        if done.has_failed:
            return now + min(job.every, RETRY)
        return now if done.more else now + job.every * (1 + random.uniform(-JITTER, JITTER))  # noqa: S311 - spreads load


class _Done:
    """What a run has done so far."""

    def __init__(self) -> None:
        self.rows = 0
        self.more = True
        self.has_failed = False
        self._faults: list[str] = []

    def add(self, step: Step) -> None:
        self.rows += step.rows
        self.more = step.more
        if step.fault and step.fault not in self._faults:
            self._faults.append(step.fault)

    def failed(self, sentence: str) -> None:
        self.has_failed = True
        self._faults.append(sentence)

    @property
    def error(self) -> str | None:
        """What went wrong, the first of it where it is much."""
        text = " ".join(self._faults)
        if not text:
            return None
        return text if len(text) <= ERROR_CHARACTERS else f"{text[:ERROR_CHARACTERS]}… ({len(self._faults)})"
