"""What came back in a sweep, and who was found: an answer makes an address one that is asked further, silence ends it.

Only an address that answers gets a task of its own.
"""

import asyncio
import errno

from appliance.discovery.sweep.approach import Approach, Asking, Found, ProbeSender, Reply, RoundTrips, Step
from appliance.discovery.sweep.contact import Contact
from appliance.discovery.sweep.progress import SweepProgress
from appliance.discovery.sweep.route import Route
from appliance.discovery.sweep.send_queue import SendQueue
from appliance.discovery.sweep.silent_pass import SilentPass
from appliance.snmp.transport import NotSentError, Outcome, socket_error_text


class Answers:
    """The addresses under way and what becomes of them. `found` gets each `Found`."""

    def __init__(
        self,
        probe_sender: ProbeSender,
        asking: Asking,
        queue: SendQueue,
        silent_pass: SilentPass,
        *,
        route: Route,
        progress: SweepProgress,
    ) -> None:
        self.found: asyncio.Queue[Found | None] = asyncio.Queue()
        self.under_way: dict[str, Contact] = {}
        self.ping_trips = RoundTrips()
        self._loop = asyncio.get_running_loop()
        self._probe_sender = probe_sender
        self._asking = asking
        self._queue = queue
        self._silent_pass = silent_pass
        self._route = route
        self._progress = progress
        self._round_trips = RoundTrips()
        self._tasks: set[asyncio.Task[None]] = set()

    def ponged(self, address: str, number: int) -> None:
        """Take the answer of `address` to the ping with this number."""
        contact = self.under_way.get(address)
        if contact is None or contact.asking or number not in contact.numbers:
            return
        if len(contact.numbers) == 1:
            self.ping_trips.note(self._loop.time() - contact.pinged_at)
        self._silent_pass.ping_answered = True
        self._is_alive(contact)
        # While a probe is under way its answer is awaited: a device gets one request at a time.
        if not contact.probes:
            self._ask(contact)

    def probed(self, contact: Contact, step: Step, outcome: Outcome) -> None:
        """Take what came of a probe."""
        if isinstance(outcome, bytes):
            self._is_alive(contact)
            self._ask(contact, Reply(step, outcome, self._asking.probe[:1]))
        elif isinstance(outcome, NotSentError):
            contact.probes -= 1
            self.not_sent(contact, outcome)
        elif outcome.errno == errno.ECONNREFUSED:
            # The device is there, and says itself that it has no SNMP agent.
            self._is_alive(contact)
            self.end(contact)
            self._asking.without_snmp(contact.address)
        elif contact.alive:
            self._ask(contact)
        elif contact.probes < len(contact.steps) * self._silent_pass.rounds(contact):
            self._queue.add(contact)
            self._queue.wake()
        else:
            self.end(contact)

    def not_sent(self, contact: Contact, error: OSError) -> None:
        """Take down that a packet did not leave this machine: it is sent again later, unless that was tried often enough."""
        pause = contact.pause_after(error)
        if pause is None:
            self.give_up(contact, socket_error_text(error.errno or 0))
        else:
            self._queue.set_deadline(pause, contact)
            self._queue.wake()

    def give_up(self, contact: Contact, reason: str) -> None:
        """End an address that could not be asked: nothing is known of it."""
        self._progress.trouble[reason] = self._progress.trouble.get(reason, 0) + 1
        self.end(contact, asked=False)

    def end(self, contact: Contact, *, asked: bool = True) -> None:
        """Take an address as done; with `asked` its answer, or silence, is known."""
        if self.under_way.pop(contact.address, None) is None:
            return
        contact.step += 1
        self._progress.asked += asked
        if contact.alive:
            self._route.note_answered(contact.address)
        if asked:
            self._silent_pass.count_blank(contact)
        self._queue.wake()

    async def finish(self) -> None:
        """Wait for the tasks; an error that nobody foresaw in one of them is raised."""
        for task in self._tasks:
            await task

    async def close(self) -> None:
        """End the tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _is_alive(self, contact: Contact) -> None:
        if not contact.alive:
            contact.alive = True
            self._progress.answering += 1

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
        self._queue.wake()

    async def _approach(self, contact: Contact, reply: Reply | None) -> None:
        approach = Approach(
            self._probe_sender,
            self._asking,
            contact.address,
            traffic=self._progress.traffic.of("sweep"),
            permit=self._queue.permit,
            round_trips=self._round_trips,
        )
        try:
            if found := await approach.find(reply):
                self._progress.found += 1
                self.found.put_nowait(found)
            else:
                self._asking.without_snmp(contact.address)
        finally:
            self.end(contact)
