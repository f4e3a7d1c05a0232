"""A bundle with a new version on its way into the data folder: how much of it there is room for, and when it counts as there."""

import os
import shutil
from pathlib import Path
from typing import IO

from appliance.common.files import sync_folder
from appliance.common.paths import Paths

KEPT_FREE_BYTES = 200_000_000
"""What stays free for readings and for the installation itself."""


def room_for_bundle(paths: Paths) -> int:
    """Return how many bytes a bundle may have."""
    return max(0, shutil.disk_usage(paths.data).free - KEPT_FREE_BYTES)


def unfinished_bundle(paths: Paths) -> Path:
    """Return the file for what has come of a bundle."""
    return paths.bundle.with_name(f"{paths.bundle.name}.part")


def open_bundle(paths: Paths) -> IO[bytes]:
    """Begin the file for what comes, for nobody else to read. Raises OSError."""
    file = unfinished_bundle(paths)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")


def settle_bundle(file: IO[bytes], paths: Paths) -> Path:
    """Make a bundle that has come whole durable, and return it under its own name. Raises OSError."""
    file.flush()
    os.fsync(file.fileno())
    file.close()
    unfinished_bundle(paths).replace(paths.bundle)
    sync_folder(paths.bundle.parent)
    return paths.bundle
