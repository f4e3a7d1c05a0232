"""What the supervisor does by the clock, and that no setting of the clock silences or hurries it."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import pytest

from tests.clocks import SettableClock
from updater.checks import Check, standard_checks
from updater.supervisor.plan import URGENT, PlanTimes, Retries, SupervisorPlan, SupervisorWork

HOUR, DAY = 3600.0, 86400.0
TIMES = PlanTimes()
FAST = PlanTimes(
    engine_start_seconds=0.0,
    engine_hours=0.1 / HOUR,
    refresh_start_seconds=0.0,
    refresh_days=0.1 / DAY,
    install_minutes=0.1 / 60,
    tidy_days=0.1 / DAY,
    follow_seconds=0.1,
)


class Works:
    """A plan whose works count how often they were done."""

    def __init__(self, times: PlanTimes = TIMES, checks: Sequence[Check] = (), heartbeat_seconds: float | None = 15.0) -> None:
        self.done = Counter[str]()
        self.moved = asyncio.Event()
        work = SupervisorWork(
            engine=lambda: self.do("engine"),
            refresh=lambda: self.do("refresh"),
            install=lambda: self.do("install"),
            tidy=lambda: self.do("tidy"),
            follow=lambda: self.do("follow"),
            check=lambda check: self.do(f"check {check.slug}"),
            heartbeat=lambda: self.do("heartbeat"),
        )
        self.plan = SupervisorPlan(times)
        self.plan.declare(work, checks, heartbeat_seconds)

    async def do(self, what: str) -> None:
        self.done[what] += 1
        self.moved.set()

    async def each_once_more(self, names: Sequence[str]) -> None:
        """Wait until all of these were done once more."""
        before = self.done.copy()
        async with asyncio.timeout(20):
            while not all(self.done[name] > before[name] for name in names):
                self.moved.clear()
                await self.moved.wait()


def seconds_to(plan: SupervisorPlan, tag: str, clock: SettableClock) -> float:
    moment: datetime | None = plan.next_at(tag)
    assert moment is not None
    return clock.seconds_to(moment)


STALL_SECONDS = 1.9
"""How long a busy machine may take between two looks at its clock."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SettableClock:
    """The clock of the machine."""
    return SettableClock(monkeypatch)


@pytest.mark.parametrize(
    ("tag", "first", "shortest", "longest"),
    [
        ("engine", (3.0, 3.3), 5.4 * HOUR, 6.6 * HOUR),
        ("refresh", (30.0, 600.0), 0.8 * DAY, DAY),
        ("install", (0.0, 0.0), 480.0, 600.0),
        ("tidy", (0.0, 0.0), 0.8 * DAY, DAY),
        ("follow", (0.0, 0.0), 2.0, 2.0),
        ("heartbeat", (0.0, 0.0), 15.0, 15.0),
        *((f"check {check.slug}", (0.0, 0.0), check.interval, check.interval) for check in standard_checks()),
    ],
)
def test_each_job_has_its_first_run_and_its_interval(
    clock: SettableClock, tag: str, first: tuple[float, float], shortest: float, longest: float
) -> None:
    async def main() -> None:
        starts, intervals = list[float](), list[float]()
        for _ in range(20):
            works = Works(checks=standard_checks())
            starts.append(seconds_to(works.plan, tag, clock))
            works.plan.now(tag)
            running = asyncio.create_task(works.plan.run())
            await works.each_once_more([tag])
            running.cancel()
            await asyncio.wait([running])
            intervals.append(seconds_to(works.plan, tag, clock))
        assert first[0] - STALL_SECONDS < min(starts)
        assert max(starts) <= first[1]
        assert shortest - STALL_SECONDS < min(intervals)
        assert max(intervals) <= longest
        assert (len({round(interval, 1) for interval in intervals}) > 10) == (shortest != longest)

    asyncio.run(main())


@pytest.mark.parametrize("step", [{"days": -365}, {"hours": -1}, {"seconds": -30}, {"hours": 1}, {"days": 20000}])
def test_a_clock_that_was_set_neither_silences_a_job_nor_makes_it_run_in_bursts(
    clock: SettableClock, step: dict[str, float]
) -> None:
    names = ("engine", "refresh", "install", "tidy", "follow", "heartbeat", "check heartbeat")

    async def main() -> None:
        heartbeat = [check for check in standard_checks() if check.slug == "heartbeat"]
        works = Works(FAST, heartbeat, heartbeat_seconds=0.1)
        running = asyncio.create_task(works.plan.run())
        await works.each_once_more(names)
        for _ in range(5):  # turns of the loop in which what was done ends, and is planned again
            await asyncio.sleep(0)
        works.done.clear()
        begun = time.monotonic()
        clock.set(**step)
        for _ in range(3):
            await works.each_once_more(names)
        passed = time.monotonic() - begun
        running.cancel()
        await asyncio.wait([running])
        assert passed < 10
        # The shortest interval is four fifths of a tenth of a second.
        assert all(works.done[name] <= passed / 0.08 + 1 for name in names)

    asyncio.run(main())


def test_a_change_of_state_wakes_the_urgent_checks_alone() -> None:
    async def main() -> None:
        works = Works(checks=standard_checks())
        urgent = {f"check {check.slug}" for check in standard_checks() if check.urgent}
        slow = {f"check {check.slug}" for check in standard_checks() if check.interval >= 30}
        running = asyncio.create_task(works.plan.run())
        await works.each_once_more([*urgent, *slow])
        before = works.done.copy()
        for _ in range(20):
            works.plan.now(URGENT)
            await works.each_once_more(list(urgent))
        running.cancel()
        await asyncio.wait([running])
        assert urgent
        assert slow - urgent
        assert all(works.done[name] >= before[name] + 20 for name in urgent)
        assert all(works.done[name] == 1 for name in slow - urgent)

    asyncio.run(main())


def test_what_is_done_no_more_is_not_in_the_plan() -> None:
    works = Works(heartbeat_seconds=None)
    assert works.plan.next_at("heartbeat") is None
    works.plan.remove("follow")
    assert works.plan.next_at("follow") is None
    works.plan.postpone("follow", 1.0)
    assert works.plan.next_at("follow") is None


@pytest.mark.parametrize(("retries", "first"), [(TIMES.refresh_retries, 60), (TIMES.install_retries, 600)])
def test_failures_are_tried_again_ever_later_up_to_six_hours(retries: Retries, first: float) -> None:
    delays = [retries.after(failures, 0.0) for failures in range(1, 12)]
    assert delays[:3] == [first, 2 * first, 4 * first]
    assert delays == sorted(delays)
    assert retries.after(10_000, 1.0) == 6 * 3600 * 1.2


def test_many_sites_do_not_try_again_in_step() -> None:
    assert len({TIMES.refresh_retries.after(3, chance / 10) for chance in range(11)}) == 11
    assert len({TIMES.install_retries.after(2, chance / 10) for chance in range(11)}) == 11
