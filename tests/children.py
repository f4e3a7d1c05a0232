"""Child processes of tests: their output is collected while they run, and they end with the test, whatever happens."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

DEADLINE = 30.0
"""Seconds after which something that should have happened is taken as not happening; generous, for a busy machine."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a process ended; `returncode` is negative for a signal."""

    returncode: int
    stdout: str
    stderr: str


def wait_until(what: str, condition: Callable[[], object], deadline: float = DEADLINE) -> None:
    """Return as soon as `condition()` holds. Raises AssertionError naming `what` after `deadline` seconds."""
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {deadline:g} s")
        time.sleep(0.02)


def heed_interrupts() -> None:
    """Let a child that is about to be executed end at Ctrl-C or with its terminal, whatever the run of the tests ignores."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Child:
    """A process in a group of its own, its output kept as text."""

    def __init__(
        self, arguments: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> None:
        """Start it; `environment` is added to that of the tests. `python` as first word is the interpreter of the tests."""
        words = [str(word) for word in arguments]
        if words[0] == "python":
            words[0] = sys.executable
        self.arguments = words
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(environment or {}),
            cwd=folder,
            start_new_session=True,
            # A shell that puts the run of the tests behind it with `&` lets it ignore Ctrl-C, and so all that it starts.
            preexec_fn=heed_interrupts,  # noqa: PLW1509 - calls nothing that takes a lock
        )
        self._output: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._readers = [
            threading.Thread(target=self._collect, args=(name, stream), daemon=True)
            for name, stream in (("stdout", self.process.stdout), ("stderr", self.process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _collect(self, name: str, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._output[name].append(line)

    @property
    def pid(self) -> int:
        """The process id, which is also that of its group."""
        return self.process.pid

    @property
    def stdout(self) -> str:
        """What it has written to standard output so far."""
        return b"".join(self._output["stdout"]).decode(errors="replace")

    @property
    def stderr(self) -> str:
        """What it has written to standard error so far."""
        return b"".join(self._output["stderr"]).decode(errors="replace")

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def wait_for(self, text: str, deadline: float = DEADLINE) -> str:
        """Return the first line of its output that holds `text`. Raises AssertionError with all it wrote when none comes."""
        end = time.monotonic() + deadline
        while True:
            ended = not self.running
            if ended:
                self._join()
            for line in (self.stdout + "\n" + self.stderr).splitlines():
                if text in line:
                    return line
            if ended or time.monotonic() > end:
                raise AssertionError(f"{self.arguments} never wrote {text!r} (ended: {ended}).\n{self.stdout}\n{self.stderr}")
            time.sleep(0.02)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        self.process.send_signal(number)

    def wait(self, deadline: float = DEADLINE) -> Finished:
        """Return how it ended. After `deadline` seconds it is killed, and AssertionError raised with all it wrote."""
        try:
            self.process.wait(deadline)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise AssertionError(f"{self.arguments} did not end in {deadline:g} s.\n{self.stdout}\n{self.stderr}") from error
        self._join()
        return Finished(self.process.returncode, self.stdout, self.stderr)

    def stop(self, deadline: float = 10.0) -> Finished:
        """End it with SIGTERM, and with SIGKILL what is left of its group after `deadline` seconds."""
        if self.running:
            self.send(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(deadline)
        self.kill()
        return Finished(self.process.returncode, self.stdout, self.stderr)

    def kill(self) -> None:
        """Kill the process and all of its group, and wait for the process."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._join()

    def _join(self) -> None:
        # A grandchild that left the group could hold the pipe open: its output is not worth waiting for.
        for reader in self._readers:
            reader.join(2.0)


def run_child(
    arguments: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    deadline: float = 60.0,
) -> Finished:
    """Run a command to its end and return how it ended; it is killed and AssertionError raised after `deadline` seconds."""
    child = Child(arguments, environment=environment, folder=folder)
    try:
        return child.wait(deadline)
    finally:
        child.kill()
