"""What waits at a simulated site, over its restarts: moments and numbers alone; what is sent is made of them each time anew."""

from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from appliance.report import Reading
from appliance.report.changes import change_between
from appliance.transmission.interface import Batch

FULL_EVERY_SECONDS = 86_400
"""A reading a day goes in full, as from an appliance."""


class Entry(NamedTuple):
    """A reading that was taken: of which device of the site, when (seconds since 1970), and when by the clock of the site."""

    device: int
    at: float
    taken_at: int


@dataclass(slots=True)
class Open:
    """The batch that is sent next, the same again until it is acknowledged; `changes` are its readings that go as changes."""

    id: str
    entries: list[Entry]
    events: tuple[str, ...]
    in_full: bool = False
    changes: dict[Entry, str] = field(default_factory=dict)


@dataclass(slots=True)
class Base:
    """The newest reading of a device that the server has, and when one last went in full."""

    entry: Entry
    full_at: int


class MemoryOutbox:
    """Implements `appliance.transmission.upload.Outbox`."""

    def __init__(self, render: Callable[[Entry], Reading], make_id: Callable[[], str]) -> None:
        """`render` makes the same reading of an entry whenever it is asked."""
        self._render = render
        self._make_id = make_id
        self._waiting: deque[Entry] = deque()
        self._events: list[str] = []
        self._open: deque[Open] = deque()
        self._bases: dict[int, Base] = {}
        self.set_aside = 0
        """Readings that the server will never take."""

    def add(self, entry: Entry) -> None:
        """Let a reading wait."""
        self._waiting.append(entry)

    def add_event(self, event: str) -> None:
        """Let an event, as JSON, wait."""
        self._events.append(event)

    @property
    def readings(self) -> int:
        """How many readings wait."""
        return len(self._waiting) + sum(len(each.entries) for each in self._open)

    def entries(self) -> Iterator[Entry]:
        """Yield the readings that wait."""
        for each in self._open:
            yield from each.entries
        yield from self._waiting

    @property
    def empty(self) -> bool:
        """Whether nothing waits, neither readings nor events."""
        return not (self._waiting or self._open or self._events)

    @property
    def oldest_at(self) -> int | None:
        """When the oldest reading that waits was taken, by the clock of the site."""
        entries = self._open[0].entries if self._open and self._open[0].entries else self._waiting
        return entries[0].taken_at if entries else None

    def next_batch(self, limit: int) -> Batch | None:
        """Return the oldest that waits; the same batch, id and content, until it is acknowledged or rejected."""
        if not self._open:
            entries = [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]
            if not (entries or self._events):
                return None
            self._open.append(Open(self._make_id(), entries, tuple(self._events)))
            self._events = []
        first = self._open[0]
        readings: list[str] = []
        first.changes.clear()
        for entry in sorted(first.entries, key=self._model):
            body = self._render(entry).to_json()
            change = None if first.in_full else self._change(entry, body)
            if change is None:
                readings.append(body)
            else:
                first.changes[entry] = change
        return Batch(first.id, tuple(readings), first.events, tuple(first.changes.values()))

    def acknowledge(self, batch_id: str, *, rebuilds: bool, needed: Collection[str]) -> int:
        """Take out a batch the server has; readings of devices `needed` wait again, to be sent in full."""
        if not (first := self._take(batch_id)):
            return 0
        again = [entry for entry in first.changes if needed and self._render(entry).device.key in needed]
        for entry in again:
            self._bases.pop(entry.device, None)
        self._waiting.extendleft(reversed(again))
        taken = [entry for entry in first.entries if entry not in again]
        if not rebuilds:
            self._bases.clear()
        for entry in taken if rebuilds else ():
            known = self._bases.get(entry.device)
            if known and known.entry.at > entry.at:
                continue
            full_at = known.full_at if known and entry in first.changes else entry.taken_at
            self._bases[entry.device] = Base(entry, full_at)
        return len(taken)

    def send_in_full(self, batch_id: str) -> None:
        """Let the readings of a batch be sent in full, in a batch of another id."""
        if first := self._take(batch_id):
            self._bases.clear()
            self._open.appendleft(Open(self._make_id(), first.entries, first.events, in_full=True))

    def reject(self, batch_id: str, reason: str) -> int:  # noqa: ARG002 - of the contract
        """Split a batch of several in two, sent in full; set one of a single reading aside."""
        if not (first := self._take(batch_id)):
            return 0
        if len(first.entries) > 1 or first.changes:
            middle = (len(first.entries) + 1) // 2
            halves = ((first.entries[:middle], first.events), (first.entries[middle:], ()))
            made = [Open(self._make_id(), entries, events, in_full=True) for entries, events in halves if entries or events]
            self._open.extendleft(reversed(made))
            return 0
        self.set_aside += len(first.entries)
        return len(first.entries)

    def _take(self, batch_id: str) -> Open | None:
        return self._open.popleft() if self._open and self._open[0].id == batch_id else None

    def _change(self, entry: Entry, body: str) -> str | None:
        base = self._bases.get(entry.device)
        if base is None or not 0 <= entry.taken_at - base.full_at < FULL_EVERY_SECONDS:
            return None
        return change_between(self._render(base.entry).to_json(), body)

    def _model(self, entry: Entry) -> tuple[str, int]:
        """Return what brings devices of one model together, as an appliance does, so that what is alike is compressed away."""
        return self._render(entry).device.model or "", entry.taken_at
