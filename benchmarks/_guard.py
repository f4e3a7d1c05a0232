"""What watches over code that reads broken input."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class LoopError(BaseException):
    """One device or answer took longer than anything could that comes to an end."""


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """Raise LoopError within, once it has taken so many seconds of CPU time."""

    def over(_signal: int, _frame: object) -> None:
        raise LoopError(f"more than {seconds} s of CPU time")

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
