"""Whatever reads the history finds it in both shapes: pages, changes that build on it, readings sent again, joined devices."""

import html
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.report import Reading
from hosting.config import Limits
from hosting.db.connection.database import Database
from hosting.db.history import joining, reader
from hosting.db.history.roll_up import RollUp
from hosting.db.history.stored_reading import StoredReading
from hosting.db.intake import changes as changes_module
from hosting.db.intake import readings
from hosting.db.tables import device_day, device_latest
from hosting.db.tables import reading as reading_table
from tests.hosting.batches import batch, reading
from tests.hosting.conftest import StartServer
from tests.hosting.db.test_changes import change, changes
from tests.hosting.db.test_events import happened
from tests.hosting.history.days import KEY, NOON, SITE, add_site, body, history, hourly, keep, roll_up, rows, steps
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site
from web.quantities import number

LATER = timedelta(days=10)


def roll_up_all(server: RunningServer) -> None:
    """Roll up as if it were ten days later."""
    assert steps(server.database, RollUp(datetime.now(UTC) + LATER))
    assert server.count(reading_table) == 0
    assert server.count(device_day)


def test_the_newest_come_first_out_of_both_shapes(database: Database) -> None:
    add_site(database)
    there = hourly(100)
    keep(database, there[:70])
    roll_up(database)
    keep(database, there[70:])
    with database.reading() as connection:
        for limit in (1, 30, 31, 60, 99, 100, 500):
            assert reader.newest(connection, SITE, KEY, limit) == there[::-1][:limit]
        told = reader.days(connection, SITE, KEY, 3)
    assert [(str(day), zone, summary.number) for day, zone, summary in told] == [
        ("2026-03-13", "UTC", 10),
        ("2026-03-12", "UTC", 24),
        ("2026-03-11", "UTC", 24),
    ]


def test_the_page_of_a_device_shows_what_is_rolled_up(server: RunningServer, person: Person, site: Site) -> None:
    site.upload(batch(*(reading(total=1000 + number, hours=5 - number) for number in range(5))))
    before = person.get(f"/device?site={site.site_id}&key={KEY}").text
    roll_up_all(server)
    after = person.get(f"/device?site={site.site_id}&key={KEY}").text
    assert "5 readings" in html.unescape(after)
    part = '<section class="panel" aria-labelledby="history">'
    assert after.partition(part)[2].partition("</section>")[0] == before.partition(part)[2].partition("</section>")[0]
    assert "by day" not in before
    by_day = after.partition('aria-labelledby="days"')[2].partition("</section>")[0]
    assert "At the end of the day, UTC." in by_day
    assert f'<td class="numeric nowrap">{number(1004)}</td>' in by_day


def test_the_page_of_a_device_shows_a_week_of_days_and_all_on_demand(server: RunningServer, person: Person, site: Site) -> None:
    site.upload(batch(*(reading(total=1000 + number, hours=24 * (20 - number)) for number in range(20))))
    roll_up_all(server)
    address = f"/device?site={site.site_id}&key={KEY}"
    for query, shown in (("", 7), ("&history=all", 20)):
        part = person.get(address + query).text.partition('aria-labelledby="days"')[2].partition("</section>")[0]
        assert part.count("<tr><td") == shown
        assert ("Show all" in part) == (shown == 7)


def test_the_page_of_a_device_of_which_only_days_are_left_opens(server: RunningServer, person: Person, site: Site) -> None:
    site.upload(batch(reading()))
    roll_up_all(server)
    server.write(lambda connection: connection.execute(sa.update(device_day).values(segment=None, dictionary=None)))
    page = person.get(f"/device?site={site.site_id}&key={KEY}")
    assert page.status == 200
    assert "0 readings" in html.unescape(page.text)
    assert 'aria-labelledby="days"' in page.text


def test_the_page_of_a_site_says_in_which_time_zone_its_days_are(server: RunningServer, person: Person, site: Site) -> None:
    assert "its days are counted in UTC" in person.get(f"/sites/{site.site_id}").text
    assert site.check_in({"time_zone": "America/Sao_Paulo"}).status == 200
    assert "America/Sao_Paulo" in person.get(f"/sites/{site.site_id}").text


def test_a_change_builds_on_a_reading_that_is_rolled_up(server: RunningServer, site: Site) -> None:
    steps_made = [reading(total=1000 + number, hours=4 - number, location="3rd floor") for number in range(4)]
    site.upload(batch(*steps_made[:3]))
    roll_up_all(server)
    answer = site.upload(changes(change(steps_made[1], steps_made[3])))
    assert answer.json() == {"accepted": 1, "duplicate": 0, "changes": True}
    kept = server.read(lambda connection: list(readings.history(connection, site.site_id, KEY, limit=10)))
    assert kept[::-1] == [Reading.model_validate(step) for step in steps_made]


@pytest.mark.parametrize("values", [{"segment": None, "dictionary": None}, {"segment": b"damaged"}, {"dictionary": 7}])
def test_a_change_whose_base_is_gone_is_asked_for_in_full(server: RunningServer, site: Site, values: dict[str, Any]) -> None:
    base, now = reading(hours=2), reading(total=1001)
    site.upload(batch(base, reading(hours=1)))  # the newest is kept beside the days
    roll_up_all(server)
    server.write(lambda connection: connection.execute(sa.update(device_day).values(**values)))
    assert site.upload(changes(change(base, now))).json()["needed"] == [KEY]
    assert site.upload(batch(now)).json()["accepted"] == 1


def test_the_newest_reading_is_a_base_also_where_its_day_cannot_be_read(server: RunningServer, site: Site) -> None:
    base, now = reading(hours=2), reading(total=1001)
    site.upload(batch(base))
    roll_up_all(server)
    server.write(lambda connection: connection.execute(sa.update(device_day).values(segment=b"damaged")))
    assert site.upload(changes(change(base, now))).json() == {"accepted": 1, "duplicate": 0, "changes": True}


def test_segments_are_opened_only_as_far_as_a_batch_may_weigh(start_server: StartServer) -> None:
    server = start_server(limits=Limits(decoded_bytes=100_000))
    site = Site(server).enrol()
    keys = [f"serial:A:{number}" for number in range(8)]
    bases = [reading(key, hours=2) | {"misc": {"note": "x" * 30_000}} for key in keys]
    for key, base in zip(keys, bases, strict=True):
        site.upload(batch(base, reading(key, hours=1.5)))
    roll_up_all(server)
    answer = site.upload(changes(*(change(base, base | {"taken_at": reading(hours=1)["taken_at"]}) for base in bases))).json()
    assert 0 < answer["accepted"] <= 3
    assert len(answer["needed"]) == 8 - answer["accepted"]


def test_what_was_rolled_up_and_is_sent_again_adds_nothing(server: RunningServer, site: Site) -> None:
    sent = [reading(total=1000 + number, hours=60 - number) for number in range(3)]
    site.upload(batch(*sent))
    roll_up_all(server)
    assert site.upload(batch(*sent)).json() == {"accepted": 0, "duplicate": 3, "changes": True}
    late = reading(total=1001, hours=58.5)
    assert site.upload(batch(late, sent[0])).json() == {"accepted": 1, "duplicate": 1, "changes": True}
    assert server.count(reading_table) == 1
    # Whatever comes while a segment is not there any more lies within a day that is known.
    server.write(lambda connection: connection.execute(sa.update(device_day).values(segment=None)))
    assert site.upload(batch(*sent)).json()["accepted"] == 0


def test_a_change_is_weighed_by_what_it_builds_on_in_either_shape(database: Database) -> None:
    add_site(database)
    there = hourly(30)
    keep(database, there[:20])
    roll_up(database)
    keep(database, there[20:])
    wanted = {(KEY, item.taken_at) for item in there} | {("serial:B:1", NOON), (KEY, NOON - timedelta(hours=1))}
    with database.reading() as connection:
        found = reader.look_up(connection, SITE, wanted, 1_000_000)
        assert found.sizes == {(KEY, item.taken_at): len(item.body) for item in there}
        assert found.bodies(wanted) == {(KEY, item.taken_at): item.body for item in there}
        assert len(reader.look_up(connection, SITE, wanted, 10).sizes) == 10
        assert changes_module.rebuild_all(connection, SITE, (), 10).needed == ()


def test_the_history_goes_with_a_device_that_is_identified(server: RunningServer, site: Site) -> None:
    former, key = "mac:001122334455", "serial:ACME:1"
    site.upload(batch(*(reading(former, total=1000 + number, hours=60 - number) for number in range(3))))
    roll_up_all(server)
    site.upload(batch(*(reading(key, total=1010 + number, hours=56 - number) for number in range(3))))
    roll_up_all(server)
    site.upload(batch(reading(former, total=1005, hours=1)))
    site.upload(batch(reading(key, total=1020)) | {"events": [happened("device_identified", key=key, former_key=former)]})
    for _ in range(2):
        kept = server.read(lambda connection: list(readings.history(connection, site.site_id, key, limit=20)))
        assert [item.meters["total"].value for item in reversed(kept)] == [1000, 1001, 1002, 1010, 1011, 1012, 1005, 1020]
        roll_up_all(server)
    assert {row["device_key"] for row in rows(server.database)} == {key}
    assert {row["device_key"] for row in rows(server.database, device_latest)} == {key}
    assert sum(row["number"] for row in rows(server.database)) == 8


def test_days_of_both_keys_whose_segments_had_their_time_become_one(database: Database) -> None:
    add_site(database)
    keep(database, hourly(3, "mac:1"), "mac:1")
    keep(database, hourly(3, start=NOON + timedelta(hours=5), total=2000))
    roll_up(database)
    with database.writing() as connection:
        connection.execute(sa.update(device_day).values(segment=None, dictionary=None))
        joining.join(connection, SITE, "mac:1", KEY)
    [row] = rows(database)
    assert (row["device_key"], row["number"], row["total"], row["first_at"]) == (KEY, 6, 2002, NOON)
    assert row["last_at"] == NOON + timedelta(hours=7)


def test_a_moment_under_both_keys_is_one_reading(database: Database) -> None:
    add_site(database)
    keep(database, hourly(3, "mac:1"), "mac:1")
    keep(database, hourly(4))
    with database.writing() as connection:
        joining.join(connection, SITE, "mac:1", KEY)
    roll_up(database)
    assert history(database) == hourly(4)
    assert [row["device_key"] for row in rows(database)] == [KEY]


def test_a_reading_of_the_future_stays_as_it_came(database: Database) -> None:
    add_site(database)
    future = datetime(2096, 1, 1, tzinfo=UTC)
    keep(database, [StoredReading(future, body(at=future)), *hourly(2)])
    assert roll_up(database).rows == 2
    assert [row["taken_at"] for row in rows(database, reading_table)] == [future]
