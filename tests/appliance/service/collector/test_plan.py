"""When jobs run: on `schedule`, with clocks that jump."""

from datetime import UTC, datetime, timedelta

import pytest

from appliance.service.collector.plan import Plan
from appliance.settings.model import Settings
from tests.clocks import SettableClock

HOUR = 3600
FETCH_SECONDS = 5.0
"""A change of configuration, which a check-in tells of, takes less to be fetched, verified and applied."""


def seconds_to(plan: Plan, name: str) -> float:
    moment = plan.next_at(name)
    assert moment is not None
    return (moment - datetime.now(UTC)).total_seconds()


def test_a_job_never_done_runs_when_things_have_settled() -> None:
    plan = Plan()
    plan.set("sweep", HOUR, lambda: None, settle=2.0)
    assert 1 < seconds_to(plan, "sweep") <= 2.2


def test_a_job_done_half_an_interval_ago_waits_for_the_other_half() -> None:
    plan = Plan()
    plan.set("sweep", HOUR, lambda: None, last=datetime.now(UTC) - timedelta(minutes=30), settle=2.0)
    assert 1795 < seconds_to(plan, "sweep") < 1900


def test_a_job_overdue_or_done_in_the_future_is_due() -> None:
    plan = Plan()
    for name, last in (("overdue", timedelta(days=-3)), ("future", timedelta(days=3))):
        plan.set(name, HOUR, lambda: None, last=datetime.now(UTC) + last, settle=2.0)
        assert seconds_to(plan, name) <= 2.2


def test_a_job_runs_once_and_comes_back_after_its_interval_give_or_take_a_twentieth() -> None:
    plan, runs = Plan(), [0]

    def count() -> None:
        runs[0] += 1

    plan.set("read", HOUR, count)
    plan.tick()
    plan.tick()
    assert runs == [1]
    assert 0.94 * HOUR < seconds_to(plan, "read") < 1.06 * HOUR


def test_by_default_a_change_of_configuration_is_applied_within_a_minute() -> None:
    seconds = []
    for _ in range(200):
        plan = Plan()
        plan.set("check_in", Settings().hosting.check_in_seconds, lambda: None)
        plan.tick()
        seconds.append(seconds_to(plan, "check_in"))
    assert 40 < max(seconds) <= 60 - FETCH_SECONDS


def test_two_sites_do_not_act_in_step() -> None:
    moments = set()
    for _ in range(20):
        plan = Plan()
        plan.set("read", HOUR, lambda: None)
        plan.tick()
        moments.add(round(seconds_to(plan, "read")))
    assert len(moments) > 5


def test_a_clock_that_was_set_back_does_not_silence_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, plan = SettableClock(monkeypatch), Plan()
    plan.set("read", HOUR, lambda: None)
    plan.tick()
    clock.set(days=-40 * 365)
    plan.tick()
    assert (moment := plan.next_at("read")) is not None
    assert clock.seconds_to(moment) < 1.06 * HOUR


def test_a_removed_job_runs_no_more() -> None:
    plan, runs = Plan(), [0]

    def count() -> None:
        runs[0] += 1

    plan.set("sweep", HOUR, count)
    plan.remove("sweep")
    plan.tick()
    assert runs == [0]
    assert plan.next_at("sweep") is None
