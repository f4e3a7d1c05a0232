"""Image archives: large files that wait beside the draft which signs them, and are published with it. Never whole in memory."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tuf.api.metadata import TargetFile

from appliance.common.files import sync_folder
from hosting.errors import RepositoryError
from hosting.repository.folder import RepositoryFolder
from hosting.repository.waiting import drafts_of
from hosting.signing.drafts import Draft

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was taken in: `length` in bytes, `sha256` in hexadecimal."""

    sha256: str
    length: int


def take_in(folder: RepositoryFolder, source: Path) -> Kept:
    """Copy a file to where it waits, durably, and return what to sign for it. Raises RepositoryError."""
    folder.archives.mkdir(parents=True, exist_ok=True)
    digest, length = hashlib.sha256(), 0
    descriptor, unfinished = tempfile.mkstemp(dir=folder.archives)
    try:
        with source.open("rb") as stream, os.fdopen(descriptor, "wb") as copy:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                length += len(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
        Path(unfinished).replace(folder.archives / digest.hexdigest())
    except OSError as error:
        Path(unfinished).unlink(missing_ok=True)
        raise RepositoryError(f"{source} cannot be taken into {folder.archives}: {error.strerror}.") from error
    sync_folder(folder.archives)
    return Kept(digest.hexdigest(), length)


def place(folder: RepositoryFolder, draft: Draft) -> None:
    """Put the files of a draft among what is published, each checked. Raises RepositoryError for another than was signed."""
    for info in _targets(draft):
        if info.path in draft.contents.after:
            continue
        sha256 = info.hashes["sha256"]
        published, waiting = folder.target(info.path, sha256), folder.archives / sha256
        if published.is_file() and published.stat().st_size == info.length:
            continue
        if not waiting.is_file():
            raise RepositoryError(f"{info.path} is not here. Bring the file to {waiting}, or make the draft anew.")
        with waiting.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != sha256 or waiting.stat().st_size != info.length:
            raise RepositoryError(f"{waiting} is not the {info.path} that was signed: it has changed. Make the draft anew.")
        folder.link(waiting, published)


def tidy(folder: RepositoryFolder) -> None:
    """Remove the archives that no draft waits for any more."""
    named = {info.hashes["sha256"] for draft in drafts_of(folder) for info in _targets(draft)}
    for path in folder.archives.iterdir() if folder.archives.is_dir() else ():
        if path.name not in named:
            path.unlink()


def _targets(draft: Draft) -> Iterable[TargetFile]:
    targets: dict[str, TargetFile] = getattr(draft.metadata.signed, "targets", {})
    return targets.values()
