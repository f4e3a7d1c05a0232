"""The restart policy."""

from itertools import pairwise

from updater.components.restart import RestartHistory, RestartPolicy, next_restart, within_window

POLICY = RestartPolicy()


def delays(
    policy: RestartPolicy, count: int, *, ran_for: float = 0.0, chance: float = 0.0, apart: float = 1.0
) -> list[float | None]:
    history, found = RestartHistory(), []
    for number in range(count):
        history, delay = next_restart(policy, history, now=number * apart, ran_for=ran_for, chance=chance)
        found.append(delay)
    return found


def test_first_restart_follows_after_half_a_second() -> None:
    assert delays(POLICY, 1) == [0.5]


def test_each_failure_doubles_the_delay_up_to_a_minute() -> None:
    assert delays(POLICY, 9) == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


def test_jitter_only_adds_and_at_most_its_share() -> None:
    plain, most = delays(POLICY, 9), delays(POLICY, 9, chance=1.0)
    assert [round(high / low, 6) for low, high in zip(plain, most, strict=True) if low and high] == [1.2] * 9


def test_component_that_ran_long_enough_starts_over_with_the_short_delay() -> None:
    history = RestartHistory(failures=6, restarts=())
    _, soon = next_restart(POLICY, history, now=0, ran_for=POLICY.stable_after - 1, chance=0)
    _, stable = next_restart(POLICY, history, now=0, ran_for=POLICY.stable_after, chance=0)
    assert (soon, stable) == (32, 0.5)


def test_budget_ends_after_ten_restarts_within_the_window() -> None:
    found = delays(POLICY, 11)
    assert None not in found[:10]
    assert found[10] is None


def test_stable_times_do_not_save_a_component_from_its_budget() -> None:
    assert delays(POLICY, 11, ran_for=POLICY.stable_after, apart=130)[10] is None


def test_restarts_leave_the_window_as_time_passes() -> None:
    assert None not in delays(POLICY, 40, apart=POLICY.window / 9.5)


def test_only_restarts_within_the_window_are_counted() -> None:
    history = RestartHistory(restarts=(0.0, 100.0, 1900.0))
    assert [within_window(POLICY, history, now) for now in (1799.0, 1850.0, 3699.0)] == [3, 2, 1]


def test_delays_never_shrink_while_failures_follow_each_other() -> None:
    assert all(late >= early for early, late in pairwise(delay for delay in delays(POLICY, 10) if delay))
