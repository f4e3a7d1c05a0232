"""What makes a new version good or bad, by what the engine and the version itself say."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from appliance.release import HealthGateTimes
from tests.updater.transactions import TRANSACTION
from updater.records.acknowledgement import Acknowledgement
from updater.replacement.health_gate import Candidate, Hand, HealthGate, Verdict, longest_start

TIMES = HealthGateTimes(deadline_seconds=180, steady_seconds=60)
RUNNING = Candidate("running", "2026-11-26T01:00:00.123456789Z", health="healthy")
STARTING = Acknowledgement(TRANSACTION, "0.2.0", "2026-11-26T01:00:05Z", "starting")
READY = Acknowledgement(TRANSACTION, "0.2.0", "2026-11-26T01:00:09Z", "ready", None, True, True, "ok")
SECOND = 1_000_000_000


class WellGate(HealthGate):
    """The gate of a version whose health command says yes whenever it is asked."""

    def judge(self, now: float, *arguments: Any, **more: Any) -> Verdict | None:
        if verdict := super().judge(now, *arguments, **more):
            return verdict
        if not self.wants_probe(now):
            return None
        self.probed(True, now)
        return super().judge(now, *arguments, **more)


def gate(times: HealthGateTimes = TIMES) -> HealthGate:
    return WellGate(times, "0.2.0", None, 0.0)


def reason(verdict: Verdict | None) -> str | None:
    return verdict.reason if verdict else None


def test_ready_and_steady_is_committed() -> None:
    watch = gate()
    assert watch.judge(1, RUNNING, STARTING) is None
    assert watch.judge(10, RUNNING, READY) is None
    assert watch.judge(69, RUNNING, READY) is None
    assert watch.judge(70, RUNNING, READY) == Verdict("commit")


@pytest.mark.parametrize("said", [STARTING, replace(READY, webui=False), replace(READY, collector=False)])
def test_falling_behind_begins_the_steady_time_anew(said: Acknowledgement) -> None:
    watch = gate()
    watch.judge(10, RUNNING, READY)
    watch.judge(60, RUNNING, said)
    assert watch.judge(71, RUNNING, READY) is None
    assert watch.judge(131, RUNNING, READY) == Verdict("commit")


@pytest.mark.parametrize(
    ("candidate", "why"),
    [
        (replace(RUNNING, status="exited", exit_code=1), "ended"),
        (replace(RUNNING, status="dead"), "ended"),
        (replace(RUNNING, out_of_memory=True), "memory"),
        (replace(RUNNING, health="unhealthy"), "unhealthy"),
    ],
)
def test_what_goes_back_at_once(candidate: Candidate, why: str) -> None:
    watch = gate()
    watch.judge(1, RUNNING, READY)
    assert reason(watch.judge(2, candidate, READY)) == why


def test_a_restart_by_hand_begins_the_steady_time_anew() -> None:
    watch = gate()
    watch.judge(10, RUNNING, READY)
    again = replace(RUNNING, started_at="2026-11-26T01:00:40Z")
    assert watch.judge(69, again, READY) is None, "said before the restart"
    anew = replace(READY, at="2026-11-26T01:00:50Z")
    assert watch.judge(75, again, anew) is None
    assert watch.judge(134, again, anew) is None
    assert watch.judge(135, again, anew) == Verdict("commit")


def test_nothing_said_by_the_deadline_goes_back() -> None:
    watch = gate()
    assert watch.judge(180, RUNNING, None) is None
    assert reason(watch.judge(181, RUNNING, None)) == "deadline"


def test_sentence_at_the_deadline_tells_what_was_said_last() -> None:
    watch = gate()
    watch.judge(1, RUNNING, STARTING)
    verdict = watch.judge(181, RUNNING, replace(STARTING, text="the collector does not answer"))
    assert verdict is not None
    assert verdict.text.endswith("It said: starting, the collector does not answer.")


@pytest.mark.parametrize("said", [replace(READY, version="0.1.0"), replace(READY, at="2026-11-26T00:59:00Z")])
def test_what_another_version_or_start_has_said_does_not_count(said: Acknowledgement) -> None:
    watch = gate(HealthGateTimes(20, 1))
    watch.judge(1, RUNNING, said)
    assert watch.judge(19, RUNNING, said) is None
    assert reason(watch.judge(21, RUNNING, said)) == "deadline"


def test_clock_that_was_set_back_does_not_keep_a_good_version_out() -> None:
    watch = gate()
    said = replace(READY, at="1970-01-01T00:01:00Z")
    watch.judge(0, RUNNING, said)
    assert watch.judge(29, RUNNING, said) is None
    watch.judge(31, RUNNING, said)
    assert watch.judge(91, RUNNING, said) == Verdict("commit")


def test_progress_of_a_migration_brings_time_and_silence_ends_it() -> None:
    watch = gate()
    for percent, now in ((10, 100), (20, 170), (30, 220)):
        assert watch.judge(now, RUNNING, replace(STARTING, stage="migrating", percent=percent)) is None
    stalled = replace(STARTING, stage="migrating", percent=30)
    assert watch.judge(280, RUNNING, stalled) is None
    assert reason(watch.judge(281, RUNNING, stalled)) == "deadline"


def test_no_progress_lasts_longer_than_half_an_hour() -> None:
    watch = gate()
    verdict = None
    for now in range(0, 1860, 30):
        verdict = watch.judge(now, RUNNING, replace(STARTING, stage="migrating", percent=now // 20))
        if verdict:
            break
    assert reason(verdict) == "deadline"
    assert now > 1800


def test_hosting_server_that_only_the_old_version_reaches_is_a_reason_to_go_back() -> None:
    watch = gate()
    unreached = replace(READY, refresh="failed")
    assert not watch.wants_control(9)
    watch.judge(10, RUNNING, unreached)
    assert watch.wants_control(10)
    watch.controlled(True, 11)
    assert watch.judge(12, RUNNING, unreached) is None
    assert not watch.wants_control(25)
    assert watch.wants_control(26)
    watch.controlled(True, 26)
    assert reason(watch.judge(27, RUNNING, unreached)) == "no contact"


def test_hosting_server_that_nobody_reaches_is_not_the_fault_of_the_update() -> None:
    watch = gate()
    unreached = replace(READY, refresh="failed")
    watch.judge(10, RUNNING, unreached)
    watch.controlled(False, 11)
    assert watch.judge(75, RUNNING, unreached) is None, "one failed try proves nothing"
    watch.controlled(False, 76)
    assert watch.judge(77, RUNNING, unreached) == Verdict("commit")


def test_contact_that_comes_later_forgets_what_was_tried() -> None:
    watch = gate()
    unreached = replace(READY, refresh="failed")
    watch.judge(10, RUNNING, unreached)
    watch.controlled(True, 11)
    watch.judge(15, RUNNING, READY)
    watch.judge(16, RUNNING, unreached)
    watch.controlled(True, 21)
    assert watch.judge(22, RUNNING, unreached) is None


@pytest.mark.parametrize("gone", [None, replace(RUNNING, status="exited", exit_code=0), replace(RUNNING, status="removing")])
def test_container_that_somebody_stops_or_removes_goes_back_unless_another_appliance_took_over(gone: Candidate | None) -> None:
    watch = gate()
    watch.judge(1, RUNNING, READY)
    assert watch.judge(2, gone, READY) is None
    assert watch.judge(16, gone, READY) is None
    assert reason(watch.judge(17, gone, READY)) == "vanished"
    verdict = watch.judge(18, gone, READY, other_main=True)
    assert verdict is not None
    assert verdict.decision == "superseded"


@pytest.mark.parametrize(
    ("check", "seconds"),
    [
        (None, 0),
        ({"Test": ["NONE"]}, 0),
        ({"Test": ["CMD", "x"]}, 3 * 60 + 30),
        ({"Test": ["CMD", "x"], "Interval": 20 * SECOND, "Timeout": 5 * SECOND, "StartPeriod": 30 * SECOND, "Retries": 3}, 125),
    ],
)
def test_health_check_of_the_user_has_its_time(check: dict[str, object] | None, seconds: float) -> None:
    assert longest_start(check) == seconds
    watch = HealthGate(HealthGateTimes(10, 1), "0.2.0", check, 0.0)
    assert watch.judge(max(10, seconds), RUNNING, None) is None
    assert reason(watch.judge(max(10, seconds) + 1, RUNNING, None)) == "deadline"


def test_sentence_about_an_end_names_the_exit_code() -> None:
    watch = gate()
    watch.judge(1, RUNNING, None)
    verdict = watch.judge(2, replace(RUNNING, status="exited", exit_code=3), None)
    assert verdict is not None
    assert "exit code 3" in verdict.text


def watched(
    said: Acknowledgement, health: str, well: Callable[[int], bool | None], seconds: int = 400
) -> tuple[Verdict | None, int]:
    """Return how a version is judged that is always ready, and when: `well` is what its health command says at a second."""
    watch = HealthGate(TIMES, "0.2.0", None, 0.0)
    for now in range(1, seconds):
        if verdict := watch.judge(now, replace(RUNNING, health=health), said):
            return verdict, now
        if watch.wants_probe(now):
            watch.probed(well(now), now)
    return None, seconds


@pytest.mark.parametrize(
    ("well", "latest"),
    [
        (lambda _now: False, 40),
        (lambda now: now < 50, 90),
        (lambda now: now % 20 < 12, 90),
    ],
    ids=["never", "not any more", "now and then"],
)
@pytest.mark.parametrize("health", ["healthy", ""])
def test_what_says_it_is_ready_and_is_not_well_goes_back(well: Callable[[int], bool], latest: int, health: str) -> None:
    verdict, now = watched(READY, health, well)
    assert reason(verdict) == "unhealthy"
    assert now <= latest


def test_one_lapse_is_forgiven_and_the_steady_time_begins_anew() -> None:
    verdict, now = watched(READY, "healthy", lambda now: not 30 <= now < 40)
    assert verdict == Verdict("commit")
    assert now > 100


def test_the_word_of_the_engine_is_waited_for() -> None:
    verdict, now = watched(READY, "starting", lambda _now: True)
    assert (reason(verdict), now) == ("unhealthy", 181)
    watch = gate()
    watch.judge(10, replace(RUNNING, health="starting"), READY)
    assert watch.judge(100, RUNNING, READY) is None
    assert watch.judge(161, RUNNING, READY) == Verdict("commit")


def test_where_nothing_can_be_run_the_word_of_the_engine_counts() -> None:
    assert watched(READY, "healthy", lambda _now: None)[0] == Verdict("commit")
    assert reason(watched(READY, "starting", lambda _now: None)[0]) == "unhealthy"


@pytest.mark.parametrize("way", ["refresh", "check_in", "upload"])
def test_each_way_to_the_hosting_server_has_to_work(way: str) -> None:
    watch = gate()
    deaf = replace(READY, **{way: "failed"}, text="Nothing comes of it.")  # type: ignore[arg-type]
    watch.judge(10, RUNNING, deaf)
    for now in (11, 27):
        assert watch.wants_control(now)
        watch.controlled(True, now)
    verdict = watch.judge(28, RUNNING, deaf)
    assert verdict is not None
    assert verdict.reason == "no contact"
    assert "Nothing comes of it." in verdict.text


def test_a_person_who_stops_it_is_obeyed_until_one_of_the_two_is_started() -> None:
    watch = gate()
    watch.judge(10, RUNNING, READY)
    stopped = replace(RUNNING, status="exited", exit_code=143)
    for now in (20, 200, 4000):
        assert watch.judge(now, stopped, READY, hand=Hand()) is None
    again = replace(RUNNING, started_at="2026-11-26T03:00:00Z")
    anew = replace(READY, at="2026-11-26T03:00:05Z")
    assert watch.judge(4010, again, READY) is None, "said before it was stopped"
    watch.judge(4020, again, anew)
    assert watch.judge(4080, again, anew) == Verdict("commit")
    assert reason(watch.judge(4090, stopped, anew, hand=Hand(started_old=True))) == "by hand"


def test_an_end_that_nobody_asked_for_goes_back_at_once() -> None:
    watch = gate()
    watch.judge(10, RUNNING, READY)
    assert reason(watch.judge(11, replace(RUNNING, status="exited", exit_code=143), READY)) == "ended"
