"""Who works on an update: one install, one switcher, for each data folder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

INSTALL_LOCK = ".install.lock"
"""An installation has it alone; a tidying, which is soon over, shares it."""
SWITCHER_LOCK = ".switcher.lock"
TIDYING_SECONDS = 120.0
"""Longest time a tidying is waited for."""
PAUSE_SECONDS = 0.1


@contextmanager
def held(file: Path, *, wait: bool = True, shared: bool = False) -> Iterator[None]:
    """Hold a lock for the life of the block; it ends with the process. Without `wait`: BlockingIOError when another has it.

    A `shared` one is held beside others of that kind.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


@contextmanager
def held_within(file: Path, seconds: float) -> Iterator[None]:
    """Hold a lock, waiting so long for another to let go of it. Raises BlockingIOError after that."""
    end = time.monotonic() + seconds
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(held(file, wait=False))
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise
            time.sleep(PAUSE_SECONDS)
        yield


@contextmanager
def held_for_install(folder: Path) -> Iterator[None]:
    """Hold the lock of the one installation. A tidying is waited for; BlockingIOError when another installation has it."""
    with ExitStack() as stack:
        _take(stack, folder / INSTALL_LOCK)
        yield


def _take(stack: ExitStack, file: Path) -> None:
    end = time.monotonic() + TIDYING_SECONDS
    while True:
        try:
            stack.enter_context(held(file, wait=False))
        except BlockingIOError:
            if time.monotonic() > end:
                raise
        else:
            return
        # Only a tidying leaves it to be shared.
        with held(file, wait=False, shared=True):
            time.sleep(PAUSE_SECONDS)
