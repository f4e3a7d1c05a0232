"""Behind a proxy: who counts as one address, what is said of a proxy that nobody named, and why a form is refused."""

import ipaddress
from html import unescape

import pytest
from structlog.testing import capture_logs

from tests.hosting.conftest import StartServer
from tests.hosting.person import Person
from tests.hosting.running import PASSWORD, RunningServer

FORWARDED = {"X-Forwarded-For": "192.0.2.7:50123", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "mps.example"}
NAMED = {"trusted_proxies": (ipaddress.ip_network("127.0.0.0/8"),)}
ORIGIN = "http://mps.example"


def warnings_of(server: RunningServer, header: str) -> list[str]:
    """Return what the server says of proxies that nobody named, when two requests with that header come."""
    with capture_logs() as lines:
        for _ in range(2):
            assert server.request("GET", "/healthz", headers={header: FORWARDED[header]}).status == 200
    return [f"{line['proxy']} {line['event']}" for line in lines if "DCA_HOSTING_TRUSTED_PROXIES" in line["event"]]


@pytest.mark.parametrize("header", FORWARDED)
def test_a_proxy_that_nobody_named_is_told_of_once(server: RunningServer, header: str) -> None:
    [warning] = warnings_of(server, header)
    assert warning.startswith("127.0.0.1 ")
    assert [name for name in FORWARDED if name in warning] == [header]


@pytest.mark.parametrize("header", FORWARDED)
def test_nothing_is_said_of_a_proxy_that_is_named(start_server: StartServer, header: str) -> None:
    assert warnings_of(start_server(**NAMED), header) == []


def refused(server: RunningServer, **headers: str) -> tuple[str, str]:
    """Return what the page and the log say of a login whose Origin is not the host of the request."""
    sent = {"Origin": ORIGIN} | {name.replace("_", "-"): value for name, value in headers.items()}
    person = Person(server)
    person.get("/login")
    with capture_logs() as lines:
        answer = person.post("/login", {"account": "admin", "password": PASSWORD}, headers=sent)
    assert answer.status == 403
    [reason] = [line["reason"] for line in lines if line["event"] == "a form was refused"]
    return unescape(answer.text), reason


def test_a_form_through_a_proxy_that_keeps_the_host_to_itself_says_what_helps(server: RunningServer) -> None:
    for text in refused(server):
        for said in (ORIGIN, f"127.0.0.1:{server.port}", "proxy_set_header Host $host;", "DCA_HOSTING_TRUSTED_PROXIES"):
            assert said in text


def test_a_host_that_is_forwarded_by_a_proxy_nobody_named_is_ignored_and_said_to_be(server: RunningServer) -> None:
    for text in refused(server, X_Forwarded_Host="mps.example"):
        assert "Its X-Forwarded-Host is ignored until its address 127.0.0.1 is named in DCA_HOSTING_TRUSTED_PROXIES." in text


def test_the_host_of_a_named_proxy_opens_the_login(start_server: StartServer) -> None:
    person = Person(start_server(**NAMED))
    person.get("/login")
    sent = {"Origin": ORIGIN, "X-Forwarded-Host": "mps.example", "X-Forwarded-Proto": "https"}
    answer = person.post("/login", {"account": "admin", "password": PASSWORD}, headers=sent)
    assert (answer.status, answer.headers["Location"]) == (302, "/sites")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_no_proxy_is_blamed_where_the_browser_says_that_another_site_sent_the_form(server: RunningServer) -> None:
    for text in refused(server, Sec_Fetch_Site="cross-site"):
        assert "another site" in text
        assert "proxy" not in text


def test_a_form_without_its_token_says_that_it_is_out_of_date(server: RunningServer) -> None:
    answer = Person(server).post("/login", {"account": "admin", "password": PASSWORD}, token=False)
    assert answer.status == 403
    assert "The form is out of date or came from another site." in answer.text
