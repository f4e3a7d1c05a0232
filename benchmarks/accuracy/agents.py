"""Recorded devices as SNMP agents: over datagrams on loopback, of which some are lost, and within the process, to be cut off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from appliance.common.network.traffic import Traffic
from appliance.snmp.agent import Agent, AgentProfile, SnmpOptions, Version
from appliance.snmp.ber import Response
from appliance.snmp.client import SnmpClient
from appliance.snmp.exchange import CommunityExchange, Delivery, Patience, Silence
from appliance.snmp.recording import own_address, read_recording
from appliance.snmp.replies import decode_reply
from appliance.snmp.session import Session
from appliance.snmp.templates import Query
from benchmarks._direct import DirectExchange
from benchmarks.accuracy.recorded import Recorded
from simulator.agent import VERSION_1, VERSION_2C, Abilities
from simulator.agent import Agent as SimulatedAgent
from simulator.faults import Faults, FaultyPath
from simulator.snmprec import read_recording as read_simulated

LOOPBACK = "127.0.0.1"
OPTIONS = SnmpOptions(timeout=0.25, budget=60.0)
"""Those of a site, but for the time to wait: what answers here answers at once, or is lost."""
BOTH = frozenset({VERSION_1, VERSION_2C})
ONLY_1 = frozenset({VERSION_1})


def address_of(recorded: Recorded) -> str:
    """Return the address the recorded device had."""
    return own_address(read_recording(recorded.file))


@dataclass(slots=True)
class Datagrams:
    """What a recorded device was sent and sent, and how much of it was lost."""

    requests: int = 0
    lost: int = 0


class _Served(asyncio.DatagramProtocol):
    """A recorded device behind a socket."""

    def __init__(self, agent: SimulatedAgent, path: FaultyPath, counted: Datagrams) -> None:
        self._agent = agent
        self._path = path
        self._counted = counted
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # It is no DatagramTransport by its class, only by what it can.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer, unless the request or its answer is lost."""
        self._counted.requests += 1
        if self._path.loses():
            self._counted.lost += 1
            return
        reply = self._agent.answer(data, 0.0)
        if reply is None or self._transport is None:
            return
        if self._path.loses():
            self._counted.lost += 1
            return
        self._transport.sendto(reply, addr)


class Served:
    """A recorded device that answers on loopback; visits ask it under the address it was recorded at."""

    def __init__(self, recorded: Recorded, client: SnmpClient, port: int, datagrams: Datagrams) -> None:
        self.address = address_of(recorded)
        self.datagrams = datagrams
        self.profile = AgentProfile()
        self._client = client
        self._port = port

    def session(self, options: SnmpOptions = OPTIONS) -> Session:
        """Return one visit more, as `SnmpClient.session` makes it; what earlier visits learned is known."""
        agent = Agent(self.address)
        transport = self._client.transport(LOOPBACK)
        delivery = Delivery(agent, options=options, transport=transport, traffic=Traffic(), pace=None)
        delivery.destination = (LOOPBACK, self._port)
        version: Version = "1" if self.profile.version == "1" else "2c"
        exchange = CommunityExchange(agent, version, delivery, self._client.templates)
        return Session(agent, options=options, exchange=exchange, traffic=Traffic(), profile=self.profile)


@asynccontextmanager
async def served(recorded: Recorded, client: SnmpClient, *, versions: frozenset[int], faults: Faults) -> AsyncIterator[Served]:
    """Have a recorded device answer on loopback, in `versions`, over a path with `faults`."""
    counted = Datagrams()
    agent = SimulatedAgent(read_simulated(recorded.file), abilities=Abilities(versions=versions))
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Served(agent, FaultyPath(faults), counted), local_addr=(LOOPBACK, 0)
    )
    try:
        yield Served(recorded, client, int(transport.get_extra_info("sockname")[1]), counted)
    finally:
        transport.close()


class CutOff(DirectExchange):
    """Stands for a device that answers so many requests, and then no more."""

    def __init__(self, agent: SimulatedAgent, answers: int) -> None:
        super().__init__(agent, "2c")
        self.given = 0
        self._answers = answers

    async def ask(self, query: Query, patience: Patience | None = None) -> Response:  # noqa: ARG002 - nothing is waited for
        """Return the decoded answer. Raises Silence when they are used up."""
        if self.given >= self._answers:
            raise Silence("no answer")
        request_id, message = self._message(query)
        reply = self._reply(message)
        if reply is None:
            raise Silence("no answer")
        self.given += 1
        self.answered = True
        return decode_reply(reply, request_id)

    def session(self, address: str) -> Session:
        """Return the visit that is cut off."""
        return Session(Agent(address), options=OPTIONS, exchange=self, traffic=Traffic(), profile=AgentProfile())
