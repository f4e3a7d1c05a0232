"""The neighbour tables of routers: what they name, and tables that are endless, broken or old."""

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence

import pytest

from appliance.common.errors import NoAnswerError
from appliance.discovery.candidates import MOST_CANDIDATES, Candidates, Permitted
from appliance.discovery.neighbours import IP_NET_TO_MEDIA_TYPE, IP_NET_TO_PHYSICAL_TYPE, ROUTER_OBJECTS, NeighbourTable
from appliance.reading.definitions.definitions import DefinitionError, builtin_definitions, parse
from appliance.reading.sources.objects import MibObject
from appliance.settings.model import Settings
from appliance.settings.reach import PRIVATE_NETWORKS
from appliance.snmp.client import Agent, SnmpClient, SnmpOptions
from appliance.snmp.values import Oid, Value, format_oid
from tests.appliance.definitions.device import HEAD
from tests.appliance.snmp.messages import GET_BULK, Asked, integer, text, write_response
from tests.appliance.snmp.responder import Answer, Responder, responding

DYNAMIC, INVALID, LOCAL = 3, 2, 5
NEW, OLD = IP_NET_TO_PHYSICAL_TYPE.oid, IP_NET_TO_MEDIA_TYPE.oid


def physical(address: str, kind: int = DYNAMIC, *, interface: int = 3, zone: bool = False) -> tuple[Oid, Value]:
    octets = (*ipaddress.ip_address(address).packed, *((0, 0, 0, 7) if zone else ()))
    family = (1 if ":" not in address else 2) + (2 if zone else 0)
    return (*NEW, interface, family, len(octets), *octets), integer(kind)


def media(address: str, kind: int = DYNAMIC, *, interface: int = 3) -> tuple[Oid, Value]:
    return (*OLD, interface, *ipaddress.ip_address(address).packed), integer(kind)


def neighbours(
    objects: Sequence[tuple[Oid, Value]] | Mapping[Oid, Value],
    answer: Answer | None = None,
    *,
    versions: tuple[int, ...] = (0, 1),
    most_rows: int = 1000,
) -> tuple[list[str], NeighbourTable, Responder]:
    """Return the neighbours of an agent with these objects, how they were read, and the agent."""

    async def main() -> tuple[list[str], NeighbourTable, Responder]:
        options = SnmpOptions(timeout=0.3, retries=0, budget=20, max_repetitions=25)
        async with responding(dict(objects), answer, versions=versions) as router, SnmpClient(options) as client:
            table = NeighbourTable(client.session(Agent("127.0.0.1", router.port)), most_rows)
            return [str(address) async for address in table.addresses()], table, router

    return asyncio.run(main())


def test_neighbours_of_both_versions_of_ip_are_named_and_nothing_else_is_asked() -> None:
    rows = [
        physical("192.168.7.9"),
        physical("2001:db8::9"),
        physical("fd00:7::9", zone=True),
        physical("192.168.7.1", LOCAL),
        physical("192.168.7.8", INVALID),
        ((*NEW, 3, 16, 3, 97, 98, 99), integer(DYNAMIC)),
        ((*NEW, 3, 1, 4, 300, 1, 1, 1), integer(DYNAMIC)),
        ((*NEW[:-1], 4, 3, 1, 4, 192, 168, 7, 9), text("00:1b:a9:00:00:01")),
        ((1, 3, 6, 1, 2, 1, 1, 4, 0), text("M. Keller")),
    ]
    found, table, router = neighbours(rows)
    assert sorted(found) == ["192.168.7.9", "2001:db8::9", "fd00:7::9"]
    assert table.partial is None
    assert {oid[: len(NEW)] for asked in router.asked for oid in asked.oids} == {NEW}


def test_an_old_router_is_asked_for_the_old_table() -> None:
    found, table, router = neighbours([media("192.168.7.9"), media("192.168.7.10", INVALID), media("10.0.0.3", interface=9)])
    assert found == ["192.168.7.9", "10.0.0.3"]
    assert {oid[: len(NEW)] for asked in router.asked for oid in asked.oids} == {NEW, OLD}
    assert table.partial is None


def test_one_that_has_neighbours_of_ipv6_alone_in_the_new_table_is_asked_for_the_old_one_too() -> None:
    found, _, _ = neighbours([physical("2001:db8::9"), media("192.168.7.9")])
    assert found == ["2001:db8::9", "192.168.7.9"]


def test_a_router_that_speaks_snmpv1_alone_is_read_as_well() -> None:
    found, table, _ = neighbours([media(f"10.0.0.{number}") for number in range(1, 60)], versions=(0,))
    assert (len(found), table.partial) == (59, None)


def endless(responder: Responder, request: Asked) -> list[bytes]:
    """A table of more rows than anybody wants."""
    assert request.kind == GET_BULK
    rows = []
    cursor = request.oids[0]
    number = int.from_bytes(bytes(cursor[-4:]), "big") if len(cursor) > len(NEW) + 3 else 10 << 24
    for _ in range(request.max_repetitions):
        number += 1
        rows.append(((*NEW, 3, 1, 4, *number.to_bytes(4, "big")), integer(DYNAMIC)))
    return [write_response(1, request.request_id, rows)]


def test_an_endless_table_is_left_at_a_limit_and_says_so() -> None:
    found, table, router = neighbours([], endless, most_rows=500)
    assert (len(found), len(set(found)), table.rows) == (500, 500, 500)
    assert table.partial == "it has more rows"
    assert len(router.asked) <= 22


def test_an_agent_that_goes_round_in_circles_is_left() -> None:
    def circling(responder: Responder, request: Asked) -> list[bytes]:
        row = physical("10.0.0.5")
        return [write_response(1, request.request_id, [row, row])]

    found, table, router = neighbours([], circling)
    assert found == ["10.0.0.5"]
    assert table.partial == "the agent goes round in circles"
    assert len(router.asked) == 1


def test_an_agent_that_falls_silent_half_way_gives_what_it_said() -> None:
    def silent_later(responder: Responder, request: Asked) -> list[bytes]:
        return [responder.rule(request)] if len(responder.asked) < 3 else []

    found, table, _ = neighbours([physical(f"10.0.0.{number}") for number in range(1, 200)], silent_later)
    assert len(found) == 50
    assert table.partial == "it stopped answering"


def test_an_agent_that_leaves_large_answers_out_is_asked_for_less() -> None:
    def small(responder: Responder, request: Asked) -> list[bytes]:
        return [responder.rule(request)] if request.max_repetitions <= 6 else []

    found, table, _ = neighbours([physical(f"10.0.0.{number}") for number in range(1, 40)], small)
    assert (len(found), table.partial) == (39, None)


def test_one_that_is_silent_is_named() -> None:
    with pytest.raises(NoAnswerError, match=r"127\.0\.0\.1 did not answer SNMP"):
        neighbours([], lambda _responder, _request: [])


def candidates(settings: Mapping[str, Mapping[str, object]], *addresses: str, decided: Sequence[str] = ()) -> Candidates:
    taken = Candidates(Permitted(Settings.model_validate(settings), decided))
    for address in addresses:
        taken.take(ipaddress.ip_address(address))
    return taken


def test_without_guardrails_only_private_addresses_are_asked() -> None:
    strangers = ("93.184.216.34", "2606:2800::1", "127.0.0.1", "::1")
    taken = candidates({}, "10.0.0.5", "fd00::5", *strangers, "fe80::5", "ff02::1", "0.0.0.0")
    assert list(taken.addresses) == ["10.0.0.5", "fd00::5"]
    assert taken.outside == 4
    assert "4 addresses lie outside" in taken.notes("A router")[0]


def test_guardrails_and_exclusions_hold_and_what_is_known_is_passed_over() -> None:
    settings = {
        "scan": {"targets": ["10.0.1.0/24"], "exclude": ["10.0.2.0/24"], "added": ["10.0.3.7"]},
        "guardrails": {"networks": ["10.0.0.0/16", "2001:db8::/32"]},
    }
    named = ("10.0.1.5", "10.0.2.5", "10.0.3.5", "10.0.3.6", "10.0.3.7", "10.9.0.1", "2001:db8::5", "::ffff:10.0.3.9", "10.0.3.5")
    taken = candidates(settings, *named, decided=["10.0.3.6"])
    assert list(taken.addresses) == ["10.0.3.5", "2001:db8::5"]
    assert taken.outside == 2


def test_more_addresses_than_are_asked_are_counted() -> None:
    taken = candidates({}, *(str(ipaddress.ip_address((10 << 24) + number)) for number in range(1, MOST_CANDIDATES + 101)))
    assert (len(taken.addresses), taken.left_out) == (MOST_CANDIDATES, 100)
    assert "100 addresses more" in taken.notes("A router")[0]


@pytest.mark.parametrize("column", ROUTER_OBJECTS, ids=lambda each: each.name)
def test_no_printer_may_be_asked_for_it_and_no_definition_may_name_it(column: MibObject) -> None:
    oid = column.oid
    assert not any(oid[: len(each)] == each or each[: len(oid)] == oid for each in builtin_definitions().allowed)
    for subtree in (oid, oid[:-1], oid[:-2], (*oid, 1)):
        wanted = f'name = "wanted"\noid = "{format_oid(subtree)}"\ngives = "misc.note"\nevidence = "A"\n'
        with pytest.raises(DefinitionError, match=r"outside 1\.3\.6\.1\.4\.1"):
            parse(f"{HEAD}\n[[object]]\n{wanted}", "acme.toml")


def test_what_stands_for_guardrails_where_the_hosting_server_sets_the_ranges_holds_no_loopback() -> None:
    taken = candidates({"guardrails": {"networks": PRIVATE_NETWORKS}}, "10.0.0.5", "127.0.0.1", "169.254.7.7", "93.184.216.34")
    assert list(taken.addresses) == ["10.0.0.5"]
