"""Jobs that several server processes share: one at a time, on SQLite and PostgreSQL, and again after whatever ended a run."""

import html
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.config import Config
from hosting.db import jobs
from hosting.db.connection.database import Connection, Database, database_url
from hosting.db.jobs import LEASE, JobStatus, Step
from hosting.db.tables import job as job_table
from hosting.db.tables import nonce
from hosting.errors import DataError
from hosting.jobs.plan import JOBS, Job, job_named
from hosting.jobs.runner import JobRunner
from tests.children import wait_until
from tests.conftest import ROOT, StartChild
from tests.forked import run_forked
from tests.hosting.commands.test_cli import serve
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

EVERY = timedelta(hours=1)


@pytest.fixture
def database(migrated_address: str | None, tmp_path: Path) -> Iterator[Database]:
    with Database(database_url(migrated_address, tmp_path)) as database:
        yield database


def cleanup() -> Job:
    found = job_named("cleanup")
    assert found
    return found


def counting(steps: int, done: list[int], also: Callable[[Connection], None] | None = None) -> Job:
    """Return a job of so many steps, which notes each in `done`."""

    def begin(_config: Config) -> Callable[[Connection], Step]:
        def work(connection: Connection) -> Step:
            done.append(len(done))
            if also:
                also(connection)
            return Step(10, more=len(done) < steps)

        return work

    return replace(cleanup(), name="counting", every=EVERY, begin=begin)


def status(database: Database, name: str = "counting") -> JobStatus:
    with database.reading() as connection:
        return next(each for each in jobs.statuses(connection) if each.name == name)


def changed(database: Database, **values: object) -> None:
    with database.writing() as connection:
        connection.execute(sa.update(job_table).values(**values))


def test_a_run_says_when_how_much_how_long_and_when_next(database: Database) -> None:
    before = utc_now()
    run = JobRunner(database, Config(Path())).run_now(counting(3, []))
    assert run
    assert (run.rows, run.error) == (30, None)
    told = status(database)
    assert (told.rows, told.error, told.holder, told.began_at) == (30, None, None, None)
    assert told.last_run_at is not None
    assert told.last_run_at >= before
    assert told.seconds is not None
    assert timedelta(minutes=40) < told.next_at - utc_now() < timedelta(minutes=80)


def test_a_job_that_is_not_due_is_left_alone(database: Database) -> None:
    runner = JobRunner(database, Config(Path()))
    done: list[int] = []
    assert runner.run_now(counting(1, done), only_when_due=True)
    assert runner.run_now(counting(1, done), only_when_due=True) is None
    assert len(done) == 1


def test_a_job_that_another_process_has_is_left_to_it(database: Database) -> None:
    mine, other = JobRunner(database, Config(Path())), JobRunner(database, Config(Path()))
    outcomes: list[object] = []
    job = counting(1, [], lambda _: None)

    def begin(_config: Config) -> Callable[[Connection], Step]:
        outcomes.append(other.run_now(job))
        return lambda _: Step(1)

    assert mine.run_now(replace(job, begin=begin))
    assert outcomes == [None]


def test_the_job_of_a_process_that_was_killed_is_taken_when_its_lease_is_over(database: Database) -> None:
    runner = JobRunner(database, Config(Path()))
    runner.run_now(counting(1, []))
    now = utc_now()
    changed(database, holder="killed", held_until=now + LEASE, began_at=now, next_at=now)
    assert runner.run_now(counting(1, [])) is None
    changed(database, held_until=now - timedelta(seconds=1))
    assert runner.run_now(counting(1, []))


def test_who_lost_the_lease_changes_nothing_any_more(database: Database) -> None:
    done: list[int] = []

    def taken_over(connection: Connection) -> None:
        connection.execute(sa.update(job_table).values(holder="other"))

    assert JobRunner(database, Config(Path())).run_now(counting(5, done, taken_over)) is None
    assert len(done) == 1
    assert status(database).holder == "other"


@pytest.mark.parametrize("ahead", [timedelta(days=400), timedelta(hours=3)])
def test_a_clock_that_was_set_back_stops_no_job(database: Database, ahead: timedelta) -> None:
    runner = JobRunner(database, Config(Path()))
    runner.run_now(counting(1, []))
    later = utc_now() + ahead
    changed(database, holder="killed", held_until=later, began_at=later, next_at=later)
    assert runner.run_now(counting(1, []), only_when_due=True)


def test_a_failure_is_told_and_the_job_tried_again_soon(database: Database) -> None:
    def fails(_connection: Connection) -> None:
        raise DataError("The disk of the shelf is full.")

    run = JobRunner(database, Config(Path())).run_now(counting(5, [], fails))
    assert run
    told = status(database)
    assert run.error == told.error == "The disk of the shelf is full."
    assert told.next_at < utc_now() + timedelta(minutes=6)
    JobRunner(database, Config(Path())).run_now(counting(1, []))
    assert status(database).error is None


def test_what_is_undone_when_the_server_stops_is_due_at_once(database: Database) -> None:
    runner = JobRunner(database, Config(Path()))
    done: list[int] = []
    runner.run_now(counting(5, done, lambda _: runner.close()))
    assert len(done) == 1
    assert status(database).next_at <= utc_now()


def test_two_servers_clean_up_and_the_page_and_the_command_tell_of_it(
    server: RunningServer, person: Person, start_child: StartChild
) -> None:
    Site(server).enrol()
    past = utc_now() - timedelta(seconds=1)
    server.write(lambda connection: connection.execute(sa.update(nonce).values(expires_at=past)))
    address = server.config.database_url
    environment = {"DCA_HOSTING_DATABASE_URL": address} if address else {}
    assert "Not run yet" in html.unescape(person.get("/jobs").text)
    children = [serve(start_child, server.config.folder, "--http", environment=environment)[0] for _ in range(2)]
    wait_until("the nonces are removed", lambda: server.count(nonce) == 0)
    wait_until("the run is noted", lambda: status(server.database, "cleanup").last_run_at is not None)
    for child in children:
        assert child.stop().returncode == 0

    text = html.unescape(person.get("/jobs").text)
    assert "No job has failed." in text
    listed = run_forked(
        "hosting", ["-m", "hosting", "jobs", "--json", "--data", str(server.config.folder)], folder=ROOT, environment=environment
    )
    told = {each["name"]: each for each in json.loads(listed.stdout)["jobs"]}
    assert told.keys() == {job.name for job in JOBS}
    assert told["cleanup"]["rows"] >= 0
    assert told["cleanup"]["last_run_at"]
    server.write(lambda connection: connection.execute(sa.update(job_table).values(error="The <disk> is full.")))
    text = person.get("/jobs").text
    assert "did not do all" in text
    assert "The &lt;disk&gt; is full." in text


def test_a_job_is_run_by_hand(server: RunningServer) -> None:
    address = server.config.database_url
    environment = {"DCA_HOSTING_DATABASE_URL": address} if address else {}

    def command(*names: str) -> tuple[int, str]:
        chosen = [word for name in names for word in ("--run", name)]
        words = ["-m", "hosting", "jobs", *chosen, "--data", str(server.config.folder)]
        finished = run_forked("hosting", words, folder=ROOT, environment=environment)
        return finished.returncode, finished.stdout + finished.stderr

    assert command("cleanup")[0] == 0
    code, said = command("removal", "cleanup")
    assert (code, [line.partition(":")[0] for line in said.splitlines()]) == (0, ["removal", "cleanup"])
    assert command("nothing") == (1, f"dca-hosting: There is no job nothing. Choose one of: {', '.join(j.name for j in JOBS)}.\n")
    now = utc_now()
    server.write(lambda c: c.execute(sa.update(job_table).values(holder="other", held_until=now + LEASE, began_at=now)))
    assert command("cleanup")[0] == 1
