"""Whatever fails under load: what was acknowledged is there, and nothing is there twice."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from appliance.report.changes import state_digest
from hosting.db.tables import batch as batch_table
from hosting.db.tables import reading as reading_table
from tests.conftest import StartChild
from tests.hosting.batches import batch, reading
from tests.hosting.load import Load, assert_nothing_is_lost_or_doubled, stored
from tests.hosting.outage import database_away
from tests.hosting.process import ServerProcess
from tests.hosting.relay import Way, relay
from tests.hosting.running import RunningServer
from tests.hosting.site import Site
from tests.requirement import missing

SITES = 4
DISK = 8 * 1024 * 1024
LEFT = 1024 * 1024


@pytest.mark.postgresql
@pytest.mark.parametrize("migrated_address", ["postgresql"], indirect=True)
def test_the_database_is_away_for_a_while(server: RunningServer) -> None:
    with Load([Site(server).enrol(f"Site {number}") for number in range(SITES)]) as load:
        load.wait_for(8)
        with database_away(server):
            load.wait_for(12, status=503)
        load.settle()
    assert_nothing_is_lost_or_doubled(load, server.database)
    assert load.told.keys() <= {200, 503}  # no site is told that nobody knows it


def test_database_and_server_are_killed(start_child: StartChild, migrated_address: str | None, tmp_path: Path) -> None:
    server = ServerProcess(start_child, tmp_path, migrated_address)
    with Load([server.site(f"Site {number}") for number in range(SITES)]) as load:
        load.wait_for(8)
        if migrated_address:
            kill_database(migrated_address)
            load.wait_for(1, status=503)
            load.wait_for(8)
        server.child.kill()
        load.wait_for(1, status=0)
        server.start()
        load.settle()
    server.database.engine.dispose()
    assert_nothing_is_lost_or_doubled(load, server.database)
    server.close()


def kill_database(address: str) -> None:
    """Kill those processes of PostgreSQL that serve this database: it ends all others, too, and recovers from its log."""
    name = address.rpartition("/")[2]
    with psycopg.connect(address.replace(name, "postgres"), autocommit=True) as connection:
        rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", (name,)).fetchall()
    assert rows
    for (pid,) in rows:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder on a file system of its own that is soon full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={DISK},mode=0700", "tmpfs"]
    try:
        mounted = subprocess.run(["mount", *options, folder], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        missing("this machine does not let its users mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_the_disk_is_full(start_child: StartChild, migrated_sqlite: Path, small_disk: Path) -> None:
    shutil.copy2(migrated_sqlite, small_disk)
    server = ServerProcess(start_child, small_disk, None)
    sites = [server.site(f"Site {number}") for number in range(SITES)]
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - LEFT))
    with Load(sites) as load:
        load.wait_for(8, status=503)
        assert load.acknowledged() <= set(stored(server.database))
        ballast.unlink()
        load.settle()
    assert_nothing_is_lost_or_doubled(load, server.database)
    assert load.told.keys() <= {200, 503}
    server.close()


def test_two_copies_of_one_site_send_what_they_have(server: RunningServer, site: Site) -> None:
    copy = Site(server, key=site.key, site_id=site.site_id)
    waiting = [batch(reading(f"serial:BOTH:{number}", total=number)) for number in range(6)]
    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(one.upload, each) for each in waiting for one in (site, copy)]
        told = [one.result() for one in sent]
    assert {answer.status for answer in told} == {200}
    assert sum(answer.json()["accepted"] for answer in told) == len(waiting)

    # From here on they differ: what both read in the same second is there once, whoever was first.
    here, there = reading("serial:BOTH:9", total=900), reading("serial:BOTH:9", total=901)
    there["taken_at"] = here["taken_at"]
    assert site.upload(batch(here)).json()["accepted"] == 1
    assert copy.upload(batch(there)).json() | {"changes": True} == {"accepted": 0, "duplicate": 1, "changes": True}
    answer = copy.upload(batch(reading("serial:BOTH:10"), identity=waiting[0]["batch"]))
    assert (answer.status, answer.json()["error"]) == (409, "batch_conflict")
    assert len(stored(server.database)) == server.count(reading_table) == len(waiting) + 1
    assert server.count(batch_table) == len(waiting) + 2

    states: list[dict[str, Any]] = [{"started_at": moment} for moment in ("2026-01-01T00:00:00Z", "2026-02-02T00:00:00Z")]
    assert site.check_in(states[0]).status == copy.check_in(states[1]).status == 200
    unchanged = site.send("/api/v1/checkin", {"version": "0.1.0", "unchanged": state_digest(states[0])})
    assert unchanged.json()["state_needed"] is True


@pytest.mark.parametrize("migrated_address", ["sqlite"], indirect=True)
@pytest.mark.parametrize("way", ["buffers", "sends again", "cuts the answer off", "cuts the request off"])
def test_a_proxy_stands_in_between(server: RunningServer, way: Way) -> None:
    with relay(server, way) as proxy:
        # Enrolled past it, so that half of what goes through it is interfered with.
        sites = [Site(server).enrol(f"Site {number}") for number in range(SITES)]
        with Load([Site(cast(Any, proxy), key=site.key, site_id=site.site_id) for site in sites]) as load:
            load.wait_for(12)
            load.settle()
    assert proxy.interfered >= 6
    assert_nothing_is_lost_or_doubled(load, server.database)
    if way == "sends again":
        assert load.told[401] > 0, "nothing was taken for a repetition"
    assert load.told.keys() <= {"buffers": {200}, "sends again": {200, 401}}.get(way, {200, 0})
