"""What came of the calls of all sites together; written to by several threads."""

import threading
from collections import Counter
from dataclasses import dataclass, field

SLOW_SECONDS = 2.0
"""A check-in that takes longer than this is slow."""


@dataclass(slots=True)
class CheckIns:
    """The check-ins of some sites, in real seconds."""

    answered: int = 0
    failed: int = 0
    slowest: float = 0.0
    """The longest one that was answered."""
    slowest_refusal: float = 0.0
    """The longest one that failed: answered by 503, or not at all."""
    slow: int = 0
    longest_gap: float = 0.0
    """The longest time from the first try to the answer, of one that had to be tried again."""

    def add(self, seconds: float, gap: float) -> None:
        """Note one that was answered."""
        self.answered += 1
        self.slowest = max(self.slowest, seconds)
        self.slow += seconds > SLOW_SECONDS
        self.longest_gap = max(self.longest_gap, gap)

    def add_failure(self, seconds: float) -> None:
        """Note one that failed."""
        self.failed += 1
        self.slowest_refusal = max(self.slowest_refusal, seconds)

    def as_json(self) -> dict[str, float]:
        """Return the figures."""
        told = {"answered": self.answered, "failed": self.failed, "slow": self.slow}
        seconds = {"slowest": self.slowest, "slowest_refusal": self.slowest_refusal, "longest_gap": self.longest_gap}
        return told | {name: round(value, 3) for name, value in seconds.items()}


@dataclass(slots=True)
class Statistics:
    """All figures of a run."""

    made: int = 0
    events: int = 0
    batches: int = 0
    accepted: int = 0
    duplicate: int = 0
    needed: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    """What happened at sites and devices, by kind."""
    failures: Counter[str] = field(default_factory=Counter)
    """Calls that failed, by the word of the server or the sentence of the client."""
    undisturbed: CheckIns = field(default_factory=CheckIns)
    """Of the sites without trouble of their own."""
    disturbed: CheckIns = field(default_factory=CheckIns)
    late: float = 0.0
    """By how many seconds the simulator itself was behind with what was due, at most."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def line(self) -> str:
        """Return the figures of a line of progress."""
        seen = self.undisturbed
        return (
            f"{self.made:,} readings made, {self.accepted + self.duplicate:,} taken ({self.duplicate:,} twice sent), "
            f"{seen.answered + self.disturbed.answered:,} check-ins, slowest {seen.slowest:.2f} s, "
            f"{self.failures.total():,} calls failed"
        )

    def as_json(self) -> dict[str, object]:
        """Return all figures."""
        return {
            "made": self.made,
            "events": self.events,
            "batches": self.batches,
            "accepted": self.accepted,
            "duplicate": self.duplicate,
            "needed": self.needed,
            "troubles": dict(self.troubles),
            "failures": dict(self.failures.most_common(20)),
            "check_ins": {"undisturbed": self.undisturbed.as_json(), "disturbed": self.disturbed.as_json()},
            "late_seconds": round(self.late, 3),
        }
