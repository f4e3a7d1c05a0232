"""The processes of the demo: each writes into a log file, and all of them end with the demo."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from simulator.errors import DemoError

LAST_LINES = 12
COMMAND_SECONDS = 60.0
STOP_SECONDS = 10.0
END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends the demo: Ctrl-C, an engine or a script, a closed terminal."""


def command(name: str, *words: str) -> list[str]:
    """Return the command as installed beside this Python, else on the PATH. Raises DemoError when it is not installed."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise DemoError(f"The command {name} is not installed. Run `make demo`, which installs everything first.")
    return [found, *words]


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back the signals that end the demo: between the start of a process and the note of it, one would leave it behind."""
    noted: list[int] = []
    previous = {number: signal.signal(number, lambda received, _: noted.append(received)) for number in END_SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if noted:
        raise KeyboardInterrupt


class Process:
    """One process that runs beside the demo."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        """Start it in a session of its own: Ctrl-C reaches the demo alone, which ends the others in order."""
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=log.parent,
                start_new_session=True,
            )

    def check(self) -> None:
        """Raise DemoError with the last lines of its log when it has ended."""
        code = self._process.poll()
        if code is not None:
            how = f"exit code {code}" if code >= 0 else f"signal {-code}"
            raise DemoError(f"{self._tail()}\nThe {self.name} ended early ({how}). Above are the last lines it wrote.")

    def wait_for(self, pattern: str, seconds: float = COMMAND_SECONDS) -> re.Match[str]:
        """Return the first match of `pattern` in its log. Raises DemoError when it ends or `seconds` pass without one."""
        end = time.monotonic() + seconds
        while True:
            if found := re.search(pattern, self.log.read_text(errors="replace")):
                return found
            self.check()
            if time.monotonic() > end:
                raise DemoError(f"{self._tail()}\nThe {self.name} was not ready within {seconds:g} s. Above are its last lines.")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it with SIGTERM, and with SIGKILL whatever is left of it after ten seconds."""
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join(f"  {line}" for line in lines)


class Processes:
    """The processes of the demo, ended in the opposite order of their start; a context manager."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[Process] = []
        # What is set for another appliance on this machine must not reach this one.
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("DCA_")}
        self._environment["PYTHONUNBUFFERED"] = "1"

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # From here on the demo only ends: impatience must not leave processes or folders behind.
        for number in END_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        while self._running:
            self._running.pop().stop()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Process:
        """Start a process that ends with the demo."""
        log = self._logs / f"{name.replace(' ', '-')}.log"
        with _uninterrupted():
            process = Process(name, command, log, self._environment | dict(environment or {}))
            self._running.append(process)
        return process

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
        """Run a command to its end and return what it wrote. Raises DemoError with its own words when it fails."""
        process: subprocess.Popen[str] | None = None
        try:
            with _uninterrupted():
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    env=self._environment | dict(environment or {}),
                    cwd=self._logs,
                    start_new_session=True,
                )
            output, complaint = process.communicate(timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise DemoError(f"{name} did not end within {COMMAND_SECONDS:g} s.") from error
        finally:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            raise DemoError(f"{(complaint or output).strip()}\n{name} failed (exit code {process.returncode}).")
        return output

    def check(self) -> None:
        """Raise DemoError when one of the processes has ended."""
        for process in self._running:
            process.check()
