"""Partial reads: a device that falls silent after each of its answers in turn. What was read is right, and what was not is said.

A reading that is not whole says so (`reasons["reading"]`), or misses nothing that the recording has. Whatever it says is true of
the whole device, and no field of it is called "not reported" that was not read.
"""

import asyncio
from datetime import datetime

from appliance.common.errors import SnmpError
from appliance.reading.device import read_device
from appliance.reading.identity.identity import NOT_REPORTED
from appliance.reading.missing import NOT_READ
from benchmarks.accuracy.agents import CutOff, address_of
from benchmarks.accuracy.facts import At, Fact, Reading, Verdict
from benchmarks.accuracy.inventions import inventions
from benchmarks.accuracy.recorded import Recorded
from simulator.agent import Agent as SimulatedAgent
from simulator.snmprec import read_recording

MOST_CUTS = 12
_ENDLESS = 10_000
_SAYS_ITSELF_PARTIAL = "what is missing is said"


def partial_facts(recorded: Recorded, facts: list[Fact], taken_at: datetime) -> list[tuple[Fact, Verdict, object]]:
    """Return the verdict on each partial read of a device: it is cut off behind the first answer, the second, and so on."""
    agent = SimulatedAgent(read_recording(recorded.file))
    whole = CutOff(agent, _ENDLESS)
    _read(whole, recorded, taken_at)
    verdicts: list[tuple[Fact, Verdict, object]] = []
    for answers in range(1, min(whole.given, MOST_CUTS + 1)):
        reading = _read(CutOff(agent, answers), recorded, taken_at)
        wrong = [] if reading is None else untrue(recorded, reading, facts)
        what = f"read cut off behind {answers} of {whole.given} answers"
        fact = Fact(18, what, _SAYS_ITSELF_PARTIAL, lambda _: None, about="partial reads")
        verdicts.append((fact, Verdict.WRONG if wrong else Verdict.RIGHT, wrong[0] if wrong else _SAYS_ITSELF_PARTIAL))
    return verdicts


def _read(exchange: CutOff, recorded: Recorded, taken_at: datetime) -> Reading | None:
    """Return what a visit brings; None where it ends with an error that a person can read."""
    try:
        return asyncio.run(read_device(exchange.session(address_of(recorded)), taken_at=taken_at)).model_dump(mode="json")
    except SnmpError:
        return None


def untrue(recorded: Recorded, reading: Reading, facts: list[Fact]) -> list[str]:
    """Return what a reading that may be partial says and is not so, or leaves unsaid; nothing where all is well."""
    found = [each.text() for each in inventions(recorded, reading)]
    for fact in facts:
        verdict, seen = fact.verdict(reading)
        if verdict is Verdict.WRONG and _is_unsaid(seen, fact.wanted):
            verdict = Verdict.MISSING
        if verdict is Verdict.WRONG:
            found.append(f"{fact.what} is {seen!r}, the recording says {fact.wanted!r}")
        if verdict is Verdict.MISSING and not is_said(reading, fact):
            found.append(f"{fact.what} is missing, and the reading does not say that it is partial")
        is_called = isinstance(fact.look, At) and reading["reasons"].get(fact.look.path) == NOT_REPORTED
        if verdict is Verdict.MISSING and is_called:
            found.append(f"{fact.what} was not read, and is called {NOT_REPORTED!s}")
    return found


def is_said(reading: Reading, fact: Fact) -> bool:
    """Return whether a reading says that something was not read: all of it, or what a fact is about."""
    path = fact.path or (fact.look.path.removesuffix(".value") if isinstance(fact.look, At) else "")
    return "reading" in reading["reasons"] or reading["reasons"].get(path) == NOT_READ


def is_whole(reading: Reading) -> bool:
    """Return whether a reading leaves nothing out that could not be read."""
    return "reading" not in reading["reasons"] and NOT_READ not in reading["reasons"].values()


def _is_unsaid(seen: object, wanted: object) -> bool:
    """Return whether nothing is said where something is wanted; of several values, of those that are not right."""
    if not isinstance(seen, tuple):
        return seen in (None, "unknown", "none", [])
    parts = wanted if isinstance(wanted, tuple) else (wanted,)
    return all(found in (None, "none", part) for found, part in zip(seen, parts, strict=False))
