"""The names the server answers to: a request under any other is turned away, before its signature or its form is looked at."""

import json
from pathlib import Path

import pytest
import urllib3

from tests.conftest import StartChild
from tests.hosting.commands.test_cli import done, hosting, serve
from tests.hosting.conftest import StartServer
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

EVIL = {"Host": "evil.example"}


def test_a_request_signed_for_and_sent_under_a_strange_name_is_refused(server: RunningServer, site: Site) -> None:
    site.public_url = "http://evil.example"
    body = json.dumps({"version": "1", "state": {}}).encode()
    headers = site.signed("/api/v1/checkin", body, {"Content-Type": "application/json"}) | EVIL

    answer = server.request("POST", "/api/v1/checkin", headers=headers, body=body)

    assert (answer.status, answer.json()["error"]) == (421, "misdirected")
    assert "DCA_HOSTING_ALLOWED_HOSTS" in answer.json()["message"]


@pytest.mark.parametrize("path", ["/api/v1/sites", "/api/v1/enrol", "/tuf/metadata/timestamp.json"])
def test_programs_are_told_so_in_their_form(server: RunningServer, path: str) -> None:
    answer = server.request("GET", path, headers=EVIL)

    assert (answer.status, answer.json()["error"]) == (421, "misdirected")


@pytest.mark.parametrize(("method", "path"), [("GET", "/login"), ("POST", "/login"), ("GET", "/healthz"), ("GET", "/static/x.css")])
def test_people_are_told_so_on_a_page(server: RunningServer, method: str, path: str) -> None:
    answer = server.request(method, path, headers=EVIL)

    assert answer.status == 421
    assert "does not answer to the name evil.example" in answer.text


def test_a_name_that_is_no_text_for_a_page_stays_harmless(server: RunningServer) -> None:
    answer = server.request("GET", "/login", headers={"Host": "<script>alert(1)</script>"})

    assert answer.status in (400, 421)
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST.", "[::1]:8443", "a.localhost", "192.0.2.7:8443"])
def test_addresses_and_the_loopback_names_are_answered(server: RunningServer, host: str) -> None:
    assert server.request("GET", "/login", headers={"Host": host}).status == 200


def test_names_that_were_given_are_answered(start_server: StartServer) -> None:
    server = start_server(allowed_hosts=("mps.example", "*.fleet.example"))
    for host, status in (("MPS.example:8443", 200), ("a.fleet.example", 200), ("fleet.example", 421), ("a.b.fleet.example", 421)):
        assert server.request("GET", "/login", headers={"Host": host}).status == status, host


def test_with_a_public_address_signatures_count_for_that_alone(start_server: StartServer) -> None:
    """A proxy may pass any Host on."""
    server = start_server(public_urls=("https://mps.example",))
    site = Site(server, public_url="https://mps.example").enrol()
    assert Person(server).get("/login").status == 200
    assert server.request("GET", "/login", headers={"Host": "backend"}).status == 200
    site.public_url = "https://evil.example"
    assert site.check_in().status == 401


def test_serve_knows_the_names_in_its_certificate_and_in_its_variable(tmp_path: Path, start_child: StartChild) -> None:
    folder = tmp_path / "data"
    done(hosting("init", "--data", folder, "--private-ca", "--name", "hosting.example"))
    _, port = serve(start_child, folder, environment={"DCA_HOSTING_ALLOWED_HOSTS": "mps.example, other.example"})

    with urllib3.HTTPSConnectionPool("127.0.0.1", port, ca_certs=str(folder / "ca.pem"), assert_hostname="localhost") as pool:
        for host, status in (("hosting.example", 200), ("other.example", 200), ("evil.example", 421)):
            assert pool.request("GET", "/healthz", headers={"Host": host}, retries=False).status == status, host
