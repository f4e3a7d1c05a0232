"""Where a sweep is: which address is next, in which pass, and where another sweep was cut off."""

from collections.abc import Callable, Iterable, Sequence

from appliance.discovery.sweep.order import Order, Place, Range, fingerprint
from appliance.discovery.sweep.progress import Checkpoint, SweepProgress, condense, expand


class Route:
    """Leads through the addresses of some ranges: once with pings, and where that is due once more to those that were silent."""

    def __init__(self, ranges: Sequence[Range], progress: SweepProgress, resume: Checkpoint | None = None) -> None:
        """`resume` is where another sweep was cut off; one of other ranges is ignored."""
        self._ranges = ranges
        self._progress = progress
        self._fingerprint = fingerprint(ranges)
        self._answered: set[str] = set()
        if resume is None or resume.ranges != self._fingerprint or len(resume.positions) != len(ranges):
            self._order = Order(ranges)
        else:
            self._order = Order(ranges, resume.positions)
            self._take_up(resume)
        progress.addresses = sum(self._order.positions) + self._order.left
        self.next: Place | None = None
        """The address to begin next, None at the end of the pass."""

    @property
    def left(self) -> int:
        """Return how many addresses of this pass are not begun."""
        return self._order.left + (self.next is not None)

    @property
    def anyone_answered(self) -> bool:
        """Whether an address has answered and is done."""
        return bool(self._answered)

    def note_answered(self, address: str) -> None:
        """Take down that `address` has answered and is done: it is not asked again."""
        self._answered.add(address)

    def advance(self, may_skip: Callable[[str], bool]) -> None:
        """Go to the next address that has not answered; `may_skip` says of an address that it is done without asking."""
        self.next = None
        for place in self._order:
            if place.address not in self._answered and not may_skip(place.address):
                self.next = place
                return
            self._progress.asked += 1

    def begin_silent_pass(self) -> None:
        """Start anew: those that have answered are done, and all others are asked again and counted again."""
        self._progress.silent_pass = True
        self._progress.asked = 0
        self._progress.trouble = {}
        self._order = Order(self._ranges)

    def checkpoint(self, under_way: Iterable[Place]) -> Checkpoint:
        """Return where the sweep is: places under way, or not begun, are still to be asked by whoever goes on from there."""
        positions = list(self._order.positions)
        for place in (*under_way, self.next) if self.next else under_way:
            positions[place.range] = min(positions[place.range], place.offset)
        progress = self._progress
        return Checkpoint(
            ranges=self._fingerprint,
            positions=tuple(positions),
            silent_pass=progress.silent_pass,
            answered=condense(self._answered),
            found=progress.found,
            pinged=progress.pinged,
            trouble=dict(progress.trouble),
        )

    def _take_up(self, resume: Checkpoint) -> None:
        progress = self._progress
        progress.resumed = True
        self._answered = expand(resume.answered)
        progress.answering, progress.found = len(self._answered), resume.found
        progress.pinged, progress.silent_pass = resume.pinged, resume.silent_pass
        progress.trouble = dict(resume.trouble)
        progress.asked = max(0, sum(self._order.positions) - sum(resume.trouble.values()))
