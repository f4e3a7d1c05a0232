from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.discovery.pacing import PacketBucket


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def most_in_a_second(moments: list[float]) -> int:
    return max((bisect_left(moments, moment + 1.0) - number for number, moment in enumerate(moments)), default=0)


@pytest.mark.parametrize("ceiling", [1, 2, 7, 60, 200, 1000, 10000])
def test_no_second_sees_more_than_the_ceiling_and_little_is_wasted(ceiling: int) -> None:
    clock = Clock()
    bucket = PacketBucket(ceiling, clock)
    moments = []
    while clock.now < 1005:
        wait = bucket.take()
        if wait:
            clock.now += wait
        else:
            moments.append(clock.now)
    assert most_in_a_second(moments) <= ceiling
    assert len(moments) >= 5 * ceiling * 0.95


@given(st.integers(1, 500), st.lists(st.floats(0, 3), max_size=200))
def test_pauses_and_late_timers_never_lift_the_ceiling(ceiling: int, delays: list[float]) -> None:
    clock = Clock()
    bucket = PacketBucket(ceiling, clock)
    moments = []
    for delay in delays:
        for _ in range(50):
            wait = bucket.take()
            if wait:
                clock.now += wait + delay / 1000
                break
            moments.append(clock.now)
        clock.now += delay
    assert most_in_a_second(moments) <= ceiling


def test_waiting_as_long_as_told_gives_a_token() -> None:
    clock = Clock()
    bucket = PacketBucket(3, clock)
    assert bucket.take() == 0.0
    clock.now += bucket.take()
    assert bucket.take() == 0.0
