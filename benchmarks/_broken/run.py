"""Reading broken answers, one after the other: what escapes, goes round in circles or takes much memory is a failure.

Each answer depends on nothing but the seed and its number.
"""

import resource
import time
import traceback
from dataclasses import dataclass, field
from random import Random
from typing import Any

from benchmarks._broken import KINDS
from benchmarks._guard import LoopError, no_longer_than

LONGEST_SECONDS = 2
"""CPU seconds for one answer of at most a few hundred kilobytes; above it something goes round in circles."""
LARGEST_GROWTH = 64 << 20
"""Bytes by which the memory of the process may grow for one answer."""
LARGEST_PROCESS = 2 << 30
"""Bytes of address space beyond which there is no memory for anything."""


@dataclass(slots=True)
class Tally:
    """What a run over one kind came to."""

    kind: str
    mutated: int = 0
    readable: int = 0
    """Those that still were an answer."""
    largest: int = 0
    longest_seconds: float = 0.0
    most_growth: int = 0
    """Bytes by which one answer let the memory of the process grow."""
    failures: list[dict[str, Any]] = field(default_factory=list)


class AnswerEndurance:
    """One run over many broken answers of a kind."""

    def __init__(self, kind: str, seed: int) -> None:
        self._kind = KINDS[kind]
        self._seed = seed
        self.tally = Tally(kind)

    def run(self, count: int) -> None:
        """Read `count` broken answers."""
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (LARGEST_PROCESS, before[1]))
        try:
            for number in range(count):
                self.answer(number)
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)

    def answer(self, number: int) -> None:
        """Read one of them."""
        chance = Random(f"{self._seed} {self.tally.kind} {number}")  # noqa: S311 - repeatable on purpose
        octets = self._kind.break_one(chance.choice(self._kind.whole), chance.choice(self._kind.whole), chance)
        tally = self.tally
        tally.mutated += 1
        tally.largest = max(tally.largest, len(octets))
        began, had = time.process_time(), _memory()
        try:
            with no_longer_than(LONGEST_SECONDS):
                tally.readable += self._kind.read(octets, chance)
            growth = _memory() - had
            tally.most_growth = max(tally.most_growth, growth)
            if growth > LARGEST_GROWTH:
                raise MemoryError(f"{len(octets)} bytes let the process grow by {growth} bytes")
        except (Exception, LoopError) as error:  # noqa: BLE001 - what this benchmark looks for is anything that escapes
            tally.failures.append(
                {"seed": self._seed, "device": number, "error": type(error).__name__, "trace": traceback.format_exc()}
            )
        tally.longest_seconds = max(tally.longest_seconds, time.process_time() - began)


def _memory() -> int:
    """Return the most memory the process has had, in bytes (Linux counts in kibibytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def report(tally: Tally, seconds: float) -> str:
    """Return the result for a person."""
    lines = [
        f"{tally.mutated} mutated answers in {tally.kind.upper()}, of them still one: {tally.readable}, {seconds:.0f} s",
        f"  largest: {tally.largest} bytes; longest: {tally.longest_seconds:.2f} CPU s",
        f"  most memory for one: {tally.most_growth >> 10} KiB",
        f"  exceptions that escaped, loops, and too much memory: {len(tally.failures)}",
    ]
    again = "again: --kind {kind} --seed {seed} --device {device}"
    lines += [failure["trace"] + again.format(kind=tally.kind, **failure) for failure in tally.failures[:5]]
    return "\n".join(lines)
