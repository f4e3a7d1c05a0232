"""Make a backup of a server that goes on: what is in it is of one moment."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from appliance.common.clock import utc_now
from appliance.common.files import whole_file
from appliance.common.version import installed_version
from hosting.backup.archive import FILES, ArchiveWriter, Manifest
from hosting.certificates import CertificateFiles
from hosting.config import Config
from hosting.configuration.publication import one_at_a_time
from hosting.db.connection.database import Database
from hosting.db.copies import Source, held
from hosting.errors import DataError
from hosting.repository.folder import RepositoryFolder

STAGING = ".backup-"
STALE_SECONDS = 86400
"""A staging folder so old was left by a backup that was killed."""
LEFT_OUT = frozenset({"unfinished", ".lock"})
"""What of the folder of the repository is of no use elsewhere."""


def write_backup(config: Config, database: Database, target: Path) -> Manifest:
    """Write a backup to a new file that only its owner can read; a backup that fails leaves none. Raises DataError, OSError."""
    if target.exists():
        raise DataError(f"{target} is there already, and a backup never takes the place of another. Name a new file.")
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(whole_file(target))
        except OSError as error:
            sentence = f"{target} cannot be written: {error.strerror}. Name a file in a folder that is there and can be written to."
            raise DataError(sentence) from error
        return stream_backup(config, database, stream)


def stream_backup(config: Config, database: Database, stream: IO[bytes]) -> Manifest:
    """Write a backup to a stream and return its manifest. Raises DataError, OSError."""
    with ExitStack() as stack:
        staging = stack.enter_context(_staging(config.folder))
        moment = _hold(stack, config, database, staging)
        writer = ArchiveWriter(stream, moment.at)
        for part, pieces in moment.source.parts():
            writer.add_part(part, pieces)
        for path in sorted(moment.files.rglob("*")):
            if not path.is_dir():
                writer.add_file(f"{FILES}/{path.relative_to(moment.files)}", path)
        return writer.finish(installed_version(), moment.source.copy)


@dataclass(frozen=True, slots=True)
class _Moment:
    """What a server was at one moment: its database, held, and its files."""

    at: datetime
    source: Source
    files: Path


def _hold(stack: ExitStack, config: Config, database: Database, staging: Path) -> _Moment:
    """Hold database and files as they are together between two publications; servers publish again as soon as this returns."""
    files = staging / FILES
    files.mkdir()
    repository = RepositoryFolder(config.repository)
    with one_at_a_time(config.folder), repository.locked():
        at = utc_now()
        source = stack.enter_context(held(database, staging))
        _link(repository.path, files / repository.path.name)
    own = CertificateFiles(config.folder)
    for path in (own.authority, own.authority_key, own.server, own.server_key):
        if path.exists():
            shutil.copy2(path, files)
    return _Moment(at, source, files)


def _link(source: Path, target: Path) -> None:
    """Let all files below `source` stand below `target` as well: they are never written in place, so this costs no time."""
    target.mkdir()
    for entry in os.scandir(source):
        if entry.name in LEFT_OUT:
            continue
        if entry.is_dir():
            _link(Path(entry.path), target / entry.name)
        else:
            _link_file(Path(entry.path), target / entry.name)


def _link_file(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # such as a file system without links
        shutil.copy2(source, target)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Yield a folder on the disk of the data folder that is gone at the end."""
    for left in folder.glob(f"{STAGING}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(left)
    path = Path(tempfile.mkdtemp(dir=folder, prefix=STAGING))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
