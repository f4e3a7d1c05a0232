"""A network whose devices do not answer pings, in a namespace of its own."""

from typing import Any

import pytest

from tests.namespaces import play, require_namespaces


@pytest.fixture(scope="module")
def outcome() -> dict[str, Any]:
    require_namespaces("true", "unshare")
    return play("tests.appliance.discovery.quiet_network")


def test_agents_that_block_pings_are_found(outcome: dict[str, Any]) -> None:
    assert outcome["found"] == ["127.30.0.5", "127.30.0.6"]
    assert outcome["answering"] == 2


def test_a_silent_address_costs_two_pings_and_one_small_request(outcome: dict[str, Any]) -> None:
    # An agent costs one more request, with the whole probe.
    assert outcome["packets_sent"] == 30 * 3 + 2
    assert outcome["bytes_sent"] == 30 * (28 + 28 + 71) + 2 * 85
    assert outcome["blank"] == [28, 28 * (28 + 28 + 71)]


def test_requests_to_addresses_that_do_not_answer_pings_are_counted_apart(outcome: dict[str, Any]) -> None:
    assert outcome["traffic"]["silent"]["bytes_sent"] == 30 * 71
    assert outcome["traffic"]["sweep"]["bytes_sent"] == 30 * (28 + 28) + 2 * 85


def test_what_cannot_be_sent_is_told_and_not_taken_for_silence(outcome: dict[str, Any]) -> None:
    assert outcome["trouble"] == {"there is no route to the network": 1}
    assert outcome["asked"] == 30
