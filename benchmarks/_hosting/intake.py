"""Readings taken in, for each second of processor time of server and database together, beside bare writes of the same rows.

Sites of 1,000 printers each send a batch in full and then batches of changes, all at once and each in its order. The rows that are
in the table of readings in the end are written once more, into an empty table of the same shape, by multi-row INSERT and by COPY.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg

from appliance.report.changes import change_between
from benchmarks._figures import Figure, Reach
from benchmarks._hosting.process import Server, processor_seconds, running
from benchmarks._hosting.sites import BenchmarkSite, Line, close_all, enrolled
from benchmarks._office import office
from tests.hosting.batches import batch_id

BATCH = 1000
REACH, REACH_OF_BARE = Reach(10_000, "at least"), Reach(0.6, "at least")
PARAMETERS = 5
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Rounds:
    """What every site sends: a batch in full, then batches of changes, each without its id; so many readings in each."""

    full: str
    changes: Sequence[str]
    size: int


def rounds(size: int, number: int) -> Rounds:
    """Return what an office of `size` printers says in a round in full and `number` rounds of changes, the last one of now."""
    printers = office(size)
    said = [[printer.read(index) for printer in printers] for index in range(number + 1)]
    to_now = datetime.now(UTC).replace(microsecond=0) - max(each.taken_at for each in said[-1]) - timedelta(minutes=1)
    moved = [[each.model_copy(update={"taken_at": each.taken_at + to_now}).to_json() for each in one] for one in said]
    changes = []
    for before, now in pairwise(moved):
        told = [change_between(*pair) for pair in zip(before, now, strict=True)]
        changes.append(f'"readings":[],"changes":[{",".join(change for change in told if change is not None)}]')
        assert None not in told
    return Rounds(f'"readings":[{",".join(moved[0])}]', changes, size)


def figures(name: str, folder: Path, address: str | None, said: Rounds, sites: int) -> list[Figure]:
    """Return how fast readings are taken in on a database, beside bare writes; each site sends what all say."""
    with running(folder, address) as server:
        senders = enrolled(server, address, sites)
        lines = [Line(server.port) for _ in senders]
        full = _sent(server, senders, lines, [said.full], said.size)
        changes = _sent(server, senders, lines, said.changes, said.size)
        close_all(lines)
        rows = _stored(server, address)
        assert len(rows) == sites * said.size * (1 + len(said.changes))
        bare = _bare_postgresql(address, server, rows) if address else _bare_sqlite(folder / "bare.db", rows)
    best = bare["INSERT"]
    what = f"readings taken in on {name}, each CPU second"
    size = sum(len(row[-1]) for row in rows) / len(rows)
    reach, reach_of_bare = (REACH, REACH_OF_BARE) if address else (None, None)
    return [
        Figure(f"{what}, changes", changes, "/s", reach, bare, "more", f"rows of {size:,.0f} B on average"),
        Figure(f"{what}, in full", full, "/s", None, bare, "more"),
        Figure(f"changes taken in on {name}, times the rate of bare INSERT", changes / best, "", reach_of_bare),
    ]


def _sent(server: Server, senders: Sequence[BenchmarkSite], lines: Sequence[Line], bodies: Sequence[str], size: int) -> float:
    """Return how many readings each CPU second of server and database were taken in; every one has to be new."""

    def content(body: str) -> bytes:
        return f'{{"schema":1,"batch":"{batch_id()}",{body}}}'.encode()

    prepared = [[sender.request("/api/v1/readings", content(body)) for body in bodies] for sender in senders]

    def send(line: Line, requests: Iterable[bytes]) -> int:
        return sum(line.ask(request)["accepted"] for request in requests)

    before = server.processor_seconds
    with ThreadPoolExecutor(len(lines)) as threads:
        accepted = sum(threads.map(send, lines, prepared))
    passed = server.processor_seconds - before
    if accepted != len(senders) * len(bodies) * size:
        raise RuntimeError(f"{accepted} readings were taken in")
    return accepted / passed


def _stored(server: Server, address: str | None) -> list[Row]:
    chosen = "SELECT site_id, device_key, taken_at, received_at, body FROM reading"
    if address is None:
        with closing(sqlite3.connect(server.folder / "hosting.db")) as connection:
            return connection.execute(chosen).fetchall()
    with psycopg.connect(address) as connection:
        return connection.execute(chosen).fetchall()


def _bare_postgresql(address: str, server: Server, rows: Sequence[Row]) -> dict[str, float]:
    assert server.postmaster is not None
    postmaster = server.postmaster
    one = f"({','.join(['%s'] * PARAMETERS)})"

    def insert(connection: psycopg.Connection) -> None:
        for part in _batches(rows):
            marks = ",".join([one] * len(part))
            connection.execute(f"INSERT INTO bare VALUES {marks}".encode(), [value for row in part for value in row])  # noqa: S608
            connection.commit()

    def copy(connection: psycopg.Connection) -> None:
        for part in _batches(rows):
            with connection.cursor().copy("COPY bare FROM STDIN") as copying:
                for row in part:
                    copying.write_row(row)
            connection.commit()

    def rate(write: Callable[[psycopg.Connection], None]) -> float:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS bare")
            connection.execute("CREATE TABLE bare (LIKE reading INCLUDING ALL)")
            connection.autocommit = False
            began = time.process_time() + processor_seconds(postmaster)
            write(connection)
            return len(rows) / (time.process_time() + processor_seconds(postmaster) - began)

    return {"INSERT": rate(insert), "COPY": rate(copy)}


def _bare_sqlite(file: Path, rows: Sequence[Row]) -> dict[str, float]:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute("PRAGMA synchronous=FULL").fetchall()
        keys = "site_id TEXT, device_key TEXT, taken_at INTEGER, received_at INTEGER, body TEXT"
        connection.execute(f"CREATE TABLE bare ({keys}, PRIMARY KEY (site_id, device_key, taken_at))")
        began = time.process_time()
        for part in _batches(rows):
            with connection:
                connection.executemany("INSERT INTO bare VALUES (?,?,?,?,?)", part)
        return {"INSERT": len(rows) / (time.process_time() - began)}


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[first : first + BATCH] for first in range(0, len(rows), BATCH))
