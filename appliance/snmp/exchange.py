"""One request for one response, as part of a visit: repetitions, pace and the hard budget of time, whatever the SNMP version.

`CommunityExchange` speaks SNMPv1 and SNMPv2c; `appliance.snmp.v3.user_exchange` speaks SNMPv3. `appliance.snmp.session` decides
what is asked.
"""

import asyncio
import errno
import socket
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from appliance.common.network.traffic import Traffic
from appliance.snmp.agent import Agent, SnmpOptions, Version
from appliance.snmp.ber import Response
from appliance.snmp.replies import decode_reply
from appliance.snmp.templates import Query, Templates
from appliance.snmp.transport import Destination, NotSentError, Outcome, Request, Transport, socket_error_text

NOT_SENT_PAUSE_SECONDS: Final = 0.25

Pace = Callable[[], Awaitable[None]]


class Stop(Exception):  # noqa: N818 - ends the visit, with or without a result
    """The device cannot be asked any further; the text says why."""


class Silence(Stop):
    """No answer to a request, after all repetitions."""


class Unreachable(Stop):
    """The request could not be delivered: the network or the device itself said so."""


class Refused(Stop):
    """The device answers, but does not let us in."""


def destination_of(agent: Agent) -> Destination:
    """Return the socket address of an agent, as `recvfrom` names it."""
    if ":" not in agent.address:
        return (agent.address, agent.port)
    found = socket.getaddrinfo(agent.address, agent.port, socket.AF_INET6, socket.SOCK_DGRAM, 0, socket.AI_NUMERICHOST)
    host, port, flow, scope = found[0][4]  # type: ignore[misc] # always four parts for AF_INET6
    return (str(host).partition("%")[0], int(port), int(flow), int(scope))


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request is waited for."""

    timeout: float
    """Seconds for one answer."""
    attempts: int = 1


class Delivery:
    """Sends one message until it is answered; the budget counts from the first packet on."""

    def __init__(self, agent: Agent, *, options: SnmpOptions, transport: Transport, traffic: Traffic, pace: Pace | None) -> None:
        """`pace` is awaited before each packet and costs no budget."""
        self.refused = False
        self.round_trip: float | None = None
        self.destination = destination_of(agent)
        self.is_waiting: Final = transport.is_waiting
        """Tells whether a message with an id is on its way."""
        self._options = options
        self._transport = transport
        self._traffic = traffic
        self._pace = pace
        self._deadline: float | None = None
        self._loop = asyncio.get_running_loop()
        self._patience = Patience(options.timeout, options.retries + 1)

    async def deliver(self, key: int, message: bytes, patience: Patience | None = None) -> bytes:
        """Return the reply to `message`, whose id is `key`. Raises Stop."""
        patience = patience or self._patience
        outcome: Outcome = b""
        for _ in range(patience.attempts):
            if self._pace is not None:
                await self._paced(self._pace)
            sent_at = self._loop.time()
            try:
                outcome = await self._send(key, message, patience.timeout, sent_at)
            except asyncio.CancelledError:
                self._transport.forget(key)
                raise
            if isinstance(outcome, bytes):
                self.round_trip = self._loop.time() - sent_at
                return outcome
            if outcome.errno == errno.ECONNREFUSED:
                # The device itself says that it has no agent: asking again changes nothing.
                self.refused = True
                break
            if isinstance(outcome, NotSentError):
                await asyncio.sleep(NOT_SENT_PAUSE_SECONDS)
        assert isinstance(outcome, OSError)
        if isinstance(outcome, TimeoutError):
            raise Silence("no answer")
        raise Unreachable(socket_error_text(outcome.errno or 0))

    async def _paced(self, pace: Pace) -> None:
        before = self._loop.time()
        await pace()
        if self._deadline is not None:
            self._deadline += self._loop.time() - before

    def _send(self, key: int, message: bytes, seconds: float, now: float) -> "asyncio.Future[Outcome]":
        """Send the message and return what becomes of it. Raises Stop when the budget is spent."""
        if self._deadline is None:
            self._deadline = now + self._options.budget
        left = self._deadline - now
        if left <= 0:
            raise Stop(f"the {self._options.budget:g} s one device may take are over")
        future: asyncio.Future[Outcome] = self._loop.create_future()
        done = partial(_settle, future)
        self._transport.send(key, Request(message, self.destination, min(left, seconds), done, self._traffic))
        return future


def _settle(future: "asyncio.Future[Outcome]", outcome: Outcome) -> None:
    if not future.done():
        future.set_result(outcome)


class Exchange(ABC):
    """How a session gets its answers."""

    def __init__(self, version: Version, delivery: Delivery) -> None:
        self.version: Version = version
        self.answered = False
        """Whether the device has answered a request during this visit."""
        self._delivery = delivery

    @property
    def refused(self) -> bool:
        """Whether the device itself said that nothing listens on its port."""
        return self._delivery.refused

    @property
    def round_trip(self) -> float | None:
        """Seconds the last answer took, None before the first one."""
        return self._delivery.round_trip

    @abstractmethod
    async def ask(self, query: Query, patience: Patience | None = None) -> Response:
        """Return the reply to one request. A reply nobody can decode comes back with the error status UNDECODABLE.

        Version and community of `query` are filled in here. `patience` replaces that of the options. Raises Stop.
        """


class CommunityExchange(Exchange):
    """SNMPv1 and SNMPv2c; `version` may be changed during the visit."""

    def __init__(self, agent: Agent, version: Version, delivery: Delivery, templates: Templates) -> None:
        super().__init__(version, delivery)
        self._community = agent.community
        self._templates = templates

    async def ask(self, query: Query, patience: Patience | None = None) -> Response:
        """Return the reply to one request; see `Exchange.ask`."""
        templates, delivery = self._templates, self._delivery
        request_id = templates.next_request_id()
        while delivery.is_waiting(request_id):
            request_id = templates.next_request_id()
        if query.version != self.version or query.community != self._community:
            query = query._replace(version=self.version, community=self._community)
        data = await delivery.deliver(request_id, templates.get(query).message(request_id), patience)
        self.answered = True
        return decode_reply(data, request_id)
