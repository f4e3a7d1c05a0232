"""What the Linux kernel does for child processes by prctl(2). The standard library has no call for it."""

import ctypes
import os
import signal
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
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


def set_process_title(title: str) -> None:
    """Let `ps`, `top` and the kernel's log call this process `title`, cut off where the command line it was started by ended.

    The kernel shows the memory of the command line itself, proc_pid_cmdline(5); prctl(2) sets the short name.
    """
    name = ctypes.create_string_buffer(title.encode()[:15])
    _prctl()(PR_SET_NAME, ctypes.addressof(name))
    fields = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])  # arg_start and arg_end: fields 48 and 49, of which two stand before the `)`
    if start:  # hidden where a security module says so
        ctypes.memmove(start, title.encode()[: end - start - 1].ljust(end - start, b"\0"), end - start)
