"""The folder of the repository: what is published, how it is read and written, and its lock."""

import contextlib
import fcntl
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tuf.api.exceptions import RepositoryError as MetadataError
from tuf.api.metadata import Metadata, Root

from appliance.common.files import sync_folder
from appliance.common.message import Message
from hosting.errors import RepositoryError
from hosting.repository.keys import OnlineKeys
from hosting.repository.roles import ROOT, SNAPSHOT, TIMESTAMP

LOCK_SECONDS = 120
SYNC_ALL_ABOVE = 64
"""So many files are made durable at once, with the whole disk, instead of one by one."""
READABLE = 0o644
"""What is published is for everybody: another web server may hand it out."""
VERSIONED = re.compile(r"([0-9]+)\.([a-z0-9-]+)\.json")


class RepositoryFolder:
    """`metadata` and `targets` are published, `drafts` and `archives` wait for signatures, `keys` are those of the server."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.metadata = path / "metadata"
        self.targets = path / "targets"
        self.drafts = path / "drafts"
        self.archives = path / "archives"
        self._unfinished = path / "unfinished"
        self.keys = OnlineKeys(path / "keys")

    @property
    def timestamp(self) -> Path:
        """The file that says what is in force; it is replaced last."""
        return self.metadata / f"{TIMESTAMP}.json"

    @property
    def is_published(self) -> bool:
        """Whether there is a whole repository."""
        return self.timestamp.exists()

    def prepare(self) -> None:
        """Make the folders that are not there."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.metadata, self.targets, self.drafts, self.archives, self._unfinished):
            folder.mkdir(exist_ok=True)

    def file(self, role: str, version: int) -> Path:
        """Return where a version of a role is published."""
        return self.timestamp if role == TIMESTAMP else self.metadata / f"{version}.{role}.json"

    def read(self, role: str, version: int = 0) -> Metadata[Any]:
        """Return published metadata. Raises RepositoryError when it is not there or damaged."""
        path = self.file(role, version)
        return read_metadata(path)

    def read_plain(self, path: Path) -> dict[str, Any]:
        """Return published metadata as JSON, many times as fast. Raises RepositoryError when it is not there or damaged."""
        with _reading(path):
            value = json.loads(path.read_bytes())
            if not isinstance(value, dict) or "signed" not in value:
                raise ValueError("no metadata")
            return value

    def target(self, path: str, sha256: str) -> Path:
        """Return where a target is published."""
        folder, _, name = path.rpartition("/")
        return self.targets / folder / f"{sha256}.{name}"

    def root_versions(self) -> list[int]:
        """Return the versions of the published roots, which all stay for ever, oldest first."""
        return sorted(version for version, role, _ in self.versioned() if role == ROOT)

    def newest_root(self) -> Metadata[Root]:
        """Return the root in force. Raises RepositoryError without one."""
        versions = self.root_versions()
        if not versions:
            raise RepositoryError(Message("%(folder)s has no published root. Run: dca-hosting repository init", folder=self.path))
        return self.read(ROOT, versions[-1])

    def versioned(self) -> Iterator[tuple[int, str, Path]]:
        """Yield version, role and file of all published metadata but the timestamp."""
        for entry in os.scandir(self.metadata) if self.metadata.is_dir() else ():
            if match := VERSIONED.fullmatch(entry.name):
                yield int(match[1]), match[2], Path(entry.path)

    def tidy(self, announced: Mapping[str, int]) -> None:
        """Remove what a publication that was cut short has left: versions above those that are announced, and unfinished files."""
        for version, role, path in self.versioned():
            if role != ROOT and version > announced.get(role, 0):
                path.unlink()
        for path in self._unfinished.iterdir() if self._unfinished.is_dir() else ():
            path.unlink()

    def write(self, files: Mapping[Path, bytes]) -> None:
        """Write files, each whole or not at all, and make all of them durable. The folder has to be locked."""
        folders = {path.parent for path in files}
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        one_by_one = len(files) <= SYNC_ALL_ABOVE
        for path, content in files.items():
            self._write(path, content, durable=one_by_one)
        if not one_by_one:
            os.sync()
        for folder in {*folders, *(folder.parent for folder in folders)} if one_by_one else ():
            sync_folder(folder)

    def _write(self, path: Path, content: bytes, *, durable: bool) -> None:
        descriptor, unfinished = tempfile.mkstemp(dir=self._unfinished)
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), READABLE)
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        Path(unfinished).replace(path)

    def link(self, source: Path, target: Path) -> None:
        """Publish a file that is durable already under another name, without its content being copied; its age begins now."""
        target.parent.mkdir(parents=True, exist_ok=True)
        source.chmod(READABLE)
        os.utime(source)
        if target.exists():
            target.unlink()
        target.hardlink_to(source)
        for folder in (target.parent, target.parent.parent):
            sync_folder(folder)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the repository; whoever comes second waits. Raises RepositoryError after two minutes."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        end = time.monotonic() + LOCK_SECONDS
        try:
            while not _lock(descriptor):
                if time.monotonic() > end:
                    raise RepositoryError(
                        Message("Another process has been publishing for two minutes. Try again when it has ended.")
                    )
                time.sleep(0.05)
            yield
        finally:
            os.close(descriptor)


def read_metadata(path: Path) -> Metadata[Any]:
    """Return the metadata of a file. Raises RepositoryError when it is not there or damaged."""
    with _reading(path):
        return Metadata.from_bytes(path.read_bytes())


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RepositoryError(
            Message("%(path)s cannot be read: %(reason)s. Restore the repository from a backup.", path=path, reason=error.strerror)
        ) from error
    except (MetadataError, ValueError, KeyError, TypeError) as error:
        raise RepositoryError(
            Message("%(path)s is damaged: it is no metadata. Restore the repository from a backup.", path=path)
        ) from error


def announced(snapshot: Metadata[Any]) -> dict[str, int]:
    """Return the versions of the roles that a snapshot announces, and its own."""
    versions = {name.removesuffix(".json"): meta.version for name, meta in snapshot.signed.meta.items()}
    return versions | {SNAPSHOT: snapshot.signed.version}


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
