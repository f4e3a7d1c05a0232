"""What a fleet costs the hosting server: readings taken in, check-ins, kept connections, bytes a reading on disk after roll-up.

On SQLite and on a PostgreSQL of its own. The readings are what the appliance's reader makes of simulated printers, one an hour,
70 % of which print. The dictionary is learnt from other printers of the same models than those that are measured.
"""

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import _command, _machine
from benchmarks._figures import Bars, Figure, Reach, Report
from benchmarks._hosting import check_in, intake
from benchmarks._hosting.process import own_postgresql
from benchmarks._office import Printer, office
from hosting.config import Config
from hosting.db.connection.database import Database, database_url
from hosting.db.history import reader
from hosting.db.migrate import migrate
from hosting.db.tables import device_day, device_latest, dictionary, reading, site
from hosting.jobs.plan import job_named
from hosting.jobs.runner import JobRunner

PRINTERS, QUICK_PRINTERS = 100, 4
LEARNT_FROM = 200
DAYS, QUICK_DAYS = 6, 2
HOURS = 24
ROUNDS_AN_HOUR = 2
"""Rounds of `benchmarks._office` are half an hour apart."""
SITES = 10
INTAKE_SITES, QUICK_INTAKE_SITES = 6, 2
INTAKE_ROUNDS, QUICK_INTAKE_ROUNDS = 4, 1
CHECK_IN_SITES, QUICK_CHECK_IN_SITES = 200, 4
CHECK_INS = 10
KEPT, QUICK_KEPT = 2000, 40
REACH = Reach(60.0, "at most")
"""Bytes of a reading on disk after roll-up, all indexes included."""
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Readings:
    """What is measured: (device key, time of the day, body) of a day, how many such days, what a dictionary is learnt from."""

    day: Sequence[tuple[str, timedelta, str]]
    days: int
    learnt_from: Sequence[str]


class _Fleet:
    """What a server process is sent: readings, and check-ins."""

    def __init__(self, quick: bool) -> None:
        self._rounds = intake.rounds(QUICK_PRINTERS, QUICK_INTAKE_ROUNDS) if quick else intake.rounds(intake.BATCH, INTAKE_ROUNDS)
        self._senders = QUICK_INTAKE_SITES if quick else INTAKE_SITES
        self._sites = QUICK_CHECK_IN_SITES if quick else CHECK_IN_SITES

    def figures(self, name: str, folder: Path, address: str | None) -> list[Figure]:
        """Return what they cost on a database that is empty."""
        taken = intake.figures(name, folder, address, self._rounds, self._senders)
        return [*taken, *check_in.figures(name, folder, address, self._sites, CHECK_INS)]


def run(arguments: Sequence[str]) -> int:
    """Measure, print, and return 0 where the reach is kept, else 1."""
    return _command.run("hosting", __doc__, measure, arguments)


def measure(quick: bool) -> Report:
    """Return the figures of both databases; of PostgreSQL none where it is not installed."""
    day = _one_day(QUICK_PRINTERS if quick else PRINTERS)
    days = QUICK_DAYS if quick else DAYS
    learnt_from = [] if quick else [printer.read(7).to_json() for printer in office(PRINTERS + LEARNT_FROM)[PRINTERS:]]
    readings = _Readings(day, days, learnt_from)
    fleet = _Fleet(quick)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="dca-hosting-") as folder:
        figures += fleet.figures("SQLite", Path(folder) / "fleet", None)
        figures += check_in.kept(Path(folder) / "kept", QUICK_KEPT if quick else KEPT)
        figures += _figures("SQLite", Config(Path(folder)), readings)
        with own_postgresql() as server:
            if server is None:
                figures.append(Figure("history on PostgreSQL, each reading", None, "B", REACH))
            else:
                figures += fleet.figures("PostgreSQL", Path(folder) / "fleet-postgresql", server.new_database())
                figures += _figures("PostgreSQL", Config(Path(folder), database_url=server.new_database()), readings)
    size = statistics.mean(len(body) for _, _, body in day)
    details = (
        f"{len(day) * days:,} readings of {len(day) // HOURS} printers, {size:,.0f} B each as they came, one an hour for {days} "
        "days; a dictionary learnt from other printers of the models. On SQLite what the file grew by, on PostgreSQL the tables of "
        "days and of dictionaries with all indexes, both after VACUUM. The rate is of one process on one core beside the database."
    )
    values = {figure.what: figure.ours for figure in figures if figure.unit == "B" and figure.ours}
    versions = {"zstandard": _machine.package("zstandard"), "SQLAlchemy": _machine.package("sqlalchemy")}
    return Report("hosting", figures, versions, details, Bars("History, bytes a reading", "bytes on disk", values))


def _one_day(size: int) -> list[tuple[str, timedelta, str]]:
    """Return (device key, time of the day, body) of a day of readings."""
    printers: list[Printer] = office(size)
    made = [printer.read(ROUNDS_AN_HOUR * hour) for printer in printers for hour in range(HOURS)]
    start = min(each.taken_at for each in made)
    return [(each.device.key, (each.taken_at - start) % timedelta(days=1), each.to_json()) for each in made]


def _bodies(day: Sequence[tuple[str, timedelta, str]], number: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of `reading` of one day."""
    keys = sorted({key for key, _, _ in day})
    places = {key: f"{keys.index(key) % SITES:08}-1111-4111-8111-111111111111" for key in keys}
    for key, passed, body in day:
        taken_at = MIDNIGHT + timedelta(days=number) + passed
        before, _, rest = body.partition('"taken_at":"')
        said = f'{before}"taken_at":"{taken_at:%Y-%m-%dT%H:%M:%SZ}"{rest.partition(chr(34))[2]}'
        yield {"site_id": places[key], "device_key": key, "taken_at": taken_at, "received_at": taken_at, "body": said}


def _figures(name: str, config: Config, readings: _Readings) -> list[Figure]:
    day, days = readings.day, readings.days
    with Database(database_url(config.database_url, config.folder)) as database:
        migrate(database)
        _fill(database, readings.learnt_from)
        runner = JobRunner(database, config)
        _job(runner, "dictionary")
        empty = _size(database)
        for number in range(days):
            with database.writing() as connection:
                connection.execute(sa.insert(reading), list(_bodies(day, number)))
        count = len(day) * days
        came = (_size(database, reading) - empty) / count if config.database_url is None else _size(database, reading) / count
        processor, began = time.process_time(), time.monotonic()
        _job(runner, "roll-up")
        processor, passed = time.process_time() - processor, time.monotonic() - began
        kept = (_size(database) - empty) / count
        opened = _open_all(database, {(row["site_id"], row["device_key"]) for row in _bodies(day, 0)}, count)
    note = f"{came:,.0f} B as they came"
    return [
        Figure(f"history on {name}, each reading", kept, "B", REACH, note=note),
        Figure(
            f"roll-up on {name}", count / passed, "readings/s", better="more", note=f"{count / processor:,.0f} a CPU second of ours"
        ),
        Figure(f"history read back from segments on {name}", count / opened, "/s", better="more"),
    ]


def _fill(database: Database, bodies: Sequence[str]) -> None:
    """Make the sites, and devices to learn a dictionary from."""
    seen = {"first_seen_at": MIDNIGHT, "taken_at": MIDNIGHT, "received_at": MIDNIGHT, "condition": "ok", "words": ""}
    sites = [f"{number:08}-1111-4111-8111-111111111111" for number in range(SITES)]
    made = [{"site_id": site_id, "name": site_id, "created_at": MIDNIGHT} for site_id in sites]
    devices = [{"site_id": sites[n % SITES], "device_key": f"other:{n}", "body": body, **seen} for n, body in enumerate(bodies)]
    with database.writing() as connection:
        connection.execute(sa.insert(site), made)
        if devices:
            connection.execute(sa.insert(device_latest), devices)


def _job(runner: JobRunner, name: str) -> None:
    job = job_named(name)
    assert job is not None
    done = runner.run_now(job, rest=0.0)
    if done is None or done.error:
        raise RuntimeError(f"the job {name} failed: {done and done.error}")


def _size(database: Database, *tables: sa.Table) -> int:
    """Return the bytes on disk: of SQLite of all, of PostgreSQL of these tables, else of those of the history."""
    if database.url.get_backend_name() == "sqlite":
        file = Path(str(database.url.database))
        with closing(sqlite3.connect(file)) as alone:
            alone.execute("VACUUM")
            alone.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return file.stat().st_size
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM"))
        wanted = tables or (device_day, dictionary)
        return sum(connection.execute(sa.select(sa.func.pg_total_relation_size(table.name))).scalar_one() for table in wanted)


def _open_all(database: Database, devices: set[tuple[str, str]], count: int) -> float:
    """Return the seconds it takes to read all that was rolled up. Raises RuntimeError where something is missing."""
    began = time.monotonic()
    with database.reading() as connection:
        found = sum(len(reader.newest(connection, site_id, key, count)) for site_id, key in sorted(devices))
    if found != count:
        raise RuntimeError(f"{found} of {count} readings were found")
    return time.monotonic() - began
