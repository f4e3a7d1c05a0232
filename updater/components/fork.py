"""A component as a fork of the supervisor: what both need is loaded once and shared, where a fresh interpreter would load it again.

That is most of what a small component is made of, so the whole appliance takes a third less memory, and a component is back sooner.
A fork brings along more than is wanted. What is done about it, in the child, before the module runs:

- Signals are blocked across the fork, until the handlers are those of a fresh interpreter: none may reach the supervisor's loop.
- Every inherited descriptor is pointed at the null device, which gives up locks and sockets. They are not closed: their owners are
  objects of the supervisor that may yet close their number, and it must not be one the component has been given meanwhile.
- Inherited objects are frozen: the garbage collector neither finalizes nor even touches them.
- The supervisor's frames below are never returned to: the process ends here.

The supervisor has no threads, so nothing is locked by a thread that is not there in the child.
"""

import contextlib
import gc
import importlib
import os
import runpy
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import BinaryIO, NoReturn

from updater.components.kernel import set_process_title
from updater.components.specs import ForkedModule


class Fork:
    """A running fork; as much of `subprocess.Popen` as a `Child` needs."""

    def __init__(self, pid: int, stderr: BinaryIO) -> None:
        self.pid = pid
        self.stderr = stderr
        """The reading end of the process's standard error."""
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Collect and return the exit code, negative for the signal that killed the process, None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when the process is gone."""
        if self.returncode is None:  # the pid is taken until `poll` has collected the exit code
            os.kill(self.pid, number)


def load_beforehand(modules: Iterable[ForkedModule]) -> None:
    """Load what the forks will need, and take it out of the garbage collector's sight, whose marks would be writes to each page."""
    for module in modules:
        # A component that cannot be loaded fails, and says why, when it is started: the others need not.
        with contextlib.suppress(Exception):
            importlib.import_module(module.preload)
    gc.collect()
    gc.freeze()


def fork_module(module: ForkedModule, environment: Mapping[str, str], prepare: Callable[[], None]) -> Fork:
    """Run the module as `python -m` would, in a fork that leads its own process group. Raises OSError when there can be none.

    Standard input is empty, standard output the supervisor's own, standard error the pipe of the Fork. `prepare` is called first.
    """
    reading, writing = os.pipe2(os.O_CLOEXEC)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _become(module, environment, prepare, writing, mask)
    except OSError:
        os.close(reading)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(writing)
    # The child does so too; whoever comes first: its group is there when this function returns.
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)
    return Fork(pid, os.fdopen(reading, "rb", buffering=0))


def _become(
    module: ForkedModule, environment: Mapping[str, str], prepare: Callable[[], None], errors: int, mask: AbstractSet[int]
) -> NoReturn:
    """Turn the fork into the component, and end with it."""
    code = 1
    try:
        prepare()
        os.setpgid(0, 0)
        gc.freeze()
        _take_streams(errors)
        _forget_handlers()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.environ.clear()
        os.environ.update(environment)
        set_process_title(module.title)
        code = _run(module.name)
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(code)


def _take_streams(errors: int) -> None:
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.dup2(errors, 2)
    for inherited in [int(name) for name in os.listdir("/proc/self/fd")]:  # noqa: PTH208 - numbers, not files
        # The listing itself had one too, which is closed by now.
        if inherited > 2 and inherited != null and _is_open(inherited):
            os.dup2(null, inherited, inheritable=False)
    os.close(null)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _forget_handlers() -> None:
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _run(module: str) -> int:
    """Run the module and return the exit code, as the interpreter does at the end of `python -m`."""
    try:
        sys.argv = [module]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:  # noqa: BLE001 - shown as the interpreter shows it, and the process ends
        sys.excepthook(*sys.exc_info())
        return 1
    return 0
