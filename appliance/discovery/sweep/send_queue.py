"""Who gets the next packet of a sweep: answering addresses first, then silent ones whose time has come.

On a link of this machine the kernel looks for neighbours, which has a pace of its own (`appliance.discovery.links`).
"""

import asyncio
from collections import deque

from appliance.discovery.links import LinkPace, Links
from appliance.discovery.sweep.contact import Contact, Deadlines


class SendQueue:
    """What waits to be sent, and until when the others wait: silent addresses cost no task and no future, only a deadline."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.link = LinkPace(self._loop.time)
        self.links = Links.of_this_machine()
        self.permits: deque[asyncio.Future[None]] = deque()
        """Answering addresses that wait for a token."""
        self._due: deque[Contact] = deque()
        self._link_due: deque[Contact] = deque()
        """Contacts on the link whose packet the kernel did not take, maybe for want of room in its neighbour table."""
        self.deadlines = Deadlines()
        self._waker: asyncio.Future[None] | None = None

    async def permit(self) -> None:
        """Wait for a token; answering addresses come first."""
        permit: asyncio.Future[None] = self._loop.create_future()
        self.permits.append(permit)
        self.wake()
        await permit

    def add(self, contact: Contact) -> None:
        """Have the next packet of `contact` sent as soon as there is a token."""
        self._due.append(contact)

    def add_unsent(self, contact: Contact) -> None:
        """Have a packet that did not leave this machine sent again: on the link the kernel looks for the neighbour once more."""
        (self._link_due if contact.address in self.links else self._due).append(contact)

    def set_deadline(self, seconds: float, contact: Contact) -> None:
        """Go on with `contact` after so many seconds, unless something happens to it before."""
        self.deadlines.set(self._loop.time() + seconds, contact)

    def has_packet(self) -> bool:
        """Return whether a token could be used now."""
        while self.permits and self.permits[0].done():
            self.permits.popleft()
        return bool(self.permits or self._due or (self._link_due and self.link.is_free()))

    def take(self) -> Contact | None:
        """Return the contact whose packet is next, None when no packet is due."""
        if self._due:
            return self._due.popleft()
        if self._link_due and self.link.is_free():
            self.link.use()
            return self._link_due.popleft()
        return None

    def moments(self, *, for_link: bool) -> list[float]:
        """Return when something is due again; `for_link` says that a new address waits for the pace of the link."""
        first = self.deadlines.first()
        times = [] if first is None else [first]
        if self._link_due or for_link:
            times += self.link.waits()
        return times

    async def wait(self, seconds: float | None) -> None:
        """Wait until `wake`, at most so many seconds."""
        self._waker = self._loop.create_future()
        timer = self._loop.call_later(seconds, self.wake) if seconds is not None else None
        try:
            await self._waker
        finally:
            if timer is not None:
                timer.cancel()

    def wake(self) -> None:
        """End the wait: there may be something to send."""
        if self._waker is not None and not self._waker.done():
            self._waker.set_result(None)
