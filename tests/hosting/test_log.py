"""The log of the hosting server: one JSON line an event, with no secret at any depth."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from hosting.config import Limits
from hosting.db.sites import set_revoked
from hosting.db.tables import site as site_table
from hosting.db.tokens import Maker, NewToken, add_token
from tests.children import run_child, wait_until
from tests.hosting.batches import batch, reading
from tests.hosting.conftest import StartServer
from tests.hosting.outage import database_away
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

EVENT = """
import sys, structlog
from hosting.commands.serve import configure_logging
configure_logging("hosting", stream=sys.stderr)
structlog.get_logger().info("asked", site={"token": "s3cret", "inner": [{"private_key": "s3cret"}]}, url="https://a:s3cret@b/?token=s3cret")
"""


def test_no_secret_at_any_depth() -> None:
    finished = run_child([sys.executable, "-c", EVENT])
    (line,) = finished.stderr.splitlines()
    assert "s3cret" not in line
    assert json.loads(line)["site"] == {"token": "(hidden)", "inner": [{"private_key": "(hidden)"}]}


def refused(lines: list[Any], path: str) -> Mapping[str, Any]:
    """Return the line about the one request for `path` that was refused; lines about earlier ones may come late."""

    def found() -> list[Mapping[str, Any]]:
        return [dict(line) for line in lines if line["event"] == "request" and line["status"] >= 400 and line["path"] == path]

    wait_until("it is logged", found)
    [line] = found()
    return line


def test_a_refused_request_names_whom_it_claims_to_be_of(server: RunningServer, site: Site) -> None:
    for sender, path in (
        (Site(server, site_id="00000000-0000-4000-8000-000000000000"), "/api/v1/checkin"),  # unknown
        (Site(server, site_id=site.site_id), "/api/v1/readings"),  # another key
        (site, "/api/v1/nothing"),
    ):
        with structlog.testing.capture_logs() as lines:
            assert sender.send(path, {}).status in (401, 404)
            line = refused(lines, path)
        assert line["claimed"] == sender.site_id
        assert "site" not in line
        assert line["log_level"] == "warning"


def test_a_refused_request_of_a_site_names_it(start_server: StartServer) -> None:
    server = start_server(limits=Limits(site_burst=4, site_per_second=0.001))
    site = Site(server).enrol()

    def refuse(status: int) -> None:
        with structlog.testing.capture_logs() as lines:
            assert site.upload(batch({"schema": 1})).status == status
            line = refused(lines, "/api/v1/readings")
        # Beyond its budget nothing is looked up: it is not known who it is.
        assert line["claimed" if status == 429 else "site"] == site.site_id
        assert len(line["request"]) == 16

    refuse(422)
    server.write(lambda connection: set_revoked(connection, site.site_id, True, actor="test"))
    refuse(403)
    server.write(lambda connection: set_revoked(connection, site.site_id, False, actor="test"))
    for _ in range(4):
        site.check_in()
    refuse(429)


def test_what_failed_and_its_request_have_one_id(server: RunningServer, site: Site) -> None:
    with structlog.testing.capture_logs() as lines, database_away(server):
        site.upload(batch(reading()))
        line = refused(lines, "/api/v1/readings")
    [failed] = [each for each in lines if each["event"] == "the database failed"]
    assert (failed["request"], failed["claimed"]) == (line["request"], site.site_id)
    server.write(lambda connection: connection.execute(sa.update(site_table).values(public_key="damaged")))
    with structlog.testing.capture_logs() as lines:
        site.check_in()
        line = refused(lines, "/api/v1/checkin")
    [failed] = [each for each in lines if each["event"] == "request failed"]
    assert failed["request"] == line["request"]


@pytest.mark.parametrize("by", ["person", "program"])
def test_people_and_programs_are_named(server: RunningServer, person: Person, by: str) -> None:
    secret = server.write(lambda connection: add_token(connection, NewToken("ERP"), Maker()))
    with structlog.testing.capture_logs() as lines:
        if by == "person":
            person.get("/nothing")
        else:
            server.request("GET", "/api/v1/sites?limit=x", headers={"Authorization": f"Bearer {secret}"})
        line = refused(lines, "/nothing" if by == "person" else "/api/v1/sites")
    assert line["account" if by == "person" else by] == ("admin" if by == "person" else "ERP")
    assert str(secret) not in str(lines)
