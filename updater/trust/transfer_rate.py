"""How fast a file comes: not slower than a minimum, and on request not faster than a maximum."""

import threading
import time
from collections.abc import Callable
from types import TracebackType

LOOK_SECONDS = 0.25


class Pace:
    """Watches over one fetch, from before its connection to its last byte; a context manager.

    A server that drips its answer, or the lines before it, byte by byte never makes a read time out. So a thread looks on, and
    shuts the connection down once less than `minimum_rate` bytes a second have come over `grace_seconds` or more. Seconds in
    which we ourselves do not read, because of the maximum, do not count.
    """

    def __init__(self, minimum_rate: float, grace_seconds: float, maximum_rate: float, shut_down: Callable[[], None]) -> None:
        """Rates in bytes a second; a maximum of 0 is none. `shut_down` ends the connection, and is called from the thread."""
        self._minimum_rate = minimum_rate
        self._grace_seconds = grace_seconds
        self._maximum_rate = maximum_rate
        self._began = time.monotonic()
        self._paused = 0.0
        self._received = 0
        self._ended = threading.Event()
        self._shut_down = shut_down
        self.too_slow = False
        """Whether the connection was shut down."""

    def __enter__(self) -> "Pace":
        threading.Thread(target=self._look_on, name="pace", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()

    def received(self, count: int) -> None:
        """Count so many bytes, and wait until as many were due by the maximum."""
        self._received += count
        if self._maximum_rate:
            wait = self._received / self._maximum_rate - (time.monotonic() - self._began)
            if wait > 0:
                self._paused += wait
                time.sleep(wait)

    def _look_on(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            seconds = time.monotonic() - self._began - self._paused
            if seconds < self._grace_seconds or self._received >= seconds * self._minimum_rate:
                continue
            self.too_slow = True
            self._shut_down()
