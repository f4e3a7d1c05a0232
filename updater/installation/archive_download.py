"""The archive of an image, fetched as a target of the repository: slowly where the site wants it so, and never twice.

What is there of it (`NAME.part`) is gone on with after a broken connection, a killed process and a power cut; what is needed for
that stands beside it (`NAME.part.json`). What it has to be, the repository has signed. A server that knows no parts sends it anew.
"""

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Annotated

from pydantic import StringConstraints

from appliance.common.files import sync_folder, to_json, write_atomic
from appliance.common.message import Message
from appliance.common.record import Count
from updater.engine.progress_stream import Tell
from updater.errors import FetchError, Reason, UntrustedError
from updater.records.json_file import read_record
from updater.trust.client import Target
from updater.trust.folder import folder_errors, locked
from updater.trust.http_failures import cut_off
from updater.trust.source import Source

ARCHIVE_BYTES = 2 << 30
"""The largest archive that is fetched."""
SYNC_BYTES = 8 << 20
"""By so many bytes what came is made durable: at most that is fetched again after a power cut."""
PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Seconds before each further try, from the last byte that came. After that it is left to the next check."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PASSING = (408, 416, 500, 502, 503, 504)
"""Statuses after which the next try may bring more: 416 is for a part that the server does not go on with."""


def download(target: Target, fetcher: Source, folder: Path, tell: Tell, *, pauses: Sequence[float] = PAUSES) -> Path:
    """Return the file of the archive in `folder`, fetched as far as it is not there. Raises TrustError.

    Other archives in `folder`, and parts of them, are removed. `tell` gets a text and the percentage that is there.
    """
    if target.length > ARCHIVE_BYTES:
        raise UntrustedError(
            Reason.TOO_LONG,
            Message(
                "The image archive %(name)s has %(length)s bytes, more than the %(archive_bytes)s that are "
                "taken. Ask the hosting team for a smaller one.",
                name=target.name,
                length=target.length,
                archive_bytes=ARCHIVE_BYTES,
            ),
            file=target.name,
        )
    file = folder / target.name.rpartition("/")[2]
    with folder_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(folder), folder_errors(folder):
        part = _Part(file, target)
        part.remove_others()
        if file.exists() and part.is_whole(file):
            return file
        _fetch(part, fetcher, tell, pauses)
        part.finish()
    return file


def _fetch(part: "_Part", fetcher: Source, tell: Tell, pauses: Sequence[float]) -> None:
    """Fetch what is missing, again while that brings something. Raises FetchError with the last failure, OSError."""
    left = list(pauses)
    while (before := part.open()) < part.length:
        try:
            part.append(fetcher, tell)
        except FetchError as error:
            if error.reason is Reason.TOO_LONG or (error.status is not None and error.status not in PASSING):
                raise
            if error.status == 416:
                part.remove()
            elif part.size > before:
                left = list(pauses)
            if not left:
                raise
            time.sleep(left.pop(0))


@dataclass(frozen=True, slots=True)
class _Notes:
    """What is needed to go on with a part."""

    hashes: dict[str, str] = field(default_factory=dict)
    validator: Annotated[str, StringConstraints(pattern=r"^[ -~]*$")] = ""
    """A header of the server, sent back to it."""
    boot: str = ""
    synced: Count = 0
    """So many bytes are durable."""


class _Part:
    """What is there of an archive."""

    def __init__(self, file: Path, target: Target) -> None:
        self.length = target.length
        self.size = 0
        self._target = target
        self._file = file
        self._part = file.with_name(f"{file.name}.part")
        self._notes = file.with_name(f"{file.name}.part.json")
        self._validator = ""

    def remove_others(self) -> None:
        """Remove archives of other versions: one is there at a time."""
        for entry in self._file.parent.iterdir():
            if entry.is_file() and entry not in (self._file, self._part, self._notes):
                entry.unlink()

    def open(self) -> int:
        """Return how many bytes can be gone on with; what a power cut may have spoilt is cut off."""
        noted = self._noted()
        size = self._part.stat().st_size if self._part.exists() else 0
        if noted.hashes != dict(self._target.hashes) or size > self.length:
            self.remove()
            return 0
        if noted.boot != _boot() and size > noted.synced:
            os.truncate(self._part, noted.synced)
            size = noted.synced
        self._validator = noted.validator
        self.size = size
        return size

    def append(self, fetcher: Source, tell: Tell) -> None:
        """Fetch what follows. Raises FetchError; OSError, and then nothing of it is left where the disk is full."""
        try:
            with self._part.open("ab") as stream:

                def begins(offset: int, validator: str) -> None:
                    stream.truncate(offset)
                    self.size, self._validator = offset, validator
                    self._sync(stream)

                shown, unsynced = -1, 0
                for piece in fetcher.fetch(
                    self._target.url, self.length, offset=self.size, validator=self._validator, begins=begins
                ):
                    stream.write(piece)
                    self.size += len(piece)
                    unsynced += len(piece)
                    if unsynced >= SYNC_BYTES:
                        self._sync(stream)
                        unsynced = 0
                    if (percent := 100 * self.size // self.length) != shown:
                        shown = percent
                        tell(f"fetching {self._file.name}", percent)
            if self.size < self.length:
                raise cut_off(self._target.url)  # by a server that announces no length
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                self.remove()  # readings need the room
            raise

    def finish(self) -> None:
        """Give what was fetched its name, if it is what was signed. Raises UntrustedError, and then nothing of it is left."""
        if not self.is_whole(self._part):
            self.remove()
            raise UntrustedError(
                Reason.MISMATCH,
                Message(
                    "The image archive %(name)s is not the one that was signed, and was deleted. It is fetched anew "
                    "at the next try; if that ends the same, ask the hosting team to publish it again.",
                    name=self._file.name,
                ),
                file=self._target.name,
            )
        with self._part.open("rb+") as stream:
            os.fsync(stream.fileno())
        self._part.replace(self._file)
        self._notes.unlink(missing_ok=True)
        sync_folder(self._file.parent)

    def is_whole(self, file: Path) -> bool:
        """Return whether a file has the length and each hash that were signed."""
        if file.stat().st_size != self.length or not self._target.hashes:
            return False
        for algorithm, digest in self._target.hashes.items():
            with file.open("rb") as stream:
                if hashlib.file_digest(stream, algorithm).hexdigest() != digest:
                    return False
        return True

    def remove(self) -> None:
        """Forget what is there."""
        self._part.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)
        self.size, self._validator = 0, ""

    def _noted(self) -> _Notes:
        try:
            return read_record(_Notes, self._notes)
        except (OSError, ValueError):
            return _Notes()

    def _sync(self, stream: IO[bytes]) -> None:
        """Make durable what came, and then the note of it."""
        stream.flush()
        os.fsync(stream.fileno())
        noted = _Notes(dict(self._target.hashes), self._validator, _boot(), self.size)
        write_atomic(self._notes, to_json(asdict(noted)))


def _boot() -> str:
    """Return which start of this host it is: only then what was written is in the file, whether it was made durable or not."""
    with contextlib.suppress(OSError):
        return BOOT_ID.read_text(encoding="ascii").strip()
    return ""
