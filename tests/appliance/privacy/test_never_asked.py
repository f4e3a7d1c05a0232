"""What devices are asked, recorded by the devices themselves: nothing outside the allow-list, and never anything about people.

The collector sweeps and reads; the simulated agents note the name of every object in every request, GETNEXT and GETBULK included.
"""

import ipaddress
from pathlib import Path
from typing import Any

import pytest

from appliance.reading.definitions.definitions import builtin_definitions
from appliance.snmp.values import Oid, parse_oid
from simulator.ber import Tag
from simulator.fleet import Options, generated_fleet
from simulator.mib import PRIVATE_TO_PEOPLE
from simulator.printers import PrinterObjects
from tests.appliance.collector import Site
from tests.conftest import RunningSimulator, StartSimulator

Statistics = dict[str, dict[str, Any]]


def watch(site: Site, simulator: RunningSimulator) -> Statistics:
    """Let a collector sweep the addresses of `simulator` and read what it found, twice; return what each agent was asked."""
    site.variables |= {
        "DCA_SCAN_TARGETS": simulator.span,
        "DCA_SNMP_PORT": str(simulator.port),
        "DCA_PACKETS_PER_SECOND": "1000",
        "DCA_SNMP_TIMEOUT_SECONDS": "1",
    }
    child = site.start()
    first = site.wait_for_scan()
    second = site.scan_to_the_end()[-1]
    assert child.stop().returncode == 0
    assert first["read"] > 0
    assert second["read"] == first["read"]
    return simulator.stop()


def asked(statistics: Statistics) -> dict[Oid, str]:
    """Return every object asked for, with a device that was asked for it."""
    return {parse_oid(oid): agent["name"] for agent in statistics.values() for oid in agent["asked"]}


def is_below(oid: Oid, subtree: Oid) -> bool:
    """Return whether `oid` lies in `subtree`, or a GETNEXT of it would lead straight into it."""
    return oid[: len(subtree)] == subtree


def test_the_simulated_printers_have_what_must_not_be_asked() -> None:
    fleet = generated_fleet(None, "127.0.42.1", Options())
    for member in fleet.members:
        assert member.printing is not None
        held = PrinterObjects(member.printing, str(ipaddress.IPv4Address(member.address))).build()
        for subtree in PRIVATE_TO_PEOPLE:
            assert any(is_below(oid, subtree) for oid in held), (member.name, subtree)
        texts = [value.content for value in held.values() if not callable(value) and value.tag == Tag.OCTET_STRING]
        assert b"Notice of termination.docx" in texts


def test_the_printers_of_the_demo_are_never_asked_for_jobs_users_and_neighbours(
    site: Site, start_simulator: StartSimulator
) -> None:
    simulator = start_simulator("--fleet", "demo", "--advance", "1")
    statistics = watch(site, simulator)
    questions = asked(statistics)
    assert set(statistics) == set(simulator.addresses), "every printer was asked"
    assert len(questions) > 100
    assert {oid: name for oid, name in questions.items() if not builtin_definitions().allows(oid)} == {}
    forbidden = [parse_oid(text) for text in simulator.never_ask]
    assert forbidden
    assert {oid: name for oid, name in questions.items() if any(is_below(oid, subtree) for subtree in forbidden)} == {}
    local = "".join(body for (body,) in site.rows("SELECT body FROM reading"))
    for secret in ("m.keller", "termination", "scan-to-mail"):
        assert secret not in local
    kinds = {pdu for agent in statistics.values() for pdu in agent["requests"]}
    assert not {kind for kind in kinds if "set" in kind.lower()}


@pytest.mark.recordings
def test_no_recorded_device_is_asked_for_anything_outside_the_allow_list(
    site: Site, start_simulator: StartSimulator, recordings: Path
) -> None:
    statistics = watch(site, start_simulator("--recordings", recordings, "--base", "127.0.78.1"))
    questions = asked(statistics)
    assert len(statistics) == len(list(recordings.glob("*.snmprec")))
    assert {oid: name for oid, name in questions.items() if not builtin_definitions().allows(oid)} == {}


def test_small_answers_and_agents_without_getbulk_do_not_lead_outside(site: Site, start_simulator: StartSimulator) -> None:
    simulator = start_simulator("--fleet", "3", "--no-getbulk", "--max-reply", "484")
    questions = asked(watch(site, simulator))
    assert {oid: name for oid, name in questions.items() if not builtin_definitions().allows(oid)} == {}
