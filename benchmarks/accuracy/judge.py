"""Reading recordings as the collector reads devices, and judging what comes out."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from appliance.reading.device import read_device
from appliance.snmp.recording import Recording
from benchmarks.accuracy import makers, peers, private, standard
from benchmarks.accuracy.facts import Fact, Verdict
from benchmarks.accuracy.recorded import Recorded

TAKEN_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


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
    """All findings about one recording."""

    name: str
    findings: list[Finding] = field(default_factory=list)

    def count(self, item: int | None = None) -> Counter[Verdict]:
        """Return how many facts got which verdict, of one item or of all."""
        return Counter(each.verdict for each in self.findings if item in {None, each.fact.item})

    @property
    def faults(self) -> list[Finding]:
        """What is wrong or missing."""
        return [each for each in self.findings if each.verdict is not Verdict.RIGHT]


def all_facts(recorded: Recorded, address: str) -> list[Fact]:
    """Return every fact a recording holds."""
    return [
        *standard.facts(recorded, address),
        *makers.facts(recorded),
        *private.facts(recorded),
        *peers.facts(recorded),
    ]


def judge(recorded: Recorded) -> Judged:
    """Return the findings about a recording, read as the collector would read its device. Raises RecordingError."""
    recording = Recording.load(recorded.file)
    reading = asyncio.run(read_device(recording, taken_at=TAKEN_AT)).model_dump(mode="json")
    judged = Judged(recorded.name)
    for fact in all_facts(recorded, recording.agent.address):
        verdict, found = fact.verdict(reading)
        judged.findings.append(Finding(fact, verdict, found))
    return judged
