"""DNS-SD in a network namespace of its own, with a real responder: what is heard, and what floods and garbage cost."""

from typing import Any

import pytest

from appliance.discovery.dns_sd import MOST_NAMES, MOST_OF_ONE
from appliance.discovery.own_network import is_made_up
from tests.children import run_child
from tests.conftest import ROOT
from tests.namespaces import play, require_namespaces


def scene(name: str) -> dict[str, Any]:
    """Return what came of a scene of `tests.appliance.discovery.announced`."""
    require_namespaces("ip link add lan0 type veth", "unshare or ip")
    return play("tests.appliance.discovery.announced", name, deadline=150)


def test_what_a_printer_announces_is_heard_with_the_port_and_path_of_ipp_alone() -> None:
    told = scene("printers")
    both = ["192.168.77.20", "fd00:77::20"]
    assert sorted(told["services"]) == sorted(
        [[both, 631, "/ipp/print", False], [both, 443, "/ipp/print", True], [both, 0, "", False], [both, 0, "", False]]
    )
    assert told["whole"] is True
    assert 0 < told["traffic"]["packets_sent"] <= 6
    assert told["traffic"]["packets_received"] > 0
    assert told["seconds"] < 15


def test_a_flood_of_names_is_bounded_and_the_printer_is_heard_all_the_same() -> None:
    told = scene("flood")
    assert told["whole"] is False
    assert MOST_OF_ONE <= len(told["services"]) <= MOST_NAMES
    assert any("192.168.77.20" in addresses for addresses, *_ in told["services"])
    assert told["seconds"] < 20


def test_garbage_costs_nobody_else_anything() -> None:
    told = scene("garbage")
    assert sorted({address for addresses, *_ in told["services"] for address in addresses}) == ["192.168.77.20"]


def test_announcements_over_ipv6_are_heard() -> None:
    assert scene("over_ipv6")["services"] == [[["fd00:77::30"], 631, "", False]]


def test_a_machine_without_a_network_says_so() -> None:
    assert scene("no_network") == {"error": "Asking by DNS-SD has failed: no interface of this machine takes part in multicast"}


def test_a_collector_that_may_ask_finds_the_printer_and_keeps_nothing_that_was_announced() -> None:
    found = scene("collector")
    assert [(each["address"], each["by"]) for each in found["waiting"]] == [("127.92.31.1", "dns_sd")]
    assert found["waiting"][0]["name"].startswith("HP ")
    assert found["leaked"] == []
    assert set(found["traffic"]) == {"dns_sd"}
    assert any("outside the networks" in note["text"] for note in found["notes"])


def test_the_library_stays_out_of_what_runs_for_long() -> None:
    look = "import sys, appliance.__main__, appliance.service.collector.process; print('zeroconf' in sys.modules)"
    assert run_child(["python", "-c", look], folder=ROOT).stdout == "False\n"


def test_the_kernel_tells_the_driver_of_an_interface() -> None:
    assert scene("drivers") == {"lan0": "veth", "lo": "", "nothing": ""}


@pytest.mark.parametrize(
    ("drivers", "made_up"),
    [(["veth"], True), (["tun"], True), ([], True), (["virtio_net", "veth"], False), (["macvlan"], False), (["", "veth"], False)],
)
def test_an_engines_network_is_told_by_the_drivers_of_its_interfaces(drivers: list[str], made_up: bool) -> None:
    assert is_made_up(drivers) is made_up
