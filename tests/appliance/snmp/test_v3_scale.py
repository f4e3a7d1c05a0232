"""SNMPv3 with many devices: neither memory nor time grows with their number."""

import asyncio
import gc
import time
from itertools import islice
from pathlib import Path

from appliance.snmp.client import Agent, SnmpClient, SnmpOptions, UserSecurity
from appliance.snmp.values import Oid, Tag, Value
from tests.appliance.snmp.v3_agents import DESCRIPTION, USER, v3_agents

SYS_DESCR: Oid = (1, 3, 6, 1, 2, 1, 1, 1, 0)
AGENTS = 300


def resident_kilobytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


async def visits(count: int) -> tuple[list[float], list[int]]:
    """Visit `count` agents one after the other; return CPU seconds and memory after each."""
    addresses = [f"127.60.{number // 250}.{number % 250 + 1}" for number in range(count)]
    seconds: list[float] = []
    memory: list[int] = []
    security = UserSecurity()
    async with v3_agents(addresses) as port, SnmpClient(SnmpOptions(timeout=10), security) as client:
        for address in addresses:
            began = time.process_time()
            found = await client.session(Agent(address, port, "3", user=USER)).get([SYS_DESCR])
            seconds.append(time.process_time() - began)
            assert found == {SYS_DESCR: Value(Tag.OCTET_STRING, DESCRIPTION)}
            gc.collect(0)
            memory.append(resident_kilobytes())
    return seconds, memory


def middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def test_neither_time_nor_memory_grows_with_the_number_of_devices() -> None:
    seconds, memory = asyncio.run(visits(AGENTS))
    early, late = middle(list(islice(seconds, 50, 100))), middle(seconds[-50:])
    assert late < early * 1.5, f"a visit took {early * 1000:.1f} ms in the beginning, {late * 1000:.1f} ms in the end"
    assert memory[-1] - memory[99] < 2000, "kilobytes for 200 devices"
