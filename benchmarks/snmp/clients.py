"""The clients of the `snmp` benchmark, each in a process of its own.

`python -m benchmarks.snmp.clients NAME QUESTION PORT COUNT CORE` asks COUNT times, IN_FLIGHT requests at a time, checks that every
answer is whole, and prints `{"requests", "seconds", "cpu_seconds"}`.
"""

import asyncio
import importlib
import json
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

from appliance.snmp.values import format_oid
from benchmarks.snmp.questions import BULK_VARBINDS, CELLS, COLUMNS, COMMUNITY, GET, IN_FLIGHT, PRINTER_MIB, ROWS

Ask = Callable[[], Awaitable[int]]
"""Ask once; returns how many objects came."""
WARM_UP = 3
"""Requests of each lane before the clock starts: encoding templates, loading modules, discovering addresses."""


async def measure(lanes: list[Ask], count: int, objects: int) -> dict[str, float]:
    """Return how long `count` requests took, one of each lane on its way. Raises ValueError for an answer that is not whole."""

    async def ask(lane: Ask, times: int) -> None:
        for _ in range(times):
            if await lane() != objects:
                raise ValueError("an answer is not whole")

    async def all_lanes(times: int) -> None:
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(ask(lane, times))

    await all_lanes(WARM_UP)
    times = max(1, count // len(lanes))
    began, cpu_began = time.perf_counter(), time.process_time()
    await all_lanes(times)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    return {"requests": times * len(lanes), "seconds": seconds, "cpu_seconds": cpu_seconds}


def objects_of(question: str) -> int:
    """Return how many objects the answer to a question has."""
    return len(GET) if question == "get" else BULK_VARBINDS


async def session(question: str, port: int, count: int) -> dict[str, float]:
    """Ask with our client as a scan uses it: a visit to each device."""
    from appliance.snmp.client import Agent, SnmpClient  # noqa: PLC0415 - each process loads its own client alone

    agent = Agent("127.0.0.1", port, community=COMMUNITY)
    async with SnmpClient() as client:

        def lane() -> Ask:
            visit = client.session(agent)

            async def get() -> int:
                return len(await visit.get(GET))

            async def bulk() -> int:
                return len(await visit.fetch((), COLUMNS)) + BULK_VARBINDS - CELLS

            return get if question == "get" else bulk

        return await measure([lane() for _ in range(IN_FLIGHT)], count, objects_of(question))


async def transport(question: str, port: int, count: int) -> dict[str, float]:
    """Ask with our socket, templates and reader alone, without the repairs and budgets of a visit."""
    from appliance.common.network.traffic import Traffic  # noqa: PLC0415
    from appliance.snmp.ber import read_response  # noqa: PLC0415
    from appliance.snmp.templates import Kind, Query, Templates  # noqa: PLC0415
    from appliance.snmp.transport import Dropped, Outcome, Request, Transport  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    query = Query("2c", COMMUNITY, Kind.GET, GET) if question == "get" else Query("2c", COMMUNITY, Kind.GET_BULK, COLUMNS, 0, ROWS)
    traffic, templates = Traffic(), Templates()
    template = templates.get(query)
    channel = Transport(socket.AF_INET, traffic, Dropped())

    async def ask() -> int:
        future: asyncio.Future[Outcome] = loop.create_future()
        request_id = templates.next_request_id()
        channel.send(request_id, Request(template.message(request_id), ("127.0.0.1", port), 2.0, future.set_result, traffic))
        response = read_response(cast("bytes", await future))
        return len(response.varbinds) if response else 0

    try:
        return await measure([ask] * IN_FLIGHT, count, objects_of(question))
    finally:
        channel.close()


async def gufo(question: str, port: int, count: int) -> dict[str, float]:
    """Ask with gufo-snmp, whose messages are written and read in Rust; one session for each request on its way.

    It has no GETBULK of several columns: it asks for as many objects in a row.
    """
    aio = importlib.import_module("gufo.snmp.aio")
    names, table = [format_oid(oid) for oid in GET], format_oid(PRINTER_MIB)

    def lane() -> Ask:
        session = aio.SnmpSession("127.0.0.1", port=port, community=COMMUNITY)

        async def get() -> int:
            return len(await session.get_many(names))

        async def bulk() -> int:
            came = 0
            async for _ in session.getbulk(table, max_repetitions=BULK_VARBINDS):
                came += 1
                if came == BULK_VARBINDS:
                    break
            return came

        return get if question == "get" else bulk

    return await measure([lane() for _ in range(IN_FLIGHT)], count, objects_of(question))


async def pysnmp_default(question: str, port: int, count: int) -> dict[str, float]:
    """Ask with pysnmp as its documentation shows it (v3arch): objects named anew for each request, MIBs looked up."""
    hlapi: Any = importlib.import_module("pysnmp.hlapi.v3arch.asyncio")
    engine = hlapi.SnmpEngine()
    target = await hlapi.UdpTransportTarget.create(("127.0.0.1", port), timeout=5)
    let_in, context = hlapi.CommunityData(COMMUNITY, mpModel=1), hlapi.ContextData()

    async def get() -> int:
        objects = [hlapi.ObjectType(hlapi.ObjectIdentity(oid)) for oid in GET]
        error, status, _, varbinds = await hlapi.get_cmd(engine, let_in, target, context, *objects)
        return 0 if error or status else len(varbinds)

    async def bulk() -> int:
        objects = [hlapi.ObjectType(hlapi.ObjectIdentity(oid)) for oid in COLUMNS]
        error, status, _, varbinds = await hlapi.bulk_cmd(engine, let_in, target, context, 0, ROWS, *objects)
        return 0 if error or status else len(varbinds)

    try:
        return await measure([get if question == "get" else bulk] * IN_FLIGHT, count, objects_of(question))
    finally:
        engine.close_dispatcher()


async def pysnmp_tuples(question: str, port: int, count: int) -> dict[str, float]:
    """Ask with pysnmp at its fastest (v1arch): prebuilt names, no MIBs."""
    hlapi: Any = importlib.import_module("pysnmp.hlapi.v1arch.asyncio")
    v2c: Any = importlib.import_module("pysnmp.proto.api.v2c")
    dispatcher = hlapi.SnmpDispatcher()
    target = await hlapi.UdpTransportTarget.create(("127.0.0.1", port), timeout=5)
    let_in = hlapi.CommunityData(COMMUNITY, mpModel=1)
    objects = [(v2c.ObjectIdentifier(oid), v2c.Null("")) for oid in (GET if question == "get" else COLUMNS)]

    async def get() -> int:
        error, status, _, varbinds = await hlapi.get_cmd(dispatcher, let_in, target, *objects, lookupMib=False)
        return 0 if error or status else len(varbinds)

    async def bulk() -> int:
        error, status, _, varbinds = await hlapi.bulk_cmd(dispatcher, let_in, target, 0, ROWS, *objects, lookupMib=False)
        return 0 if error or status else len(varbinds)

    try:
        return await measure([get if question == "get" else bulk] * IN_FLIGHT, count, objects_of(question))
    finally:
        dispatcher.transport_dispatcher.close_dispatcher()


Client = Callable[[str, int, int], Coroutine[Any, Any, dict[str, float]]]
CLIENTS: dict[str, Client] = {
    "session": session,
    "transport": transport,
    "gufo": gufo,
    "pysnmp_default": pysnmp_default,
    "pysnmp_tuples": pysnmp_tuples,
}


def main(argv: list[str]) -> int:
    """Run one client and print what it took."""
    name, question, port, count, core = argv
    os.sched_setaffinity(0, {int(core)})
    print(json.dumps(asyncio.run(CLIENTS[name](question, int(port), int(count)))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
