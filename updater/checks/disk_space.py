"""A data folder that is nearly full."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from appliance.common.message import Message
from updater.checks.base import Check, Situation
from updater.components.issues import Finding
from updater.components.memory import MEBIBYTE

LOW_BYTES = 200 * MEBIBYTE
FULL_BYTES = 4 * MEBIBYTE


def free_bytes(folder: Path) -> int | None:
    """Return the bytes a normal user may still write to the disk of `folder`, None when that cannot be told."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


class DiskSpace(Check):
    """Finds a disk with little space left. There is no fix: what may be deleted is not for an appliance to decide."""

    slug = "disk_space"
    interval = 60.0

    def __init__(self, *, low_bytes: int = LOW_BYTES) -> None:
        self._low = low_bytes

    async def find(self, situation: Situation) -> Sequence[Finding]:
        """Return one finding when the disk of the data folder is low on space."""
        free = free_bytes(situation.data_folder)
        if free is None or free >= self._low:
            return []
        return [
            Finding(
                self.slug,
                Message(
                    "The disk of %(data_folder)s has %(free)s MB left. Free some space, give the volume more, or "
                    "keep readings for fewer days (store.keep_days); when it is full, new readings cannot be kept.",
                    data_folder=situation.data_folder,
                    free=round(free / MEBIBYTE),
                ),
            )
        ]
