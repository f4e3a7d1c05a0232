"""How much memory a process uses, from /proc."""

import os
from pathlib import Path

PROC = Path("/proc")
MEBIBYTE = 1 << 20


def resident_bytes(pid: int) -> int | None:
    """Return the resident set size (RSS), pages shared with other processes included; None when the process is gone."""
    try:
        pages = (PROC / str(pid) / "statm").read_text().split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def proportional_bytes(pid: int) -> int | None:
    """Return the proportional set size (PSS): shared pages count by their share. RSS where the kernel does not tell it."""
    try:
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        # The process is gone, the kernel is older than 4.14, or a security module forbids it.
        pass
    return resident_bytes(pid)


def above(pid: int, ceiling: int) -> int | None:
    """Return the proportional bytes of the process when they are above `ceiling` bytes, else None.

    Reading PSS makes the kernel walk all pages, so RSS, which is never smaller, is asked first.
    """
    resident = resident_bytes(pid)
    if resident is None or resident <= ceiling:
        return None
    proportional = proportional_bytes(pid)
    return proportional if proportional is not None and proportional > ceiling else None
