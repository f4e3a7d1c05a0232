"""What a check-in tells of versions, in hawkBit's words."""

from typing import Any

import pytest

from appliance.service.hosting.image_state import LOG_BYTES, image_state, untold_ends

DECISION = {"state": "available", "version": "0.3.0", "notes": "", "waits": ["window"], "text": "It waits for the window."}
ROW = {
    "transaction": "0123456789ab",
    "from_version": "0.1.0",
    "to_version": "0.2.0",
    "started_at": "2026-11-25T22:00:00Z",
    "finished_at": "2026-11-25T22:01:00Z",
    "seconds": 60.0,
    "outcome": "installed",
    "reason": "",
    "text": "Version 0.2.0 is installed.",
    "by": "auto",
    "log": "what it said",
}


def told(**image: Any) -> dict[str, Any]:
    found = image_state({"decision": None, "progress": None, "history": [], "installing": None, "degraded": None} | image, "0.2.0")
    assert found is not None
    return found


def progress(stage: str) -> dict[str, Any]:
    return {"transaction": "ab" * 6, "stage": stage, "percent": 40, "text": "on its way", "at": "2026-11-25T22:00:00Z"}


def test_a_site_that_was_never_offered_anything_tells_nothing() -> None:
    nothing: dict[str, Any] = {"state": "none", "version": None, "notes": "", "waits": [], "text": "There is nothing newer."}
    assert image_state({"decision": nothing, "progress": None, "history": []}, "0.2.0") is None
    assert image_state({}, "0.2.0") is None


def test_what_waits_is_scheduled_with_its_reasons() -> None:
    found = told(decision=DECISION)
    assert (found["execution"], found["result"], found["version"], found["waits"]) == ("scheduled", "none", "0.3.0", ["window"])
    assert (found["from_version"], found["text"]) == ("0.2.0", "It waits for the window.")


@pytest.mark.parametrize(
    ("stage", "execution", "result"),
    [
        ("downloading", "download", "none"),
        ("preflight", "downloaded", "none"),
        ("gate", "proceeding", "none"),
        ("rolling_back", "proceeding", "none"),
        ("stuck", "closed", "failure"),
    ],
)
def test_what_is_under_way_is_told_by_its_stage_and_does_not_change_with_each_percent(
    stage: str, execution: str, result: str
) -> None:
    found = told(decision=DECISION, progress=progress(stage), installing="0.3.0")
    assert (found["execution"], found["result"], found["version"]) == (execution, result, "0.3.0")
    assert found == told(decision=DECISION, progress=progress(stage) | {"percent": 41, "at": "later"}, installing="0.3.0")


@pytest.mark.parametrize(
    ("outcome", "execution", "result"),
    [
        ("installed", "closed", "success"),
        ("rolled_back", "closed", "failure"),
        ("failed", "closed", "failure"),
        ("stuck", "closed", "failure"),
        ("refused", "rejected", "failure"),
        ("superseded", "canceled", "none"),
    ],
)
def test_what_ended_is_told_with_its_result_and_time(outcome: str, execution: str, result: str) -> None:
    found = told(history=[ROW | {"outcome": outcome}])
    assert (found["execution"], found["result"], found["seconds"]) == (execution, result, 60.0)
    assert found["transaction"] == "0123456789ab"
    assert found["log"] == ("" if outcome == "installed" else "what it said")


def test_a_version_that_was_rolled_back_and_is_held_back_since_is_a_failure_and_no_plan() -> None:
    decision = DECISION | {"waits": ["denied"]}
    found = told(decision=decision, history=[ROW | {"to_version": "0.3.0", "outcome": "rolled_back", "reason": "unhealthy"}])
    assert (found["execution"], found["result"], found["reason"], found["waits"]) == ("closed", "failure", "unhealthy", ["denied"])
    assert told(decision=decision, history=[ROW])["execution"] == "scheduled"


def test_a_version_that_crashes_after_it_was_installed_is_told_as_degraded() -> None:
    found = told(history=[ROW], degraded="It ended 6 times in 3 hours.")
    assert (found["result"], found["reason"], found["text"]) == ("success", "degraded", "It ended 6 times in 3 hours.")


def test_the_end_of_a_long_log_is_told() -> None:
    found = told(history=[ROW | {"outcome": "failed", "log": "é" * LOG_BYTES + "the end"}])
    assert len(found["log"].encode()) <= LOG_BYTES
    assert found["log"].endswith("the end")


def test_what_is_under_way_comes_from_the_version_that_is_left_and_not_from_the_one_on_trial() -> None:
    assert told(progress=progress("gate"), installing="0.2.0", from_version="0.1.0")["from_version"] == "0.1.0"


FIRST = ROW | {"transaction": "aa" * 6, "outcome": "rolled_back"}
SECOND = ROW | {"transaction": "bb" * 6, "outcome": "installed"}


def test_each_end_is_told_in_its_order_whatever_is_offered_or_under_way_by_then() -> None:
    image: dict[str, Any] = {"history": [SECOND, FIRST], "decision": DECISION, "progress": progress("downloading")}
    marks = untold_ends(image, ())
    found = [image_state(image, "0.2.0", mark) for mark in marks]
    assert [(one["transaction"], one["result"]) for one in found if one] == [("aa" * 6, "failure"), ("bb" * 6, "success")]
    assert untold_ends(image, marks) == []
    after = image_state(image, "0.2.0")
    assert after is not None
    assert after["execution"] == "download"


def test_what_was_stuck_and_ended_later_is_told_again() -> None:
    stuck = untold_ends({"history": [FIRST | {"outcome": "stuck"}]}, ())
    assert len(untold_ends({"history": [FIRST]}, stuck)) == 1
