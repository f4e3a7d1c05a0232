"""The folder of trusted metadata: one process at a time, no litter, the root it began with, and the newest moment it has seen."""

import contextlib
import errno
import fcntl
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.common.clock import from_rfc3339, to_rfc3339
from appliance.common.files import sync_folder, write_atomic
from appliance.common.message import Message
from updater.errors import ClockError, Reason, TrustFolderError

METADATA_BYTES = 5_000_000
"""The largest metadata file that is fetched or read."""
ROOT_BYTES = 512_000
TOP_LEVEL = ("root.json", "timestamp.json", "snapshot.json", "targets.json")
UNFINISHED = re.compile(r"tmp[a-z0-9_]{8}|\.(?:root\.json|newest-moment)\.[a-z0-9_]{8}")
"""Names of temporary files: those of python-tuf, which writes through `tempfile`, and of `write_atomic`."""
EARLIEST = datetime(2024, 1, 1, tzinfo=UTC)
"""No clock that is right says less: a host without a battery for its clock wakes up in 1970."""
CLOCK_TOLERANCE = timedelta(minutes=10)
"""By so much a clock may be set back when it is put right."""


class TrustFolder:
    """A folder of metadata. Every method raises TrustFolderError when the folder cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._bootstrap = path / "bootstrap" / "root.json"
        self._newest_moment = path / "newest-moment"

    def prepare(self) -> None:
        """Make the folder when there is none."""
        with folder_errors(self.path):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep_bootstrap(self, root: bytes) -> None:
        """Keep the root that everything else is verified from, and show it as `root.json`. Other metadata stays."""
        self.prepare()
        with folder_errors(self.path):
            self._bootstrap.parent.mkdir(mode=0o700, exist_ok=True)
        with locked(self.path), folder_errors(self.path):
            write_atomic(self._bootstrap, root)
            write_atomic(self.path / "root.json", root)

    def bootstrap(self) -> bytes:
        """Return the root kept here."""
        with folder_errors(self.path):
            try:
                return read_bounded(self._bootstrap, ROOT_BYTES)
            except (FileNotFoundError, NotADirectoryError) as error:
                raise TrustFolderError(
                    Reason.FOLDER,
                    Message(
                        "%(path)s has no root to begin with. Run `dca trust --metadata-dir %(path)s init ROOT` with the "
                        "root.json that the hosting team gave you.",
                        path=self.path,
                    ),
                    file=str(self._bootstrap),
                ) from error

    def tidy(self) -> None:
        """Remove what a killed process left behind, and monsters in the place of metadata, which is fetched again.

        Nothing else is touched: the folder may hold other things of its owner.
        """
        with folder_errors(self.path):
            history = self.path / "root_history"
            if history.is_file():
                history.unlink()
            history.mkdir(mode=0o700, exist_ok=True)
            for entry in [*self.path.iterdir(), *history.glob("*.root.json")]:
                if entry.is_symlink() or not entry.is_file():
                    continue
                is_metadata = entry.name in TOP_LEVEL or entry.parent == history
                if UNFINISHED.fullmatch(entry.name) or (is_metadata and entry.stat().st_size > METADATA_BYTES):
                    entry.unlink()

    def require_clock(self, now: datetime, not_before: datetime = EARLIEST) -> None:
        """Raise ClockError when `now` is before a moment that is known to be over."""
        earliest = max(not_before, self._seen() - CLOCK_TOLERANCE)
        if now < earliest:
            raise ClockError(
                Reason.CLOCK,
                Message(
                    "The clock of this host says %(now)s, but it is %(earliest)s at least, so that nothing "
                    "can be said about what has expired. Set the clock of the host; if it is right now and was wrong "
                    "before, delete %(file)s.",
                    now=to_rfc3339(now),
                    earliest=to_rfc3339(earliest),
                    file=self._newest_moment,
                ),
                file=str(self._newest_moment),
            )

    def saw(self, now: datetime) -> None:
        """Note the moment of a refresh that was wholly verified: it is within the validity of a timestamp that somebody signed."""
        with folder_errors(self.path):
            if now > self._seen():
                write_atomic(self._newest_moment, to_rfc3339(now).encode())

    def sync(self) -> None:
        """Make everything here durable: the library writes without."""
        with folder_errors(self.path):
            for folder in (self.path / "root_history", self.path):
                for entry in folder.iterdir():
                    if entry.is_file() and not entry.is_symlink():
                        _sync_file(entry)
                sync_folder(folder)

    def _seen(self) -> datetime:
        try:
            return from_rfc3339(read_bounded(self._newest_moment, 100).decode())
        except (OSError, ValueError):
            return EARLIEST


def read_bounded(path: Path, limit: int) -> bytes:
    """Return the content of a file. Raises OSError, of kind EFBIG for one of more than `limit` bytes."""
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"more than {limit} bytes", str(path))
    return content


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which ends with the process at the latest. Raises TrustFolderError at once when another has it."""
    with folder_errors(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with folder_errors(folder):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise TrustFolderError(
                    Reason.BUSY,
                    Message("Another process works in %(folder)s. Wait until it has ended.", folder=folder),
                    file=str(folder),
                ) from error
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def folder_errors(folder: Path) -> Iterator[None]:
    """Raise OSError of what is inside as TrustFolderError."""
    try:
        yield
    except OSError as error:
        file = str(error.filename2 or error.filename or folder)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TrustFolderError(
                Reason.DISK_FULL, Message("There is no room left for %(file)s. Free some space on its disk.", file=file), file=file
            ) from error
        raise TrustFolderError(
            Reason.FOLDER,
            Message(
                "%(file)s cannot be used: %(reason)s. Check that it is there, and that user %(user)s may use it.",
                file=file,
                reason=error.strerror or error,
                user=os.getuid(),
            ),
            file=file,
        ) from error


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
