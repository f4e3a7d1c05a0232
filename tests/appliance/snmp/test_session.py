"""Visits to agents that behave well, and to agents that each do one thing wrong."""

import asyncio
import errno
import time
from collections.abc import Callable

import pytest

from appliance.common.errors import NoAnswerError, SettingsError
from appliance.common.network.traffic import Traffic
from appliance.snmp.client import Agent, AgentProfile, SnmpClient, SnmpOptions
from appliance.snmp.values import Objects, Oid, Tag, Value
from tests.appliance.snmp.messages import GET, GET_BULK, GET_NEXT, Asked, integer, text, write_response
from tests.appliance.snmp.responder import Answer, Responder, responding

SYS_DESCR: Oid = (1, 3, 6, 1, 2, 1, 1, 1, 0)
SYS_NAME: Oid = (1, 3, 6, 1, 2, 1, 1, 5, 0)
SYS_LOCATION: Oid = (1, 3, 6, 1, 2, 1, 1, 6, 0)
LEVELS: Oid = (1, 3, 6, 1, 2, 1, 43, 11, 1, 1, 9)
CAPACITIES: Oid = (1, 3, 6, 1, 2, 1, 43, 11, 1, 1, 8)
TEXTS: Oid = (1, 3, 6, 1, 2, 1, 43, 16, 5, 1, 2)

PRINTER: Objects = {
    SYS_DESCR: text("a printer"),
    SYS_LOCATION: text("hall"),
    **{(*CAPACITIES, 1, row): integer(1000 + row) for row in range(1, 8)},
    **{(*LEVELS, 1, row): integer(row) for row in range(1, 8)},
    (*TEXTS, 1, 1): text("Ready"),
}
SCALARS = [SYS_DESCR, SYS_NAME, SYS_LOCATION]
COLUMNS = [CAPACITIES, LEVELS, TEXTS]

FAST = SnmpOptions(timeout=0.3, retries=1, budget=10.0)


async def fetch(
    answer: Answer | None = None,
    *,
    objects: Objects = PRINTER,
    versions: tuple[int, ...] = (0, 1),
    options: SnmpOptions = FAST,
    profile: AgentProfile | None = None,
    agent_version: str = "2c",
    max_rows: int = 256,
) -> tuple[Objects, Responder, str | None, AgentProfile]:
    """Fetch everything once; return the objects, the responder, what `partial` says and what was learned."""
    async with responding(objects, answer, versions=versions) as responder, SnmpClient(options) as client:
        agent = Agent("127.0.0.1", responder.port, "1" if agent_version == "1" else "2c")
        session = client.session(agent, profile=profile)
        found = await session.fetch(SCALARS, COLUMNS, max_rows=max_rows)
        return found, responder, session.partial, session.profile


def normally(responder: Responder, request: Asked) -> list[bytes]:
    return [responder.rule(request)]


def test_a_get_returns_what_exists_and_leaves_out_what_does_not() -> None:
    async def main() -> Objects:
        async with responding(PRINTER) as responder, SnmpClient(FAST) as client:
            return await client.session(Agent("127.0.0.1", responder.port)).get(SCALARS)

    assert asyncio.run(main()) == {SYS_DESCR: text("a printer"), SYS_LOCATION: text("hall")}


def test_a_fetch_takes_few_packets() -> None:
    found, responder, partial, _ = asyncio.run(fetch())
    assert found == PRINTER
    assert partial is None
    assert len(responder.asked) == 3
    assert {request.kind for request in responder.asked} == {GET_BULK}


def test_little_is_asked_that_a_table_does_not_have() -> None:
    _, responder, _, _ = asyncio.run(fetch())
    assert sum(len(responder.bulk(request)) for request in responder.asked) <= len(SCALARS) + 7 + 7 + 1 + 4


def test_what_was_learned_about_tables_spares_packets_next_time() -> None:
    _, first, _, profile = asyncio.run(fetch())
    found, second, _, _ = asyncio.run(fetch(profile=profile))
    assert found == PRINTER
    assert len(second.asked) < len(first.asked)


def test_a_row_that_was_not_there_before_is_found() -> None:
    fewer = {oid: value for oid, value in PRINTER.items() if oid[-1] < 5 or oid[:-1] not in ((*LEVELS, 1), (*CAPACITIES, 1))}
    _, _, _, profile = asyncio.run(fetch(objects=fewer))
    found, _, _, _ = asyncio.run(fetch(profile=profile))
    assert found == PRINTER


def test_a_column_that_is_missing_does_not_hide_the_others() -> None:
    without = {oid: value for oid, value in PRINTER.items() if oid[: len(CAPACITIES)] != CAPACITIES}
    for version, bulk in (("2c", True), ("2c", False), ("1", False)):
        found, _, _, _ = asyncio.run(fetch(objects=without, agent_version=version, profile=AgentProfile(bulk=bulk)))
        assert found == without


def test_a_cell_that_is_missing_does_not_hide_the_rows_after_it() -> None:
    without = {
        oid: value for oid, value in PRINTER.items() if oid not in ((*CAPACITIES, 1, 7), (*CAPACITIES, 1, 2), (*LEVELS, 1, 3))
    }
    for version, bulk in (("2c", True), ("2c", False), ("1", False)):
        found, _, _, _ = asyncio.run(fetch(objects=without, agent_version=version, profile=AgentProfile(bulk=bulk)))
        assert found == without


def test_ipv6_agents_are_asked_and_counted_with_their_larger_headers() -> None:
    async def main() -> tuple[Objects, Traffic]:
        async with responding(PRINTER, host="::1") as responder, SnmpClient(FAST) as client:
            session = client.session(Agent("::1", responder.port))
            return await session.get([SYS_DESCR]), session.traffic

    found, traffic = asyncio.run(main())
    assert found == {SYS_DESCR: text("a printer")}
    assert traffic.packets_sent == traffic.packets_received == 1
    assert traffic.bytes_sent == 48 + 43


def test_an_snmpv1_agent_gives_the_same_objects() -> None:
    found, responder, partial, _ = asyncio.run(fetch(agent_version="1"))
    assert found == PRINTER
    assert partial is None
    assert {request.version for request in responder.asked} == {0}


def test_an_agent_silent_to_v2c_is_asked_in_v1() -> None:
    found, _, partial, profile = asyncio.run(fetch(versions=(0,)))
    assert found == PRINTER
    assert partial is None
    assert profile.version == "1"


def test_an_agent_known_to_speak_v2c_is_not_asked_in_v1_when_silent() -> None:
    async def main() -> set[int]:
        async with responding(PRINTER, versions=()) as responder, SnmpClient(FAST) as client:
            session = client.session(Agent("127.0.0.1", responder.port), profile=AgentProfile(version="2c"))
            with pytest.raises(NoAnswerError):
                await session.get([SYS_DESCR])
            return {request.version for request in responder.asked}

    assert asyncio.run(main()) == {1}


def test_in_v1_a_missing_object_of_a_get_is_dropped_and_the_rest_asked_again() -> None:
    async def main() -> tuple[Objects, str | None, list[int]]:
        async with responding(PRINTER) as responder, SnmpClient(FAST) as client:
            session = client.session(Agent("127.0.0.1", responder.port, "1"))
            found = await session.get(SCALARS)
            return found, session.partial, [len(request.oids) for request in responder.asked]

    found, partial, sizes = asyncio.run(main())
    assert found == {SYS_DESCR: text("a printer"), SYS_LOCATION: text("hall")}
    assert partial is None
    assert sizes == [3, 2]


def test_a_missing_scalar_is_never_replaced_by_its_neighbour() -> None:
    without = {oid: value for oid, value in PRINTER.items() if oid not in (SYS_DESCR, SYS_LOCATION)}
    for version in ("1", "2c"):
        found, _, _, _ = asyncio.run(fetch(objects=without, agent_version=version))
        assert found == without


def test_a_scalar_behind_an_unexpected_neighbour_is_still_found() -> None:
    # GETNEXT of sysName.0's predecessor names something before sysName.0 itself.
    serial: Oid = (1, 3, 6, 1, 2, 1, 43, 5, 1, 1, 17, 1)
    objects = {**PRINTER, (*serial[:-1], 0, 5): text("a neighbour"), serial: text("S1")}

    async def main() -> Objects:
        async with responding(objects) as responder, SnmpClient(FAST) as client:
            return await client.session(Agent("127.0.0.1", responder.port)).fetch([serial], [TEXTS])

    assert asyncio.run(main())[serial] == text("S1")


def test_too_big_splits_a_get() -> None:
    def small(responder: Responder, request: Asked) -> list[bytes]:
        return [responder.error(request, 1, 0) if len(request.oids) > 1 else responder.rule(request)]

    async def main() -> tuple[Objects, AgentProfile]:
        async with responding(PRINTER, small) as responder, SnmpClient(FAST) as client:
            session = client.session(Agent("127.0.0.1", responder.port))
            return await session.get(SCALARS), session.profile

    found, profile = asyncio.run(main())
    assert found == {SYS_DESCR: text("a printer"), SYS_LOCATION: text("hall")}
    assert profile.max_varbinds == 1


def test_too_big_makes_getbulk_ask_for_less() -> None:
    def small(responder: Responder, request: Asked) -> list[bytes]:
        too_big = request.kind == GET_BULK and len(responder.bulk(request)) > 6
        return [responder.error(request, 1, 0) if too_big else responder.rule(request)]

    found, _, partial, profile = asyncio.run(fetch(small))
    assert found == PRINTER
    assert partial is None
    assert profile.max_repetitions is not None
    assert profile.max_repetitions < 10


def test_an_agent_that_hangs_on_large_getbulks_is_asked_for_less() -> None:
    def hangs(responder: Responder, request: Asked) -> list[bytes]:
        return [] if request.kind == GET_BULK and request.max_repetitions > 4 else [responder.rule(request)]

    found, _, partial, profile = asyncio.run(fetch(hangs))
    assert found == PRINTER
    assert partial is None
    assert profile.bulk
    assert (profile.max_repetitions or 10) == 10, "once may have been a lost packet"
    asyncio.run(fetch(hangs, profile=profile))
    assert profile.bulk
    assert (profile.max_repetitions or 10) <= 4
    _, responder, _, _ = asyncio.run(fetch(hangs, profile=profile))
    assert GET not in {request.kind for request in responder.asked}, "nothing was silent any more"


def test_an_agent_without_getbulk_is_walked_by_getnext_and_remembered() -> None:
    def no_bulk(responder: Responder, request: Asked) -> list[bytes]:
        return [] if request.kind == GET_BULK else [responder.rule(request)]

    options = SnmpOptions(timeout=0.1, retries=0, budget=10.0)
    found, _, partial, profile = asyncio.run(fetch(no_bulk, options=options))
    assert found == PRINTER
    assert partial is None
    assert not profile.bulk
    assert profile.max_varbinds == AgentProfile().max_varbinds
    _, responder, _, _ = asyncio.run(fetch(no_bulk, options=options, profile=profile))
    assert GET_BULK not in {request.kind for request in responder.asked}


@pytest.mark.parametrize(
    "is_answered",
    [
        pytest.param(lambda asked: asked.non_repeaters > 0, id="only with objects by name"),
        pytest.param(lambda asked: asked.oids[-1] < LEVELS, id="only in some tables"),
        pytest.param(lambda _: False, id="never"),
    ],
)
@pytest.mark.parametrize("retries", [0, 1])
def test_what_getbulk_is_not_answered_for_is_learned_once(is_answered: Callable[[Asked], bool], retries: int) -> None:
    def some(responder: Responder, request: Asked) -> list[bytes]:
        return [] if request.kind == GET_BULK and not is_answered(request) else [responder.rule(request)]

    options = SnmpOptions(timeout=0.3, retries=retries, budget=10.0)
    found, _, partial, profile = asyncio.run(fetch(some, options=options))
    assert (found, partial) == (PRINTER, None)
    began = time.monotonic()
    found, responder, _, _ = asyncio.run(fetch(some, options=options, profile=profile))
    assert found == PRINTER
    assert all(is_answered(request) for request in responder.asked if request.kind == GET_BULK)
    assert time.monotonic() - began < options.timeout


def test_getbulk_is_given_up_after_the_second_silence() -> None:
    def no_bulk(responder: Responder, request: Asked) -> list[bytes]:
        return [] if request.kind == GET_BULK else [responder.rule(request)]

    began = time.monotonic()
    found, responder, _, _ = asyncio.run(fetch(no_bulk, options=SnmpOptions(timeout=1.5, retries=1, budget=30.0)))
    assert found == PRINTER
    assert [request.kind for request in responder.asked].count(GET_BULK) == 2
    # The second silence is waited for only as long as the agent's own speed gives reason to.
    assert time.monotonic() - began < 1.5 + 1.0 + 0.4


def test_getbulk_answers_cut_to_what_fits_are_continued() -> None:
    def cut(responder: Responder, request: Asked) -> list[bytes]:
        if request.kind != GET_BULK:
            return normally(responder, request)
        return [write_response(1, request.request_id, responder.bulk(request)[:5])]

    found, _, partial, _ = asyncio.run(fetch(cut))
    assert found == PRINTER
    assert partial is None


def test_a_table_that_goes_round_in_circles_ends() -> None:
    def circle(responder: Responder, request: Asked) -> list[bytes]:
        if request.kind == GET:
            return normally(responder, request)
        start = (*LEVELS, 1, 1)
        varbinds = [(start, integer(1)) for _ in range(max(len(request.oids), request.max_repetitions))]
        return [write_response(1, request.request_id, varbinds)]

    async def main() -> tuple[Objects, str | None]:
        async with responding(PRINTER, circle) as responder, SnmpClient(FAST) as client:
            session = client.session(Agent("127.0.0.1", responder.port))
            return await session.fetch([], [LEVELS]), session.partial

    found, partial = asyncio.run(main())
    assert found == {(*LEVELS, 1, 1): integer(1)}
    assert partial is not None
    assert "circles" in partial


def test_an_endless_table_is_cut_and_said_to_be() -> None:
    def endless(responder: Responder, request: Asked) -> list[bytes]:
        varbinds = []
        cursors = list(request.oids)
        for _ in range(max(1, request.max_repetitions)):
            for column, oid in enumerate(cursors):
                row = oid[len(LEVELS) + 1] if len(oid) > len(LEVELS) + 1 else 0
                cursors[column] = (*oid[: len(LEVELS)], 1, row + 1)
                varbinds.append((cursors[column], integer(row + 1)))
        return [write_response(1, request.request_id, varbinds)]

    async def main() -> tuple[Objects, str | None]:
        async with responding({}, endless) as responder, SnmpClient(FAST) as client:
            session = client.session(Agent("127.0.0.1", responder.port))
            return await session.fetch([], [LEVELS, CAPACITIES], max_rows=30), session.partial

    found, partial = asyncio.run(main())
    assert len(found) == 60
    assert partial is not None
    assert "more than 30 rows" in partial


def test_what_cannot_be_walked_is_read_by_name() -> None:
    def breaks(responder: Responder, request: Asked) -> list[bytes]:
        if request.kind == GET_BULK and any(oid > CAPACITIES for oid, _ in responder.bulk(request)):
            return [responder.error(request, 5, 1)]
        for number, oid in enumerate(request.oids, 1):
            if request.kind == GET_NEXT and oid[: len(CAPACITIES)] == CAPACITIES and oid >= (*CAPACITIES, 1, 4):
                return [responder.error(request, 5, number)]
        return normally(responder, request)

    found, _, partial, _ = asyncio.run(fetch(breaks))
    assert found == PRINTER
    assert partial is None


def test_an_answer_nobody_can_decode_costs_only_the_object_at_fault() -> None:
    def broken(responder: Responder, request: Asked) -> list[bytes]:
        reply = responder.rule(request)
        # The string becomes a type SNMP does not have.
        return [reply.replace(b"\x04\x04hall", b"\x45\x04hall")]

    found, _, partial, _ = asyncio.run(fetch(broken))
    assert found == {oid: value for oid, value in PRINTER.items() if oid != SYS_LOCATION}
    assert partial is not None
    assert "not valid SNMP" in partial


def test_an_odd_encoding_is_read_with_the_help_of_pysnmp() -> None:
    def odd(responder: Responder, request: Asked) -> list[bytes]:
        reply = responder.rule(request)
        # The same message with an indefinite length around it.
        start = 2 if reply[1] < 0x80 else 2 + (reply[1] & 0x7F)
        return [b"\x30\x80" + reply[start:] + b"\x00\x00"]

    found, _, partial, _ = asyncio.run(fetch(odd))
    assert found == PRINTER
    assert partial is None


def test_a_lost_first_packet_teaches_nothing() -> None:
    def loses_first(responder: Responder, request: Asked) -> list[bytes]:
        return normally(responder, request) if len(responder.asked) > 1 else []

    found, _, partial, profile = asyncio.run(fetch(loses_first))
    assert found == PRINTER
    assert partial is None
    assert profile.bulk
    assert profile.max_repetitions is None
    assert profile.max_varbinds == AgentProfile().max_varbinds


def test_a_lost_packet_is_sent_again() -> None:
    def loses_second(responder: Responder, request: Asked) -> list[bytes]:
        return normally(responder, request) if len(responder.asked) != 2 else []

    found, responder, partial, _ = asyncio.run(fetch(loses_second))
    assert found == PRINTER
    assert partial is None
    assert responder.asked[1] == responder.asked[2]


def test_a_reply_to_the_first_packet_counts_after_the_second_was_sent() -> None:
    def late(responder: Responder, request: Asked) -> list[bytes]:
        if len(responder.asked) == 2:
            return normally(responder, responder.asked[0])
        return []

    async def main() -> Objects:
        async with responding(PRINTER, late) as responder, SnmpClient(FAST) as client:
            return await client.session(Agent("127.0.0.1", responder.port)).get([SYS_DESCR])

    assert asyncio.run(main()) == {SYS_DESCR: text("a printer")}


def test_duplicated_replies_are_dropped_and_counted() -> None:
    async def main() -> int:
        async with responding(PRINTER, lambda r, q: normally(r, q) * 2) as responder, SnmpClient(FAST) as client:
            session = client.session(Agent("127.0.0.1", responder.port))
            for _ in range(5):
                assert await session.get([SYS_DESCR]) == {SYS_DESCR: text("a printer")}
            await counted(client, "unexpected", 5)
            return client.dropped.unexpected

    assert asyncio.run(main()) == 5


async def counted(client: SnmpClient, kind: str, number: int) -> None:
    deadline = time.monotonic() + 10
    while getattr(client.dropped, kind) < number and time.monotonic() < deadline:
        await asyncio.sleep(0.01)


def test_a_reply_with_another_request_id_is_not_taken() -> None:
    def other_id(responder: Responder, request: Asked) -> list[bytes]:
        wrong = write_response(1, request.request_id + 1, [(SYS_DESCR, text("not yours"))])
        return [wrong, responder.rule(request)]

    async def main() -> tuple[Objects, int]:
        async with responding(PRINTER, other_id) as responder, SnmpClient(FAST) as client:
            found = await client.session(Agent("127.0.0.1", responder.port)).get([SYS_DESCR])
            return found, client.dropped.unexpected

    assert asyncio.run(main()) == ({SYS_DESCR: text("a printer")}, 1)


def test_garbage_is_dropped_and_counted() -> None:
    def garbage(responder: Responder, request: Asked) -> list[bytes]:
        reply = responder.rule(request)
        return [b"\x00", b"hello", b"\x30" * 500, reply[:20], reply]

    async def main() -> tuple[Objects, int]:
        async with responding(PRINTER, garbage) as responder, SnmpClient(FAST) as client:
            found = await client.session(Agent("127.0.0.1", responder.port)).get([SYS_DESCR])
            return found, client.dropped.garbage

    assert asyncio.run(main()) == ({SYS_DESCR: text("a printer")}, 4)


def test_a_reply_from_another_address_is_not_taken() -> None:
    async def main() -> tuple[Objects, int]:
        async with responding({}, lambda _r, _q: [], host="127.0.0.2") as stranger:

            def through_stranger(responder: Responder, request: Asked) -> list[bytes]:
                assert stranger.transport is not None
                forged = write_response(1, request.request_id, [(SYS_DESCR, text("forged"))])
                stranger.transport.sendto(forged, responder.senders[-1])
                return normally(responder, request)

            async with responding(PRINTER, through_stranger) as responder, SnmpClient(FAST) as client:
                found = await client.session(Agent("127.0.0.1", responder.port)).get([SYS_DESCR])
                await counted(client, "wrong_source", 1)
                return found, client.dropped.wrong_source

    assert asyncio.run(main()) == ({SYS_DESCR: text("a printer")}, 1)


def test_a_reply_from_another_port_of_the_device_is_not_taken() -> None:
    async def main() -> int:
        async with responding({}) as other:

            def through_other(responder: Responder, request: Asked) -> list[bytes]:
                assert other.transport is not None
                other.transport.sendto(responder.rule(request), responder.senders[-1])
                return []

            async with responding(PRINTER, through_other) as responder, SnmpClient(FAST) as client:
                with pytest.raises(NoAnswerError):
                    await client.session(Agent("127.0.0.1", responder.port)).get([SYS_DESCR])
                return client.dropped.wrong_source

    assert asyncio.run(main()) >= 2


def test_a_silent_agent_raises_one_sentence_without_the_community() -> None:
    async def main() -> str:
        async with responding(PRINTER, versions=()) as responder, SnmpClient(FAST) as client:
            with pytest.raises(NoAnswerError) as caught:
                await client.session(Agent("127.0.0.1", responder.port, community="s3cret")).fetch(SCALARS, COLUMNS)
            return str(caught.value)

    message = asyncio.run(main())
    assert message.startswith("127.0.0.1 did not answer SNMP on UDP port")
    assert "s3cret" not in message


def test_a_port_without_agent_is_told_at_once() -> None:
    async def main() -> tuple[str, float]:
        async with responding({}) as responder:
            port = responder.port
        async with SnmpClient(SnmpOptions(timeout=20.0)) as client:
            begun = time.monotonic()
            with pytest.raises(NoAnswerError) as caught:
                await client.session(Agent("127.0.0.1", port)).get([SYS_DESCR])
            return str(caught.value), time.monotonic() - begun

    message, seconds = asyncio.run(main())
    assert "nothing listens for SNMP there" in message
    assert seconds < 10


def test_one_closed_port_does_not_disturb_the_others() -> None:
    async def main() -> list[Objects | BaseException]:
        async with responding({}) as closed:
            port = closed.port
        async with responding(PRINTER) as responder, SnmpClient(FAST) as client:
            agents = [Agent("127.0.0.1", port if number % 2 else responder.port) for number in range(60)]
            return await asyncio.gather(*(client.session(each).get([SYS_DESCR]) for each in agents), return_exceptions=True)

    results = asyncio.run(main())
    assert all(result == {SYS_DESCR: text("a printer")} for result in results[::2])
    assert all(isinstance(result, NoAnswerError) for result in results[1::2])


def test_the_budget_ends_a_visit_with_what_is_known() -> None:
    def stops(responder: Responder, request: Asked) -> list[bytes]:
        return normally(responder, request) if len(responder.asked) == 1 else []

    options = SnmpOptions(timeout=5.0, retries=5, budget=0.5)
    begun = time.monotonic()
    found, _, partial, _ = asyncio.run(fetch(stops, options=options))
    assert time.monotonic() - begun < 5
    assert found[SYS_DESCR] == text("a printer")
    assert partial is not None


def test_a_device_that_stops_answering_is_not_blamed_for_getbulk() -> None:
    def dies(responder: Responder, request: Asked) -> list[bytes]:
        return normally(responder, request) if len(responder.asked) == 1 else []

    found, _, partial, profile = asyncio.run(fetch(dies, options=SnmpOptions(timeout=0.1, retries=1)))
    assert found[SYS_DESCR] == text("a printer")
    assert partial == "it stopped answering"
    assert profile.bulk
    assert profile.max_repetitions is None


def test_a_device_has_one_request_under_way_at_a_time() -> None:
    async def main() -> int:
        most = 0
        async with responding(PRINTER, lambda _r, _q: []) as responder, SnmpClient(FAST) as client:
            session = client.session(Agent("127.0.0.1", responder.port))
            tasks = [asyncio.create_task(session.get([oid])) for oid in SCALARS]
            transport = client.transport("127.0.0.1")
            while not all(task.done() for task in tasks):
                most = max(most, transport.waiting)
                await asyncio.sleep(0.01)
            await asyncio.gather(*tasks, return_exceptions=True)
        return most

    assert asyncio.run(main()) == 1


def test_one_dead_device_delays_nobody() -> None:
    async def main() -> float:
        async with responding(PRINTER) as responder, responding({}, versions=()) as dead, SnmpClient(SnmpOptions()) as client:
            waiting = asyncio.create_task(client.session(Agent("127.0.0.1", dead.port)).get([SYS_DESCR]))
            await asyncio.sleep(0)
            begun = time.monotonic()
            for _ in range(20):
                await client.session(Agent("127.0.0.1", responder.port)).get([SYS_DESCR])
            seconds = time.monotonic() - begun
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            assert client.transport("127.0.0.1").waiting == 0
            return seconds

    assert asyncio.run(main()) < 1.5


def test_a_burst_to_many_agents_loses_nothing() -> None:
    async def main() -> int:
        async with responding(PRINTER) as responder, SnmpClient(SnmpOptions(timeout=30.0, retries=0)) as client:
            agent = Agent("127.0.0.1", responder.port)
            found = await asyncio.gather(*(client.session(agent).get([SYS_DESCR, SYS_LOCATION]) for _ in range(150)))
            return sum(len(each) for each in found)

    assert asyncio.run(main()) == 300


def test_traffic_is_counted_per_visit_and_in_all() -> None:
    async def main() -> tuple[Traffic, Traffic]:
        async with responding(PRINTER) as responder, SnmpClient(FAST) as client:
            mine = Traffic()
            for _ in range(2):
                await client.session(Agent("127.0.0.1", responder.port), mine).get([SYS_DESCR])
            return mine, client.traffic

    mine, total = asyncio.run(main())
    assert mine == total
    assert (mine.packets_sent, mine.packets_received) == (2, 2)
    assert mine.bytes_sent == 2 * (28 + 43)


def test_each_packet_waits_for_the_pace() -> None:
    async def main() -> tuple[int, int]:
        taken = 0

        async def pace() -> None:
            nonlocal taken
            taken += 1

        async with responding(PRINTER, versions=()) as responder, SnmpClient(FAST) as client:
            session = client.session(Agent("127.0.0.1", responder.port), pace=pace)
            with pytest.raises(NoAnswerError):
                await session.get([SYS_DESCR])
            return taken, session.traffic.packets_sent

    taken, sent = asyncio.run(main())
    assert taken == sent == 3


@pytest.mark.parametrize("port", [515, 9100, 9107, 9116, 9999])
def test_ports_of_printing_are_refused(port: int) -> None:
    with pytest.raises(SettingsError, match="port of printing"):
        Agent("127.0.0.1", port)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_no_port_at_all_is_refused(port: int) -> None:
    with pytest.raises(SettingsError, match="is no port"):
        Agent("127.0.0.1", port)


def test_a_community_never_shows_in_the_text_of_an_agent() -> None:
    assert "s3cret" not in repr(Agent("127.0.0.1", community="s3cret"))


def test_closing_the_client_ends_visits_under_way() -> None:
    async def main() -> None:
        async with responding(PRINTER, versions=()) as responder:
            client = SnmpClient(SnmpOptions(timeout=30.0))
            visit = asyncio.create_task(client.session(Agent("127.0.0.1", responder.port)).get([SYS_DESCR]))
            while not responder.asked:
                await asyncio.sleep(0.01)
            client.close()
            with pytest.raises(NoAnswerError):
                await asyncio.wait_for(visit, 10)

    asyncio.run(main())


def test_a_full_send_buffer_delays_and_loses_nothing() -> None:
    """The real kernel rarely refuses on loopback, so the socket is one that does so now and then."""

    async def main() -> int:
        async with responding(PRINTER) as responder, SnmpClient(SnmpOptions(timeout=30.0, retries=0)) as client:
            transport = client.transport("127.0.0.1")
            real = transport._socket
            transport._socket = Reluctant(real)  # type: ignore[assignment]
            agent = Agent("127.0.0.1", responder.port)
            found = await asyncio.gather(*(client.session(agent).get([SYS_DESCR]) for _ in range(60)))
            transport._socket = real
            assert len(responder.asked) == 60
            return sum(len(each) for each in found)

    assert asyncio.run(main()) == 60


class Reluctant:
    """A socket whose send buffer is full at every third attempt."""

    def __init__(self, real: object) -> None:
        self._real = real
        self._attempts = 0

    def sendto(self, data: bytes, destination: object) -> int:
        self._attempts += 1
        if self._attempts % 3 == 0:
            raise OSError(errno.ENOBUFS if self._attempts % 2 else errno.EAGAIN, "full")
        return int(self._real.sendto(data, destination))  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


def test_values_of_every_type_arrive_as_they_are() -> None:
    base: Oid = (1, 3, 6, 1, 4, 1, 8072, 1)
    values = [
        Value(Tag.INTEGER, -1),
        Value(Tag.OCTET_STRING, b"\x00\xff"),
        Value(Tag.OBJECT_IDENTIFIER, (2, 999, 3)),
        Value(Tag.IP_ADDRESS, b"\x0a\x00\x00\x01"),
        Value(Tag.COUNTER32, 2**32 - 1),
        Value(Tag.GAUGE32, 2**31),
        Value(Tag.TIME_TICKS, 0),
        Value(Tag.OPAQUE, b"\x9f\x78\x04\x42\xf6\x00\x00"),
        Value(Tag.COUNTER64, 2**64 - 1),
    ]
    objects = {(*base, number, 0): value for number, value in enumerate(values)}

    async def main() -> Objects:
        async with responding(objects) as responder, SnmpClient(FAST) as client:
            return await client.session(Agent("127.0.0.1", responder.port)).get(list(objects))

    assert asyncio.run(main()) == objects
