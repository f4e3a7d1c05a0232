"""Check-ins of many sites that come within a moment: done together, and each judged by itself."""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.common.clock import utc_now
from appliance.report.changes import state_digest
from hosting.db import sites
from hosting.db.connection.database import Database, database_url
from hosting.db.connection.lane import Lane, LanePlan
from hosting.db.intake import check_ins
from hosting.db.intake.gathering import Gathering
from hosting.db.tables import site as site_table
from hosting.errors import BusyError
from tests.hosting.running import Answer, RunningServer
from tests.hosting.site import Site

PATH = "/api/v1/checkin"
STATE = {"devices": {"known": 3}}
UNCHANGED = {"version": "0.2.0", "unchanged": state_digest(STATE)}


def fleet(server: RunningServer, size: int) -> list[Site]:
    """Return sites whose state the server has, not heard of for an hour."""
    made = [Site(server).enrol(f"Site {number}") for number in range(size)]
    for one in made:
        assert one.check_in(STATE).status == 200
    past = utc_now() - timedelta(hours=1)
    server.write(lambda connection: connection.execute(sa.update(site_table).values(last_contact_at=past)))
    return made


def at_once(asking: Sequence[tuple[Site, dict[str, Any]]]) -> list[Answer]:
    with ThreadPoolExecutor(len(asking)) as threads:
        return list(threads.map(lambda one: one[0].send(PATH, one[1]), asking))


def silent(server: RunningServer) -> set[str]:
    """Return the sites that have not been heard of for an hour."""
    chosen = sa.select(site_table.c.site_id).where(site_table.c.last_contact_at < utc_now() - timedelta(minutes=30))
    return set(server.read(lambda connection: connection.execute(chosen).scalars().all()))


def test_each_of_many_gets_its_own_answer(server: RunningServer) -> None:
    usual, told, other, revoked, stranger, broken = fleet(server, 6)
    server.write(lambda connection: sites.queue_command(connection, told.site_id, "scan_now", actor="test"))
    server.write(lambda connection: sites.set_revoked(connection, revoked.site_id, True, actor="test"))
    forged = Site(server, site_id=stranger.site_id)
    answers = at_once(
        [
            (usual, UNCHANGED),
            (told, UNCHANGED),
            (other, {"version": "0.2.0", "unchanged": state_digest({})}),
            (revoked, UNCHANGED),
            (forged, UNCHANGED),
            (broken, {"version": "0.2.0", "unchanged": 4}),
            (Site(server, site_id="00000000-1111-4111-8111-111111111111"), UNCHANGED),
        ]
    )
    assert [answer.status for answer in answers] == [200, 200, 200, 403, 401, 422, 401]
    said = [answer.json() for answer in answers]
    assert said[0]["commands"] == []
    assert [command["name"] for command in said[1]["commands"]] == ["scan_now"]
    assert said[2]["state_needed"]
    assert [one["error"] for one in said[3:]] == ["revoked", "bad_signature", "does_not_fit", "unknown_site"]
    assert silent(server) == {other.site_id, revoked.site_id, stranger.site_id, broken.site_id}
    kept = server.read(lambda connection: sites.sites_by_ids(connection, [usual.site_id, told.site_id]))
    assert [site.version for site in kept.values()] == ["0.2.0", "0.2.0"]


def test_one_of_two_that_are_the_same_is_a_replay(server: RunningServer) -> None:
    [site] = fleet(server, 1)
    body = json.dumps(UNCHANGED).encode()
    signed = site.signed(PATH, body, {"Content-Type": "application/json"})
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: server.request("POST", PATH, headers=signed, body=body).status, range(4)))
    assert sorted(answers) == [200, 401, 401, 401]


def test_a_nonce_counts_once_within_those_that_come_together(server: RunningServer) -> None:
    end = utc_now() + timedelta(minutes=5)
    one, other, third = check_ins.Nonce("a", "1", end), check_ins.Nonce("b", "1", end), check_ins.Nonce("a", "2", end)
    assert server.write(lambda connection: check_ins.use_nonces(connection, [one, other, one])) == [True, True, False]
    assert server.write(lambda connection: check_ins.use_nonces(connection, [third, one])) == [True, False]


@pytest.mark.postgresql
@pytest.mark.parametrize("migrated_address", ["postgresql"], indirect=True)
def test_a_site_that_is_held_holds_up_no_other(server: RunningServer) -> None:
    held, *others = fleet(server, 4)
    with ThreadPoolExecutor(1) as threads:
        with server.database.writing() as connection:
            connection.execute(
                sa.select(site_table).where(site_table.c.site_id == held.site_id).with_for_update(key_share=True)
            ).all()
            waiting = threads.submit(held.send, PATH, UNCHANGED)
            assert [answer.status for answer in at_once([(one, UNCHANGED) for one in others])] == [200] * 3
            assert silent(server) == {held.site_id}
        assert waiting.result(30).status == 200
    assert silent(server) == set()


def test_what_comes_within_a_moment_is_done_at_once_and_fails_by_itself(tmp_path: Path) -> None:
    done: list[list[int]] = []

    def work(items: Sequence[int]) -> list[int | Exception]:
        done.append(list(items))
        return [BusyError("three") if item == 3 else 10 * item for item in items]

    async def run() -> list[Any]:
        with Database(database_url(None, tmp_path)) as database:
            lane = Lane(database, LanePlan("test", threads=2, waiting=8))
            gathering: Gathering[int, int] = Gathering(lane)
            asked = [asyncio.create_task(gathering.ask(number, str(number), work)) for number in range(5)]
            asked[1].cancel()
            found = await asyncio.gather(*asked, return_exceptions=True)
            again = await asyncio.gather(*(gathering.ask(number, "one", work) for number in range(2)))
            lane.close()
            return [*found, *again]

    first, cancelled, third, refused, last, *again = asyncio.run(run())
    assert (first, third, last, again) == (0, 20, 40, [0, 10])
    assert isinstance(cancelled, asyncio.CancelledError)
    assert isinstance(refused, BusyError)
    assert done == [[0, 2, 3, 4], [0, 1]]
