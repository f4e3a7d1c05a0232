"""One sweep while it runs: a single loop that sends every packet, so that pace and order are decided in one place.

Silent addresses, nearly all of them, cost no task and no future: they are small objects that move from one deadline to the next.
Only an address that answers gets a task of its own.
"""

import asyncio
import errno
from collections import deque
from collections.abc import Callable
from typing import Final

from appliance.common.errors import SnmpError
from appliance.discovery.approach import Approach, Asking, Found, ProbeSender, Reply, RoundTrips, Step
from appliance.discovery.contact import REFUSED, Contact, Deadlines
from appliance.discovery.estimate import PINGS, PROBES_WITHOUT_PING, remaining_seconds
from appliance.discovery.icmp import Pinger, Pingers, ping_bytes
from appliance.discovery.links import LinkPace, Links
from appliance.discovery.order import Range
from appliance.discovery.pacing import PacketBucket
from appliance.discovery.progress import Checkpoint, SweepProgress
from appliance.discovery.route import Route
from appliance.snmp.client import SnmpClient
from appliance.snmp.transport import NotSentError, Outcome, socket_error_text

PING_SECONDS: Final = 1.0
"""The longest pause after the first ping."""
LAST_PING_SECONDS: Final = 2.0
"""How long an answer is waited for after the last ping, before the address counts as silent."""
MOST_OPEN: Final = 16384
"""Addresses waited for at the same time; a bound on memory."""
LOOK_SECONDS: Final = 0.25
"""How often a sweep that is held looks whether it may go on, and how often the time left is reckoned."""
SHORTEST_WAIT_SECONDS: Final = 0.004
"""A fast sweep rather sends some packets at a time than wakes up for each; less than what `PacketBucket` saves up meanwhile."""


class SweepRun:
    """The state of one sweep. `results` gets each `Found`, and None at the end."""

    def __init__(
        self,
        client: SnmpClient,
        asking: Asking,
        bucket: PacketBucket,
        ranges: list[Range],
        progress: SweepProgress,
        *,
        thorough: bool = False,
        held: Callable[[], bool] = lambda: False,
        resume: Checkpoint | None = None,
    ) -> None:
        """`resume` is where another run over the same ranges was cut off; of other ranges it is ignored."""
        self.results: asyncio.Queue[Found | None] = asyncio.Queue()
        self._client = client
        self._sender = ProbeSender(client, asking.port)
        self._asking = asking
        # Only ranges of credentials make addresses differ.
        self._steps = asking.all_steps()
        self._steps_differ = any(each.ranges for each in asking.credentials)
        self._ping_trips = RoundTrips()
        self._round_trips = RoundTrips()
        self._progress = progress
        self._thorough = thorough
        self._held = held
        self._loop = asyncio.get_running_loop()
        self._bucket = bucket
        self._links = Links.of_this_machine()
        self._link = LinkPace(self._loop.time)
        self._route = Route(ranges, progress, resume)
        self._heard = self._route.anyone_answered
        """Whether a ping was answered."""
        self._next_on_link = False
        self._link_due: deque[Contact] = deque()
        """Contacts on the link whose packet the kernel did not take, maybe for want of room in its neighbour table."""
        self._begun = 0
        self._last_began_at = self._loop.time()
        self._estimated_at = float("-inf")
        self._open: dict[str, Contact] = {}
        self._due: deque[Contact] = deque()
        self._deadlines = Deadlines()
        self._permits: deque[asyncio.Future[None]] = deque()
        self._waker: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pingers = Pingers(self._pong, progress.traffic.of("sweep"))

    async def drive(self) -> None:
        """Run the sweep to its end; however it ends, close what it opened."""
        try:
            await self._pass()
            if self._silent_pass_is_due():
                self._route.begin_silent_pass()
                await self._pass()
            for task in self._tasks:
                await task
        finally:
            try:
                await self._close()
                self._publish()
            finally:
                self.results.put_nowait(None)

    def checkpoint(self) -> Checkpoint:
        """Return where the sweep is."""
        return self._route.checkpoint(contact.place for contact in self._open.values())

    async def _pass(self) -> None:
        """Ask what the order names, until the last answer or silence is known."""
        self._advance()
        self._begun = sent = 0
        while True:
            now = self._loop.time()
            while contact := self._deadlines.expired(now):
                self._go_on(contact)
            if self._route.next is None and not self._open:
                break
            if not self._has_packet():
                await self._wait(self._seconds_to_next())
            elif wait := self._bucket.take():
                await self._wait(max(wait, SHORTEST_WAIT_SECONDS))
            else:
                self._send_next()
                sent += 1
                if sent % 64 == 0:
                    # A fast sweep may always have a token; answers have to be heard all the same.
                    await asyncio.sleep(0)
            if now - self._estimated_at >= LOOK_SECONDS:
                self._publish()

    def _silent_pass_is_due(self) -> bool:
        """Return whether silent addresses are asked over SNMP too: also when pings evidently get nowhere."""
        progress = self._progress
        return progress.pinged and not progress.silent_pass and (self._thorough or not self._heard)

    async def _close(self) -> None:
        self._sender.close()
        self._pingers.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _advance(self) -> None:
        self._route.advance(self._may_skip)
        following = self._route.next
        self._next_on_link = following is not None and following.address in self._links

    def _may_skip(self, address: str) -> bool:
        """Return whether the silent pass has nothing to ask: what cannot be pinged was asked over SNMP before."""
        return self._progress.silent_pass and self._pinger(address) is None

    def _has_packet(self) -> bool:
        while self._permits and self._permits[0].done():
            self._permits.popleft()
        return bool(self._permits or self._due or (self._link_due and self._link.is_free()) or self._may_begin())

    def _may_begin(self) -> bool:
        if self._route.next is None or len(self._open) >= MOST_OPEN or self._held():
            return False
        return not self._next_on_link or self._link.is_free()

    def _send_next(self) -> None:
        if self._permits:
            self._permits.popleft().set_result(None)
        elif self._due:
            self._send_to(self._due.popleft())
        elif self._link_due and self._link.is_free():
            self._link.use()
            self._send_to(self._link_due.popleft())
        else:
            self._begin()

    def _begin(self) -> None:
        assert self._route.next is not None
        place = self._route.next
        if self._next_on_link:
            self._link.use()
        steps = self._asking.steps(place.address) if self._steps_differ else self._steps
        contact = Contact(place, steps, silent=self._progress.silent_pass)
        self._open[contact.address] = contact
        self._advance()
        self._begun += 1
        self._last_began_at = self._loop.time()
        if contact.steps:
            self._send_to(contact)
        else:
            self._give_up(contact, "no SNMP credential is for its address (snmp.credentials)")

    def _go_on(self, contact: Contact) -> None:
        """Do what the next deadline of a contact is for: another packet, or no more."""
        if contact.not_sent:
            contact.not_sent = False
            on_link = contact.address in self._links
            (self._link_due if on_link else self._due).append(contact)
        elif len(contact.numbers) < PINGS or contact.probes or contact.unpingable:
            self._due.append(contact)
        else:
            self._end(contact)

    def _send_to(self, contact: Contact) -> None:
        by_snmp = contact.silent or contact.unpingable or contact.probes
        if by_snmp or (pinger := self._pinger(contact.address)) is None:
            self._probe(contact)
        else:
            self._ping(contact, pinger)

    def _seconds_to_next(self) -> float | None:
        first = self._deadlines.first()
        times = [] if first is None else [first]
        if self._route.next is not None and self._held():
            times.append(self._loop.time() + LOOK_SECONDS)
        if self._link_due or self._next_on_link:
            times += self._link.waits()
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

    def _at(self, seconds: float, contact: Contact) -> None:
        self._deadlines.set(self._loop.time() + seconds, contact)

    def _pinger(self, address: str) -> Pinger | None:
        return self._pingers.of(address) if self._asking.icmp else None

    def _ping(self, contact: Contact, pinger: Pinger) -> None:
        try:
            contact.numbers = (*contact.numbers, pinger.send(contact.address))
        except OSError as error:
            if error.errno in REFUSED:
                # No ping leaves this machine for there: what does not even leave says nothing, and SNMP may.
                contact.unpingable = True
                self._probe(contact)
            else:
                self._not_sent(contact, error)
            return
        self._progress.pinged = True
        contact.bytes_sent += pinger.packet_bytes
        contact.pinged_at = self._loop.time()
        self._at(self._ping_trips.pause(PING_SECONDS) if len(contact.numbers) < PINGS else LAST_PING_SECONDS, contact)

    def _pong(self, address: str, number: int) -> None:
        contact = self._open.get(address)
        if contact is None or contact.asking or number not in contact.numbers:
            return
        if len(contact.numbers) == 1:
            self._ping_trips.note(self._loop.time() - contact.pinged_at)
        self._heard = True
        self._is_alive(contact)
        # While a probe is under way its answer is awaited: a device gets one request at a time.
        if not contact.probes:
            self._ask(contact)

    def _is_alive(self, contact: Contact) -> None:
        if not contact.alive:
            contact.alive = True
            self._progress.answering += 1

    def _probe(self, contact: Contact) -> None:
        step = contact.steps[contact.probes % len(contact.steps)]
        asked = self._asking.probe[:1]
        traffic = self._progress.traffic.of("silent" if contact.silent else "sweep")

        def done(outcome: Outcome) -> None:
            self._probed(contact, step, outcome)

        contact.probes += 1
        contact.step += 1
        before = traffic.bytes_sent
        try:
            self._sender.send(contact.address, step, asked, done, traffic)
        except SnmpError:
            self._give_up(contact, "this machine has no socket for such addresses")
        contact.bytes_sent += traffic.bytes_sent - before

    def _probed(self, contact: Contact, step: Step, outcome: Outcome) -> None:
        if isinstance(outcome, bytes):
            self._is_alive(contact)
            self._ask(contact, Reply(step, outcome, self._asking.probe[:1]))
        elif isinstance(outcome, NotSentError):
            contact.probes -= 1
            self._not_sent(contact, outcome)
        elif outcome.errno == errno.ECONNREFUSED:
            # The device is there, and says itself that it has no SNMP agent.
            self._is_alive(contact)
            self._end(contact)
        elif contact.alive:
            self._ask(contact)
        elif contact.probes < len(contact.steps) * self._rounds(contact):
            self._due.append(contact)
            self._wake()
        else:
            self._end(contact)

    def _rounds(self, contact: Contact) -> int:
        """Return how often each credential is tried on a silent address: once after pings, else with one repetition."""
        return 1 if contact.silent else PROBES_WITHOUT_PING

    def _not_sent(self, contact: Contact, error: OSError) -> None:
        pause = contact.pause_after(error)
        if pause is None:
            self._give_up(contact, socket_error_text(error.errno or 0))
        else:
            self._at(pause, contact)
            self._wake()

    def _give_up(self, contact: Contact, reason: str) -> None:
        self._progress.trouble[reason] = self._progress.trouble.get(reason, 0) + 1
        self._end(contact, asked=False)

    def _end(self, contact: Contact, *, asked: bool = True) -> None:
        if self._open.pop(contact.address, None) is None:
            return
        contact.step += 1
        self._progress.asked += asked
        if contact.alive:
            self._route.note_answered(contact.address)
        if asked:
            self._count_blank(contact)
        self._wake()

    def _count_blank(self, contact: Contact) -> None:
        """Count an address that has answered nothing; in the silent pass it was counted before, and maybe wrongly."""
        blank, silent_again = self._progress.blank, contact.silent and not self._progress.resumed
        if not contact.silent and not contact.alive:
            blank.add(contact.bytes_sent)
        elif silent_again and contact.alive:
            blank.add(-PINGS * ping_bytes(contact.address), -1)
        elif silent_again:
            blank.add(contact.bytes_sent, 0)

    def _ask(self, contact: Contact, reply: Reply | None = None) -> None:
        """Ask an answering address in a task of its own; `reply` is what it has said over SNMP."""
        contact.asking = True
        contact.step += 1
        task = self._loop.create_task(self._approach(contact, reply))
        self._tasks.add(task)
        task.add_done_callback(self._asked)

    def _asked(self, task: asyncio.Task[None]) -> None:
        # A task that failed for a reason nobody foresaw stays in the set: the sweep ends with its error.
        if task.cancelled() or task.exception() is None:
            self._tasks.discard(task)
        self._wake()

    async def _approach(self, contact: Contact, reply: Reply | None) -> None:
        approach = Approach(
            self._sender,
            self._asking,
            contact.address,
            traffic=self._progress.traffic.of("sweep"),
            permit=self._permit,
            round_trips=self._round_trips,
        )
        try:
            if found := await approach.find(reply):
                self._progress.found += 1
                self.results.put_nowait(found)
        finally:
            self._end(contact)

    async def _permit(self) -> None:
        """Wait for a token; answering addresses come first."""
        permit: asyncio.Future[None] = self._loop.create_future()
        self._permits.append(permit)
        self._wake()
        await permit

    def _publish(self) -> None:
        self._estimated_at = self._loop.time()
        self._progress.remaining_seconds = self._remaining()

    def _remaining(self) -> int | None:
        following = self._route.next
        if following is None and not self._open:
            return 0
        if following is not None and self._held():
            return None
        return remaining_seconds(
            self._progress,
            unbegun=self._route.left,
            begun=self._begun,
            idle=self._loop.time() - self._last_began_at,
            probes=len(self._steps),
            icmp=self._progress.pinged or (following is not None and self._pinger(following.address) is not None),
            silent_pass_expected=self._thorough or not self._heard,
            packets_per_second=self._bucket.rate,
            addresses_per_second=self._link.rate if self._next_on_link else float("inf"),
            snmp_seconds=self._client.options.timeout,
        )
