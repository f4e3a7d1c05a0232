"""The grammar of targets, exclusions and guardrails."""

import asyncio
import ipaddress
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.common.errors import SettingsError
from appliance.discovery.sweep.order import Order
from appliance.discovery.targets import TargetSet


def addresses_of(targets: TargetSet) -> Iterator[str]:
    """Yield the addresses in the order in which they are asked."""
    return (place.address for place in Order(targets.ranges()))


def addresses(*targets: str, exclude: tuple[str, ...] = (), networks: tuple[str, ...] = ()) -> list[str]:
    made = TargetSet.parse(targets, exclude, networks)
    listed = list(addresses_of(made))
    assert made.count() == len(listed) == len(set(listed))
    return listed


def test_a_network_leaves_out_its_network_and_broadcast_address() -> None:
    assert addresses("10.0.0.0/29") == [f"10.0.0.{number}" for number in range(1, 7)]


@pytest.mark.parametrize(("target", "expected"), [("10.0.0.4/31", ["10.0.0.4", "10.0.0.5"]), ("10.0.0.4/32", ["10.0.0.4"])])
def test_the_smallest_networks_have_nothing_to_leave_out(target: str, expected: list[str]) -> None:
    assert addresses(target) == expected


def test_a_network_may_be_written_by_any_of_its_addresses() -> None:
    assert addresses("10.0.0.9/30") == ["10.0.0.9", "10.0.0.10"]


def test_ranges_are_written_in_full_or_by_their_last_number() -> None:
    assert addresses("10.0.0.254-10.0.1.1") == ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"]
    assert addresses("10.0.0.7-9") == ["10.0.0.7", "10.0.0.8", "10.0.0.9"]


def test_ipv6_addresses_ranges_and_small_networks() -> None:
    assert addresses("2001:db8::1") == ["2001:db8::1"]
    assert addresses("2001:db8::/126") == ["2001:db8::", "2001:db8::1", "2001:db8::2", "2001:db8::3"]
    assert addresses("2001:db8::fffe-2001:db8::1:1") == ["2001:db8::fffe", "2001:db8::ffff", "2001:db8::1:0", "2001:db8::1:1"]


def test_overlapping_targets_give_each_address_once() -> None:
    given = addresses("10.0.0.1-3", "10.0.0.2-5", "10.0.0.3", "10.0.0.0/30")
    assert sorted(given) == [f"10.0.0.{number}" for number in range(1, 6)]


def test_exclusions_are_left_out_whatever_they_are() -> None:
    assert addresses("10.0.0.1-10", exclude=("10.0.0.2", "10.0.0.4-5", "10.0.0.8/29")) == [
        "10.0.0.1",
        "10.0.0.3",
        "10.0.0.6",
        "10.0.0.7",
    ]
    assert addresses("10.0.0.0/24", exclude=("10.0.0.0/8",)) == []


def test_empty_lines_are_nothing() -> None:
    assert addresses("", "  ", "10.0.0.1") == ["10.0.0.1"]


@pytest.mark.parametrize(
    "target",
    [
        "10.0.0.0/33",
        "10.0.0.300",
        "10.0.0.9-3",
        "10.0.0.5-10.0.0.1",
        "10.0.0.1-2001:db8::1",
        "10.0.0",
        "1.2.3.4.5",
        "a b",
        "::g",
        "/24",
    ],
)
def test_what_is_no_target_is_named(target: str) -> None:
    with pytest.raises(SettingsError, match=r"scan\.targets: .*is no range"):
        TargetSet.parse([target])


@pytest.mark.parametrize("target", ["224.0.0.1", "255.255.255.255", "0.0.0.0", "ff02::1", "239.0.0.0/30"])
def test_addresses_no_device_has_are_refused(target: str) -> None:
    with pytest.raises(SettingsError, match="no address of a device"):
        TargetSet.parse([target])


@pytest.mark.parametrize("target", ["2001:db8::/64", "0.0.0.0/4"])
def test_what_nobody_could_sweep_is_refused(target: str) -> None:
    with pytest.raises(SettingsError, match="more addresses than can be swept"):
        TargetSet.parse([target])


def test_a_large_network_is_counted_and_listed_without_being_stored() -> None:
    tracemalloc.start()
    try:
        targets = TargetSet.parse(["10.0.0.0/8"], ["10.1.0.0/16"])
        assert targets.count() == 2**24 - 2 - 2**16
        walked = addresses_of(targets)
        assert [next(walked) for _ in range(3)] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_targets_outside_the_guardrails_are_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"^10\.9\.0\.0/24, 192\.0\.2\.1: outside the networks"):
        TargetSet.parse(["10.1.0.0/24", "10.9.0.0/24", "192.0.2.1"], networks=["10.0.0.0/13", "2001:db8::/64"])


def test_targets_within_several_adjacent_guardrails_are_accepted() -> None:
    assert addresses("10.0.0.254-10.0.1.1", networks=("10.0.0.0/24", "10.0.1.0/24")) == [
        "10.0.0.254",
        "10.0.0.255",
        "10.0.1.0",
        "10.0.1.1",
    ]


def test_guardrails_of_one_kind_of_address_shut_out_the_other() -> None:
    with pytest.raises(SettingsError, match="outside the networks"):
        TargetSet.parse(["2001:db8::1"], networks=["10.0.0.0/8"])


def test_guardrails_are_no_host_names() -> None:
    with pytest.raises(SettingsError, match=r"guardrails\.networks names printer"):
        TargetSet.parse(["10.0.0.1"], networks=["printer"])


def test_a_bad_exclusion_is_named() -> None:
    with pytest.raises(SettingsError, match=r"scan\.exclude"):
        TargetSet.parse(["10.0.0.1"], ["10.0.0.0/40"])


def test_host_names_become_addresses_and_are_remembered() -> None:
    async def main() -> TargetSet:
        targets = TargetSet.parse(["localhost", "10.0.0.1"])
        assert targets.count() == 1
        await targets.resolve()
        return targets

    targets = asyncio.run(main())
    assert list(addresses_of(targets)) == ["10.0.0.1", "127.0.0.1"]
    assert targets.host_names == {"127.0.0.1": "localhost"}
    assert targets.unresolved == []


def test_names_that_cannot_be_resolved_are_collected_and_stop_nothing() -> None:
    async def main() -> TargetSet:
        targets = TargetSet.parse(["no-such-host.invalid", "10.0.0.1", "localhost"])
        await targets.resolve()
        return targets

    targets = asyncio.run(main())
    assert list(addresses_of(targets)) == ["10.0.0.1", "127.0.0.1"]
    assert [name for name, _ in targets.unresolved] == ["no-such-host.invalid"]
    assert "cannot be resolved" in targets.unresolved[0][1]


def test_a_name_that_leads_outside_the_guardrails_is_not_contacted() -> None:
    async def main() -> TargetSet:
        targets = TargetSet.parse(["localhost"], networks=["10.0.0.0/8"])
        await targets.resolve()
        return targets

    targets = asyncio.run(main())
    assert targets.count() == 0
    assert "guardrails.networks" in targets.unresolved[0][1]


def test_an_excluded_name_excludes_its_addresses() -> None:
    async def main() -> TargetSet:
        targets = TargetSet.parse(["127.0.0.1-2"], ["localhost"])
        await targets.resolve()
        return targets

    assert list(addresses_of(asyncio.run(main()))) == ["127.0.0.2"]


small = st.tuples(st.integers(0, 300), st.integers(0, 60)).map(lambda pair: (pair[0], pair[0] + pair[1]))
BASE = int(ipaddress.IPv4Address("10.20.0.0"))


def as_range(span: tuple[int, int]) -> str:
    return f"{ipaddress.IPv4Address(BASE + span[0])}-{ipaddress.IPv4Address(BASE + span[1])}"


@given(st.lists(small, max_size=8), st.lists(small, max_size=8))
def test_sets_of_ranges_behave_like_sets_of_addresses(wanted: list[tuple[int, int]], excluded: list[tuple[int, int]]) -> None:
    expected = {number for low, high in wanted for number in range(low, high + 1)}
    expected -= {number for low, high in excluded for number in range(low, high + 1)}
    made = TargetSet.parse(map(as_range, wanted), map(as_range, excluded))
    assert [
        int(ipaddress.IPv4Address(address)) - BASE for address in sorted(addresses_of(made), key=ipaddress.IPv4Address)
    ] == sorted(expected)
    assert made.count() == len(expected)
