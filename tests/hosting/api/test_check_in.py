"""Check-in: what the site says goes in, what it is to do comes out."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from appliance.common.clock import in_utc, utc_now
from appliance.report.changes import state_digest
from hosting.db import sites
from hosting.db.tables import command as command_table
from hosting.db.tables import site as site_table
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


def test_a_state_the_server_has_is_told_by_its_digest(server: RunningServer, site: Site) -> None:
    state = {"devices": {"known": 3}, "problems": [{"text": "größer"}]}
    digest = site.check_in(state).json()["state_digest"]
    assert digest == state_digest({"problems": [{"text": "größer"}], "devices": {"known": 3}})
    past = utc_now() - timedelta(hours=1)
    server.write(lambda connection: connection.execute(sa.update(site_table).values(last_contact_at=past)))
    server.write(lambda connection: sites.queue_command(connection, site.site_id, "scan_now", actor="test"))
    answer = site.send("/api/v1/checkin", {"version": "0.2.0", "unchanged": digest})
    assert [command["name"] for command in answer.json()["commands"]] == ["scan_now"]
    kept = server.read(lambda connection: sites.site_by_id(connection, site.site_id))
    assert kept is not None
    assert (kept.state, kept.version) == (state, "0.2.0")
    assert kept.last_contact_at is not None
    assert kept.last_contact_at > past


def test_a_state_the_server_has_not_is_asked_for_and_no_command_is_spent(server: RunningServer, site: Site) -> None:
    site.check_in({"devices": {"known": 3}})
    server.write(lambda connection: sites.queue_command(connection, site.site_id, "scan_now", actor="test"))
    answer = site.send("/api/v1/checkin", {"version": "0.1.0", "unchanged": state_digest({"devices": {"known": 4}})}).json()
    assert (answer["state_needed"], answer["commands"]) == (True, [])
    assert len(site.check_in({"devices": {"known": 4}}).json()["commands"]) == 1


def test_answers_to_sites_carry_no_headers_that_are_for_pages(site: Site) -> None:
    headers = site.check_in().headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert sum(len(name) + len(value) + 4 for name, value in headers.items()) < 200
