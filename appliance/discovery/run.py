"""One sweep while it runs: a single loop that sends every packet, so that pace and order are decided in one place.

Silent addresses, nearly all of them, cost no task and no future: they are small objects that move from one deadline to the next.
Only an address that answers gets a task of its own.
"""

import asyncio
import errno
import heapq
import itertools
import math
import socket
from collections import deque
from collections.abc import Iterator
from typing import Final, Protocol

from appliance.discovery.approach import Approach, Asking, Courier, Found, Reply, RoundTrips, Step
from appliance.discovery.icmp import Pinger
from appliance.discovery.links import ON_LINK_TARGETS_PER_SECOND, Links
from appliance.discovery.pacing import TokenBucket
from appliance.discovery.targets import TargetSet
from appliance.errors import SnmpError
from appliance.snmp.client import SnmpClient
from appliance.snmp.transport import NotSentError, Outcome, socket_error_text
from appliance.traffic import TrafficByPurpose, UnitCost

PING_SECONDS: Final = 1.0
"""The longest pause after a ping."""
PINGS: Final = 2
PROBES_WITHOUT_PING: Final = 2
MOST_OPEN: Final = 16384
"""Addresses waited for at the same time; a bound on memory."""
SEND_AGAIN_SECONDS: Final = (1.0, 2.0, 4.0, 8.0)
"""Pauses before a packet that could not be sent is tried again: a full neighbour table needs some seconds to empty."""
HOPELESS: Final = frozenset((errno.ENETUNREACH, errno.EPERM, errno.EACCES, errno.EINVAL, errno.EAFNOSUPPORT))
"""Failures to send that time does not heal; one more try is enough."""


class Progress(Protocol):
    """What a sweep writes down as it goes; see `appliance.discovery.sweep.SweepProgress`."""

    addresses: int
    asked: int
    answering: int
    found: int
    traffic: TrafficByPurpose
    blank: UnitCost
    remaining_seconds: int | None
    trouble: dict[str, int]


class _Target:
    """An address under way. `step` rises with everything that happens to it, so that older deadlines are recognised."""

    __slots__ = ("address", "alive", "asking", "bytes", "failures", "pinged_at", "pings", "probes", "step", "steps")

    def __init__(self, address: str, steps: tuple[Step, ...]) -> None:
        self.address = address
        self.steps = steps
        """What it is asked over SNMP."""
        self.bytes = 0
        """What was sent to it before it answered anything."""
        self.pinged_at = 0.0
        self.step = 0
        self.pings = 0
        self.probes = 0
        self.failures = 0
        self.alive = False
        self.asking = False


class SweepRun:
    """The state of one sweep. `results` gets each `Found`, and None at the end."""

    def __init__(
        self, client: SnmpClient, asking: Asking, packets_per_second: float, targets: TargetSet, progress: Progress
    ) -> None:
        self.results: asyncio.Queue[Found | None] = asyncio.Queue()
        self._traffic = progress.traffic.of("sweep")
        self._silent_traffic = progress.traffic.of("silent")
        self._client = client
        self._courier = Courier(client, asking.port, self._traffic)
        self._asking = asking
        # Only ranges of credentials make addresses differ.
        self._steps = asking.all_steps()
        self._steps_differ = any(each.ranges for each in asking.credentials)
        self._ping_trips = RoundTrips()
        self._round_trips = RoundTrips()
        self._progress = progress
        self._loop = asyncio.get_running_loop()
        self._bucket = TokenBucket(packets_per_second, self._loop.time)
        self._links = Links.of_this_machine()
        self._link_bucket = TokenBucket(ON_LINK_TARGETS_PER_SECOND, self._loop.time)
        self._fresh: Iterator[str] = targets.addresses()
        self._next_address = next(self._fresh, None)
        self._may_begin_at = 0.0
        self._unbegun = progress.addresses = targets.count()
        self._last_began_at = self._loop.time()
        self._open: dict[str, _Target] = {}
        self._due: deque[_Target] = deque()
        self._deadlines: list[tuple[float, int, _Target, int]] = []
        self._order = itertools.count()
        self._permits: deque[asyncio.Future[None]] = deque()
        self._waker: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pingers: dict[bool, Pinger | None] = {}

    async def drive(self) -> None:
        """Run the sweep to its end; however it ends, close what it opened."""
        try:
            sent = 0
            while self._next_address is not None or self._open:
                self._expire()
                if not self._has_packet():
                    await self._wait(self._seconds_to_next())
                elif wait := self._bucket.take():
                    await self._wait(wait)
                else:
                    self._send_next()
                    sent += 1
                    if sent % 64 == 0:
                        # A fast sweep may always have a token; answers have to be heard all the same.
                        await asyncio.sleep(0)
                self._publish()
            for task in self._tasks:
                await task
        finally:
            try:
                await self._close()
                self._publish()
            finally:
                self.results.put_nowait(None)

    async def _close(self) -> None:
        self._courier.close()
        for pinger in self._pingers.values():
            if pinger is not None:
                pinger.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # What is sent next, and when

    def _has_packet(self) -> bool:
        while self._permits and self._permits[0].done():
            self._permits.popleft()
        return bool(self._permits or self._due or self._may_begin())

    def _may_begin(self) -> bool:
        if self._next_address is None or len(self._open) >= MOST_OPEN:
            return False
        now = self._loop.time()
        if now < self._may_begin_at:
            return False
        if self._may_begin_at == 0.0 and self._next_address in self._links:
            wait = self._link_bucket.take()
            # The token of the link is taken once for each address, even if the packet has to wait for other reasons.
            self._may_begin_at = now + wait if wait else now
            return wait == 0.0
        return True

    def _send_next(self) -> None:
        if self._permits:
            self._permits.popleft().set_result(None)
        elif self._due:
            self._send_to(self._due.popleft())
        else:
            self._begin()

    def _begin(self) -> None:
        assert self._next_address is not None
        address = self._next_address
        target = _Target(address, self._asking.steps(address) if self._steps_differ else self._steps)
        self._open[address] = target
        self._next_address = next(self._fresh, None)
        self._may_begin_at = 0.0
        self._unbegun -= 1
        self._last_began_at = self._loop.time()
        if target.steps:
            self._send_to(target)
        else:
            self._give_up(target, "no SNMP credential is for its address (snmp.credentials)")

    def _send_to(self, target: _Target) -> None:
        pinger = self._pinger(target.address) if target.pings < PINGS and not target.probes else None
        if pinger is not None:
            self._ping(target, pinger)
        else:
            self._probe(target)

    def _seconds_to_next(self) -> float | None:
        times = [self._deadlines[0][0]] if self._deadlines else []
        if self._next_address is not None and self._may_begin_at:
            times.append(self._may_begin_at)
        return max(0.0, min(times) - self._loop.time()) if times else None

    async def _wait(self, seconds: float | None) -> None:
        self._waker = self._loop.create_future()
        timer = self._loop.call_later(seconds, self._wake) if seconds is not None else None
        try:
            await self._waker
        finally:
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._waker is not None and not self._waker.done():
            self._waker.set_result(None)

    def _at(self, seconds: float, target: _Target) -> None:
        """Go on with `target` in `seconds`, unless something happens to it before."""
        target.step += 1
        heapq.heappush(self._deadlines, (self._loop.time() + seconds, next(self._order), target, target.step))

    def _expire(self) -> None:
        now = self._loop.time()
        while self._deadlines and self._deadlines[0][0] <= now:
            _, _, target, step = heapq.heappop(self._deadlines)
            if target.step == step and not target.asking:
                target.step += 1
                self._due.append(target)

    # Pings

    def _pinger(self, address: str) -> Pinger | None:
        if not self._asking.icmp:
            return None
        ipv6 = ":" in address
        if ipv6 not in self._pingers:
            try:
                family = socket.AF_INET6 if ipv6 else socket.AF_INET
                self._pingers[ipv6] = Pinger(family, self._pong, self._traffic)
            except PermissionError:
                self._pingers[ipv6] = None
        return self._pingers[ipv6]

    def _ping(self, target: _Target, pinger: Pinger) -> None:
        try:
            pinger.send(target.address)
        except OSError as error:
            self._not_sent(target, error)
            return
        target.pings += 1
        target.bytes += pinger.packet_bytes
        target.pinged_at = self._loop.time()
        self._at(self._ping_trips.pause(PING_SECONDS), target)

    def _pong(self, address: str) -> None:
        target = self._open.get(address)
        if target is None or target.asking:
            return
        if not target.alive and target.pings == 1:
            self._ping_trips.note(self._loop.time() - target.pinged_at)
        self._is_alive(target)
        # While a probe is under way its answer is awaited: a device gets one request at a time.
        if not target.probes:
            self._ask(target)

    def _is_alive(self, target: _Target) -> None:
        if not target.alive:
            target.alive = True
            self._progress.answering += 1

    # One SNMP request to an address that has not answered anything

    def _probe(self, target: _Target) -> None:
        step = target.steps[target.probes % len(target.steps)]
        asked = self._asking.probe[:1]

        def done(outcome: Outcome) -> None:
            self._probed(target, step, outcome)

        target.probes += 1
        target.step += 1
        traffic = self._silent_traffic if target.pings else self._traffic
        before = traffic.bytes_sent
        try:
            self._courier.send(target.address, step, asked, done, traffic)
            target.bytes += traffic.bytes_sent - before
        except SnmpError:
            self._give_up(target, "this machine has no socket for such addresses")

    def _probed(self, target: _Target, step: Step, outcome: Outcome) -> None:
        if isinstance(outcome, bytes):
            self._is_alive(target)
            self._ask(target, Reply(step, outcome, self._asking.probe[:1]))
        elif isinstance(outcome, NotSentError):
            target.probes -= 1
            self._not_sent(target, outcome)
        elif outcome.errno == errno.ECONNREFUSED:
            # The device is there, and says itself that it has no SNMP agent.
            self._is_alive(target)
            self._end(target)
        elif target.alive:
            self._ask(target)
        elif target.probes < len(target.steps) * self._rounds(target):
            self._due.append(target)
            self._wake()
        else:
            self._end(target)

    def _rounds(self, target: _Target) -> int:
        """Return how often each credential is tried on a silent address: once after pings, else with one repetition."""
        return 1 if target.pings else PROBES_WITHOUT_PING

    def _not_sent(self, target: _Target, error: OSError) -> None:
        pauses = SEND_AGAIN_SECONDS[:1] if error.errno in HOPELESS else SEND_AGAIN_SECONDS
        if target.failures < len(pauses):
            self._at(pauses[target.failures], target)
            target.failures += 1
            self._wake()
        else:
            self._give_up(target, socket_error_text(error.errno or 0))

    def _give_up(self, target: _Target, reason: str) -> None:
        self._progress.trouble[reason] = self._progress.trouble.get(reason, 0) + 1
        self._end(target, asked=False)

    def _end(self, target: _Target, *, asked: bool = True) -> None:
        self._open.pop(target.address, None)
        target.step += 1
        self._progress.asked += asked
        if asked and not target.alive:
            self._progress.blank.add(target.bytes)
        self._wake()

    # Addresses that answer

    def _ask(self, target: _Target, reply: Reply | None = None) -> None:
        """Ask an answering address in a task of its own; `reply` is what it has said over SNMP."""
        target.asking = True
        target.step += 1
        task = self._loop.create_task(self._approach(target, reply))
        self._tasks.add(task)
        task.add_done_callback(self._asked)

    def _asked(self, task: asyncio.Task[None]) -> None:
        # A task that failed for a reason nobody foresaw stays in the set: the sweep ends with its error.
        if task.cancelled() or task.exception() is None:
            self._tasks.discard(task)
        self._wake()

    async def _approach(self, target: _Target, reply: Reply | None) -> None:
        approach = Approach(
            self._courier,
            self._asking,
            target.address,
            traffic=self._traffic,
            permit=self._permit,
            round_trips=self._round_trips,
        )
        try:
            if found := await approach.find(reply):
                self._progress.found += 1
                self.results.put_nowait(found)
        finally:
            self._end(target)

    async def _permit(self) -> None:
        """Wait for a token; answering addresses come first."""
        permit: asyncio.Future[None] = self._loop.create_future()
        self._permits.append(permit)
        self._wake()
        await permit

    # What is told of it

    def _publish(self) -> None:
        self._progress.remaining_seconds = self._remaining()

    def _remaining(self) -> int:
        """Return the seconds the addresses not begun take at this pace, and the patience with the last one."""
        if self._next_address is None and not self._open:
            return 0
        pings = PINGS if self._asking.icmp else 0
        probes = len(self._steps) * (1 if pings else PROBES_WITHOUT_PING)
        begun = self._progress.addresses - self._unbegun
        # Until enough addresses are through, they are taken to be silent ones, which need the most packets.
        sent = self._traffic.packets_sent + self._silent_traffic.packets_sent
        packets = sent / begun if begun >= 256 else pings + probes
        rate = self._bucket.rate / max(packets, 1.0)
        if self._next_address is not None and self._next_address in self._links:
            rate = min(rate, self._link_bucket.rate)
        patience = pings * PING_SECONDS + probes * self._client.options.timeout
        if self._next_address is None:
            patience = max(1.0, self._last_began_at + patience - self._loop.time())
        return math.ceil(self._unbegun / rate + patience)
