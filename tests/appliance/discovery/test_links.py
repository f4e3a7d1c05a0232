import ipaddress

import pytest

from appliance.discovery.links import Links, parse_routes

HEADER = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
ROUTES = HEADER + (
    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    "eth1\t0000100A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    "eth1\t0000110A\t0100100A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    "eth2\t0000120A\t00000000\t0000\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
)


def test_networks_without_a_gateway_are_on_a_link() -> None:
    assert parse_routes(ROUTES) == [ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("10.16.0.0/16")]


@pytest.mark.parametrize(
    ("address", "on_link"),
    [("192.0.2.9", True), ("10.16.255.1", True), ("10.17.0.1", False), ("198.51.100.1", False), ("2001:db8::1", False)],
)
def test_an_address_is_on_a_link_when_no_router_is_needed(address: str, *, on_link: bool) -> None:
    assert (address in Links(parse_routes(ROUTES))) is on_link


def test_loopback_is_no_link() -> None:
    assert "127.0.0.1" not in Links.of_this_machine()
