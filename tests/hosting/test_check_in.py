"""Check-in: what the site says goes in, what it is to do comes out."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from hosting.clock import in_utc, utc_now
from hosting.db import sites
from hosting.db.tables import command as command_table
from tests.hosting.batches import batch
from tests.hosting.conftest import StartServer
from tests.hosting.running import RunningServer
from tests.hosting.site import Site


def test_the_state_is_kept_and_the_contact_noted(server: RunningServer, site: Site) -> None:
    answer = site.check_in({"devices": {"known": 3, "answering": 2}})
    assert answer.status == 200
    kept = server.read(lambda connection: sites.site_by_id(connection, site.site_id))
    assert kept is not None
    assert kept.state == {"devices": {"known": 3, "answering": 2}}
    assert kept.version == "0.1.0"
    assert kept.last_contact_at is not None
    assert utc_now() - kept.last_contact_at < timedelta(minutes=1)


def test_the_answer_has_the_time_and_the_intervals(start_server: StartServer) -> None:
    server = start_server(check_in_seconds=17, upload_seconds=9)
    answer = Site(server).enrol().check_in().json()
    assert abs(utc_now() - in_utc(datetime.fromisoformat(answer["server_time"]))) < timedelta(seconds=30)
    assert answer["intervals"] == {"check_in_seconds": 17, "upload_seconds": 9}
    assert answer["commands"] == []


def test_a_command_is_handed_out_to_its_site_only(server: RunningServer) -> None:
    mill, port = Site(server).enrol("Mill"), Site(server).enrol("Port")
    assert server.write(lambda connection: sites.queue_command(connection, mill.site_id, "scan_now", actor="test"))
    assert port.check_in().json()["commands"] == []
    [command] = mill.check_in().json()["commands"]
    assert command["name"] == "scan_now"


def test_a_command_comes_again_for_a_while_under_the_same_id(server: RunningServer, site: Site) -> None:
    server.write(lambda connection: sites.queue_command(connection, site.site_id, "scan_now", actor="test"))
    first = site.check_in().json()["commands"]
    assert site.check_in().json()["commands"] == first
    past = utc_now() - sites.COMMAND_REPEATED - timedelta(seconds=5)
    server.write(lambda connection: connection.execute(sa.update(command_table).values(delivered_at=past)))
    assert site.check_in().json()["commands"] == []


def test_the_same_command_waits_only_once(server: RunningServer, site: Site) -> None:
    queued = [server.write(lambda connection: sites.queue_command(connection, site.site_id, "scan_now", actor="x")) for _ in "ab"]
    assert queued == [True, False]


def test_a_command_nobody_fetched_for_a_day_is_dropped(server: RunningServer, site: Site) -> None:
    server.write(lambda connection: sites.queue_command(connection, site.site_id, "scan_now", actor="test"))
    past = utc_now() - timedelta(days=2)
    server.write(lambda connection: connection.execute(sa.update(command_table).values(created_at=past)))
    assert site.check_in().json()["commands"] == []


def test_an_upload_counts_as_contact(server: RunningServer, site: Site) -> None:
    site.upload(batch())
    kept = server.read(lambda connection: sites.site_by_id(connection, site.site_id))
    assert kept is not None
    assert kept.last_contact_at is not None
