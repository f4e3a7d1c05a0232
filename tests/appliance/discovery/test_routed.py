"""Sweeps of a network behind a router, in namespaces of their own: what is on the wire, and what happens when things go wrong."""

from pathlib import Path
from typing import Any

from tests.namespaces import play, require_namespaces

ROOT = Path(__file__).parents[3]
BOUND_SECONDS = 15
"""A sweep of a few hundred addresses at 500 packets a second takes 2 s and the patience with the last ones."""


def scene(name: str) -> dict[str, Any]:
    """Return what came of a scene of `tests.appliance.discovery.routed`."""
    tried = "ip link add near type veth peer name far && nft add table ip test && nsenter --version"
    require_namespaces(tried, "unshare, nsenter, ip or nft")
    return play("tests.appliance.discovery.routed", name)


def found_once(outcome: dict[str, Any]) -> list[str]:
    assert set(outcome["found"].values()) <= {1}, "counted twice"
    return sorted(outcome["found"])


def test_a_blank_address_costs_56_bytes_and_the_capture_agrees_with_what_is_told() -> None:
    outcome = scene("blank")
    assert outcome["blank"] == [253, 253 * 56]
    assert (outcome["asked"], outcome["answering"], outcome["left_silent"]) == (254, 1, 253)
    packets, _, size, _ = outcome["told"]
    assert outcome["captured"][:2] == [packets, size]


def test_devices_that_block_pings_are_left_by_an_ordinary_sweep_and_found_by_a_thorough_one() -> None:
    outcome = scene("blocking")
    ordinary, thorough = outcome["ordinary"], outcome["thorough"]
    assert found_once(ordinary) == ["10.78.1.1"]
    assert ordinary["left_silent"] == 12
    assert "silent" not in ordinary["traffic"]
    assert found_once(thorough) == ["10.78.1.1", "10.78.1.2", "10.78.1.3"]
    assert (thorough["asked"], thorough["left_silent"]) == (14, 0)
    assert thorough["traffic"]["silent"]["packets_sent"] == 12


def test_where_no_ping_is_answered_all_are_asked_over_snmp_at_once() -> None:
    outcome = scene("nobody_pings")
    assert found_once(outcome) == ["10.78.1.3"]
    assert (outcome["silent_pass"], outcome["left_silent"]) == (True, 0)
    assert outcome["traffic"]["silent"]["packets_sent"] == 14


def test_no_second_on_the_wire_has_more_packets_than_allowed_whatever_answers() -> None:
    outcome = scene("pace")
    assert len(found_once(outcome)) == 25
    assert 150 * 0.7 <= outcome["busiest"] <= 150
    assert outcome["captured"][0] == outcome["told"][0]


def test_devices_that_are_read_count_towards_the_ceiling() -> None:
    outcome = scene("reading")
    assert outcome["read"] == [60, 60]
    assert 150 * 0.7 <= outcome["busiest"] <= 150


def test_on_the_link_no_second_begins_more_than_170_neighbours_also_when_their_table_is_full() -> None:
    outcome = scene("full_table")
    assert 0 < outcome["busiest_on_link"] <= 170
    assert found_once(outcome) == ["10.77.15.250"]
    unasked = sum(outcome["trouble"].values())
    assert outcome["asked"] + unasked == outcome["addresses"] == 2046
    assert all("neighbour table" in reason for reason in outcome["trouble"])


def test_what_the_router_cannot_reach_is_silent_and_delays_nothing() -> None:
    outcome = scene("unreachable")
    for each in outcome.values():
        assert found_once(each) == ["10.78.1.1"]
        assert (each["asked"], each["answering"]) == (74, 1)
        assert each["seconds"] < BOUND_SECONDS


def test_a_firewall_of_this_machine_against_pings_hides_no_device_and_one_against_all_is_told() -> None:
    outcome = scene("own_firewall")
    assert found_once(outcome) == ["10.78.1.1"]
    assert outcome["trouble"] == {"a firewall on this machine refuses the packet": 6}
    assert outcome["asked"] == 6
    assert outcome["seconds"] < BOUND_SECONDS


def test_with_thirty_percent_loss_each_address_is_counted_once_and_most_agents_are_found() -> None:
    outcome = scene("lossy")
    assert len(found_once(outcome)) > 62 * 0.6
    assert outcome["asked"] == outcome["addresses"] == 124
    assert outcome["answering"] <= 62
    assert outcome["captured"][:2] == [outcome["told"][0], outcome["told"][2]]
    assert outcome["seconds"] < BOUND_SECONDS


def test_answers_that_come_twice_late_or_from_elsewhere_and_a_flood_of_garbage_change_nothing() -> None:
    outcome = scene("odd_answers")
    assert found_once(outcome) == ["10.78.1.1", "10.78.1.2", "10.78.1.4"], "late ones count, those from elsewhere do not"
    assert (outcome["asked"], outcome["answering"]) == (68, 6)
    assert outcome["captured"][2] > 10_000, "a flood"
    assert outcome["seconds"] < BOUND_SECONDS


def test_a_scan_on_the_command_line_tells_what_it_left_and_finds_it_when_asked_to() -> None:
    outcome = scene("command")
    ordinary, thorough = outcome["ordinary"], outcome["thorough"]
    assert (ordinary["scan"]["devices"], ordinary["scan"]["silent"]) == (1, 13)
    assert "13 addresses did not answer their pings and were not asked over SNMP; --thorough asks them too." in ordinary["stderr"]
    assert (thorough["scan"]["devices"], thorough["scan"]["silent"]) == (2, 0)
    assert "--thorough" not in thorough["stderr"]
