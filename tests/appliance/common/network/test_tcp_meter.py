"""What connections cost, compared with what nftables counts of them in a network namespace."""

from typing import Any

import pytest

from tests.namespaces import play, require_namespaces

COUNTS = ("packets_sent", "packets_received", "bytes_sent", "bytes_received")


@pytest.fixture(scope="module")
def outcome() -> dict[str, Any]:
    require_namespaces("nft list ruleset && ip -V", "unshare, nft or ip (install util-linux, nftables, iproute2)")
    return play("tests.appliance.common.counted_network")


@pytest.mark.parametrize("name", ["visit 127.0.0.1", "visit ::1", "http", "https"])
def test_connections_are_counted_within_two_percent_of_what_the_network_sees(outcome: dict[str, Any], name: str) -> None:
    counted, seen = outcome[name]["counted"], outcome[name]["seen"]
    # Each of the two connections may say goodbye in one packet more or less.
    assert all(abs(counted[count] - seen[count]) <= max(0.02 * seen[count], 2 * 72) for count in COUNTS[2:]), (counted, seen)
    assert all(abs(counted[count] - seen[count]) <= 2 for count in COUNTS[:2]), (counted, seen)
    assert seen["bytes_sent"] > 1000


@pytest.mark.parametrize("name", ["refused", "silent"])
def test_connections_that_do_not_come_about_are_counted_exactly(outcome: dict[str, Any], name: str) -> None:
    assert outcome[name]["counted"] == outcome[name]["seen"]
    assert outcome[name]["seen"]["packets_sent"] == (1 if name == "refused" else 2)


def test_calls_on_one_connection_are_told_apart_by_purpose(outcome: dict[str, Any]) -> None:
    purposes = outcome["https"]["purposes"]
    assert set(purposes) == {"upload", "check_in"}
    # The first check-in has the handshakes of TCP and TLS.
    assert purposes["check_in"]["bytes_received"] > purposes["upload"]["bytes_received"] > 0
    assert purposes["upload"]["bytes_sent"] > 2 * 800
