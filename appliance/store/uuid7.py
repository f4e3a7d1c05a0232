"""UUIDv7 (RFC 9562 section 5.7), which the standard library has only from Python 3.14 on."""

import os
import threading
import time
import uuid
from collections.abc import Callable


class Uuid7Maker:
    """Makes identifiers that sort in the order they were made, also when the clock stands still or goes back."""

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        """`clock` returns nanoseconds since 1970."""
        self._clock = clock
        self._lock = threading.Lock()
        self._last = (0, 0)

    def make(self) -> str:
        """Return a new identifier in its canonical, lower-case form."""
        with self._lock:
            millisecond, counter = self._next()
            self._last = (millisecond, counter)
        tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
        value = (millisecond & ((1 << 48) - 1)) << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | tail
        return str(uuid.UUID(int=value))

    def _next(self) -> tuple[int, int]:
        """Return millisecond and 12-bit counter, above the last ones (method 1 of section 6.2)."""
        last_millisecond, last_counter = self._last
        millisecond = self._clock() // 1_000_000
        if millisecond > last_millisecond:
            # The top bit starts clear, so that half of the counter is left for this millisecond.
            return millisecond, int.from_bytes(os.urandom(2), "big") & 0x7FF
        if last_counter < 0xFFF:
            return last_millisecond, last_counter + 1
        return last_millisecond + 1, 0
