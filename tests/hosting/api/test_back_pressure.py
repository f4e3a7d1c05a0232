"""Too much to do: whoever asks for it waits, is refused and asked to send less often; all others are served as before."""

import asyncio
import threading
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from appliance.transmission.answers import Intervals
from hosting.api.intervals import LONGEST_UPLOAD, intervals
from hosting.config import CHECK_IN_SECONDS, UPLOAD_SECONDS, Limits
from hosting.db.connection.database import Database, database_url
from hosting.db.connection.lane import Lane, LanePlan
from hosting.db.contact import late_after
from hosting.db.intake.load import LONG_SECONDS, STEPS, WINDOW_SECONDS, Load
from hosting.errors import BusyError
from tests.hosting.batches import batch, reading
from tests.hosting.conftest import StartServer
from tests.hosting.outage import database_away
from tests.hosting.running import Answer, RunningServer
from tests.hosting.site import Site

OTHERS = 20
FLOODS = 6
GENEROUS_SECONDS = 120.0


def test_nobody_has_more_than_half_of_the_threads(tmp_path: Path) -> None:
    go_on = threading.Event()

    async def run() -> None:
        with Database(database_url(None, tmp_path)) as database:
            lane = Lane(database, LanePlan("test", threads=4, waiting=40))
            loud = [asyncio.create_task(lane.run(lambda: go_on.wait(20), "loud")) for _ in range(8)]
            await asyncio.sleep(0)
            assert (lane.running, lane.waiting) == (2, 6)
            assert await lane.run(lambda: "at once", "quiet") == "at once"
            go_on.set()
            assert all(await asyncio.gather(*loud))
            assert (lane.running, lane.waiting) == (0, 0)
            lane.close()

    asyncio.run(run())


def test_where_nobody_else_may_wait_the_loudest_makes_room(tmp_path: Path) -> None:
    go_on = threading.Event()

    async def run() -> None:
        with Database(database_url(None, tmp_path)) as database:
            lane = Lane(database, LanePlan("test", threads=1, waiting=8))

            def ask(who: str) -> Awaitable[bool]:
                return asyncio.create_task(lane.run(lambda: go_on.wait(20), who))

            first, loud = ask("first"), {who: [ask(who), ask(who)] for who in "abcd"}
            await asyncio.sleep(0)
            assert lane.waiting == 8
            quiet = [ask(who) for who in ("quiet", "calm")]
            await asyncio.sleep(0)
            with pytest.raises(BusyError):  # who is as loud as any other makes nobody leave
                await lane.run(bool, "c")
            go_on.set()
            assert await first
            assert all([await one for one in quiet])
            ended = await asyncio.gather(*(one for each in loud.values() for one in each), return_exceptions=True)
            assert sum(isinstance(one, BusyError) for one in ended) == 2
            assert [one for one in ended[::2] if isinstance(one, BusyError)] == []
            assert (lane.refused, lane.running, lane.waiting) == (3, 0, 0)
            lane.close()

    asyncio.run(run())


def test_intervals_are_stretched_step_by_step_and_come_back() -> None:
    now = [0.0]
    load = Load(lambda: now[0])
    told = []
    for _ in range(len(STEPS) + 2):
        load.waited(2 * LONG_SECONDS)
        now[0] += WINDOW_SECONDS
        told.append(load.stretch)
    assert told == [*STEPS[1:], STEPS[-1], STEPS[-1], STEPS[-1]]
    load.waited(LONG_SECONDS / 2)
    now[0] += WINDOW_SECONDS
    assert load.stretch == STEPS[-1], "neither long nor short"
    load.waited(0.0)
    now[0] += WINDOW_SECONDS
    assert load.stretch == STEPS[-2]
    now[0] += 100 * WINDOW_SECONDS
    assert load.stretch == 1.0
    load.refused()
    now[0] += WINDOW_SECONDS
    assert load.stretch == STEPS[1]


@pytest.mark.parametrize("every", [5, CHECK_IN_SECONDS, 300, 3600, 86400])
@pytest.mark.parametrize("stretch", STEPS)
def test_a_site_that_does_as_it_is_told_counts_as_online(every: int, stretch: float) -> None:
    told = intervals(every, every, stretch)
    assert every <= told["check_in_seconds"] < late_after(every).total_seconds()
    assert every <= told["upload_seconds"] <= max(every, LONGEST_UPLOAD)
    Intervals.model_validate(told)  # as an appliance does
    if stretch == 1.0:
        assert set(told.values()) == {every}


@pytest.mark.parametrize("migrated_address", ["sqlite"], indirect=True)
def test_sites_are_told_to_send_less_often_while_too_much_waits(server: RunningServer, site: Site) -> None:
    now = [0.0]
    server.services.intake.load = load = Load(lambda: now[0])
    usual = {"check_in_seconds": CHECK_IN_SECONDS, "upload_seconds": UPLOAD_SECONDS}
    assert site.check_in().json()["intervals"] == usual
    load.refused()
    now[0] += WINDOW_SECONDS
    stretched = {"check_in_seconds": round(CHECK_IN_SECONDS * STEPS[1]), "upload_seconds": round(UPLOAD_SECONDS * STEPS[1])}
    assert site.check_in().json()["intervals"] == stretched
    now[0] += WINDOW_SECONDS
    assert site.check_in().json()["intervals"] == usual


def test_nothing_is_looked_up_for_a_site_beyond_its_budget(start_server: StartServer) -> None:
    server = start_server(limits=Limits(site_burst=3, site_per_second=0.001))
    site = Site(server).enrol()
    for _ in range(3):
        assert site.check_in().status == 200
    with database_away(server):
        answers = [site.check_in() for _ in range(12)]
    assert {answer.status for answer in answers} == {429}
    waits = {int(answer.headers["Retry-After"]) for answer in answers}
    assert min(waits) >= 999
    assert len(waits) > 1, "all are to come back in the same second"


def test_others_are_served_while_one_site_sends_as_fast_as_it_can(start_server: StartServer) -> None:
    server = start_server(limits=Limits(site_burst=1_000_000))
    noisy = Site(server).enrol("Noisy")
    others = [Site(server).enrol(f"Site {number}") for number in range(OTHERS)]
    enough = threading.Event()

    def flood(thread: int) -> set[int]:
        told, sent = set(), 0
        while not enough.is_set():
            sent += 1
            keys = [f"serial:N:{thread}-{sent}-{number}" for number in range(5)]
            told.add(noisy.upload(batch(*(reading(key) for key in keys))).status)
        return told

    def serve_as_usual(site: Site) -> list[Answer]:
        return [site.check_in(), site.upload(batch(reading(f"serial:Q:{site.site_id}"))), site.check_in()]

    with ThreadPoolExecutor(FLOODS) as flooding, ThreadPoolExecutor(4) as asking:
        floods = [flooding.submit(flood, thread) for thread in range(FLOODS)]
        try:
            answers = [answer for each in asking.map(serve_as_usual, others, timeout=GENEROUS_SECONDS) for answer in each]
        finally:
            enough.set()
    assert {answer.status for answer in answers} == {200}
    assert set().union(*(each.result() for each in floods)) <= {200, 429, 503}
