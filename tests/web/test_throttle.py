"""Token buckets by name: what a name may do, and how many names are kept."""

from web import throttle
from web.throttle import Throttle


def test_the_throttle_forgets_the_names_not_used_for_longest() -> None:
    names = Throttle(1, 0.001, clock=lambda: 0.0)
    for number in range(throttle.NAMES_KEPT + 1):
        names.take(str(number))
    assert len(names) == throttle.NAMES_KEPT
    assert (names.wait("0"), names.wait("1") > 0) == (0, True)


def test_a_name_waits_as_long_as_a_token_takes_and_no_longer() -> None:
    now = [0.0]
    names = Throttle(2, 0.1, clock=lambda: now[0])
    for _ in range(5):
        names.take("a")
    assert (names.wait("a"), names.wait("b")) == (10, 0)
    now[0] = 9.5
    assert names.wait("a") == 1
    now[0] = 10.0
    assert names.wait("a") == 0


def test_a_name_that_is_forgotten_begins_anew() -> None:
    names = Throttle(1, 0.001, clock=lambda: 0.0)
    names.take("a")
    assert names.wait("a") == 1000
    names.forget("a")
    assert names.wait("a") == 0
