"""Who works on an update: one install, one switcher, for each data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INSTALL_LOCK = ".install.lock"
SWITCHER_LOCK = ".switcher.lock"


@contextmanager
def held(file: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock for the life of the block; it ends with the process. Without `wait`: BlockingIOError when another has it."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)
