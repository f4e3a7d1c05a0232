"""A fault of the server is 503 with a time to come back, never 401, and says nothing of the inside."""

import json

import psycopg
import pytest
import sqlalchemy as sa

from hosting.config import Limits
from hosting.db.tables import reading as reading_table
from hosting.db.tables import site as site_table
from tests.hosting.batches import batch, reading
from tests.hosting.conftest import StartServer
from tests.hosting.db.test_lanes import locked
from tests.hosting.outage import database_away
from tests.hosting.running import Answer, RunningServer
from tests.hosting.site import Site

STRANGER = "00000000-0000-4000-8000-000000000000"


def assert_fault(answer: Answer, server: RunningServer) -> None:
    assert answer.status == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    inside = (str(server.config.folder), "postgresql", "sqlite", "hosting.db", str(server.database.url.host or "hosting.db"))
    assert not any(word in answer.text for word in inside)


def test_a_site_is_not_told_that_nobody_knows_it_while_the_database_is_away(server: RunningServer, site: Site) -> None:
    with database_away(server):
        answers = [site.check_in(), site.upload(batch(reading())), Site(server, site_id=STRANGER).check_in()]
    for answer in answers:
        assert_fault(answer, server)
        assert answer.json()["error"] == "database"
    assert site.upload(batch(reading())).json()["accepted"] == 1


def test_nor_is_one_that_enrols(server: RunningServer) -> None:
    site = Site(server)
    body = site.enrolment(server.code())
    with database_away(server):
        assert_fault(site.send("/api/v1/enrol", body, key_id=site.public_key), server)
    assert site.send("/api/v1/enrol", body, key_id=site.public_key).status == 201


def test_nor_is_a_program_with_a_token(server: RunningServer) -> None:
    with database_away(server):
        assert_fault(server.request("GET", "/api/v1/sites", headers={"Authorization": "Bearer anything"}), server)


@pytest.mark.postgresql
@pytest.mark.parametrize("migrated_address", ["postgresql"], indirect=True)
def test_a_site_is_told_to_come_again_where_the_database_takes_too_long(start_server: StartServer) -> None:
    server = start_server(limits=Limits(intake_seconds=3))
    site = Site(server).enrol()
    with locked(server, "batch"):
        answer = site.upload(batch(reading()))
    assert (answer.status, answer.json()["error"]) == (503, "busy")
    assert int(answer.headers["Retry-After"]) > 0
    assert site.upload(batch(reading())).json()["accepted"] == 1


@pytest.mark.postgresql
@pytest.mark.parametrize("migrated_address", ["postgresql"], indirect=True)
def test_a_database_that_takes_no_writes_for_a_while_is_connected_anew(server: RunningServer, site: Site) -> None:
    address = str(server.config.database_url)
    name = address.rpartition("/")[2]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
        server.database.engine.dispose()
        answer = site.upload(batch(reading()))
        assert_fault(answer, server)
        assert answer.json()["error"] == "database"
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'.encode())
    assert site.upload(batch(reading())).json()["accepted"] == 1


def test_a_damaged_key_in_the_database_is_a_fault_of_the_server(server: RunningServer, site: Site) -> None:
    server.write(lambda connection: connection.execute(sa.update(site_table).values(public_key="damaged")))
    assert_fault(site.check_in(), server)


def test_a_damaged_state_in_the_database_is_a_fault_of_the_server(server: RunningServer, site: Site) -> None:
    server.write(lambda connection: connection.execute(sa.update(site_table).values(state="{")))
    assert_fault(site.upload(batch(reading())), server)
    assert server.count(reading_table) == 0


def test_a_file_of_the_repository_that_cannot_be_read_is_a_fault_of_the_server(server: RunningServer) -> None:
    metadata = server.config.repository / "metadata"
    metadata.mkdir(parents=True)
    (metadata / "timestamp.json").symlink_to(metadata / "timestamp.json")  # ELOOP: also root cannot open it
    assert_fault(server.request("GET", "/tuf/metadata/timestamp.json"), server)


@pytest.mark.parametrize("key_id", ["", "a" * 65, 'x\\"y'])
def test_a_request_that_names_no_id_of_ours_is_refused(server: RunningServer, site: Site, key_id: str) -> None:
    body = json.dumps({"version": "1"}).encode()
    headers = site.signed("/api/v1/checkin", body, {"Content-Type": "application/json"})
    headers["Signature-Input"] = headers["Signature-Input"].replace(site.site_id, key_id)
    assert server.request("POST", "/api/v1/checkin", headers=headers, body=body).status == 401
