"""Printers beside the ranges: a router knows their addresses, and a person decides. What is no printer is nowhere."""

import ipaddress
import json
import select
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance.discovery.neighbours import ROUTER_OBJECTS
from appliance.reading.definitions.definitions import builtin_definitions
from appliance.snmp.values import format_oid, parse_oid
from tests.appliance.collector import Site
from tests.appliance.definitions.device import DEVICE_DESCR, LIFE_COUNT, SERIAL, SYS_DESCR, SYS_OBJECT_ID, oid_value
from tests.appliance.hosting_server import Hosting
from tests.children import wait_until
from tests.conftest import RunningSimulator, StartSimulator
from tests.recordings.recorded_file import Content, write_recording

COLUMN = format_oid(ROUTER_OBJECTS[0].oid)
PRINTERS = "127.92.21.1", "127.92.21.2"
PC, SILENT, GONE, OUTSIDE, ROUTER = "127.92.22.1", "127.92.22.77", "127.92.22.88", "10.99.0.1", "127.92.23.1"
DYNAMIC, INVALID = 3, 2
PRINTER: Mapping[str, Content] = {
    SYS_DESCR: "Acme Laser 4",
    SYS_OBJECT_ID: oid_value("1.3.6.1.4.1.2435.2.3.9.1"),
    DEVICE_DESCR: "Brother HL-L9999",
    "1.3.6.1.2.1.25.3.2.1.2.1": oid_value("1.3.6.1.2.1.25.3.1.5"),
    "1.3.6.1.2.1.25.3.5.1.1.1": 3,
    SERIAL: "E12345X6N789012",
    LIFE_COUNT: 5130,
}


def row(address: str, interface: int = 7) -> str:
    """Return the name of the cell of a neighbour."""
    octets = ipaddress.ip_address(address).packed
    return ".".join(map(str, (COLUMN, interface, 1 if len(octets) == 4 else 2, len(octets), *octets)))


@dataclass
class Network:
    """Two printers, a computer with an SNMP agent, one without that notes what it is sent, and a router that knows them."""

    printers: tuple[RunningSimulator, RunningSimulator]
    computer: RunningSimulator
    router: RunningSimulator
    quiet: socket.socket

    def heard(self) -> list[bytes]:
        """Return what the quiet computer was sent."""
        packets = []
        while select.select([self.quiet], [], [], 0)[0]:
            packets.append(self.quiet.recv(65535))
        return packets


@pytest.fixture
def network(start_simulator: StartSimulator, tmp_path: Path) -> Iterator[Network]:
    one = start_simulator("--fleet", "1", "--base", PRINTERS[0])
    port = str(one.port)
    pc: dict[str, Content] = {SYS_DESCR: "Office computer of M. Keller", SYS_OBJECT_ID: oid_value("1.3.6.1.4.1.311.1.1.3.1.1")}
    known = (*PRINTERS, PC, SILENT, OUTSIDE, "fe80::1", GONE)
    table: dict[str, Content] = {row(address): INVALID if address == GONE else DYNAMIC for address in known}
    named = (("pc", pc), ("router", table), ("printer", PRINTER))
    files = [write_recording(tmp_path / f"{name}.snmprec", device) for name, device in named]
    two = start_simulator("--recordings", files[2], "--base", PRINTERS[1], "--port", port)
    computer = start_simulator("--recordings", files[0], "--base", PC, "--port", port)
    router = start_simulator("--recordings", files[1], "--base", ROUTER, "--port", port, "--community", "gate")
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as quiet:
        quiet.bind((SILENT, one.port))
        quiet.setblocking(False)
        yield Network((one, two), computer, router, quiet)


@pytest.fixture
def neighbourhood(site: Site, network: Network) -> Site:
    """Return an appliance that has no ranges and asks the router."""
    site.variables |= {
        "DCA_SNMP_PORT": str(network.router.port),
        "DCA_SNMP_COMMUNITY": "public,gate",
        "DCA_SNMP_TIMEOUT_SECONDS": "0.3",
        "DCA_PACKETS_PER_SECOND": "1000",
        "DCA_NEIGHBOURS": "on",
        "DCA_ROUTERS": ROUTER,
        "DCA_ROUTER_CREDENTIAL": "environment 2",
        "DCA_GUARDRAIL_NETWORKS": "127.0.0.0/8",
        "DCA_LOG_LEVEL": "DEBUG",
    }
    return site


def look(site: Site) -> dict[str, Any]:
    """Look to the end; return what was found."""
    before = site.call("GET", "/v1/found")["looked_at"]
    site.call("POST", "/v1/found/look", {})
    wait_until("the look has ended", lambda: site.call("GET", "/v1/found")["looked_at"] != before, 60)
    return site.call("GET", "/v1/found")


def devices(site: Site) -> list[str]:
    return [address for (address,) in site.rows("SELECT address FROM device ORDER BY address")]


def test_what_a_router_knows_waits_until_a_person_adds_or_ignores_it(neighbourhood: Site, network: Network) -> None:
    first, second = PRINTERS
    site = neighbourhood
    child = site.start()
    found = look(site)
    assert sorted(each["address"] for each in found["waiting"]) == [first, second]
    assert {each["by"] for each in found["waiting"]} == {"neighbours"}
    assert all(each["name"] for each in found["waiting"])
    assert devices(site) == [], "nothing is kept of what waits"
    assert site.status()["found_waiting"] == 2

    assert site.dca("found", "add", first).returncode == 0
    wait_until("it is read", lambda: devices(site) == [first], 30)
    assert site.dca("found", "ignore", second).returncode == 0
    assert look(site)["waiting"] == [], "what was decided is not found again"

    assert child.stop().returncode == 0
    site.start()
    kept = site.call("GET", "/v1/found")
    assert (kept["added"], kept["ignored"], kept["waiting"]) == ([first], [second], [])
    assert site.scan_to_the_end()[-1]["read"] == 1, "it is a target of its own"
    assert second in site.dca("found").stdout
    site.call("POST", "/v1/found", {"restore": [second]})
    restored = site.call("GET", "/v1/found")
    assert ([each["address"] for each in restored["waiting"]], restored["ignored"]) == ([second], [])


def test_what_waits_is_there_after_a_restart(neighbourhood: Site, network: Network) -> None:
    child = neighbourhood.start()
    before = look(neighbourhood)["waiting"]
    assert child.stop().returncode == 0
    neighbourhood.start()
    after = neighbourhood.call("GET", "/v1/found")["waiting"]
    assert [each | {"name": ""} for each in before] == after, "but for what they are called"
    assert look(neighbourhood)["waiting"] == before, "which the next look finds out"


def test_what_waits_is_added_when_the_site_says_so(neighbourhood: Site, network: Network) -> None:
    neighbourhood.start()
    assert len(look(neighbourhood)["waiting"]) == 2
    neighbourhood.set("scan.new_devices=add")
    found = look(neighbourhood)
    assert (found["waiting"], sorted(found["added"])) == ([], list(PRINTERS))
    wait_until("they are read", lambda: devices(neighbourhood) == list(PRINTERS), 30)


def test_what_waits_and_is_in_the_ranges_by_now_waits_no_longer(neighbourhood: Site, network: Network) -> None:
    neighbourhood.start()
    assert len(look(neighbourhood)["waiting"]) == 2
    neighbourhood.set(f"scan.targets={PRINTERS[1]}")
    wait_until("one waits", lambda: neighbourhood.status()["found_waiting"] == 1, 30)
    assert devices(neighbourhood) == [PRINTERS[1]]


def test_where_the_site_says_so_it_is_read_at_once(neighbourhood: Site, network: Network) -> None:
    neighbourhood.variables["DCA_NEW_DEVICES"] = "add"
    neighbourhood.start()
    look(neighbourhood)
    wait_until("both are added", lambda: len(neighbourhood.call("GET", "/v1/found")["added"]) == 2, 30)
    assert devices(neighbourhood) == list(PRINTERS)
    assert neighbourhood.call("GET", "/v1/found")["waiting"] == []


def test_what_is_no_printer_is_neither_stored_nor_logged_nor_sent(neighbourhood: Site, network: Network, hosting: Hosting) -> None:
    hosting.start()
    neighbourhood.variables |= {"DCA_NEW_DEVICES": "add"}
    child = neighbourhood.start()
    authority = str(hosting.authority)
    assert neighbourhood.dca("enrol", hosting.enrolment(), "--ca", authority).returncode == 0
    found = look(neighbourhood)
    wait_until("the printers are sent", lambda: len(hosting.readings()) == 2, 60)
    neighbourhood.call("POST", "/v1/check-in", {})
    assert child.stop().returncode == 0
    hosting.stop()
    told = json.dumps(found) + child.stdout + child.stderr
    kept = {
        path.name: path.read_bytes()
        for folder in (neighbourhood.folder, hosting.folder)
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert {"readings.db", "settings.json", "collector.log", "hosting.db"} <= kept.keys()
    for secret in (PC, SILENT, OUTSIDE, "Keller", "127.92.22."):
        assert secret not in told
        assert [name for name, content in kept.items() if secret.encode() in content] == []
    assert "127.92.21." in told, "printers are told"


def test_a_router_is_asked_for_its_neighbours_alone_and_nobody_else_for_them(neighbourhood: Site, network: Network) -> None:
    child = neighbourhood.start()
    found = look(neighbourhood)
    assert child.stop().returncode == 0
    allowed = [each.oid for each in ROUTER_OBJECTS]
    asked_router, asked_computer, *asked_printers = [
        [parse_oid(oid) for agent in each.stop().values() for oid in agent["asked"]]
        for each in (network.router, network.computer, *network.printers)
    ]
    assert asked_router
    assert [oid for oid in asked_router if not any(oid[: len(each)] == each for each in allowed)] == []
    for asked in (asked_computer, *asked_printers):
        assert asked
        for oid in asked:
            assert builtin_definitions().allows(oid)
            assert not any(oid[: len(each)] == each or each[: len(oid)] == oid for each in allowed)
    heard = network.heard()
    assert heard, "the quiet computer was asked, once more than with a ping"
    assert [packet for packet in heard if b"gate" in packet] == [], "the credential of the router is for the router alone"
    assert any("1 addresses lie outside" in note["text"] for note in found["notes"])


def test_it_looks_by_itself_and_packets_count_under_a_purpose_of_their_own(neighbourhood: Site, network: Network) -> None:
    neighbourhood.start()
    wait_until("it has looked", lambda: neighbourhood.call("GET", "/v1/found")["looked_at"], 60)
    traffic = neighbourhood.call("GET", "/v1/traffic")
    assert set(traffic["days"][0]["traffic"]) == {"neighbours"}
    assert traffic["units"] == {}, "averages are those of sweeps"


def test_a_router_outside_the_guardrails_is_never_contacted(neighbourhood: Site, network: Network) -> None:
    neighbourhood.variables["DCA_GUARDRAIL_NETWORKS"] = "127.92.21.0/24"
    child = neighbourhood.start()
    found = look(neighbourhood)
    assert child.stop().returncode == 0
    assert found["waiting"] == []
    assert f"{ROUTER} was not asked" in found["notes"][0]["text"]
    assert not any(agent["asked"] for agent in network.router.stop().values())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"DCA_ROUTER_CREDENTIAL": "the other one"}, "no credential has the name"),
        ({"DCA_ROUTERS": ""}, "none is named in scan.routers"),
        ({"DCA_ROUTER_CREDENTIAL": "environment 1"}, "did not answer SNMP"),
    ],
)
def test_why_no_router_was_asked_is_told(neighbourhood: Site, change: dict[str, str], sentence: str) -> None:
    neighbourhood.variables |= change
    neighbourhood.start()
    assert sentence in look(neighbourhood)["notes"][0]["text"]


def test_decisions_about_what_was_not_found_are_refused(neighbourhood: Site) -> None:
    neighbourhood.start()
    refused = neighbourhood.dca("found", "add", "127.92.99.1")
    assert (refused.returncode, "none of the printers that were found" in refused.stderr) == (1, True)
    assert "is no address" in neighbourhood.dca("found", "ignore", "printer.local").stderr


def test_nothing_is_looked_for_unless_a_person_allows_it(site: Site) -> None:
    site.start()
    refused = site.dca("found", "look")
    assert (refused.returncode, "are off" in refused.stderr) == (1, True)
    assert site.call("GET", "/v1/found")["dns_sd"] is False


def test_a_printer_with_two_addresses_is_found_once(neighbourhood: Site, network: Network, start_simulator: StartSimulator) -> None:
    """Nearly every printer has an address of IPv4 and some of IPv6."""
    start_simulator("--fleet", "1", "--base", GONE, "--port", str(network.router.port))
    neighbourhood.variables |= {"DCA_SCAN_TARGETS": GONE}
    neighbourhood.start()
    neighbourhood.wait_for_scan()
    assert devices(neighbourhood) == [GONE]
    assert [each["address"] for each in look(neighbourhood)["waiting"]] == [PRINTERS[1]]
