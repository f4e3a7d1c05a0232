"""How far the replacement under way is, in `update/progress.json`: whoever works on it writes, the supervisor shows.

It changes many times a minute and may be lost at a power cut, so it is renamed into its place, but not made durable.
"""

import contextlib
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.files import to_json
from appliance.common.message import shortened, with_messages
from appliance.common.record import Moment, Percent
from updater.records.json_file import read_record

Stage = Literal[
    "checking", "downloading", "loading", "preflight", "preparing", "switching", "gate", "finishing", "rolling_back", "stuck"
]
TEXT_CHARACTERS = 300
FILE = "progress.json"


@dataclass(frozen=True, slots=True)
class Progress:
    """One moment of a replacement. `percent` is of its stage, None where it is unknown; `at` is RFC 3339."""

    transaction: str
    stage: Stage
    percent: Percent | None
    text: str
    at: Moment

    def to_json(self) -> dict[str, Any]:
        """Return the value as JSON."""
        return asdict(self)


class ProgressFile:
    """The file of one transaction. What cannot be written is not: an update does not fail for want of its progress."""

    def __init__(self, folder: Path, transaction: str) -> None:
        """`folder` is `Paths.update`."""
        self._file = folder / FILE
        self._transaction = transaction

    def tell(self, stage: Stage, text: str, percent: int | None = None) -> None:
        """Say how far it is."""
        progress = Progress(self._transaction, stage, percent, shortened(text, TEXT_CHARACTERS), to_rfc3339(utc_now()))
        temporary = self._file.with_name(f".{FILE}.{os.getpid()}")
        try:
            temporary.write_bytes(to_json(with_messages(progress.to_json())))
            temporary.replace(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()

    def of(self, stage: Stage) -> Callable[[str, int | None], None]:
        """Return a function that tells text and percentage of one stage, as `Engine.pull` and `Engine.load` want it."""
        return lambda text, percent: self.tell(stage, text, percent)


def read(folder: Path) -> Progress | None:
    """Return what was told last; None where nothing was, or it cannot be read."""
    try:
        return read_record(Progress, folder / FILE)
    except (OSError, ValueError):
        return None


def clear(folder: Path) -> None:
    """Forget what was told: nothing is under way."""
    with contextlib.suppress(OSError):
        (folder / FILE).unlink(missing_ok=True)
