"""The one place where the supervisor makes and reaps processes.

- A child dies with the supervisor, whatever kills it (`kernel.die_with_parent`).
- A child leads its own process group: Ctrl-C reaches the supervisor alone, which stops the components in order; and what a
  dead child leaves behind is killed with its group.
- Standard output of a child is the supervisor's own; standard error is copied there line by line, and its last line kept, because
  that is where a component says in one sentence why it could not go on.
- The supervisor also reaps orphans, so it works as process 1 with or without `tini`.
- A component that is a module of ours is forked from the supervisor (`updater.components.fork`); everything else is an
  executed command.

The supervisor has no threads, so code between fork and exec is safe here.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from updater.components.fork import Fork, fork_module
from updater.components.kernel import die_with_parent
from updater.components.specs import ForkedModule

LINE_BYTES_KEPT = 1000
ANSWER_BYTES = 1 << 20


class Child:
    """One process that was started."""

    def __init__(self, process: "subprocess.Popen[bytes] | Fork", on_exit: Callable[["Child"], None], capture: bool) -> None:
        self._process = process
        self._on_exit = on_exit
        self._capture = capture
        self._line = b""
        self._pipe = process.stdout if capture and isinstance(process, subprocess.Popen) else process.stderr
        self.output = bytearray()
        """What a captured child wrote to standard output, bounded."""
        self.last_words = ""
        """The last line on standard error, without spaces around it."""
        assert self._pipe is not None
        os.set_blocking(self._pipe.fileno(), False)
        asyncio.get_running_loop().add_reader(self._pipe.fileno(), self._read)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for the signal that killed it, None while it runs."""
        return self._process.returncode

    def describe_exit(self) -> str:
        """Return how the process ended, as the end of a sentence, with the reason it gave itself: `exited with code 1: REASON`."""
        code = self.returncode or 0
        # Only who left by itself says why in its last line; before a kill there is just some older line.
        return _ending(code) + (f": {self.last_words}" if code > 0 and self.last_words else "")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when the process is gone."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill the process and whatever it started, stopped or not."""
        if self.returncode is None:
            _kill_group(self.pid)

    def finish(self) -> None:
        """Collect the exit code of a process that ended, and tell whoever started it."""
        # Before its pid is given back: until then no other process group can have this number.
        _kill_group(self.pid)
        self._process.poll()
        self._read()
        self._close()
        self._on_exit(self)

    def _read(self) -> None:
        while self._pipe is not None:
            try:
                data = os.read(self._pipe.fileno(), 65536)
            except BlockingIOError:
                return
            if not data:
                self._close()
            elif self._capture:
                self.output += data[: ANSWER_BYTES - len(self.output)]
            else:
                self._copy(data)

    def _copy(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # nobody reads the log; the last words are kept all the same
            os.write(sys.stderr.fileno(), data)
        *lines, self._line = (self._line + data).split(b"\n")
        self._line = self._line[-LINE_BYTES_KEPT:]
        for line in [*lines, self._line]:
            if words := line[:LINE_BYTES_KEPT].decode(errors="replace").strip():
                self.last_words = words

    def _close(self) -> None:
        if self._pipe is not None:
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            self._pipe.close()
            self._pipe = None


def _kill_group(pid: int) -> None:
    # It may be gone already, or have become another user's.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _ending(returncode: int) -> str:
    if returncode >= 0:
        return f"exited with code {returncode}"
    try:
        return f"was killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was killed by signal {-returncode}"


class Children:
    """All processes of the supervisor."""

    def __init__(self) -> None:
        self._running: dict[int, Child] = {}
        self._prepare = die_with_parent()

    def start(
        self,
        program: Sequence[str] | ForkedModule,
        environment: Mapping[str, str],
        on_exit: Callable[[Child], None],
    ) -> Child:
        """Start a process and return it; `on_exit` is called once it was reaped. Raises OSError when it cannot be started."""
        if isinstance(program, ForkedModule):
            return self._add(Child(fork_module(program, environment, self._prepare), on_exit, capture=False))
        return self._execute(program, environment, on_exit, capture=False)

    def _execute(
        self, command: Sequence[str], environment: Mapping[str, str], on_exit: Callable[[Child], None], *, capture: bool
    ) -> Child:
        """Start a command. With `capture`, standard output is kept in `Child.output`; standard error is the supervisor's own."""
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else None,
            stderr=None if capture else subprocess.PIPE,
            process_group=0,
            preexec_fn=self._prepare,  # noqa: PLW1509 - no threads here, see the module docstring
        )
        return self._add(Child(process, on_exit, capture))

    def _add(self, child: Child) -> Child:
        self._running[child.pid] = child
        return child

    async def ask(self, command: Sequence[str], environment: Mapping[str, str], timeout: float) -> bytes:  # noqa: ASYNC109
        """Run a short-lived process and return what it wrote to standard output.

        Raises OSError when it cannot be started, TimeoutError after `timeout` seconds, ChildProcessError when it fails.
        """
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def on_exit(child: Child) -> None:
            if not ended.done():
                ended.set_result(child.returncode or 0)

        child = self._execute(command, environment, on_exit, capture=True)
        try:
            async with asyncio.timeout(timeout):
                code = await ended
        finally:
            child.kill()
        if code:
            raise ChildProcessError(f"it {_ending(code)}")
        return bytes(child.output)

    def reap(self) -> None:
        """Collect every process that ended; called at SIGCHLD."""
        while True:
            try:
                # WNOWAIT only looks: the pid stays taken until `finish` has dealt with what is left of the process.
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            child = self._running.pop(ended.si_pid, None)
            if child is None:
                os.waitpid(ended.si_pid, os.WNOHANG)
            else:
                child.finish()

    def kill_all(self) -> None:
        """Kill what still runs."""
        for child in self._running.values():
            child.kill()
