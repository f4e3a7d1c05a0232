"""`dca-hosting jobs`: what the server does by itself, and how it went."""

import argparse

from appliance.common.clock import to_rfc3339
from appliance.common.plain import plain, plain_json
from hosting.commands.preparation import open_existing
from hosting.config import Config
from hosting.db.connection.database import Database
from hosting.db.jobs import JobStatus, statuses
from hosting.errors import BusyError, ConfigurationError
from hosting.jobs.plan import JOBS, Job, job_named
from hosting.jobs.runner import JobRunner


def run(options: argparse.Namespace) -> int:
    """Print the jobs by name, or run some. 1 where one of those did not do all it had to."""
    chosen = [_job(name) for name in dict.fromkeys(options.run)]
    config, database = open_existing(options)
    with database:
        if chosen:
            return max([_run(job, database, config) for job in chosen])
        with database.reading() as connection:
            known = {status.name: status for status in statuses(connection)}
    names = sorted(known.keys() | {job.name for job in JOBS})
    if options.json:
        print(plain_json({"jobs": [_as_json(name, known.get(name)) for name in names]}))
        return 0
    print(f"{'job':12} {'last run':20} {'rows':>10} {'seconds':>9}  {'next':20}  error")
    for name in names:
        print(_line(name, known.get(name)))
    return 0


def _line(name: str, status: JobStatus | None) -> str:
    if status is None:
        return f"{name:12} {'-':20} {'-':>10} {'-':>9}  {'-':20}  -"
    rows = "-" if status.rows is None else status.rows
    seconds = "-" if status.seconds is None else f"{status.seconds:.1f}"
    following = "running" if status.began_at else to_rfc3339(status.next_at)
    last = to_rfc3339(status.last_run_at) or "-"
    return f"{name:12} {last:20} {rows:>10} {seconds:>9}  {following:20}  {plain(status.error or '-')}"


def _as_json(name: str, status: JobStatus | None) -> dict[str, str | int | float | None]:
    return {
        "name": name,
        "began_at": to_rfc3339(status.began_at) if status else None,
        "last_run_at": to_rfc3339(status.last_run_at) if status else None,
        "rows": status.rows if status else None,
        "seconds": status.seconds if status else None,
        "next_at": to_rfc3339(status.next_at) if status else None,
        "error": status.error if status else None,
    }


def _job(name: str) -> Job:
    job = job_named(name)
    if job is None:
        raise ConfigurationError(f"There is no job {name}. Choose one of: {', '.join(job.name for job in JOBS)}.")
    return job


def _run(job: Job, database: Database, config: Config) -> int:
    run = JobRunner(database, config).run_now(job, rest=0.0)
    if run is None:
        raise BusyError(f"A server is at the job {job.name}, or has taken it over. See dca-hosting jobs.")
    print(f"{job.name}: {run.rows} rows in {run.seconds:.1f} s. {run.error or ''}".rstrip())
    return 1 if run.error else 0
