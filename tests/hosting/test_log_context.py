"""Each line of the log that a request leads to says which one: whoever writes it, on whatever thread, as JSON or as text."""

import gc
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog

from hosting.api.check_in import CheckInHandler
from hosting.db.connection.database import Database, database_url
from hosting.db.connection.slow_statements import log_slow_statements
from tests.children import run_child, wait_until
from tests.conftest import StartChild
from tests.hosting.batches import batch, reading
from tests.hosting.commands.test_cli import hosting, one_sentence
from tests.hosting.person import Person
from tests.hosting.process import ServerProcess
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

GIVEN = "balancer-7.f00d_1"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO nonce%'"
EVENT = """
import sys, structlog
from appliance.common.log import configure_logging
configure_logging("hosting", stream=sys.stderr, form="text")
log = structlog.get_logger()
log.warning("asked", token="s3cret", name="two\\nlines", inner={"password": "s3cret"}, url="https://a:s3cret@b/", nothing=None)
try:
    raise ValueError("first\\nsecond")
except ValueError:
    log.exception("failed")
"""


def test_text_is_one_line_an_event_and_has_no_secret() -> None:
    said = run_child([sys.executable, "-c", EVENT]).stderr
    assert "s3cret" not in said
    first, second, *below = said.splitlines()
    asked = r"\S+Z warning asked token=\(hidden\) name=two\\nlines inner=\{'password': '\(hidden\)'\}"
    asked += r" url=https://\(hidden\)@b/ component=hosting"
    assert re.fullmatch(asked, first), first
    assert re.fullmatch(r"\S+Z error   failed component=hosting", second), second
    assert below[0] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") for line in below)


def test_another_form_is_refused(tmp_path: Path) -> None:
    said = one_sentence(hosting("serve", "--data", tmp_path, "--http", environment={"DCA_HOSTING_LOG": "xml"}))
    assert "DCA_HOSTING_LOG is 'xml'. Write json or text." in said


@pytest.mark.parametrize("migrated_address", ["sqlite"], indirect=True)
class TestRequestId:
    """One database is enough."""

    def test_an_id_that_a_proxy_gave_is_taken_and_answered(self, server: RunningServer, site: Site) -> None:
        for path in ("/livez", "/api/v1/sites", "/login", "/nothing"):
            assert server.request("GET", path, headers={"X-Request-Id": GIVEN}).headers["X-Request-Id"] == GIVEN
        with structlog.testing.capture_logs() as lines:
            server.request("GET", "/api/v1/sites", headers={"X-Request-Id": GIVEN})
            server.request("GET", "/livez")
        assert [line["request"] for line in lines if line.get("status") == 401] == [GIVEN]

    @pytest.mark.parametrize("given", ["short", "a" * 65, "two words of it", "a=b,c=d;e=f", "-begins-with-a-hyphen"])
    def test_what_is_no_id_is_none(self, server: RunningServer, given: str) -> None:
        answered = server.request("GET", "/livez", headers={"X-Request-Id": given}).headers["X-Request-Id"]
        assert re.fullmatch(r"[0-9a-f]{16}", answered)

    def test_a_page_that_failed_shows_it(self, server: RunningServer) -> None:
        person = Person(server)
        assert person.log_in().status == 302
        answer = person.get("/nothing")
        assert answer.status == 404
        assert f"Request {answer.headers['X-Request-Id']} in the log of the server" in answer.text

    def test_sites_pay_for_it_only_where_something_is_wrong(self, server: RunningServer, site: Site) -> None:
        assert "X-Request-Id" not in site.check_in().headers
        assert re.fullmatch(r"[0-9a-f]{16}", site.upload({"schema": 1}).headers["X-Request-Id"])


def test_a_slow_statement_is_logged_without_its_values(migrated_address: str | None, tmp_path: Path) -> None:
    with Database(database_url(migrated_address, tmp_path)) as database:
        log_slow_statements(database.engine, 0.0)
        with structlog.testing.capture_logs() as lines, database.reading() as connection:
            connection.exec_driver_sql("SELECT\n   1")
    assert "SELECT 1" in [line["statement"] for line in lines if line["event"] == "slow statement"]
    assert all(line["milliseconds"] >= 0 for line in lines)


@pytest.mark.postgresql
@pytest.mark.parametrize("migrated_address", ["postgresql"], indirect=True)
def test_lines_of_other_threads_name_the_request_and_its_site(
    start_child: StartChild, migrated_address: str, tmp_path: Path
) -> None:
    server = ServerProcess(start_child, tmp_path, migrated_address, DCA_HOSTING_SLOW_MS="1")
    site = server.site()
    headers = {"Content-Type": "application/json", "X-Request-Id": GIVEN}
    with psycopg.connect(migrated_address, autocommit=True) as watching, psycopg.connect(migrated_address) as connection:
        connection.execute("LOCK TABLE nonce IN ACCESS EXCLUSIVE MODE")
        body = json.dumps(batch(reading())).encode()
        with ThreadPoolExecutor(1) as threads:
            sent = threads.submit(site.send_bytes, "/api/v1/readings", body, headers)
            wait_until("it waits for the table", lambda: watching.execute(WAITING).fetchone() != (0,))
            connection.execute("SELECT pg_sleep(0.05)")
            connection.rollback()
            assert sent.result(60).status == 200
    server.child.wait_for(GIVEN)
    lines: list[dict[str, Any]] = [json.loads(line) for line in server.child.stderr.splitlines() if GIVEN in line]
    slow = [line for line in lines if line["event"] == "slow statement" and "nonce" in line["statement"]]
    assert slow
    assert {(line["request"], line["route"], line["site"]) for line in slow} == {(GIVEN, "readings", site.site_id)}
    assert not any("serial:ACME:1" in line["statement"] for line in slow)
    server.close()


def test_a_connection_that_waits_holds_nothing_of_its_last_request(site: Site) -> None:
    assert site.check_in().status == 200

    def is_gone() -> bool:
        gc.collect()
        return not any(isinstance(each, CheckInHandler) for each in gc.get_objects())

    wait_until("the request is forgotten", is_gone)
