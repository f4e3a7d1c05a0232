"""What is asked next in a sweep: an address that is under way, or one that is begun."""

import asyncio
from collections.abc import Callable
from typing import Final

from appliance.common.message import Message
from appliance.discovery.sweep.answers import Answers
from appliance.discovery.sweep.estimate import PINGS
from appliance.discovery.sweep.packets import Packets
from appliance.discovery.sweep.route import Route
from appliance.discovery.sweep.send_queue import SendQueue

MOST_OPEN: Final = 16384
"""Addresses waited for at the same time; a bound on memory."""
LOOK_SECONDS: Final = 0.25
"""How often a sweep that begins nothing looks whether it may go on, and how often the time left is reckoned."""


class Sender:
    """Gives each token to whom it is due, and begins addresses with those that are left over, unless the sweep is held."""

    def __init__(self, route: Route, queue: SendQueue, packets: Packets, answers: Answers, held: Callable[[], bool]) -> None:
        self._loop = asyncio.get_running_loop()
        self._route = route
        self._queue = queue
        self._packets = packets
        self._answers = answers
        self._held = held
        self.next_on_link = False
        """Whether the address to begin next is on a link of this machine."""
        self.begun = 0
        """Addresses begun in this pass."""
        self.last_began_at = self._loop.time()

    def begin_pass(self) -> None:
        """Go to the first address of a pass."""
        self._advance()
        self.begun = 0

    def go_on(self, now: float) -> None:
        """Do what the deadlines are for that have passed: another packet to an address, or no more."""
        expired = self._queue.deadlines.expired
        while contact := expired(now):
            if contact.not_sent:
                contact.not_sent = False
                self._queue.add_unsent(contact)
            elif len(contact.numbers) < PINGS or contact.probes or contact.unpingable:
                self._queue.add(contact)
            else:
                self._answers.end(contact)

    def has_packet(self) -> bool:
        """Return whether a token could be used now."""
        return self._queue.has_packet() or self._may_begin()

    def send_next(self) -> None:
        """Use one token; `has_packet` has said that there is something to send."""
        if permits := self._queue.permits:
            permits.popleft().set_result(None)
        elif contact := self._queue.take():
            self._packets.send(contact)
        else:
            self._begin()

    def seconds_to_next(self) -> float | None:
        """Return the seconds until there may be something to send, None when only an answer can bring that about."""
        times = self._queue.moments(for_link=self.next_on_link)
        if self._route.next is not None:
            # It may have been held a moment ago and be free by now: nothing else would wake it.
            times.append(self._loop.time() + LOOK_SECONDS)
        return max(0.0, min(times) - self._loop.time()) if times else None

    def _advance(self) -> None:
        self._route.advance(self._packets.may_skip)
        following = self._route.next
        self.next_on_link = following is not None and following.address in self._queue.links

    def _may_begin(self) -> bool:
        if self._route.next is None or len(self._answers.under_way) >= MOST_OPEN or self._held():
            return False
        return not self.next_on_link or self._queue.link.is_free()

    def _begin(self) -> None:
        assert self._route.next is not None
        if self.next_on_link:
            self._queue.link.use()
        contact = self._packets.contact(self._route.next)
        self._answers.under_way[contact.address] = contact
        self._advance()
        self.begun += 1
        self.last_began_at = self._loop.time()
        if contact.steps:
            self._packets.send(contact)
        else:
            self._answers.give_up(contact, Message("no SNMP credential is for its address (snmp.credentials)"))
