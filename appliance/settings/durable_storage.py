"""The file `settings.json` on the disk, as a storage of TinyDB.

TinyDB's own storage rewrites the file in place and can leave half of it. This one writes a new file, makes it durable and renames
it; a good copy stays beside it. A file that cannot be read is kept aside and the good copy used instead.
"""

import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from tinydb.storages import Storage

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import DataFolderError, SettingsLostError
from appliance.common.files import from_json, to_json, write_atomic
from appliance.common.message import Message
from appliance.settings.tables import RECOVERIES, SHAPES, Tables, unreadable_row

log = structlog.get_logger()

_NUMBER = re.compile(r"[0-9]{1,15}")


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
            tables = _load(self._path)
        except FileNotFoundError:
            if not self._good_copy.exists():
                return None
            return self._recover("the file is gone")
        except ValueError as broken:
            return self._recover(str(broken))
        unreadable = unreadable_row(tables)
        return self._recover(unreadable) if unreadable and self._has_better() else tables

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
            write_atomic(self._path, content)
        except OSError as error:
            raise DataFolderError(
                Message(
                    "The settings could not be written to %(path)s: %(reason)s. The old settings stay in force. "
                    "Free some space, or make the data folder writable.",
                    path=self._path,
                    reason=error.strerror,
                )
            ) from error

    def _has_better(self) -> bool:
        try:
            return unreadable_row(_load(self._good_copy)) is None
        except (OSError, ValueError, DataFolderError):
            return False

    def _recover(self, reason: str) -> Tables:
        try:
            tables = _load(self._good_copy)
        except (FileNotFoundError, ValueError) as error:
            raise SettingsLostError(
                Message(
                    "The settings file %(path)s is broken (%(reason)s) and there is no good copy beside it. Restore it from a "
                    "backup, or move it and %(copy)s away to start from the first-run setup.",
                    path=self._path,
                    reason=reason,
                    copy=self._good_copy.name,
                )
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
                Message(
                    "The broken settings file %(path)s could not be kept aside: %(reason)s. Free some space, or "
                    "make the data folder writable.",
                    path=self._path,
                    reason=error.strerror,
                )
            ) from error
        return aside


def remove_leftovers(path: Path) -> None:
    """Remove what a process has left that was killed while it wrote; whoever holds the lock is the only writer."""
    with suppress(OSError):
        for stale in path.parent.glob(f".{path.stem}*.json.*"):
            stale.unlink(missing_ok=True)


def _load(path: Path) -> Tables:
    """Return the tables in the file. Raises FileNotFoundError, DataFolderError, and ValueError for what TinyDB did not write."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DataFolderError(
            Message(
                "The settings file %(path)s cannot be read: %(reason)s. Make it readable for user %(user)s.",
                path=path,
                reason=error.strerror,
                user=os.getuid(),
            )
        ) from error
    tables = from_json(content)
    if not isinstance(tables, dict):
        raise ValueError("not a JSON object")
    for name, rows in tables.items():
        if not isinstance(rows, dict) or not all(
            _NUMBER.fullmatch(number) and isinstance(row, dict) for number, row in rows.items()
        ):
            raise ValueError(f"{name} is no table")
        for field, kind in SHAPES.get(name, {}).items():
            if not all(isinstance(row.get(field), kind) for row in rows.values()):
                raise ValueError(f"a row of {name} has no {field} that can be used")
    return tables
