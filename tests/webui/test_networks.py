"""The networks a first scan is offered, and how many addresses they have."""

from pathlib import Path

import pytest

from webui.networks import count_addresses, suggest

ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth1\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
eth1\t0000FEA9\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""


@pytest.fixture
def routes(tmp_path: Path) -> Path:
    file = tmp_path / "route"
    file.write_text(ROUTES)
    return file


def test_the_own_networks_are_suggested_but_no_virtual_link_local_or_huge_ones(routes: Path) -> None:
    found = suggest("127.0.0.1", routes, in_container=False)
    assert [(one.network, one.addresses) for one in found] == [("192.168.0.0/24", 254)]


def test_the_network_around_the_browser_comes_first(routes: Path) -> None:
    found = suggest("10.20.30.40", routes, in_container=False)
    assert [one.network for one in found] == ["10.20.30.0/24", "192.168.0.0/24"]
    assert [one.network for one in suggest("192.168.0.77", routes, in_container=False)] == ["192.168.0.0/24"]


def test_a_public_client_is_no_reason_to_scan_its_network(routes: Path) -> None:
    assert len(suggest("8.8.8.8", routes, in_container=False)) == 1


def test_the_network_of_a_container_is_named_as_what_it_is(routes: Path) -> None:
    assert "seldom" in suggest("127.0.0.1", routes, in_container=True)[0].origin


def test_a_machine_without_routes_has_no_suggestion(tmp_path: Path) -> None:
    assert suggest("", tmp_path / "none") == []


@pytest.mark.parametrize(
    ("target", "count"),
    [
        ("10.0.0.0/24", 254),
        ("10.0.0.0/31", 2),
        ("10.0.0.7", 1),
        ("10.0.0.1-10.0.0.20", 20),
        ("2001:db8::/120", 256),
        ("first-floor.example", 1),
        ("ipp://localhost:60000/ipp/print", 1),
    ],
)
def test_addresses_are_counted(target: str, count: int) -> None:
    assert count_addresses([target]) == count
