"""What is lost and what is doubled: the truth of simulated sites beside what a hosting server has. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from appliance.common.plain import plain
from simulator.sites.truth_file import Key, Truth

Found = tuple[Key, int | None]
"""A reading that the server has, and its total meter."""
EXAMPLES = 5


@dataclass(slots=True)
class Count:
    """What the comparison came to; all but `made` and `found` are to be 0."""

    made: int = 0
    found: int = 0
    lost: int = 0
    """Made and not at the server, though acknowledged or refused for good; of a run that was cut off all that is not there."""
    doubled: int = 0
    """At the server more than once."""
    strange: int = 0
    """At the server, and made by nobody."""
    wrong_meters: int = 0
    events_lost: int = 0
    events_doubled: int = 0
    accepted_twice: int = 0
    """By the answers that the sites got: more accepted than were made."""
    waiting: int | None = None
    """Not acknowledged at the end; None where the simulator was cut off."""
    examples: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether nothing is lost, doubled or wrong."""
        wrong = (self.lost, self.doubled, self.strange, self.wrong_meters, self.events_lost, self.events_doubled)
        return not any(wrong) and not self.accepted_twice

    def __str__(self) -> str:
        waiting = "cut off" if self.waiting is None else f"{self.waiting:,} waiting at the sites"
        readings = (
            f"{self.made:,} readings made ({waiting}), {self.found:,} found: {self.lost:,} lost, {self.doubled:,} doubled, "
            f"{self.strange:,} made by nobody, {self.wrong_meters:,} with another meter"
        )
        events = f"events: {self.events_lost:,} lost, {self.events_doubled:,} doubled"
        return "\n".join([readings, f"{events}; by the answers: {self.accepted_twice:,} doubled", *self.examples])


def count(truth: Truth, readings: Iterable[Found], events: Iterable[tuple[str, str]] | None = None) -> Count:
    """Return what the comparison comes to; `events` are site and id of those the server has, None: not compared."""
    counted = Count(made=len(truth.readings))
    times: Counter[Key] = Counter()
    for key, total in readings:
        counted.found += 1
        times[key] += 1
        if key not in truth.readings:
            counted.strange += 1
            _example(counted, "made by nobody", key)
        elif times[key] > 1:
            counted.doubled += 1
            _example(counted, "doubled", key)
        elif truth.readings[key] != total:
            counted.wrong_meters += 1
            _example(counted, f"total {total} in place of {truth.readings[key]}", key)
    missing = [key for key in truth.readings if key not in times and key not in truth.waiting]
    counted.lost = len(missing)
    for key in missing[:EXAMPLES]:
        _example(counted, "lost", key)
    if truth.end is not None:
        counted.waiting = len(truth.waiting)
        counted.accepted_twice = max(0, truth.end["accepted"] - truth.end["made"])
    if events is not None:
        known = Counter(events)
        counted.events_lost = len(truth.events - known.keys())
        counted.events_doubled = sum(times - 1 for times in known.values())
    return counted


def count_newest(truth: Truth, newest: Iterable[Found]) -> Count:
    """Return the comparison of what is newest of each device alone, as the read API has it.

    What was read while the clock of a site was wrong may be newer, or be of the future and in no list.
    """
    counted = Count(made=len(truth.newest), waiting=len(truth.waiting) if truth.end is not None else None)
    there: dict[tuple[str, str], int] = {}
    for key, total in newest:
        site_id, device, taken_at = key
        counted.found += 1
        if key not in truth.readings:
            counted.strange += 1
            _example(counted, "made by nobody", key)
        elif truth.readings[key] != total:
            counted.wrong_meters += 1
            _example(counted, f"total {total} in place of {truth.readings[key]}", key)
        counted.doubled += (site_id, device) in there
        there[site_id, device] = taken_at
    for (site_id, device), taken_at in truth.newest.items():
        if there.get((site_id, device), 0) < taken_at and (site_id, device, taken_at) not in truth.waiting:
            counted.lost += 1
            _example(counted, "lost", (site_id, device, taken_at))
    return counted


def _example(counted: Count, what: str, key: Key) -> None:
    if len(counted.examples) < EXAMPLES:
        site_id, device, taken_at = key
        counted.examples.append(plain(f"{what}: {device} of site {site_id} at {taken_at}"))
