"""Reading recordings as the collector reads devices, and judging what comes out."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from appliance.reading.device import read_device
from appliance.snmp.recording import Recording
from benchmarks.accuracy import makers, peers, private, standard, tables
from benchmarks.accuracy.facts import FAULTS, Fact, Reading, Verdict, item_of
from benchmarks.accuracy.inventions import inventions
from benchmarks.accuracy.partial import partial_facts
from benchmarks.accuracy.recorded import Recorded

TAKEN_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact, and what a reading makes of it."""

    fact: Fact
    verdict: Verdict
    found: object

    def text(self) -> str:
        """Return the finding as a sentence."""
        seen = "is missing" if self.verdict is Verdict.MISSING else f"is {self.found!r}"
        return f"item {self.fact.item}, {self.fact.what} ({self.fact.source}): {seen}, the recording says {self.fact.wanted!r}"


@dataclass(slots=True)
class Judged:
    """All findings about one recording, read in one form; `counted` is what that took, by name."""

    name: str
    vendor: str = ""
    findings: list[Finding] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    def count(self, item: int | None = None) -> Counter[Verdict]:
        """Return how many facts got which verdict, of one item or of all."""
        return Counter(each.verdict for each in self.findings if item in {None, each.fact.item})

    def count_topic(self, topic: str) -> Counter[Verdict]:
        """Return the same for one of `TOPICS`."""
        return Counter(each.verdict for each in self.findings if each.fact.topic == topic)

    @property
    def faults(self) -> list[Finding]:
        """What is wrong, invented or missing."""
        return [each for each in self.findings if each.verdict in FAULTS]

    @property
    def not_carried(self) -> list[Finding]:
        """What the form has no room for."""
        return [each for each in self.findings if each.verdict is Verdict.NOT_CARRIED]

    def take(
        self, reading: Reading, recorded: Recorded, facts: Iterable[Fact], further: frozenset[int | str] = frozenset()
    ) -> None:
        """Judge a reading by `facts`, and by what the recording has at all."""
        for fact in facts:
            verdict, found = fact.verdict(reading)
            self.findings.append(Finding(fact, verdict, found))
        for each in inventions(recorded, reading, further=further):
            fact = Fact(item_of(each.topic), each.what, NOTHING, lambda _: None, about=each.topic)
            self.findings.append(Finding(fact, Verdict.INVENTED, each.said))

    def leave_out(self, facts: Iterable[Fact], carried: Iterable[Fact]) -> None:
        """Note those of `facts` that no fact of `carried` stands for."""
        keys = {fact.key for fact in carried}
        self.findings += [Finding(fact, Verdict.NOT_CARRIED, None) for fact in facts if fact.key not in keys]


def all_facts(recorded: Recorded, address: str) -> list[Fact]:
    """Return every fact a recording holds."""
    return [
        *standard.facts(recorded, address),
        *tables.facts(recorded),
        *makers.facts(recorded),
        *private.facts(recorded),
        *peers.facts(recorded),
    ]


def judge(recorded: Recorded) -> Judged:
    """Return the findings about a recording, read whole and cut off, as the collector would read its device.

    Raises RecordingError.
    """
    recording = Recording.load(recorded.file)
    reading = asyncio.run(read_device(recording, taken_at=TAKEN_AT)).model_dump(mode="json")
    judged = Judged(recorded.name, recorded.vendor)
    facts = all_facts(recorded, recording.agent.address)
    judged.take(reading, recorded, facts)
    judged.findings += [Finding(*each) for each in partial_facts(recorded, facts, TAKEN_AT)]
    return judged
