"""What the demo shows while it works: a line for each step done, and one that changes for the step under way."""

import shutil
import time
from typing import TextIO

CLEAR = "\r\x1b[K"


class Screen:
    """Writes steps; on a terminal the step under way is one line that is written over, elsewhere a line for each change."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._started = time.monotonic()
        self._live = ""

    def line(self, text: str = "") -> None:
        """Write a line."""
        self.end_live()
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def done(self, text: str) -> None:
        """Write that a step is done, and how many seconds after the start."""
        self.line(f"  {time.monotonic() - self._started:5.1f} s  {text}")

    def live(self, text: str) -> None:
        """Show how far the step under way is."""
        if text == self._live:
            return
        if self._terminal:
            width = shutil.get_terminal_size().columns
            self._stream.write(f"{CLEAR}           {text}"[: width + len(CLEAR) - 1])
        else:
            self._stream.write(f"           {text}\n")
        self._live = text
        self._stream.flush()

    def end_live(self) -> None:
        """Take the changing line away."""
        if self._terminal and self._live:
            self._stream.write(CLEAR)
            self._stream.flush()
        self._live = ""
