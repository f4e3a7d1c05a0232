"""What a reading has to agree with: the facts the accuracy benchmark works out of a recording, apart from the reading code."""

from appliance.report import Reading
from benchmarks.accuracy.facts import Verdict
from benchmarks.accuracy.judge import all_facts
from benchmarks.accuracy.recorded import load_file
from tests.recordings.recording import Recording


def assert_agrees(reading: Reading, recording: Recording) -> None:
    """Check every fact the recording holds about the device that `reading` says it is, at the address it was asked at."""
    facts = all_facts(load_file(recording.file), reading.device.ip or "")
    found = reading.model_dump(mode="json")
    verdicts = [(fact, *fact.verdict(found)) for fact in facts]
    assert verdicts
    assert [(fact.what, fact.wanted, seen) for fact, verdict, seen in verdicts if verdict is not Verdict.RIGHT] == []
