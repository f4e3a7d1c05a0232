"""Behind a proxy: who counts as one address, and what is said of a proxy that nobody named."""

import ipaddress

import structlog

from hosting import throttle
from hosting.throttle import Throttle
from tests.hosting.conftest import StartServer
from tests.hosting.running import RunningServer

FORWARDED = {"X-Forwarded-For": "192.0.2.7:50123"}


def warnings_of(server: RunningServer) -> list[str]:
    """Return which proxies the server says nobody named, when two forwarded requests come."""
    with structlog.testing.capture_logs() as lines:
        for _ in range(2):
            assert server.request("GET", "/healthz", headers=FORWARDED).status == 200
    return [str(line["proxy"]) for line in lines if "DCA_HOSTING_TRUSTED_PROXIES" in line["event"]]


def test_a_proxy_that_nobody_named_is_told_of_once(server: RunningServer) -> None:
    assert warnings_of(server) == ["127.0.0.1"]


def test_nothing_is_said_of_a_proxy_that_is_named(start_server: StartServer) -> None:
    assert warnings_of(start_server(trusted_proxies=(ipaddress.ip_network("127.0.0.0/8"),))) == []


def test_the_throttle_forgets_the_names_not_used_for_longest() -> None:
    names = Throttle(1, 0.001, now=lambda: 0.0)
    for number in range(throttle.NAMES_KEPT + 1):
        names.take(str(number))
    assert len(names._buckets) == throttle.NAMES_KEPT
    assert (names.wait("0"), names.wait("1") > 0) == (0, True)
