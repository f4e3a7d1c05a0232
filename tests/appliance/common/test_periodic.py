"""Periodic jobs: their words, their jitter, and clocks that are set."""

import asyncio
from datetime import UTC, datetime

import pytest

from appliance.common.periodic import PeriodicScheduler, PeriodicTasks
from tests.clocks import SettableClock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SettableClock:
    """The clock of the machine."""
    return SettableClock(monkeypatch)


def nothing() -> None:
    """Do nothing."""


def seconds_to(moment: datetime | None) -> float:
    assert moment is not None
    return (moment - datetime.now(UTC)).total_seconds()


def test_intervals_of_many_sites_differ_within_the_share() -> None:
    seconds = [seconds_to(PeriodicScheduler().every(10).minutes.within(0.05).do(nothing).next_at) for _ in range(100)]
    assert len({round(second, 1) for second in seconds}) > 20
    assert all(569 < second <= 630 for second in seconds)


def test_the_first_run_is_when_it_was_declared_and_then_the_interval_counts() -> None:
    scheduler, runs = PeriodicScheduler(), []
    job = scheduler.every(1).hours.within(0.05).tag("read").starting_in(0).do(lambda: runs.append("read"))
    scheduler.run_pending()
    scheduler.run_pending()
    assert runs == ["read"]
    assert 3400 < seconds_to(job.next_at) < 3800


def test_a_job_is_found_by_its_tag() -> None:
    scheduler = PeriodicScheduler()
    job = scheduler.every(2).minutes.tag("upload").do(nothing)
    assert scheduler.job("upload") is job
    assert scheduler.job("sweep") is None


def test_a_time_of_day_keeps_to_the_words_of_schedule() -> None:
    job = PeriodicScheduler().every().day.at("03:30").do(nothing)
    assert job.next_run is not None
    assert (job.next_run.hour, job.next_run.minute) == (3, 30)


@pytest.mark.parametrize("step", [{"days": -40 * 365}, {"hours": -1}, {"seconds": -50}])
def test_a_clock_that_was_set_back_does_not_silence_a_job(clock: SettableClock, step: dict[str, float]) -> None:
    scheduler = PeriodicScheduler()
    job = scheduler.every(1).hours.within(0.05).do(nothing)
    clock.set(**step)
    scheduler.run_pending()
    assert clock.seconds_to(job.next_at) < 3800
    assert clock.seconds_to(job.next_at) > 3400


@pytest.mark.parametrize("step", [{"days": 40 * 365}, {"hours": 1}, {"hours": -1}])
def test_a_clock_that_was_set_lets_each_job_keep_its_distance(clock: SettableClock, step: dict[str, float]) -> None:
    scheduler, runs = PeriodicScheduler(), []
    jobs = [scheduler.every(minutes).minutes.do(lambda: runs.append("run")) for minutes in (5, 10, 50)]
    clock.set(**step)
    scheduler.run_pending()
    assert runs == []
    assert [round(clock.seconds_to(job.next_at) / 60) for job in jobs] == [5, 10, 50]
    assert round((scheduler.idle_seconds or 0) / 60) == 5


def test_what_is_planned_after_a_step_is_not_moved_by_it(clock: SettableClock) -> None:
    scheduler = PeriodicScheduler()
    job = scheduler.every(1).hours.do(nothing)
    clock.set(days=3)
    job.postpone(7)
    scheduler.run_pending()
    assert 6 < clock.seconds_to(job.next_at) <= 7


def test_a_machine_that_has_slept_does_once_what_was_due_meanwhile(clock: SettableClock) -> None:
    scheduler, runs = PeriodicScheduler(), []
    scheduler.every(1).hours.within(0.05).do(lambda: runs.append("run"))
    clock.sleep(days=3)
    scheduler.run_pending()
    scheduler.run_pending()
    assert runs == ["run"]


def test_a_time_of_day_follows_the_clock_that_was_set(clock: SettableClock) -> None:
    scheduler = PeriodicScheduler()
    job = scheduler.every().day.at("03:30").do(nothing)
    clock.set(days=-10)
    scheduler.run_pending()
    assert (job.next_run.hour, job.next_run.minute) == (3, 30)
    assert 0 <= clock.seconds_to(job.next_at) <= 86400


def test_a_job_may_wait_longer_than_its_interval(clock: SettableClock) -> None:
    scheduler, runs = PeriodicScheduler(), []
    job = scheduler.every(1).minutes.do(lambda: runs.append("run"))
    job.postpone(7200)
    clock.sleep(minutes=100)
    scheduler.run_pending()
    assert runs == []
    assert 19 < clock.seconds_to(job.next_at) / 60 <= 20


def test_some_intervals_are_never_longer_than_declared() -> None:
    seconds = [seconds_to(PeriodicScheduler().every(10).minutes.early_by(0.2).do(nothing).next_at) for _ in range(100)]
    assert len({round(second, 1) for second in seconds}) > 20
    assert all(479 < second <= 600 for second in seconds)


def test_the_first_run_may_be_spread() -> None:
    first = [seconds_to(PeriodicScheduler().every(1).days.starting_in(30, 600).do(nothing).next_at) for _ in range(100)]
    assert len({round(second) for second in first}) > 20
    assert all(29 < second <= 600 for second in first)


async def _running(tasks: PeriodicTasks, until: asyncio.Event) -> None:
    running = asyncio.create_task(tasks.run())
    stopped = asyncio.create_task(until.wait())
    await asyncio.wait((running, stopped), return_when=asyncio.FIRST_COMPLETED, timeout=20)
    for task in (running, stopped):
        task.cancel()
    await asyncio.wait((running, stopped))
    if not running.cancelled():
        running.result()
    assert until.is_set()


def test_a_task_is_never_run_twice_at_once_and_again_when_it_was_asked_for_meanwhile() -> None:
    async def main() -> list[str]:
        tasks, seen, end = PeriodicTasks(), list[str](), asyncio.Event()

        async def work() -> None:
            seen.append("begins")
            if len(seen) == 1:
                job.postpone(0)
                tasks.wake()
                for _ in range(100):
                    await asyncio.sleep(0)
            else:
                end.set()
            seen.append("ends")

        job = tasks.every(1).hours.tag("work").starting_in(0).do(work)
        await _running(tasks, end)
        return seen

    assert asyncio.run(main()) == ["begins", "ends", "begins", "ends"]


def test_the_interval_of_a_task_counts_from_its_end(clock: SettableClock) -> None:
    async def main() -> float:
        tasks, ended = PeriodicTasks(), asyncio.Event()

        async def work() -> None:
            clock.sleep(minutes=50)

        async def follow() -> None:
            if not job.under_way:
                ended.set()

        job = tasks.every(1).hours.tag("work").starting_in(0).do(work)
        tasks.every(0.01).seconds.tag("follow").do(follow)
        await _running(tasks, ended)
        return clock.seconds_to(job.next_at)

    assert 3590 < asyncio.run(main()) <= 3600


def test_a_fault_of_a_task_ends_the_scheduler() -> None:
    async def main() -> None:
        tasks = PeriodicTasks()

        async def work() -> None:
            raise ValueError("a fault")

        tasks.every(1).hours.starting_in(0).do(work)
        await tasks.run()

    with pytest.raises(ExceptionGroup, match="unhandled errors") as caught:
        asyncio.run(main())
    assert caught.group_contains(ValueError, match="a fault")
