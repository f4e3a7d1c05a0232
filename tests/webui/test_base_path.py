"""The web UI behind a proxy and under a base path: every link, redirect, stream and cookie."""

import re
from collections.abc import Mapping

import pytest

from tests.webui.conftest import PASSWORD, RunningWebUi, StartWebUi
from tests.webui.standins import collector_status, scan_state
from tests.webui.visitor import Visitor

PAGES = (
    "/",
    "/devices",
    "/scanning",
    "/health",
    "/settings",
    "/setup/privacy",
    "/setup/hosting",
    "/setup/devices",
    "/setup/care",
    "/setup/scan",
)
OURS = ("/", "/devices", "/scanning", "/scan", "/health", "/settings", "/setup", "/login", "/logout", "/static", "/overview")


class ProxiedVisitor(Visitor):
    """A browser whose requests go through a proxy that takes the prefix off and tells it, or leaves it on."""

    def __init__(self, port: int, *, sent: str, told: Mapping[str, str]) -> None:
        super().__init__(port, told)
        self._sent = sent

    def ask(self, method: str, path: str, *rest: object, **named: object):  # type: ignore[no-untyped-def] # as in Visitor
        return super().ask(method, f"{self._sent}{path}", *rest, **named)  # type: ignore[arg-type]


@pytest.fixture(params=["kept on", "taken off", "told by the proxy"])
def proxied(request: pytest.FixtureRequest, start_webui: StartWebUi) -> tuple[RunningWebUi, ProxiedVisitor]:
    """Return a web UI that the browser sees under /tools/dca, in the three ways proxies do it."""
    if request.param == "told by the proxy":
        webui = start_webui(DCA_TRUSTED_PROXIES="127.0.0.0/8")
        visitor = ProxiedVisitor(webui.port, sent="", told={"X-Forwarded-Prefix": "/tools/dca"})
    else:
        webui = start_webui(DCA_BASE_PATH="/tools/dca")
        visitor = ProxiedVisitor(webui.port, sent="/tools/dca" if request.param == "kept on" else "", told={})
    webui.collector.status = collector_status(scan=scan_state(), last_scan=scan_state(done=True))
    return webui, visitor


def test_every_link_form_and_stream_stays_under_the_prefix(proxied: tuple[RunningWebUi, ProxiedVisitor]) -> None:
    webui, visitor = proxied
    assert all(link.startswith("/tools/dca/") for link in visitor.get("/setup").links if not link.startswith("#"))
    webui.set_up(visitor)
    seen = set()
    for page in PAGES:
        answer = visitor.get(page)
        assert answer.status == 200, page
        links = [link for link in answer.links if not link.startswith("#")]
        assert [link for link in links if not link.startswith("/tools/dca/")] == []
        seen.update(links)
    assert "/tools/dca/scan/events" in seen


def test_every_redirect_stays_under_the_prefix(proxied: tuple[RunningWebUi, ProxiedVisitor]) -> None:
    webui, visitor = proxied
    assert visitor.get("/").location == "/tools/dca/setup"
    assert webui.set_up(visitor).location == "/tools/dca/setup/privacy"
    assert visitor.post("/scan").location == "/tools/dca/scanning"
    assert visitor.post("/logout").location == "/tools/dca/login"
    assert visitor.get("/devices").location == "/tools/dca/login?next=%2Fdevices"
    answer = visitor.post("/login", {"user": "admin", "password": PASSWORD, "next": "/devices"})
    assert answer.location == "/tools/dca/devices"


def test_cookies_are_bound_to_the_prefix(proxied: tuple[RunningWebUi, ProxiedVisitor]) -> None:
    webui, visitor = proxied
    webui.set_up(visitor)
    assert {cookie["path"] for cookie in visitor.cookies.values()} == {"/tools/dca"}
    assert visitor.post("/logout").status == 303
    assert "dca_session" not in visitor.cookies


def test_static_files_are_found_under_the_prefix(proxied: tuple[RunningWebUi, ProxiedVisitor]) -> None:
    _, visitor = proxied
    style = next(link for link in visitor.get("/setup").links if "theme.css" in link)
    assert re.fullmatch(r"/tools/dca/static/vendor/theme\.css\?v=[0-9a-f]+", style)
    assert visitor.get(style.removeprefix("/tools/dca")).status == 200


def test_the_base_path_without_a_slash_is_the_overview(start_webui: StartWebUi) -> None:
    webui = start_webui(DCA_BASE_PATH="/dca")
    assert webui.visitor().get("/dca").location == "/dca/setup"


def test_headers_of_somebody_who_is_no_trusted_proxy_are_ignored(webui: RunningWebUi) -> None:
    visitor = webui.visitor(X_Forwarded_Prefix="/evil", X_Forwarded_Proto="https", X_Forwarded_For="192.0.2.9")
    webui.set_up(visitor)
    assert visitor.cookies["dca_session"]["path"] == "/"
    assert not visitor.cookies["dca_session"]["secure"]
    assert webui.services.sessions.list("admin")[0].ip == "127.0.0.1"


def test_a_trusted_proxy_tells_the_client_and_that_the_browser_speaks_https(start_webui: StartWebUi) -> None:
    webui = start_webui(DCA_TRUSTED_PROXIES="127.0.0.1", DCA_ALLOWED_HOSTS="dca.example")
    told = {"X_Forwarded_Proto": "https", "X_Forwarded_For": "192.0.2.9", "X_Forwarded_Host": "dca.example"}
    visitor = webui.visitor(**told, Origin="https://dca.example")
    assert webui.set_up(visitor).status == 303
    assert all(cookie["secure"] for cookie in visitor.cookies.values())
    assert webui.services.sessions.list("admin")[0].ip == "192.0.2.9"


def test_the_host_name_a_proxy_tells_is_checked_too(start_webui: StartWebUi) -> None:
    webui = start_webui(DCA_TRUSTED_PROXIES="127.0.0.1")
    answer = webui.visitor(X_Forwarded_Host="evil.example").get("/")
    assert answer.status == 403
    assert "DCA_ALLOWED_HOSTS" in answer.shown
