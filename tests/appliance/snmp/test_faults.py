"""Agents that refuse single objects, or answer them with what nobody can decode: the rest is read, and it costs little."""

import asyncio
from collections.abc import Collection

import pytest
from pyasn1.codec.ber import encoder
from pyasn1.type.univ import ObjectIdentifier

from appliance.common.errors import CredentialError
from appliance.snmp.ber import read_response
from appliance.snmp.client import Agent, AgentProfile, SnmpClient, SnmpOptions
from appliance.snmp.values import Objects, Oid, Tag, Value
from tests.appliance.snmp.messages import GET, GET_BULK, Asked, integer, text
from tests.appliance.snmp.responder import Answer, Responder, responding
from tests.appliance.snmp.test_session import CAPACITIES, LEVELS, TEXTS
from tests.appliance.snmp.v3_agents import tlv

SYSTEM: Oid = (1, 3, 6, 1, 2, 1, 1)
SCALARS: list[Oid] = [(*SYSTEM, number, 0) for number in range(1, 17)]
OTHERS: Oid = (*LEVELS[:-1], 7)
COLUMNS = [OTHERS, CAPACITIES, LEVELS, TEXTS]
PRINTER: Objects = {
    **{oid: text(f"object {oid[-2]}") for oid in SCALARS},
    **{(*column, 1, row): integer(100 * column[-1] + row) for column in COLUMNS[:-1] for row in range(1, 6)},
    (*TEXTS, 1, 1): text("Ready"),
}
FAST = SnmpOptions(timeout=0.5, retries=1, budget=10.0)
REPAIRS = 6


def failing(at_fault: Collection[Oid], status: int, *, named: bool) -> Answer:
    """Return an agent that fails each request that touches an object of `at_fault`, and names it or not."""

    def answer(responder: Responder, request: Asked) -> list[bytes]:
        if request.kind == GET:
            hits = [number for number, oid in enumerate(request.oids, 1) if oid in at_fault]
        elif request.kind == GET_BULK:
            single, repeating = request.non_repeaters, len(request.oids) - request.non_repeaters
            hits = [
                number + 1 if number < single else single + (number - single) % repeating + 1
                for number, (oid, _) in enumerate(responder.bulk(request))
                if oid in at_fault
            ]
        else:
            hits = [number for number, oid in enumerate(request.oids, 1) if responder.following(oid)[0] in at_fault]
        return [responder.error(request, status, hits[0] if named else 0) if hits else responder.rule(request)]

    return answer


async def visit(answer: Answer | None, profile: AgentProfile, *, version: str = "2c") -> tuple[Objects, dict[Oid, str], int]:
    """Fetch everything; return the objects, what is at fault, and how many requests it took."""
    async with responding(PRINTER, answer) as responder, SnmpClient(FAST) as client:
        session = client.session(Agent("127.0.0.1", responder.port, "1" if version == "1" else "2c"), profile=profile)
        found = await session.fetch(SCALARS, COLUMNS)
        assert not session.stopped
        return found, dict(session.faults), len(responder.asked)


def usual(version: str) -> int:
    return asyncio.run(visit(None, AgentProfile(), version=version))[2]


SCALAR, FIRST, CELL, LAST = SCALARS[5], SCALARS[0], (*CAPACITIES, 1, 3), (*LEVELS, 1, 5)


@pytest.mark.parametrize("version", ["2c", "1"])
@pytest.mark.parametrize("named", [True, False], ids=["named", "index 0"])
@pytest.mark.parametrize("status", [5, 6, 16])
@pytest.mark.parametrize("at_fault", [SCALAR, FIRST, CELL, LAST, (*TEXTS, 1, 1)])
def test_one_object_at_fault_costs_nothing_but_itself(at_fault: Oid, status: int, named: bool, version: str) -> None:
    agent = failing([at_fault], status, named=named)
    profile = AgentProfile()
    found, faults, requests = asyncio.run(visit(agent, profile, version=version))
    rest = {oid: value for oid, value in PRINTER.items() if oid != at_fault}
    assert set(faults) & {at_fault, at_fault[:-2]}
    if at_fault != CELL or named:
        assert found == rest
        assert requests <= usual(version) + 1 + REPAIRS, "one more, for what is otherwise asked in one request is asked in two"
    found, _, later = asyncio.run(visit(agent, profile, version=version))
    assert found == rest
    assert later <= requests + 1, "with rows known, more columns share a request, of which one is at fault"


@pytest.mark.parametrize("named", [True, False], ids=["named", "index 0"])
def test_an_object_at_fault_is_asked_for_apart_from_then_on_and_taken_again_when_it_is_well(named: bool) -> None:
    profile = AgentProfile()
    asyncio.run(visit(failing([SCALAR], 5, named=named), profile))
    assert profile.faults == {SCALAR}
    _, _, requests = asyncio.run(visit(failing([SCALAR], 5, named=named), profile))
    assert requests <= usual("2c") + 1
    found, faults, _ = asyncio.run(visit(None, profile))
    assert found == PRINTER
    assert not faults
    assert not profile.faults


@pytest.mark.parametrize("at_fault", [SCALARS[2:5], [SCALARS[0], CELL], [(*LEVELS, 1, 2), (*LEVELS, 1, 4)]])
def test_several_objects_at_fault_cost_nothing_but_themselves(at_fault: list[Oid]) -> None:
    profile = AgentProfile()
    agent = failing(at_fault, 5, named=True)
    _, _, requests = asyncio.run(visit(agent, profile))
    assert requests <= usual("2c") + REPAIRS + 1
    found, faults, _ = asyncio.run(visit(agent, profile))
    assert found == {oid: value for oid, value in PRINTER.items() if oid not in at_fault}
    assert set(faults) == set(at_fault)


@pytest.mark.parametrize("named", [True, False], ids=["named", "index 0"])
@pytest.mark.parametrize(("status", "name"), [(6, "noAccess"), (16, "authorizationError"), (5, "genErr")])
def test_an_agent_that_refuses_everything_is_a_matter_of_credentials(status: int, name: str, named: bool) -> None:
    refuses = failing(PRINTER.keys() | set(COLUMNS), status, named=named)

    async def get(first: bool) -> int:
        async with responding(PRINTER, refuses) as responder, SnmpClient(FAST) as client:
            session = client.session(Agent("127.0.0.1", responder.port))
            with pytest.raises(CredentialError, match=name):
                await (session.get(SCALARS[:5]) if first else session.fetch(SCALARS, COLUMNS))
            return len(responder.asked)

    assert asyncio.run(get(True)) <= 1 + REPAIRS
    assert asyncio.run(get(False)) <= usual("2c") + 2 * REPAIRS


def emptied(at_fault: Collection[Oid], tag: Tag, *, alone: bool) -> Answer:
    """Return an agent that sends a number without content for `at_fault`, also where that is asked for alone, or not then."""

    def answer(responder: Responder, request: Asked) -> list[bytes]:
        told = responder.objects
        if not (len(request.oids) == 1 and request.kind == GET and not alone):
            responder.objects = {oid: MARK if oid in at_fault else value for oid, value in told.items()}
        reply = responder.rule(request)
        responder.objects = told
        return [without_content(reply, tag)]

    return answer


MARK = Value(Tag.OPAQUE, b"a number without content")


def without_content(reply: bytes, tag: Tag) -> bytes:
    """Return the message with an empty number wherever MARK stands, all lengths as they have to be."""
    response = read_response(reply)
    assert response is not None
    names = [bytes(encoder.encode(ObjectIdentifier(oid))) for oid, _ in response.varbinds]
    values = [tlv(tag) if value == MARK else value_of(value) for _, value in response.varbinds]
    varbinds = b"".join(tlv(0x30, name, value) for name, value in zip(names, values, strict=True))
    pdu = tlv(0xA2, number(response.request_id), number(response.error_status), number(response.error_index), tlv(0x30, varbinds))
    return tlv(0x30, number(response.version), tlv(4, response.community), pdu)


def number(value: int) -> bytes:
    return tlv(2, value.to_bytes(4, "big", signed=True))


def value_of(value: Value) -> bytes:
    if isinstance(value.content, bytes):
        return tlv(value.tag, value.content)
    return number(value.content) if isinstance(value.content, int) else tlv(value.tag)


@pytest.mark.parametrize("version", ["2c", "1"])
@pytest.mark.parametrize("tag", [Tag.INTEGER, Tag.COUNTER32, Tag.GAUGE32])
@pytest.mark.parametrize("at_fault", [[SCALAR], [CELL], [LAST, FIRST]])
def test_a_number_without_content_is_asked_for_alone(at_fault: list[Oid], tag: Tag, version: str) -> None:
    found, faults, requests = asyncio.run(visit(emptied(at_fault, tag, alone=False), AgentProfile(), version=version))
    assert found == PRINTER
    assert not faults
    assert requests <= usual(version) + len(at_fault)


@pytest.mark.parametrize("at_fault", [[SCALAR], [CELL], [LAST, FIRST]])
def test_a_number_without_content_is_never_a_number(at_fault: list[Oid]) -> None:
    profile = AgentProfile()
    agent = emptied(at_fault, Tag.INTEGER, alone=True)
    found, faults, _ = asyncio.run(visit(agent, profile))
    assert found == {oid: value for oid, value in PRINTER.items() if oid not in at_fault}
    assert faults == dict.fromkeys(at_fault, "its answer is not valid SNMP")
    again, faults, requests = asyncio.run(visit(agent, profile))
    assert again == found
    assert faults == dict.fromkeys(at_fault, "its answer is not valid SNMP")
    assert requests <= usual("2c")
