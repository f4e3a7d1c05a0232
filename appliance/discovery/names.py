"""Names of hosts: looked up side by side, waited for only so long, and remembered.

A lookup that is not over in time goes on, and its answer is there for the next who asks. Where a name server does not answer, what
it said before stands in; where it says that there is no such name, that counts.
"""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from appliance.common.abandonable import abandonable
from appliance.common.message import Message
from appliance.discovery.sweep.order import Address

AT_ONCE: Final = 32
FRESH_SECONDS: Final = 60.0
"""For so long an answer is given again without asking."""
STANDS_IN_SECONDS: Final = 86400.0
"""For so long an earlier answer stands in for one that does not come."""
NO_SUCH_NAME: Final = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))

LookUp = Callable[[str], list[tuple[Any, ...]]]
"""Returns what `socket.getaddrinfo` returns for a name, and raises what it raises. Blocks."""


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """What is known of a name: its addresses, IPv4 first, or why there are none."""

    addresses: tuple[Address, ...] = ()
    reason: str = ""
    pending: bool = False
    """Whether it is still being looked up."""


class HostNames:
    """Looks names up, and remembers. One object serves one event loop."""

    def __init__(self, look_up: LookUp | None = None) -> None:
        """By default the resolver of this machine is asked."""
        self._look_up = look_up or _system
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._good: dict[str, tuple[float, tuple[Address, ...]]] = {}
        self._bad: dict[str, tuple[float, str]] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def resolve(self, names: Iterable[str], seconds: float) -> Mapping[str, HostAnswer]:
        """Return what is known of each name after `seconds` at most, earlier when all are looked up."""
        wanted = list(dict.fromkeys(names))
        # A name that could not be looked up last time keeps no other waiting.
        for name in sorted(wanted, key=lambda name: name in self._bad):
            self._begin(name)
        if waiting := [task for name in wanted if (task := self._under_way.get(name))]:
            await asyncio.wait(waiting, timeout=seconds)
        return {name: self._answer(name) for name in wanted}

    def _begin(self, name: str) -> None:
        looked_up_at = max(self._good.get(name, (-FRESH_SECONDS,))[0], self._bad.get(name, (-FRESH_SECONDS,))[0])
        if name in self._under_way or time.monotonic() - looked_up_at < FRESH_SECONDS:
            return
        task = self._under_way[name] = asyncio.create_task(self._ask(name), name=f"look up {name}")
        task.add_done_callback(lambda _: self._under_way.pop(name, None))

    async def _ask(self, name: str) -> None:
        async with self._gate:
            try:
                found = await abandonable(lambda: self._look_up(name))
            except (OSError, UnicodeError) as error:
                self._failed(name, error)
                return
        addresses = {ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found}
        ordered = sorted(addresses, key=lambda address: (address.version, int(address)))
        self._bad.pop(name, None)
        self._good[name] = time.monotonic(), tuple(ordered)

    def _failed(self, name: str, error: OSError | UnicodeError) -> None:
        reason = error.strerror if isinstance(error, OSError) else None
        self._bad[name] = (
            time.monotonic(),
            Message("the name cannot be resolved (%(reason)s)", reason=reason or Message("not a valid name")),
        )
        if not isinstance(error, OSError) or error.errno in NO_SUCH_NAME:
            self._good.pop(name, None)

    def _answer(self, name: str) -> HostAnswer:
        now, pending = time.monotonic(), name in self._under_way
        good, bad = self._good.get(name), self._bad.get(name)
        if good and good[1] and now - good[0] <= STANDS_IN_SECONDS:
            return HostAnswer(good[1])
        if pending:
            return HostAnswer(reason=Message("the name is not resolved yet: the name server does not answer"), pending=True)
        return HostAnswer(reason=bad[1] if bad else Message("the name has no address"))


def _system(name: str) -> list[tuple[Any, ...]]:
    return list(socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM))
