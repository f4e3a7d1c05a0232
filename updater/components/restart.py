"""When a failed component is started again: exponential backoff with jitter, within a budget. Pure: no clock, no chance, no I/O.

- The first failure after a stable time is repaired at once; each further one doubles the delay, up to a minute.
- A component that ran for the stable time starts over with the short delay.
- Restarts within the window are counted whatever the delays; when the budget is spent there is no further one.
"""

from dataclasses import dataclass

from appliance.common.backoff import doubled


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """The numbers of the policy; all times in seconds."""

    first_delay: float = 0.5
    longest_delay: float = 60.0
    jitter: float = 0.2
    """At most this share of the delay is added, so that many sites do not act in step."""
    stable_after: float = 120.0
    budget: int = 10
    window: float = 1800.0


@dataclass(frozen=True, slots=True)
class RestartHistory:
    """What happened to one component: failures in a row, and the moments of its restarts within the window."""

    failures: int = 0
    restarts: tuple[float, ...] = ()


def within_window(policy: RestartPolicy, history: RestartHistory, now: float) -> int:
    """Return how many restarts the window before `now` holds."""
    return sum(moment > now - policy.window for moment in history.restarts)


def next_restart(
    policy: RestartPolicy, history: RestartHistory, *, now: float, ran_for: float, chance: float
) -> tuple[RestartHistory, float | None]:
    """Return the new history and the seconds to wait before the next start, or None when the budget is spent.

    `ran_for` is how long the failed process ran; `chance` is a random number from 0 to 1.
    """
    recent = tuple(moment for moment in history.restarts if moment > now - policy.window)
    if len(recent) >= policy.budget:
        return RestartHistory(history.failures, recent), None
    earlier = 0 if ran_for >= policy.stable_after else history.failures
    delay = doubled(policy.first_delay, earlier + 1, policy.longest_delay)
    return RestartHistory(earlier + 1, (*recent, now)), delay * (1 + policy.jitter * chance)
