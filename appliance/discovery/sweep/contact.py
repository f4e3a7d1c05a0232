"""The addresses under way in a sweep: small objects that move from one deadline to the next."""

import errno
import heapq
import itertools
from typing import Final

from appliance.discovery.sweep.approach import Step
from appliance.discovery.sweep.order import Place

SEND_AGAIN_SECONDS: Final = (1.0, 2.0, 4.0, 8.0)
"""Pauses before a packet that could not be sent is tried again: a full neighbour table needs some seconds to empty."""
HOPELESS: Final = frozenset((errno.ENETUNREACH, errno.EPERM, errno.EACCES, errno.EINVAL, errno.EAFNOSUPPORT))
"""Failures to send that time does not heal; one more try is enough."""

REFUSED: Final = frozenset((errno.EPERM, errno.EACCES))
"""Failures that say something of pings alone: a firewall may let SNMP through."""


class Contact:
    """An address under way. `step` rises with everything that happens to it, so that older deadlines are recognised."""

    __slots__ = (
        "address",
        "alive",
        "asking",
        "bytes_sent",
        "failures",
        "not_sent",
        "numbers",
        "pinged_at",
        "place",
        "probes",
        "silent",
        "step",
        "steps",
        "unpingable",
    )

    def __init__(self, place: Place, steps: tuple[Step, ...], *, silent: bool) -> None:
        self.place = place
        self.address = place.address
        self.steps = steps
        """What it is asked over SNMP."""
        self.silent = silent
        """Whether it is asked in the silent pass."""
        self.unpingable = False
        """Whether this machine lets no ping out to it."""
        self.numbers: tuple[int, ...] = ()
        """Those of the pings it was sent."""
        self.pinged_at = 0.0
        self.bytes_sent = 0
        self.step = 0
        self.probes = 0
        self.failures = 0
        self.not_sent = False
        """Whether its last packet did not leave this machine."""
        self.alive = False
        """Whether it has answered anything."""
        self.asking = False
        """Whether a task of its own asks it."""

    def pause_after(self, error: OSError) -> float | None:
        """Return after how many seconds a packet that could not be sent is tried again, None when it was tried often enough."""
        pauses = SEND_AGAIN_SECONDS[:1] if error.errno in HOPELESS else SEND_AGAIN_SECONDS
        if self.failures == len(pauses):
            return None
        self.not_sent = True
        self.failures += 1
        return pauses[self.failures - 1]


class Deadlines:
    """When to go on with which contact."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Contact, int]] = []
        self._numbers = itertools.count()

    def set(self, moment: float, contact: Contact) -> None:
        """Go on with `contact` at `moment`, unless something happens to it before."""
        contact.step += 1
        heapq.heappush(self._heap, (moment, next(self._numbers), contact, contact.step))

    def first(self) -> float | None:
        """Return the moment of the first one, None when there is none."""
        return self._heap[0][0] if self._heap else None

    def expired(self, now: float) -> Contact | None:
        """Return the next contact whose time has come and to which nothing has happened before, None when there is none."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            _, _, contact, step = heapq.heappop(heap)
            if contact.step == step and not contact.asking:
                contact.step += 1
                return contact
        return None
