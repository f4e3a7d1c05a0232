"""Behind a proxy: what is said of one that nobody named, and why a form is refused."""

import pytest
from structlog.testing import capture_logs

from tests.webui.conftest import PASSWORD, RunningWebUi, StartWebUi

FORWARDED = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "dca.example"}
ORIGIN = "http://dca.example"


def warnings_of(webui: RunningWebUi, header: str) -> list[str]:
    """Return what the web UI says of proxies that nobody named, when two requests with that header come."""
    visitor = webui.visitor(**{header: FORWARDED[header]})
    with capture_logs() as lines:
        for _ in range(2):
            assert visitor.get("/healthz").status == 200
    return [f"{line['proxy']} {line['event']}" for line in lines if "DCA_TRUSTED_PROXIES" in line["event"]]


@pytest.mark.parametrize("header", FORWARDED)
def test_a_proxy_that_nobody_named_is_told_of_once(webui: RunningWebUi, header: str) -> None:
    [warning] = warnings_of(webui, header)
    assert warning.startswith("127.0.0.1 ")
    assert [name for name in FORWARDED if name in warning] == [header]


def test_the_warning_of_an_ignored_protocol_says_what_becomes_of_cookies(webui: RunningWebUi) -> None:
    assert "Secure" in warnings_of(webui, "X-Forwarded-Proto")[0]


@pytest.mark.parametrize("header", FORWARDED)
def test_nothing_is_said_of_a_proxy_that_is_named(start_webui: StartWebUi, header: str) -> None:
    assert warnings_of(start_webui(DCA_TRUSTED_PROXIES="127.0.0.1", DCA_ALLOWED_HOSTS="dca.example"), header) == []


def refused(webui: RunningWebUi, origin: str = ORIGIN, **headers: str) -> tuple[str, str]:
    """Return what the page and the log say of a login whose Origin is not the host of the request."""
    webui.admin()
    sent = {"Origin": origin} | {name.replace("_", "-"): value for name, value in headers.items()}
    with capture_logs() as lines:
        answer = webui.visitor().post("/login", {"user": "admin", "password": PASSWORD}, headers=sent)
    assert answer.status == 403
    [reason] = [line["reason"] for line in lines if line["event"] == "a form was refused"]
    return answer.shown, reason


def test_a_form_through_a_proxy_that_keeps_the_host_to_itself_says_what_helps(webui: RunningWebUi) -> None:
    for text in refused(webui, Host=f"127.0.0.1:{webui.port}"):
        for said in (ORIGIN, f"127.0.0.1:{webui.port}", "proxy_set_header Host $host;", "DCA_TRUSTED_PROXIES"):
            assert said in text


def test_a_port_that_the_browser_asked_for_is_passed_on_too(webui: RunningWebUi) -> None:
    for text in refused(webui, "http://dca.example:8080", Host="dca.example"):
        assert "proxy_set_header Host $http_host;" in text


def test_a_host_that_is_forwarded_by_a_proxy_nobody_named_is_ignored_and_said_to_be(webui: RunningWebUi) -> None:
    for text in refused(webui, X_Forwarded_Host="dca.example"):
        assert "Its X-Forwarded-Host is ignored until its address 127.0.0.1 is named in DCA_TRUSTED_PROXIES." in text


def test_of_a_named_proxy_nothing_is_asked_but_the_header(start_webui: StartWebUi) -> None:
    for text in refused(start_webui(DCA_TRUSTED_PROXIES="127.0.0.1")):
        assert "Or let it send X-Forwarded-Host." in text
        assert "DCA_TRUSTED_PROXIES" not in text


def test_no_proxy_is_blamed_where_the_browser_says_that_another_site_sent_the_form(webui: RunningWebUi) -> None:
    for text in refused(webui, "https://evil.example", Sec_Fetch_Site="cross-site"):
        assert "https://evil.example" in text
        assert "another site" in text
        assert "proxy" not in text
