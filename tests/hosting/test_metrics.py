"""What a monitoring system reads: every figure is of what happened, nobody reads it who is not named, and no label names a site."""

import ipaddress
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from appliance.common.clock import utc_now
from hosting.config import METRICS_ALLOW, METRICS_TOKEN, Limits
from hosting.db.jobs import Run, declare, end, take
from hosting.db.sites import set_revoked
from tests.conftest import StartChild
from tests.hosting.batches import batch, reading
from tests.hosting.commands.test_cli import hosting, one_sentence, serve
from tests.hosting.conftest import StartServer
from tests.hosting.outage import database_away
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site
from tests.requirement import missing

TOKEN = "a-token-of-the-monitoring"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
Figures = dict[tuple[str, ...], float]


def parsed(text: str) -> Figures:
    """Return each sample by its name and the values of its labels."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value for sample in samples}


def read(server: RunningServer) -> Figures:
    answer = server.request("GET", "/metrics")
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return parsed(answer.text)


@pytest.fixture
def server(start_server: StartServer) -> RunningServer:
    """Return a server whose metrics this machine may read."""
    return start_server(metrics_allow=LOOPBACK, limits=Limits(site_burst=5, site_per_second=0.001))


def test_requests_readings_and_refusals_are_counted(server: RunningServer, site: Site) -> None:
    before = read(server)
    sent = batch(reading(total=1, hours=2), reading("serial:ACME:2", hours=3))
    assert [site.upload(sent).status, site.upload(sent).status] == [200, 200]
    assert site.upload({"schema": 1}).status == 422
    for _ in range(3):
        site.check_in()
    assert site.check_in().status == 429
    after = read(server)

    def risen(*key: str) -> float:
        return after.get(key, 0.0) - before.get(key, 0.0)

    assert risen("dca_hosting_requests_total", "readings", "200") == 2
    assert risen("dca_hosting_requests_total", "readings", "422") == 1
    assert risen("dca_hosting_request_duration_seconds_count", "readings") == 3
    assert risen("dca_hosting_requests_total", "metrics", "200") == 1
    assert risen("dca_hosting_readings_total", "stored") == 2
    assert risen("dca_hosting_readings_total", "duplicate") == 2
    assert risen("dca_hosting_refusals_total", "does_not_fit") == 1
    assert risen("dca_hosting_refusals_total", "throttled") >= 1
    # Of the newest reading of the one batch with something new.
    assert risen("dca_hosting_intake_lag_seconds_count") == 1
    assert 7000 < risen("dca_hosting_intake_lag_seconds_sum") < 7500
    assert after["dca_hosting_build_info", hosting("--version").stdout.split()[1]] == 1
    assert after["process_resident_memory_bytes",] > 1e6


def test_the_state_of_the_fleet_and_of_the_jobs_is_told(server: RunningServer, site: Site) -> None:
    site.check_in()
    other = Site(server).enrol("Other")
    server.write(lambda connection: set_revoked(connection, other.site_id, True, actor="test"))
    now = utc_now().replace(microsecond=0)

    def run(connection: sa.Connection) -> None:
        for name, error in (("good", None), ("bad", "The disk of the shelf is full."), ("new", None)):
            declare(connection, name, now)
            if name != "new":
                assert take(connection, name, "me", now)
                end(connection, name, "me", Run(now, 1.5, 30, error), now)
        assert take(connection, "new", "me", now)

    server.write(run)
    found = read(server)
    states = {key[1]: value for key, value in found.items() if key[0] == "dca_hosting_sites"}
    assert states == {"online": 1, "late": 0, "lost": 0, "never": 0, "expired": 0, "deactivated": 0, "revoked": 1}
    assert found["dca_hosting_job_last_run_duration_seconds", "good"] == 1.5
    assert found["dca_hosting_job_last_run_rows", "good"] == 30
    assert found["dca_hosting_job_last_run_timestamp_seconds", "good"] == now.timestamp()
    assert found["dca_hosting_job_next_run_timestamp_seconds", "bad"] == now.timestamp()
    failed = {key[1]: value for key, value in found.items() if key[0] == "dca_hosting_job_last_run_failed"}
    assert failed == {"good": 0, "bad": 1}
    running = {key[1]: value for key, value in found.items() if key[0] == "dca_hosting_job_running"}
    assert running == {"good": 0, "bad": 0, "new": 1}
    assert found["dca_hosting_database_up",] == 1


def test_lanes_pool_and_bodies_are_told(server: RunningServer, site: Site) -> None:
    server.services.intake.refused = 7
    assert server.services.bodies.take("somebody", 1234)
    with server.database.reading():
        found = read(server)
    assert found["dca_hosting_lane_threads", "intake"] == 8
    assert found["dca_hosting_lane_running", "pages"] == 0
    assert found["dca_hosting_lane_waiting", "intake"] == 0
    assert found["dca_hosting_lane_refused_total", "intake"] == 7
    assert found["dca_hosting_database_pool_in_use",] == 1
    assert found["dca_hosting_database_pool_size",] == 16
    assert found["dca_hosting_bodies_bytes",] == 1234
    assert found["dca_hosting_bodies_limit_bytes",] == Limits().bodies_bytes


def test_roles_of_the_repository_are_told(signing_server: RunningServer, start_server: StartServer) -> None:
    found = read(start_server(metrics_allow=LOOPBACK))
    expiry = {key[1]: value for key, value in found.items() if key[0] == "dca_hosting_repository_role_expiry_timestamp_seconds"}
    assert {"root", "targets", "release", "snapshot", "timestamp", "config"} <= expiry.keys()
    assert all(value > utc_now().timestamp() for value in expiry.values())
    assert found["dca_hosting_repository_readable",] == 1


def test_without_its_database_the_server_still_tells_of_itself(server: RunningServer, site: Site) -> None:
    with database_away(server):
        found = read(server)
    assert found["dca_hosting_database_up",] == 0
    assert not any(key[0] == "dca_hosting_sites" for key in found)
    assert found["dca_hosting_lane_threads", "intake"] == 8
    assert read(server)["dca_hosting_database_up",] == 1


def test_no_label_names_a_site_a_device_or_a_person(server: RunningServer, site: Site) -> None:
    person = Person(server)
    assert person.log_in().status == 302
    site.upload(batch(reading("serial:ACME:77", serial="77")))
    Site(server, site_id="stranger-of-nobody").check_in()
    person.get(f"/sites/{site.site_id}")
    text = server.request("GET", "/metrics").text
    for word in (site.site_id, "stranger-of-nobody", "ACME", "Harbour", "admin"):
        assert word not in text


@pytest.mark.parametrize("migrated_address", ["sqlite"], indirect=True)
class TestWhoMayRead:
    """One database is enough."""

    def test_nobody_where_nobody_is_named(self, start_server: StartServer) -> None:
        answer = start_server().request("GET", "/metrics")
        assert (answer.status, answer.json()["error"]) == (403, "not_allowed")
        assert METRICS_ALLOW in answer.text
        assert METRICS_TOKEN in answer.text

    def test_who_has_the_token(self, start_server: StartServer) -> None:
        server = start_server(metrics_token=TOKEN, limits=Limits(failures_burst=2, failures_per_second=0.001))
        assert self.ask(server, f"Bearer {TOKEN}") == (200, None)
        assert self.ask(server, None) == (401, "no_token")
        assert self.ask(server, f"Bearer {TOKEN}x") == (401, "bad_token")
        assert self.ask(server, "Bearer ä") == (401, "bad_token")
        assert self.ask(server, "Bearer anything") == (429, "throttled")

    def test_an_address_that_is_not_named_is_none(self, start_server: StartServer) -> None:
        server = start_server(metrics_allow=(ipaddress.ip_network("192.0.2.0/24"),))
        assert self.ask(server, None) == (403, "not_allowed")

    def test_whoever_stands_behind_a_proxy_that_nobody_named_is_not_this_machine(self, start_server: StartServer) -> None:
        server = start_server(metrics_allow=LOOPBACK)
        for name in ("X-Forwarded-For", "Forwarded", "Via"):
            assert server.request("GET", "/metrics", headers={name: "192.0.2.7"}).status == 403

    def test_behind_a_proxy_that_is_named_the_client_counts(self, start_server: StartServer) -> None:
        server = start_server(metrics_allow=(ipaddress.ip_network("192.0.2.0/24"),), trusted_proxies=LOOPBACK)
        assert server.request("GET", "/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status == 200
        assert server.request("GET", "/metrics", headers={"X-Forwarded-For": "198.51.100.7"}).status == 403
        assert server.request("GET", "/metrics").status == 403

    @staticmethod
    def ask(server: RunningServer, authorization: str | None) -> tuple[int, str | None]:
        headers = {"Authorization": authorization} if authorization else {}
        answer = server.request("GET", "/metrics", headers=headers)
        return answer.status, None if answer.status == 200 else answer.json()["error"]


def test_a_server_process_tells_what_it_has_and_prometheus_finds_nothing_wrong_with_it(
    start_child: StartChild, tmp_path: Path, founded_repository: Path
) -> None:
    folder = tmp_path / "data"
    assert hosting("init", "--data", folder, "--private-ca").returncode == 0
    shutil.copytree(founded_repository, folder / "repository")
    assert hosting("jobs", "--data", folder, "--run", "cleanup").returncode == 0
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    _, port = serve(start_child, folder, environment={f"{METRICS_TOKEN}_FILE": str(tmp_path / "token")})
    fetch = ["curl", "-sfk", "-H", f"Authorization: Bearer {TOKEN}", f"https://127.0.0.1:{port}/metrics"]
    text = subprocess.run(fetch, check=True, capture_output=True, text=True).stdout
    found = parsed(text)
    assert found["dca_hosting_job_last_run_failed", "cleanup"] == 0
    assert found["dca_hosting_connections", "busy"] == 1
    assert found["dca_hosting_connections_limit",] > 100
    assert found["dca_hosting_certificate_expiry_timestamp_seconds",] > utc_now().timestamp() + 86400
    assert found["dca_hosting_repository_readable",] == 1
    promtool = shutil.which("promtool")
    if promtool is None:
        missing("promtool, of Debian's package prometheus, is not installed")
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [(METRICS_ALLOW, "everybody", "is no address and no network"), (METRICS_TOKEN, "short", "at least 16 characters")],
)
def test_what_cannot_be_meant_is_refused_at_the_start(tmp_path: Path, variable: str, value: str, said: str) -> None:
    sentence = one_sentence(hosting("serve", "--data", tmp_path, "--http", environment={variable: value}))
    assert variable in sentence
    assert said in sentence
