"""The file behind the settings: always whole, with a good copy beside it.

TinyDB's own storage rewrites the file in place and can leave half of it. This one writes a new file, makes it durable and renames
it; the good file stays beside it as a copy. A file that cannot be read is kept aside and the good copy used instead.
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from tinydb.storages import Storage

from appliance.clock import to_rfc3339, utc_now
from appliance.errors import DataFolderError, SettingsError
from appliance.files import to_json, write_atomic

log = structlog.get_logger()

Tables = dict[str, dict[str, dict[str, Any]]]

RECOVERIES = "recoveries"
"""Table with one document for each time the good copy had to be used: `at`, `reason`, `kept_aside`."""


class DurableStorage(Storage):
    """A TinyDB storage whose file is always whole. Used under the lock of the settings store."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._good_copy = path.with_suffix(".good.json")

    def read(self) -> Tables | None:
        """Return the tables, None when there are none yet.

        A broken or vanished file is replaced by the good copy beside it. Raises SettingsError when there is no good copy either,
        DataFolderError when a file cannot be read.
        """
        try:
            return _load(self._path)
        except FileNotFoundError:
            if not self._good_copy.exists():
                return None
            return self._recover("the file is gone")
        except ValueError as broken:
            return self._recover(str(broken))

    def write(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace the tables. Raises DataFolderError when the disk is full or the folder not writable: the old file stays."""
        content = to_json(data)
        self._write(content)
        try:
            write_atomic(self._good_copy, content)
        except OSError as error:
            # The settings are safe; what is missing is only the newest spare copy.
            log.warning("the spare copy of the settings could not be written", file=str(self._good_copy), reason=error.strerror)

    def _write(self, content: bytes) -> None:
        try:
            # Left by a process that was killed while it wrote; whoever holds the lock is the only writer.
            for stale in self._path.parent.glob(f".{self._path.stem}*.json.*"):
                stale.unlink(missing_ok=True)
            write_atomic(self._path, content)
        except OSError as error:
            raise DataFolderError(
                f"The settings could not be written to {self._path}: {error.strerror}. The old settings stay in force. "
                "Free some space, or make the data folder writable."
            ) from error

    def _recover(self, reason: str) -> Tables:
        try:
            tables = _load(self._good_copy)
        except (FileNotFoundError, ValueError) as error:
            raise SettingsError(
                f"The settings file {self._path} is broken ({reason}) and there is no good copy beside it. Restore it from a "
                "backup, or move it away to start from the first-run setup."
            ) from error
        aside = self._keep_aside()
        rows = tables.setdefault(RECOVERIES, {})
        number = max(map(int, rows), default=0) + 1
        rows[str(number)] = {"at": to_rfc3339(utc_now()), "reason": reason, "kept_aside": aside and str(aside)}
        self._write(to_json(tables))
        log.error(
            "the settings file was broken; the good copy is used",
            file=str(self._path),
            kept_aside=aside and str(aside),
            reason=reason,
        )
        return tables

    def _keep_aside(self) -> Path | None:
        """Keep the broken file under another name, without taking it away: there is a file at every moment."""
        if not self._path.exists():
            return None
        stamp = to_rfc3339(utc_now()).replace(":", "").replace("-", "")
        names = [self._path.with_name(f"{self._path.stem}.broken-{stamp}{ending}.json") for ending in ("", "-2", "-3", "-4")]
        aside = next((name for name in names if not name.exists()), names[-1])
        try:
            aside.unlink(missing_ok=True)
            try:
                os.link(self._path, aside)
            except OSError:  # a file system without hard links
                shutil.copyfile(self._path, aside)
                aside.chmod(0o600)
        except OSError as error:
            raise DataFolderError(
                f"The broken settings file {self._path} could not be kept aside: {error.strerror}. Free some space, or make the "
                "data folder writable."
            ) from error
        return aside


def _load(path: Path) -> Tables:
    """Return the tables in the file. Raises FileNotFoundError, DataFolderError, and ValueError for what TinyDB did not write."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DataFolderError(
            f"The settings file {path} cannot be read: {error.strerror}. Make it readable for user {os.getuid()}."
        ) from error
    tables = json.loads(content)
    if not isinstance(tables, dict):
        raise ValueError("not a JSON object")
    for name, rows in tables.items():
        if not isinstance(rows, dict) or not all(number.isdecimal() and isinstance(row, dict) for number, row in rows.items()):
            raise ValueError(f"{name} is no table")
    return tables
