"""How an address that is there is asked over SNMP: one request after the other, and an answer to any of them counts.

- First each credential gets one request, and each SNMPv2c credential one in SNMPv1 right after it, because many old printers
  answer nothing else. The pauses between them are as long as answers take in this sweep, not as long as one waits at most.
- Then each credential gets one more, and the last of them as much time as a device may take: a sleeping one needs some seconds.
- Requests under way stay so until the end: a slow answer is never lost to a pause that was too short.
- The first answer ends the trials, except that of an SNMPv3 agent that does not let us in.
"""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from appliance.common.errors import CredentialError, NoAnswerError
from appliance.common.network.traffic import Traffic
from appliance.discovery.credentials import Credential, covering
from appliance.reading.sources.objects import PROBE
from appliance.snmp.agent import Agent, AgentProfile, Version
from appliance.snmp.ber import read_response
from appliance.snmp.client import SnmpClient
from appliance.snmp.exchange import destination_of
from appliance.snmp.templates import Kind, Query
from appliance.snmp.transport import NotSentError, Outcome, Request, Transport
from appliance.snmp.v3.user_reply import UnreadableError
from appliance.snmp.values import Objects, Oid, is_undecodable

SHORTEST_PAUSE: Final = 0.5
FIRST_PAUSE: Final = 1.0
"""Seconds, until the first answer has shown how long answers take."""
NOT_SENT_PAUSE: Final = 0.25


class RoundTrips:
    """How long answers take, as TCP reckons it (RFC 6298): the mean, and four times the mean deviation."""

    def __init__(self) -> None:
        self._mean: float | None = None
        self._deviation = 0.0

    def note(self, seconds: float) -> None:
        """Take one more answer into account."""
        if self._mean is None:
            self._mean, self._deviation = seconds, seconds / 2
        else:
            self._deviation += (abs(seconds - self._mean) - self._deviation) / 4
            self._mean += (seconds - self._mean) / 8

    def pause(self, longest: float) -> float:
        """Return the seconds after which an answer is not likely to come any more."""
        if self._mean is None:
            return min(FIRST_PAUSE, longest)
        return min(max(SHORTEST_PAUSE, self._mean + 4 * self._deviation), longest)


@dataclass(frozen=True, slots=True)
class Found:
    """An address with an SNMP agent: how it let us in, what it said to the probe, and what was learned about it."""

    address: str
    agent: Agent
    objects: Objects
    credential: Credential
    profile: AgentProfile


def _nobody(_address: str) -> None:
    return


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of each address."""

    credentials: tuple[Credential, ...]
    """In the order to try."""
    port: int = 161
    icmp: bool = True
    """Whether addresses are pinged, where this process may."""
    probe: tuple[Oid, ...] = PROBE
    """What to ask; of silent addresses its first object."""
    without_snmp: Callable[[str], None] = _nobody
    """Told of each address that is there and lets nobody in over SNMP."""

    def all_steps(self) -> tuple["Step", ...]:
        """Return one request for each credential; all users of SNMPv3 share one, which names none of them."""
        return _steps(self.credentials)

    def steps(self, address: str) -> tuple["Step", ...]:
        """Return those requests of which the credential is for `address`."""
        return _steps(covering(self.credentials, address))


@dataclass(frozen=True, slots=True)
class Step:
    """One request to an address: a GET with a community, or the discovery of an SNMPv3 agent."""

    credential: Credential
    version: Version


def _steps(credentials: Sequence[Credential]) -> tuple[Step, ...]:
    steps = [Step(credential, credential.version) for credential in credentials]
    first = next((step for step in steps if step.version == "3"), None)
    return tuple(step for step in steps if step.version != "3" or step is first)


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to a step, and the objects that it asked for."""

    step: Step
    data: bytes
    asked: tuple[Oid, ...]


def ladder(steps: Sequence[Step]) -> Iterator[tuple[Step, bool]]:
    """Yield the requests to an address that is there, in order, each with whether it asks for the whole probe.

    Only the first one with an SNMPv2c community does: it is what most devices answer. The others ask for one object, because
    most of them are sent to devices that do not answer at all.
    """
    in_v1 = {step.credential.community for step in steps if step.version == "1"}
    for step in steps:
        yield step, step.version == "2c"
        if step.version == "2c" and step.credential.community not in in_v1:
            yield replace(step, version="1"), False
    for step in steps:
        yield step, False


class ProbeSender:
    """Sends the requests of a sweep that belong to no visit yet, and can take back all that are under way."""

    def __init__(self, client: SnmpClient, port: int) -> None:
        self.client = client
        self._port = port
        self._under_way: dict[tuple[bool, int], Transport] = {}

    def send(
        self, address: str, step: Step, oids: tuple[Oid, ...], done: Callable[[Outcome], None], traffic: Traffic
    ) -> tuple[bool, int]:
        """Send a request that `traffic` counts; `done` gets what comes of it, maybe at once.

        Return what `forget` takes. Raises SnmpError.
        """
        agent = replace(step.credential, version=step.version).agent(address, self._port)
        client, v3 = self.client, step.version == "3"
        transport = client.transport(address, v3=v3)
        next_id = client.security.next_message_id if v3 else client.templates.next_request_id
        key = next_id()
        while transport.is_waiting(key):
            key = next_id()
        if v3:
            message = client.security.discovery(key)
        else:
            message = client.templates.get(Query(step.version, agent.community, Kind.GET, oids)).message(key)

        def finished(outcome: Outcome) -> None:
            self._under_way.pop((v3, key), None)
            done(outcome)

        self._under_way[v3, key] = transport
        request = Request(message, destination_of(agent), client.options.timeout, finished, traffic, patient=False)
        transport.send(key, request)
        return v3, key

    def forget(self, token: tuple[bool, int]) -> None:
        """Wait no longer for an answer to this request."""
        transport = self._under_way.pop(token, None)
        if transport is not None:
            transport.forget(token[1])

    def close(self) -> None:
        """Wait no longer for any answer."""
        for token in list(self._under_way):
            self.forget(token)


class Approach:
    """Asks one address that is there. `permit` is awaited before each packet."""

    def __init__(
        self,
        sender: ProbeSender,
        asking: Asking,
        address: str,
        *,
        traffic: Traffic,
        permit: Callable[[], Awaitable[None]],
        round_trips: RoundTrips,
    ) -> None:
        self._sender = sender
        self._asking = asking
        self._address = address
        self._traffic = traffic
        self._permit = permit
        self._round_trips = round_trips
        self._loop = asyncio.get_running_loop()
        self._outcomes: asyncio.Queue[tuple[Step, tuple[Oid, ...], Outcome]] = asyncio.Queue()
        self._sent: list[tuple[bool, int]] = []
        self._refused_v3 = False

    async def find(self, reply: Reply | None = None) -> Found | None:
        """Return the agent, None where nobody lets us in; `reply` is what it has said already. Raises SnmpError."""
        try:
            found = await self._take(reply) if reply else None
            return found or await self._climb()
        finally:
            for token in self._sent:
                self._sender.forget(token)

    async def _climb(self) -> Found | None:
        steps = list(ladder(self._asking.steps(self._address)))
        longest = self._sender.client.options.timeout
        for number, (step, whole) in enumerate(steps):
            if step.version == "3" and self._refused_v3:
                continue
            asked = self._asking.probe if whole else self._asking.probe[:1]
            await self._send(step, asked)
            patience = longest if number == len(steps) - 1 else self._round_trips.pause(longest)
            deadline = self._loop.time() + patience
            while (outcome := await self._next_outcome(deadline)) is not None:
                of, oids, content = outcome
                if isinstance(content, bytes):
                    if found := await self._take(Reply(of, content, oids)):
                        return found
                elif content.errno == errno.ECONNREFUSED:
                    # The device itself says that nothing listens there.
                    return None
                elif isinstance(content, NotSentError):
                    await asyncio.sleep(NOT_SENT_PAUSE)
                    await self._send(of, oids)
        return None

    async def _next_outcome(self, deadline: float) -> tuple[Step, tuple[Oid, ...], Outcome] | None:
        """Return what came of a request, None when nothing came until `deadline`."""
        if self._loop.time() >= deadline:
            return None
        try:
            async with asyncio.timeout_at(deadline):
                return await self._outcomes.get()
        except TimeoutError:
            return None

    async def _send(self, step: Step, asked: tuple[Oid, ...]) -> None:
        await self._permit()
        sent_at = self._loop.time()

        def done(outcome: Outcome) -> None:
            if isinstance(outcome, bytes):
                self._round_trips.note(self._loop.time() - sent_at)
            if not isinstance(outcome, TimeoutError):
                self._outcomes.put_nowait((step, asked, outcome))

        self._sent.append(self._sender.send(self._address, step, asked, done, self._traffic))

    async def _take(self, reply: Reply) -> Found | None:
        """Return what a reply comes to, asking for what it left open; None if we are not let in after all."""
        if reply.step.version != "3":
            return self._whole(reply) or await self._visit(reply.step.credential, reply.step.version)
        security = self._sender.client.security
        agent = reply.step.credential.agent(self._address, self._asking.port)
        try:
            security.note_engine_id(destination_of(agent), security.read(reply.data).engine_id)
        except UnreadableError:
            return None
        for credential in covering(self._asking.credentials, self._address):
            if credential.version == "3" and (found := await self._visit(credential, "3")):
                return found
        self._refused_v3 = True
        return None

    def _whole(self, reply: Reply) -> Found | None:
        """Return what a reply says if that is all that was to be known."""
        response = read_response(reply.data)
        asked = dict.fromkeys(reply.asked)
        if reply.asked != self._asking.probe or response is None or response.error_status:
            return None
        if [oid for oid, _ in response.varbinds] != list(asked) or any(is_undecodable(value) for _, value in response.varbinds):
            return None
        objects = {oid: value for oid, value in response.varbinds if value.content is not None}
        credential, version = reply.step.credential, reply.step.version
        agent = replace(credential.agent(self._address, self._asking.port), version=version)
        return Found(self._address, agent, objects, credential, AgentProfile(version=version))

    async def _visit(self, credential: Credential, version: Version) -> Found | None:
        """Ask for the probe in a visit, which repairs what weak agents do."""
        profile = AgentProfile(version=version)
        agent = replace(credential, version=version).agent(self._address, self._asking.port)
        session = self._sender.client.session(agent, self._traffic, profile=profile, pace=self._permit)
        try:
            objects = await session.get(self._asking.probe)
        except (NoAnswerError, CredentialError):
            return None
        return Found(self._address, agent, objects, credential, profile)
