"""Who gets in: every page closed by default, sessions, forms of other sites, host names, headers."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tornado.web import RequestHandler

from appliance.common.network.forwarded import TrustedProxies
from appliance.settings.store import SettingsStore
from tests.webui.conftest import PASSWORD, RunningWebUi, StartWebUi
from web.hosts import HostCheck
from web.login_budget import LoginBudget, Rate
from web.security import local_path
from web.session import IDLE, LONGEST
from webui.app import ROUTES
from webui.sessions import Sessions

OPEN = {"/login", "/setup", "/healthz", "/readyz", "/metrics"}
STREAMED = {"/health/versions/bundle"}
"""Forms whose body is not read for the token: it comes in a header, and without one nobody is asked who he is."""


def _address(pattern: str) -> str:
    return re.sub(r"\([^)]*\)", "collector", pattern)


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in ROUTES if pattern not in OPEN])
def test_nothing_is_shown_to_who_is_not_logged_in(webui: RunningWebUi, pattern: str) -> None:
    webui.admin()
    stranger = webui.visitor()
    shown = stranger.get(_address(pattern))
    assert shown.status == 303
    assert shown.location.startswith("/login")
    sent = stranger.post(_address(pattern), {"targets": "10.0.0.0/24"})
    assert sent.status == (403 if pattern in STREAMED else 401)
    assert webui.store.effective().settings.scan.targets == ()


def test_an_address_that_does_not_exist_tells_strangers_nothing(webui: RunningWebUi) -> None:
    admin = webui.admin()
    assert webui.visitor().get("/nothing/here").location.startswith("/login")
    assert admin.get("/nothing/here").status == 404


def test_a_script_without_a_session_is_sent_to_the_login_as_a_whole_page(webui: RunningWebUi) -> None:
    webui.admin()
    answer = webui.visitor().get("/overview/now", headers={"HX-Request": "true"})
    assert (answer.status, answer.headers["HX-Redirect"]) == (401, "/login")


@pytest.mark.parametrize("pattern", [pattern for pattern, handler in ROUTES if handler.post is not RequestHandler.post])
def test_a_form_without_its_token_is_refused(webui: RunningWebUi, pattern: str) -> None:
    admin = webui.admin()
    answer = admin.ask("POST", _address(pattern), {"user": "admin", "password": PASSWORD})
    assert answer.status == 403
    assert "Load the page again" in answer.shown or "load the page again" in answer.shown


def test_a_form_from_another_site_is_refused_even_with_its_token(webui: RunningWebUi) -> None:
    admin = webui.admin()
    answer = admin.post("/scan", headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"})
    assert answer.status == 403
    assert admin.post("/scan", headers={"Origin": "http://evil.example"}).status == 403
    assert webui.collector.called("/v1/scan") == []
    assert admin.post("/scan", headers={"Sec-Fetch-Site": "same-origin"}).status == 303


def test_the_session_cookie_is_for_this_ui_alone(webui: RunningWebUi) -> None:
    cookies = webui.admin().cookies
    assert set(cookies) == {"dca_session", "_dca_xsrf"}
    for cookie in cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert cookie["path"] == "/"
        assert not cookie["secure"]
    assert not cookies["dca_session"]["expires"]


def test_a_login_makes_a_new_session_whatever_the_browser_brought(webui: RunningWebUi) -> None:
    webui.admin()
    visitor = webui.visitor(Cookie="dca_session=chosen-by-somebody-else")
    assert visitor.post("/login", {"user": "admin", "password": PASSWORD}).status == 303
    assert visitor.cookies["dca_session"].value != "chosen-by-somebody-else"
    assert webui.services.sessions.find("chosen-by-somebody-else") is None


def test_logging_in_again_ends_the_session_before(webui: RunningWebUi) -> None:
    admin = webui.admin()
    before = admin.cookies["dca_session"].value
    admin.post("/login", {"user": "admin", "password": PASSWORD})
    assert admin.cookies["dca_session"].value != before
    assert webui.services.sessions.find(before) is None


def test_the_store_holds_no_session_id_and_no_password(webui: RunningWebUi) -> None:
    admin = webui.admin()
    text = webui.paths.settings.read_text()
    assert admin.cookies["dca_session"].value not in text
    assert PASSWORD not in text
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in text


def test_logging_out_ends_the_session_at_the_server_too(webui: RunningWebUi) -> None:
    admin = webui.admin()
    session_id = admin.cookies["dca_session"].value
    assert admin.post("/logout").location == "/login"
    assert webui.services.sessions.find(session_id) is None
    assert "dca_session" not in admin.cookies


def test_a_wrong_password_says_neither_which_nor_who(webui: RunningWebUi) -> None:
    webui.admin()
    wrong = webui.visitor().post("/login", {"user": "admin", "password": "not this one"})
    unknown = webui.visitor().post("/login", {"user": "nobody", "password": "not this one"})
    assert (wrong.status, unknown.status) == (401, 401)
    sentence = "User name and password do not belong together."
    assert sentence in wrong.shown
    assert sentence in unknown.shown
    assert "not this one" not in wrong.text


def test_guessing_passwords_is_slowed_down_and_logged(webui: RunningWebUi, capsys: pytest.CaptureFixture[str]) -> None:
    webui.admin()
    visitor = webui.visitor()
    token = visitor.form_token("/login")
    answers = [visitor.ask("POST", "/login", {"user": "admin", "password": str(i), "_xsrf": token}) for i in range(10)]
    assert answers[0].status == 401
    assert answers[-1].status == 429
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    right = visitor.ask("POST", "/login", {"user": "admin", "password": PASSWORD, "_xsrf": token})
    assert right.status == 429
    logged = [line for line in capsys.readouterr().out.splitlines() if "login failed" in line]
    assert logged
    assert "127.0.0.1" in logged[0]
    assert "admin" in logged[0]


def test_one_client_does_not_use_up_the_attempts_of_another() -> None:
    now = [0.0]
    throttle = LoginBudget(Rate(2, 10), Rate(100, 1), clock=lambda: now[0])
    assert [throttle.attempt("192.0.2.1") for _ in range(3)] == [0, 0, 10]
    assert throttle.attempt("192.0.2.2") == 0
    now[0] = 10.0
    assert throttle.attempt("192.0.2.1") == 0


def test_an_ipv6_client_cannot_choose_another_address_of_its_network() -> None:
    throttle = LoginBudget(Rate(1, 10), Rate(100, 1), clock=lambda: 0.0)
    assert throttle.attempt("2001:db8::1") == 0
    assert throttle.attempt("2001:db8::2") > 0
    assert throttle.attempt("2001:db8:0:1::2") == 0


def test_many_clients_together_are_slowed_down_too() -> None:
    throttle = LoginBudget(Rate(5, 1), Rate(3, 7), clock=lambda: 0.0)
    assert [throttle.attempt(f"192.0.2.{host}") for host in range(4)] == [0, 0, 0, 7]


class Clock:
    """A clock the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(tmp_path: Path, clock: Clock) -> Sessions:
    return Sessions(SettingsStore(tmp_path / "settings.json", {}), now=clock)


def test_a_session_ends_when_it_is_not_used(sessions: Sessions, clock: Clock) -> None:
    session_id = sessions.start("admin", ip="192.0.2.1", agent="test")
    clock.now += IDLE - timedelta(seconds=1)
    assert sessions.find(session_id)
    clock.now += timedelta(seconds=1)
    assert sessions.find(session_id) is None


def test_a_session_in_use_ends_after_its_longest_time(sessions: Sessions, clock: Clock) -> None:
    session_id = sessions.start("admin", ip="192.0.2.1", agent="test")
    end = clock.now + LONGEST
    while clock.now + IDLE / 2 < end:
        clock.now += IDLE / 2
        session = sessions.find(session_id)
        assert session is not None
        sessions.use(session)
    clock.now = end
    assert sessions.find(session_id) is None


def test_sessions_can_be_ended_one_by_one_and_all_but_this_one(webui: RunningWebUi) -> None:
    here, there, elsewhere = webui.admin(), webui.admin(), webui.admin()
    keys = re.findall(r'name="key" value="([0-9a-f]{64})"', here.get("/settings").text)
    assert len(keys) == 2
    here.post("/settings/sessions/end", {"key": keys[0]})
    assert sorted(one.get("/").status for one in (there, elsewhere)) == [200, 303]
    here.post("/settings/sessions/end")
    assert [one.get("/").status for one in (here, there, elsewhere)] == [200, 303, 303]


def test_a_new_password_ends_the_other_sessions(webui: RunningWebUi) -> None:
    here, there = webui.admin(), webui.admin()
    new = {"new_password": "another good one", "new_password_again": "another good one"}
    assert here.post("/settings/password", new | {"password": "wrong"}).status == 422
    assert here.post("/settings/password", new | {"password": PASSWORD}).location == "/settings"
    assert (here.get("/").status, there.get("/").status) == (200, 303)
    assert webui.visitor().post("/login", {"user": "admin", "password": PASSWORD}).status == 401
    assert webui.visitor().post("/login", {"user": "admin", "password": "another good one"}).status == 303


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "localhost.evil.example"])
def test_a_foreign_host_name_is_turned_away_with_the_setting_that_allows_it(webui: RunningWebUi, host: str) -> None:
    answer = webui.visitor(Host=host).get("/")
    assert answer.status == 403
    assert host.partition(":")[0] in answer.shown
    assert "DCA_ALLOWED_HOSTS" in answer.shown


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.7:8080", "[::1]:8080", "localhost", "LOCALHOST:1", "dca.localhost"])
def test_addresses_and_localhost_are_always_answered(webui: RunningWebUi, host: str) -> None:
    assert webui.visitor(Host=host).get("/healthz").status == 200


def test_an_allowed_host_name_is_answered(start_webui: StartWebUi) -> None:
    webui = start_webui(DCA_ALLOWED_HOSTS="printers.example, other.example")
    assert webui.visitor(Host="Printers.example:443").get("/healthz").status == 200


def test_the_own_name_of_the_machine_is_allowed() -> None:
    check = HostCheck((), own_name="Basement")
    assert check.allows("basement")
    assert check.allows("basement.local")
    assert not check.allows("basement.example")


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "",
    ],
)
def test_a_login_never_leads_to_another_site(webui: RunningWebUi, target: str) -> None:
    webui.admin()
    answer = webui.visitor().post("/login", {"user": "admin", "password": PASSWORD, "next": target})
    assert answer.location == "/"


def test_a_login_leads_to_the_page_asked_for(webui: RunningWebUi) -> None:
    webui.admin()
    visitor = webui.visitor()
    assert visitor.get("/devices?q=lobby&sort=total").location == "/login?next=%2Fdevices%3Fq%3Dlobby%26sort%3Dtotal"
    answer = visitor.post("/login", {"user": "admin", "password": PASSWORD, "next": "/devices?q=lobby"})
    assert answer.location == "/devices?q=lobby"
    assert local_path("/devices?q=a//b") == "/devices?q=a//b"


@pytest.mark.parametrize("path", ["/", "/login", "/healthz", "/nothing", "/static/vendor/theme.css", "/setup"])
def test_every_answer_has_the_security_headers(webui: RunningWebUi, path: str) -> None:
    headers = webui.admin().get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Server"] == "dca"


def test_pages_are_not_cached(webui: RunningWebUi) -> None:
    assert webui.admin().get("/").headers["Cache-Control"] == "no-store"


def test_the_probes_answer_without_a_login_and_without_detail(webui: RunningWebUi) -> None:
    webui.admin()
    assert webui.visitor().get("/healthz").text == "ok\n"
    assert webui.visitor().get("/readyz").text == "ready\n"
    for file in webui.paths.data.glob("settings*.json"):
        file.write_text("{broken")
    answer = webui.visitor().get("/readyz")
    assert (answer.status, answer.text) == (503, "not ready\n")


def test_broken_settings_are_told_in_a_sentence(webui: RunningWebUi) -> None:
    admin = webui.admin()
    for file in webui.paths.data.glob("settings*.json"):
        file.write_text("{broken")
    answer = admin.get("/")
    assert answer.status == 503
    assert "is broken" in answer.shown
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Forwarded-For": "198.51.100.7, 10.0.0.9"}, "198.51.100.7"),
        ({"X-Forwarded-For": "203.0.113.1, 198.51.100.7"}, "198.51.100.7"),
        ({"X-Forwarded-For": "garbage"}, None),
        ({}, None),
    ],
)
def test_the_client_is_the_last_hop_that_is_no_trusted_proxy(headers: dict[str, str], expected: str | None) -> None:
    proxies = TrustedProxies.parse(["10.0.0.0/24"])
    assert proxies.forwarded("10.0.0.5", headers).client == expected
    assert proxies.forwarded("192.0.2.1", headers).client is None


@pytest.mark.parametrize("prefix", ["//evil.example", "https://evil.example", "/a b", "/a/../b?x", '/"><script>'])
def test_a_forwarded_prefix_that_is_no_path_is_ignored(prefix: str) -> None:
    said: dict[str, Any] = {"X-Forwarded-Prefix": prefix}
    assert TrustedProxies.parse(["10.0.0.0/24"]).forwarded("10.0.0.5", said).prefix is None


@pytest.mark.parametrize("name", ["", "%00", "%2e%2e/%2e%2e/app.py", "nothing.css"])
def test_a_file_that_is_not_there_is_told_in_a_sentence(webui: RunningWebUi, name: str) -> None:
    answer = webui.visitor().get(f"/static/{name}")
    assert (answer.status, answer.text) == (404, "There is no such file.\n")


@pytest.mark.parametrize("path", sorted(STREAMED))
def test_an_answer_before_the_body_says_that_the_connection_ends(webui: RunningWebUi, path: str) -> None:
    assert webui.admin().get(path).headers["Connection"] == "close"
