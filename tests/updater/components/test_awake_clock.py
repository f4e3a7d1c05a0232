"""The clock that stands still while the process does."""

from updater.components.awake_clock import GAP_COUNTED, AwakeClock


def test_it_follows_the_machine_while_it_is_looked_at() -> None:
    moments = iter([100.0, 100.5, 101.0, 102.0])
    clock = AwakeClock(lambda: next(moments))
    assert [clock.now(), clock.now(), clock.now()] == [0.5, 1.0, 2.0]


def test_a_pause_of_an_hour_counts_as_a_moment() -> None:
    moments = iter([0.0, 1.0, 3601.0, 3602.0])
    clock = AwakeClock(lambda: next(moments))
    assert [clock.now(), clock.now(), clock.now()] == [1.0, 1.0 + GAP_COUNTED, 2.0 + GAP_COUNTED]
