"""A short run of the endurance benchmark: broken replies end in readings or in errors a person can read."""

import json

from tests.children import run_child
from tests.conftest import ROOT


def test_no_mutated_reply_lets_an_exception_escape_or_a_walk_go_on_for_ever() -> None:
    finished = run_child(["python", "-m", "benchmarks", "endurance", "--count", "20000", "--json"], folder=ROOT, deadline=170)
    told = json.loads(finished.stdout)
    assert told["failures"] == []
    assert finished.returncode == 0
    assert told["mutated"] >= 20_000
    # All ways are gone: the appliance's reader, pysnmp behind it, neither, and SNMPv3.
    assert min(told["by_hand"], told["by_pysnmp"], told["undecodable"], told["v3"], told["readings"], told["partial"]) > 0
    assert told["most_requests"] <= 301
    assert told["longest_seconds"] < 20
