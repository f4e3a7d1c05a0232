"""Tables of any make are read whole, whatever was guessed of them, and little is asked twice."""

import asyncio
import random
from collections import Counter

import pytest

from appliance.snmp.client import Agent, AgentProfile, SnmpClient, SnmpOptions
from appliance.snmp.follow_up import More
from appliance.snmp.values import Objects, Oid
from tests.appliance.snmp.messages import GET_BULK, GET_NEXT, Asked, integer, text, write_response
from tests.appliance.snmp.responder import Answer, Responder, responding

MIB: Oid = (1, 3, 6, 1, 2, 1)
SUPPLIES: Oid = (*MIB, 43, 11, 1, 1)
TRAYS: Oid = (*MIB, 43, 8, 2, 1)
ALERTS: Oid = (*MIB, 43, 18, 1, 1)
PANEL: Oid = (*MIB, 43, 16, 5, 1)
COLUMNS: list[Oid] = [
    *((*SUPPLIES, column) for column in range(4, 10)),
    *((*TRAYS, column) for column in (9, 10, 12, 13)),
    (*PANEL, 2),
    *((*ALERTS, column) for column in (2, 4, 5, 6, 7, 8, 9)),
]
SELDOM = frozenset({(*ALERTS, 2)})
SCALARS: list[Oid] = [(*MIB, 1, number, 0) for number in (3, 5, 6)]
FAST = SnmpOptions(timeout=0.3, retries=1, budget=20.0)


def printer(supplies: int, trays: int = 2, lines: int = 1, alerts: int = 0) -> Objects:
    """Return a device whose tables have so many rows, and other columns beside those that are asked for."""
    rows = {
        SUPPLIES: (supplies, range(2, 10)),
        TRAYS: (trays, range(2, 15)),
        PANEL: (lines, range(2, 3)),
        ALERTS: (alerts, range(2, 10)),
    }
    return {
        **{oid: text(f"object {oid[-2]}") for oid in SCALARS},
        **{
            (*table, column, 1, row): integer(row)
            for table, (count, columns) in rows.items()
            for column in columns
            for row in range(1, count + 1)
        },
        (*MIB, 47, 1, 1, 1, 1, 2, 1): text("what comes behind the alerts"),
    }


def odd(chance: random.Random) -> Objects:
    """Return a device with rows of other numbers and other devices, holes, and columns that are not there."""
    objects = printer(chance.randrange(14), chance.randrange(7), chance.randrange(7), chance.choice([0, 0, 1, 2, 9]))
    device, step, first = chance.choice([1, 1, 2, 7]), chance.choice([1, 1, 2, 100]), chance.choice([0, 0, 5])
    moved = {
        (*oid[:-2], device, first + oid[-1] * step) if oid[-1] and oid[-2] == 1 and len(oid) > 11 else oid: value
        for oid, value in objects.items()
    }
    absent, holes = set(chance.sample(COLUMNS, chance.choice([0, 0, 1, 4]))) - SELDOM, chance.choice([0, 0, 0.05])
    # No alert is without its severity: where that column is empty, so is the table.
    return {
        oid: value
        for oid, value in moved.items()
        if oid[:-2] in SELDOM or (oid[:-2] not in absent and (oid[-1] == 0 or chance.random() >= holes))
    }


def wanted(objects: Objects) -> Objects:
    return {oid: value for oid, value in objects.items() if oid in SCALARS or oid[:-2] in COLUMNS}


async def fetch(
    objects: Objects, profile: AgentProfile, answer: Answer | None = None, *, version: str = "2c"
) -> tuple[Objects, str | None, list[Asked]]:
    async with responding(objects, answer) as responder, SnmpClient(FAST) as client:
        session = client.session(Agent("127.0.0.1", responder.port, "1" if version == "1" else "2c"), profile=profile)
        found = await session.fetch(SCALARS, COLUMNS, seldom=SELDOM)
        return found, session.partial, responder.asked


@pytest.mark.parametrize("seed", range(40))
def test_a_device_of_any_make_is_read_whole(seed: int) -> None:
    objects = odd(random.Random(seed))
    for version, bulk in (("2c", True), ("2c", False), ("1", False)):
        found, partial, _ = asyncio.run(fetch(objects, AgentProfile(bulk=bulk), version=version))
        assert (found, partial) == (wanted(objects), None)


@pytest.mark.parametrize("seed", range(40, 60))
def test_what_was_learned_of_another_device_leaves_nothing_out(seed: int) -> None:
    chance = random.Random(seed)
    for bulk in (True, False):
        profile = AgentProfile(bulk=bulk)
        asyncio.run(fetch(odd(chance), profile))
        objects = odd(chance)
        found, partial, _ = asyncio.run(fetch(objects, profile))
        assert (found, partial) == (wanted(objects), None)


@pytest.mark.parametrize("seed", range(60, 70))
def test_answers_that_are_cut_off_anywhere_are_continued(seed: int) -> None:
    chance = random.Random(seed)

    def cut(responder: Responder, request: Asked) -> list[bytes]:
        if request.kind != GET_BULK:
            return [responder.rule(request)]
        return [write_response(1, request.request_id, responder.bulk(request)[: chance.randrange(1, 30)])]

    objects = odd(chance)
    found, partial, _ = asyncio.run(fetch(objects, AgentProfile(), cut))
    assert (found, partial) == (wanted(objects), None)


@pytest.mark.parametrize(("supplies", "alerts", "requests"), [(1, 0, 2), (2, 0, 2), (4, 0, 2), (5, 1, 2), (12, 1, 3)])
def test_the_tables_of_a_printer_take_few_requests_and_no_cell_twice(supplies: int, alerts: int, requests: int) -> None:
    objects = printer(supplies, alerts=alerts)
    sent: Counter[Oid] = Counter()

    def counted(responder: Responder, request: Asked) -> list[bytes]:
        sent.update(oid for oid, _ in responder.bulk(request))
        return [responder.rule(request)]

    found, _, asked = asyncio.run(fetch(objects, AgentProfile(), counted))
    assert found == wanted(objects)
    assert len(asked) <= requests
    again = sum(count - 1 for oid, count in sent.items() if oid in wanted(objects))
    assert again <= 4, "of four rows that were seen to the end of an answer a fifth is likely"


def test_an_agent_without_getbulk_is_asked_for_many_cells_at_a_time() -> None:
    objects = printer(6, alerts=1)
    found, _, asked = asyncio.run(fetch(objects, AgentProfile(bulk=False)))
    assert found == wanted(objects)
    assert {request.kind for request in asked} == {GET_NEXT}
    assert len(asked) <= 5


def test_what_an_answer_tells_to_ask_for_takes_no_request_of_its_own() -> None:
    last = (*MIB, 2, 2, 1, 6, 2)
    objects = {**printer(4), last: text("behind a pointer")}

    def following(found: Objects) -> More:
        return More([last] if SCALARS[0] in found and last not in found else [], [], {})

    async def main() -> tuple[Objects, int]:
        async with responding(objects) as responder, SnmpClient(FAST) as client:
            session = client.session(Agent("127.0.0.1", responder.port))
            found = await session.fetch(SCALARS, COLUMNS, seldom=SELDOM, following=following)
            return found, len(responder.asked)

    found, requests = asyncio.run(main())
    assert found == {**wanted(objects), last: objects[last]}
    assert requests == len(asyncio.run(fetch(printer(4), AgentProfile()))[2])
