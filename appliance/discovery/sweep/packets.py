"""The packets of a sweep to one address: pings, and a request over SNMP where pings do not go or were not answered."""

import asyncio
from collections.abc import Callable
from typing import Final

from appliance.common.errors import SnmpError
from appliance.common.message import Message
from appliance.discovery.icmp import Pinger, Pingers
from appliance.discovery.sweep.answers import Answers
from appliance.discovery.sweep.approach import Asking, ProbeSender, Step
from appliance.discovery.sweep.contact import REFUSED, Contact
from appliance.discovery.sweep.estimate import PINGS
from appliance.discovery.sweep.order import Place
from appliance.discovery.sweep.progress import SweepProgress
from appliance.discovery.sweep.send_queue import SendQueue
from appliance.snmp.transport import Outcome

PING_SECONDS: Final = 1.0
"""The longest pause after the first ping."""
LAST_PING_SECONDS: Final = 2.0
"""How long an answer is waited for after the last ping, before the address counts as silent."""


class Packets:
    """Sends an address what it is to get next, and counts it; `answers` gets what comes of it."""

    def __init__(
        self, probe_sender: ProbeSender, asking: Asking, progress: SweepProgress, queue: SendQueue, answers: Answers
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._probe_sender = probe_sender
        self._asking = asking
        self._steps_for = _steps_by_address(asking)
        self._progress = progress
        self._queue = queue
        self._answers = answers
        self._pingers = Pingers(answers.ponged, progress.traffic.of("sweep"))

    def contact(self, place: Place) -> Contact:
        """Return an address that has got no packet yet in this pass."""
        return Contact(place, self._steps_for(place.address), silent=self._progress.silent_pass)

    def may_skip(self, address: str) -> bool:
        """Return whether the silent pass has nothing to ask: what cannot be pinged was asked over SNMP before."""
        return self._progress.silent_pass and not self.can_ping(address)

    def can_ping(self, address: str) -> bool:
        """Return whether this sweep pings addresses like `address`."""
        return self._pinger(address) is not None

    def send(self, contact: Contact) -> None:
        """Send the next packet to `contact`."""
        by_snmp = contact.silent or contact.unpingable or contact.probes
        if by_snmp or (pinger := self._pinger(contact.address)) is None:
            self._probe(contact)
        else:
            self._ping(contact, pinger)

    def close(self) -> None:
        """Wait no longer for any answer, and close the sockets of pings."""
        self._probe_sender.close()
        self._pingers.close()

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
                self._answers.not_sent(contact, error)
            return
        self._progress.pinged = True
        contact.bytes_sent += pinger.packet_bytes
        contact.pinged_at = self._loop.time()
        patience = self._answers.ping_trips.pause(PING_SECONDS) if len(contact.numbers) < PINGS else LAST_PING_SECONDS
        self._queue.set_deadline(patience, contact)

    def _probe(self, contact: Contact) -> None:
        step = contact.steps[contact.probes % len(contact.steps)]
        asked = self._asking.probe[:1]
        traffic = self._progress.traffic.of("silent" if contact.silent else "sweep")

        def done(outcome: Outcome) -> None:
            self._answers.probed(contact, step, outcome)

        contact.probes += 1
        contact.step += 1
        before = traffic.bytes_sent
        try:
            self._probe_sender.send(contact.address, step, asked, done, traffic)
        except SnmpError:
            self._answers.give_up(contact, Message("this machine has no socket for such addresses"))
        contact.bytes_sent += traffic.bytes_sent - before


def _steps_by_address(asking: Asking) -> Callable[[str], tuple[Step, ...]]:
    """Return what gives the requests for an address; only ranges of credentials make addresses differ."""
    if any(each.ranges for each in asking.credentials):
        return asking.steps
    steps = asking.all_steps()
    return lambda _: steps
