"""How long the hosting server takes for a page of its list of 1,000,000 devices: each order, first and 10,000th page, and searches.

On SQLite and on a PostgreSQL of its own. A page is asked for over HTTP by somebody who is logged in, and comes as HTML. The figure
is what the server and the database need of a processor for it, which is what it takes on a machine that does nothing else. Each
device has its newest reading as the appliance's reader makes it of simulated printers.
"""

import json
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
import structlog

from appliance.common.clock import utc_now
from benchmarks import _command, _machine
from benchmarks._figures import Bars, Figure, Reach, Report
from benchmarks._hosting.process import own_postgresql
from benchmarks._office import office
from hosting.config import Config, Limits
from hosting.db.connection.database import Connection, Database, database_url
from hosting.db.lists.devices import SORTS, DeviceQuery
from hosting.db.lists.keyset import Place, ordered
from hosting.db.migrate import migrate
from hosting.db.tables import device_search, site
from hosting.jobs.plan import job_named
from hosting.jobs.runner import JobRunner
from tests.hosting.person import Person
from tests.hosting.running import RunningServer

DEVICES, QUICK_DEVICES = 1_000_000, 3_000
DEVICES_A_SITE = 50
PAGE = 50
DEEP, QUICK_DEEP = 10_000, 20
TEMPLATES, QUICK_TEMPLATES = 100, 3
TIMES, QUICK_TIMES = 15, 2
AT_ONCE = 50_000
REACH = Reach(100.0, "at most")
"""Milliseconds of a page at the server."""
_NUMBERS = "WITH RECURSIVE series(n) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT n + 1 FROM series WHERE n < :last) "
_SITES = """INSERT INTO site (site_id, name, created_at)
SELECT {site}, 'Branch ' || {n5}, :now FROM series"""
# Multipliers without a common factor with the numbers of devices: neighbours in one order are far apart in all others.
_LATEST = """INSERT INTO device_latest (site_id, device_key, first_seen_at, taken_at, received_at, condition, total, words, body)
SELECT {site}, 'serial:SN' || {n8}, :now, {taken}, :now,
CASE WHEN n % 50 = 7 THEN 'error' WHEN n % 12 = 5 THEN 'warning' WHEN n % 33 = 2 THEN 'unknown' ELSE 'ok' END,
CASE WHEN n % 100 = 3 THEN NULL ELSE n * 104729 % 2000003 END, '', template.body
FROM series JOIN template ON template.number = n * 7 % :templates"""
_SEARCH = """INSERT INTO device_search (site_id, device_key, taken_at, model, serial, address, location, words)
SELECT {site}, 'serial:SN' || {n8}, :now, template.model, 'sn' || {n8}, {address}, 'floor ' || (n % 40),
template.maker || chr10 || template.model || chr10 || 'sn' || {n8} || chr10 || '10.1.' || (n % 250) || '.' || (n % 253) || chr10 ||
'floor ' || (n % 40) || chr10 || 'npi' || (n * 7919 % 999983) || chr10 || template.model || ' series'
FROM series JOIN template ON template.number = n * 7 % :templates"""

_INDEXES_OF_SQLITE = """SELECT name, sql, type FROM sqlite_master
WHERE tbl_name IN ('device_latest', 'device_search') AND type IN ('index', 'trigger') AND sql IS NOT NULL"""
_INDEXES_OF_POSTGRESQL = """SELECT indexname, indexdef, 'index' FROM pg_indexes
WHERE tablename IN ('device_latest', 'device_search') AND indexname NOT LIKE '%_pkey'"""


@dataclass(frozen=True, slots=True)
class _Plan:
    devices: int
    deep: int
    templates: int
    times: int

    @property
    def searches(self) -> dict[str, dict[str, str]]:
        """What is searched and filtered, as it stands in addresses."""
        one = self.devices // 3
        return {
            "one serial number": {"q": f"sn{one:08}"},
            "a word of very many": {"q": "series"},
            "two words, one of few": {"q": f"series {one}"},
            "two letters": {"q": "hp", "sort": "total", "order": "desc"},
            "errors, by model": {"condition": "error", "sort": "model"},
            "silent ones, by site": {"condition": "silent"},
            "of one site, by total": {"site": "Branch 00007", "sort": "total"},
        }


def run(arguments: Sequence[str]) -> int:
    """Measure, print, and return 0 where the reach is kept, else 1."""
    return _command.run("hosting_lists", __doc__, measure, arguments)


def measure(quick: bool) -> Report:
    """Return the figures of both databases; of PostgreSQL none where it is not installed."""
    plan = _Plan(QUICK_DEVICES, QUICK_DEEP, QUICK_TEMPLATES, QUICK_TIMES) if quick else _Plan(DEVICES, DEEP, TEMPLATES, TIMES)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    templates = [_template(number, printer.read(3).to_json()) for number, printer in enumerate(office(plan.templates))]
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="dca-hosting-lists-") as folder:
        figures += _figures("SQLite", Config(Path(folder), limits=Limits(page_seconds=600)), plan, templates)
        with own_postgresql() as postgresql:
            if postgresql is None:
                figures.append(Figure("page of devices on PostgreSQL", None, "ms", REACH))
            else:
                config = Config(Path(folder), database_url=postgresql.new_database(), limits=Limits(page_seconds=600))
                figures += _figures("PostgreSQL", config, plan, templates)
    details = (
        f"{plan.devices:,} devices of {plan.devices // DEVICES_A_SITE:,} sites. Each page was asked for {plan.times} times over "
        "HTTP; the figure is the median. The rows were made in SQL, with their indexes."
    )
    values = {figure.what: figure.ours for figure in figures if figure.reach and figure.ours is not None}
    versions = {"SQLAlchemy": _machine.package("sqlalchemy"), "tornado": _machine.package("tornado")}
    return Report("hosting_lists", figures, versions, details, Bars("A page of the devices", "ms", values))


def _template(number: int, body: str) -> dict[str, Any]:
    device = json.loads(body)["device"]
    maker, model = (str(device[name] or "").lower() for name in ("manufacturer", "model"))
    return {"number": number, "maker": maker, "model": model, "body": body}


def _figures(name: str, config: Config, plan: _Plan, templates: Sequence[dict[str, Any]]) -> Iterator[Figure]:
    with Database(database_url(config.database_url, config.folder)) as database:
        migrate(database)
        began = time.monotonic()
        _fill(database, plan, templates)
        passed = time.monotonic() - began
        yield Figure(f"devices made on {name}", plan.devices / passed, "/s", better="more")
        job = job_named("count")
        assert job is not None
        JobRunner(database, config).run_now(job, rest=0.0)
        deep = _deep_places(database, plan)
    server = RunningServer(config)
    try:
        person = Person(server)
        person.log_in()
        pages = _Pages(person, _Processes(server.database), plan.times)
        for sort in SORTS:
            yield pages.figure(f"by {sort}, first page, {name}", {"sort": sort})
            yield pages.figure(f"by {sort}, page {plan.deep:,}, {name}", {"sort": sort, "at": deep[sort]})
        for what, asked in plan.searches.items():
            yield pages.figure(f"{what}, {name}", asked)
        yield pages.figure(f"sites, {name}", {}, "/sites")
        yield pages.figure(f"sites by contact, {name}", {"sort": "contact"}, "/sites")
    finally:
        server.stop()


class _Processes:
    """The own process, and those of PostgreSQL: how long they have had a processor."""

    def __init__(self, database: Database) -> None:
        self._postmaster: Path | None = None
        if database.url.get_backend_name() == "postgresql":
            with database.reading() as connection:
                folder = connection.execute(sa.text("SHOW data_directory")).scalar_one()
            self._postmaster = Path("/proc") / Path(folder, "postmaster.pid").read_text().split()[0]

    def seconds(self) -> float:
        """Return processor time of all since they began."""
        own = time.process_time()
        if self._postmaster is None:
            return own
        fields = (self._postmaster / "stat").read_text().rpartition(")")[2].split()
        ended = sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")  # of those that ended, such as parallel workers
        children = (self._postmaster / "task" / self._postmaster.name / "children").read_text().split()
        running = sum(int(Path("/proc", each, "schedstat").read_text().split()[0]) for each in children)
        return own + ended + running / 1e9


@dataclass(frozen=True, slots=True)
class _Pages:
    """Asks for pages."""

    person: Person
    processes: _Processes
    times: int

    def figure(self, what: str, asked: dict[str, str], path: str = "/devices") -> Figure:
        """Return what a page takes. Raises RuntimeError where it is none, or shows nothing."""
        address = f"{path}?{urlencode(asked)}"
        spent, passed = [], []
        for _ in range(self.times):
            processor, began = self.processes.seconds(), time.perf_counter()
            answer = self.person.get(address)
            passed.append(1000 * (time.perf_counter() - began))
            spent.append(1000 * (self.processes.seconds() - processor))
            if answer.status != 200 or 'class="table-empty"' in answer.text:
                raise RuntimeError(f"{address} was answered by {answer.status} and shows nothing")
        return Figure(what, statistics.median(spent), "ms", REACH, note=f"{min(passed):.0f} ms by the clock, the quickest")


def _fill(database: Database, plan: _Plan, templates: Sequence[dict[str, Any]]) -> None:
    on_sqlite = database.url.get_backend_name() == "sqlite"
    now = utc_now()
    sites = plan.devices // DEVICES_A_SITE
    words = {
        "n5": "printf('%05d', n)" if on_sqlite else "lpad(n::text, 5, '0')",
        "n8": "printf('%08d', n)" if on_sqlite else "lpad(n::text, 8, '0')",
        "site": _site_of("n" if on_sqlite else "n::text", on_sqlite),
        "taken": ":now - n * 7919 % 3600" if on_sqlite else ":now - n * 7919 % 3600 * interval '1 second'",
        "address": "printf('4%08x', n * 15485863 % 4294967291)"
        if on_sqlite
        else "'4' || lpad(to_hex(n * 15485863 % 4294967291), 8, '0')",
    }
    of_site = words | {"site": _site_of(f"n % {sites}" if on_sqlite else f"(n % {sites})::text", on_sqlite)}
    of_site["taken"] = (
        f"CASE WHEN n % 40 = 9 THEN {words['taken'].replace('3600', '360000').replace(':now', ':past')} ELSE {words['taken']} END"
    )
    moments = {"now": now, "past": now - timedelta(days=10)}
    told = {name: int(moment.timestamp()) if on_sqlite else moment for name, moment in moments.items()}
    with database.writing() as connection:
        connection.execute(sa.text("CREATE TABLE template (number BIGINT PRIMARY KEY, maker TEXT, model TEXT, body TEXT)"))
        connection.execute(sa.text("INSERT INTO template VALUES (:number, :maker, :model, :body)"), list(templates))
        _insert(connection, _SITES.format(**words), first=0, last=sites - 1, now=told["now"])
    newline = "char(10)" if on_sqlite else "chr(10)"
    with _without_indexes(database):
        for first in range(0, plan.devices, AT_ONCE):
            span = {"first": first, "last": min(first + AT_ONCE, plan.devices) - 1, "templates": plan.templates}
            with database.writing() as connection:
                _insert(connection, _LATEST.format(**of_site), **span, **told)
                _insert(connection, _SEARCH.format(**of_site).replace("chr10", newline), **span, **told)
    if not on_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))


def _site_of(number: str, on_sqlite: bool) -> str:
    padded = f"printf('%08d', {number})" if on_sqlite else f"lpad({number}, 8, '0')"
    return f"{padded} || '-1111-4111-8111-111111111111'"


def _insert(connection: Connection, statement: str, **values: Any) -> None:
    # SQLite wants the series in front of the SELECT, which PostgreSQL takes as well.
    head, select, rest = statement.partition("SELECT")
    used = {name: value for name, value in values.items() if f":{name}" in statement or name in ("first", "last")}
    connection.execute(sa.text(f"{head} {_NUMBERS} {select}{rest}"), used)


def _deep_places(database: Database, plan: _Plan) -> dict[str, str]:
    """Return by order the place at which its deep page begins, as it stands in the address."""
    places = {}
    with database.reading() as connection:
        for sort in SORTS:
            query = DeviceQuery(sort=sort)
            chosen = sa.select(*(key.expression for key in query.keys))
            if sort == "site":
                chosen = chosen.where(device_search.c.site_id == site.c.site_id)
            chosen = chosen.order_by(*ordered(query.keys, up=True)).offset((plan.deep - 1) * PAGE - 1).limit(1)
            places[sort] = Place(tuple(connection.execute(chosen).one())).text(query.order)
    return places


@contextmanager
def _without_indexes(database: Database) -> Iterator[None]:
    """Let rows be written without indexes, which are made anew at the end: that is far quicker."""
    on_sqlite = database.url.get_backend_name() == "sqlite"
    found = _INDEXES_OF_SQLITE if on_sqlite else _INDEXES_OF_POSTGRESQL
    with database.writing() as connection:
        parts = connection.execute(sa.text(found)).all()
        for name, _, kind in parts:
            connection.execute(sa.text(f"DROP {kind} {name}"))
    yield
    with database.writing() as connection:
        for _, statement, _ in parts:
            connection.exec_driver_sql(statement)
        if on_sqlite:
            connection.exec_driver_sql("INSERT INTO device_words(device_words) VALUES ('rebuild')")
