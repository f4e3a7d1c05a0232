"""A short run of the endurance benchmark: broken answers end in readings or in errors a person can read."""

import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from benchmarks import endurance
from benchmarks._broken import KINDS, Read
from benchmarks._broken import run as answers
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


@pytest.mark.parametrize("kind", KINDS)
def test_no_broken_answer_over_http_lets_an_exception_escape_takes_long_or_much_memory(kind: str) -> None:
    words = ["endurance", "--kind", kind, "--count", "2000", "--json"]
    finished = run_child(["python", "-m", "benchmarks", *words], folder=ROOT, deadline=120)
    told = json.loads(finished.stdout)
    assert told["failures"] == []
    assert (finished.returncode, told["kind"], told["mutated"]) == (0, kind, 2000)
    # Some are broken beyond use, some are still read.
    assert 200 < told["readable"] < 1800
    assert told["longest_seconds"] < 2
    assert told["most_growth"] < 64 << 20


@pytest.mark.parametrize("kind", KINDS)
def test_whole_answers_of_each_kind_are_read(kind: str) -> None:
    assert all(KINDS[kind].read(whole, Random(1)) for whole in KINDS[kind].whole)


def broken_reader(kind: str, read: Read, monkeypatch: pytest.MonkeyPatch) -> answers.Tally:
    """Return what a run comes to in which the product reads so."""
    monkeypatch.setitem(KINDS, kind, replace(KINDS[kind], read=read))
    run = answers.AnswerEndurance(kind, 1)
    run.run(3)
    return run.tally


def escapes(_octets: bytes, _chance: Random) -> bool:
    raise ValueError("a reader that minds")


def goes_round(_octets: bytes, _chance: Random) -> bool:
    def endless() -> Iterator[int]:
        while True:
            yield 1

    return sum(endless()) > 0


def takes_much(_octets: bytes, _chance: Random) -> bool:
    return len(bytearray(answers.LARGEST_PROCESS)) > 0


@pytest.mark.parametrize(
    ("read", "error"),
    [(escapes, "ValueError"), (goes_round, "LoopError"), (takes_much, "MemoryError")],
    ids=["escapes", "goes round", "takes much"],
)
def test_what_escapes_goes_round_or_takes_much_is_shown_with_seed_and_number(
    read: Read, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "LONGEST_SECONDS", 0.1)
    tally = broken_reader("ipp", read, monkeypatch)
    first: dict[str, Any] = tally.failures[0]
    assert (first["error"], first["seed"], first["device"]) == (error, 1, 0)
    assert "again: --kind ipp --seed 1 --device 0" in answers.report(tally, 1.0)


def test_an_answer_is_the_same_again_by_seed_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def noted(octets: bytes, _chance: Random) -> bool:
        seen.append(octets)
        return True

    broken_reader("xml", noted, monkeypatch)
    answers.AnswerEndurance("xml", 1).answer(2)
    assert seen[3] == seen[2]
    assert len(set(seen[:3])) == 3


def test_all_kinds_are_run_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert endurance.run(["--kind", "all", "--count", "50", "--json"]) == 0
    assert sorted(json.loads(capsys.readouterr().out)) == sorted(["snmp", *KINDS])
