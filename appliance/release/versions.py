"""Versions of the appliance: how one is written, and which of two is newer."""

import re

VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:(\.dev|a|b|rc|\.post)(\d{1,9}))?", re.ASCII)
"""As Python packages write it, without a local part: it is also the tag of an image and part of a file's name."""
_STAGES = {".dev": -4, "a": -3, "b": -2, "rc": -1, None: 0, ".post": 1}


def version_key(version: str) -> tuple[int, int, int, int, int]:
    """Return what versions are compared by, newer ones greater; what follows a `+` does not count. Raises ValueError."""
    match = VERSION.fullmatch(version.partition("+")[0])
    if match is None:
        raise ValueError(f"{version[:40]!r} is no version. One looks like 0.2.0 or 0.2.0rc1")
    major, minor, patch, stage, number = match.groups()
    return int(major), int(minor), int(patch), _STAGES[stage], int(number or 0)
