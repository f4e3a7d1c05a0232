"""Two promises of the Linux kernel about child processes, by prctl(2). The standard library has no call for them."""

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def _prctl() -> Callable[[int, int], int]:
    function = ctypes.CDLL(None, use_errno=True).prctl
    function.argtypes = [ctypes.c_int, ctypes.c_ulong]
    function.restype = ctypes.c_int

    def call(option: int, argument: int) -> int:
        return int(function(option, argument))

    return call


def become_subreaper() -> None:
    """Let orphans below this process become its children, so that it can reap them when it is not process 1."""
    _prctl()(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> Callable[[], None]:
    """Return what a child calls between fork and exec, so that the kernel kills it when its parent dies by whatever cause.

    A pipe that the child watches would need the child to be alive and willing; the kernel needs neither, so a stopped or hung
    component goes too. The library is loaded here, before the fork: the child makes two system calls and nothing else.
    """
    prctl = _prctl()
    parent = os.getpid()

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the promise was made
            os._exit(1)

    return prepare
