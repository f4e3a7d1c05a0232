"""What says that it is of the future is kept aside and told as a clock problem: it stands above nothing that follows."""

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from alembic import command

from appliance.common.clock import utc_now
from hosting.db import fleet
from hosting.db.cleanup import clean
from hosting.db.connection.database import Database, database_url
from hosting.db.intake import events, readings
from hosting.db.migrate import alembic_config, migrate
from hosting.db.tables import reading as reading_table
from hosting.db.tables import reading_ahead
from tests.hosting.batches import batch, reading
from tests.hosting.db.test_changes import change, changes
from tests.hosting.db.test_events import happened
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

KEY = "serial:ACME:1"
YEARS = -24 * 365 * 70


def test_it_is_in_no_history_and_its_site_says_so(server: RunningServer, site: Site, person: Person) -> None:
    sent = batch(reading(total=9999, hours=YEARS), reading("serial:ACME:2", hours=YEARS), reading("serial:ACME:3"))
    assert site.upload(sent).json() == {"accepted": 3, "duplicate": 0, "changes": True}
    assert site.upload(batch(*sent["readings"])).json()["duplicate"] == 3
    assert (server.count(reading_table), server.count(reading_ahead)) == (1, 2)
    page = person.get(f"/sites/{site.site_id}").text
    assert "The clock of the site was wrong: 2 readings say that they were taken in the future" in page
    assert "serial:ACME:1, serial:ACME:2" in page
    site.upload(batch(reading(total=1000)))
    assert "9999" not in person.get(f"/device?site={site.site_id}&key={KEY}").text


def test_a_site_with_a_right_clock_says_nothing_of_it(site: Site, person: Person) -> None:
    site.upload(batch(reading(hours=-4 / 60)))
    assert "The clock of the site" not in person.get(f"/sites/{site.site_id}").text


def test_a_change_that_builds_on_it_is_needed_in_full(server: RunningServer, site: Site) -> None:
    before = reading(hours=YEARS)
    site.upload(batch(before))
    assert site.upload(changes(change(before, reading(total=1001)))).json()["needed"] == [KEY]
    assert site.upload(batch(reading(total=1001))).json()["accepted"] == 1
    found = server.read(lambda connection: fleet.device(connection, site.site_id, KEY))
    assert found is not None
    assert '"value":1001' in found.body


def test_a_change_from_the_future_is_kept_aside(server: RunningServer, site: Site) -> None:
    before = reading(hours=1)
    site.upload(batch(before))
    assert site.upload(changes(change(before, reading(total=2000, hours=YEARS)))).json()["accepted"] == 1
    assert (server.count(reading_table), server.count(reading_ahead)) == (1, 1)


def test_an_event_from_the_future_counts_as_of_its_arrival(server: RunningServer, site: Site) -> None:
    told = [happened(text="Of 2096.", hours=YEARS), happened(text="Of just now.", hours=-0.01)]
    site.upload(batch() | {"events": told})
    kept = server.read(lambda connection: events.of_device(connection, site.site_id, KEY, limit=5))
    assert [event.text for event in kept] == ["Of just now.", "Of 2096."]
    assert kept[1].at <= utc_now()


def test_it_goes_with_a_device_that_was_identified_and_is_removed_in_time(server: RunningServer, site: Site) -> None:
    site.upload(batch(reading("mac:1", hours=YEARS)))
    site.upload(batch() | {"events": [happened("device_identified", key=KEY, former_key="mac:1")]})
    found = server.read(lambda connection: readings.ahead(connection, site.site_id))
    assert found is not None
    assert found.devices == (KEY,)
    server.write(lambda connection: connection.execute(sa.update(reading_ahead).values(received_at=utc_now() - timedelta(days=91))))
    server.write(clean)
    assert server.count(reading_ahead) == 0


def test_what_a_server_before_took_into_the_history_is_put_aside(database_address: str | None, tmp_path: Path) -> None:
    with Database(database_url(database_address, tmp_path)) as database:
        with database.writing() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "0005")
            now = utc_now()
            row = {"site_id": "a", "device_key": KEY, "received_at": now, "body": "{}"}
            moments = (now, now + timedelta(days=365 * 70))
            connection.execute(sa.insert(reading_table), [row | {"taken_at": moment} for moment in moments])
        assert migrate(database)
        with database.reading() as connection:
            assert connection.execute(sa.select(reading_table.c.taken_at)).scalars().all() == [moments[0]]
            assert connection.execute(sa.select(reading_ahead.c.taken_at)).scalars().all() == [moments[1]]
