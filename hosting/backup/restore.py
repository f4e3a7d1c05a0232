"""Make a server of a backup, in an empty data folder and an empty database, once all of the backup is verified."""

import itertools
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from appliance.common.clock import utc_now
from appliance.common.files import sync_folder
from appliance.common.version import installed_version
from appliance.release import VERSION, version_key
from hosting.backup.archive import Manifest, decompressed, members, part_of, verified
from hosting.config import Config
from hosting.db import copies, installation
from hosting.db.connection.database import Database, database_url
from hosting.db.copies import SQLITE_FILE
from hosting.db.migrate import known_schemas, migrate
from hosting.errors import DataError

STAGING = ".restoring"
HARMLESS = frozenset({STAGING, "lost+found"})
"""What an empty data folder may hold: a restore that was killed, and what a file system makes."""

Fill = Callable[[str, Iterator[bytes]], None]


def restore(config: Config, source: Path) -> Manifest:
    """Make the data folder and the database from a backup, a generation of its own, and return what the backup says of itself.

    Raises DataError, and then nothing was changed, and OSError.
    """
    if not source.is_file():
        raise DataError(f"{source} is no file. Name a file that dca-hosting backup has written.")
    _require_empty_folder(config.folder)
    manifest = verified(source)
    _require_fitting(manifest, config, source)
    config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _staging(config.folder) as staging:
        if manifest.database.engine == "sqlite":
            _restore_sqlite(manifest, source, staging)
            _into_place(staging, config.folder)
        else:
            _restore_postgresql(manifest, source, staging, config)
    with Database(database_url(config.database_url, config.folder)) as database:
        migrate(database)
    return manifest


def _require_empty_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is no folder. Name another with --data.")
    there = sorted({path.name for path in folder.iterdir()} - HARMLESS) if folder.exists() else []
    if there:
        raise DataError(
            f"{folder} is not empty: it has {there[0]}. A backup is restored into an empty data folder. Move what is there away, "
            "or name another with --data."
        )


def _require_fitting(manifest: Manifest, config: Config, source: Path) -> None:
    """Raise DataError where this program and what it was given are not for this backup."""
    copy = manifest.database
    if copy.schema not in known_schemas() or _is_newer(manifest.version):
        raise DataError(
            f"{source} was made by version {manifest.version} (schema {copy.schema}), which is newer than this one, "
            f"{installed_version()}. Install that version, then restore."
        )
    url = database_url(config.database_url, config.folder)
    if (url.get_backend_name() == "sqlite") != (copy.engine == "sqlite"):
        advice = (
            "Leave DCA_HOSTING_DATABASE_URL out."
            if copy.engine == "sqlite"
            else "Name an empty database in DCA_HOSTING_DATABASE_URL."
        )
        raise DataError(f"{source} is of a server with {_name(copy.engine)}, and goes into that alone. {advice}")
    if copy.engine == "postgresql":
        with Database(url) as database:
            if not copies.is_empty(database):
                raise DataError(
                    f"The database {url.render_as_string(hide_password=True)} has tables already. Make an empty one (createdb), "
                    "and name it in DCA_HOSTING_DATABASE_URL."
                )


def _is_newer(version: str) -> bool:
    ours = installed_version()
    known = VERSION.fullmatch(version) and VERSION.fullmatch(ours)
    return version_key(version) > version_key(ours) if known else version != ours


def _name(engine: str) -> str:
    return "SQLite" if engine == "sqlite" else "PostgreSQL"


def _restore_sqlite(manifest: Manifest, source: Path, staging: Path) -> None:
    file = staging / SQLITE_FILE
    with file.open("wb") as stream:

        def fill(_part: str, pieces: Iterator[bytes]) -> None:
            for piece in pieces:
                stream.write(piece)

        _unpack(source, staging, fill)
    with Database(database_url(None, staging)) as database:
        migrate(database)
        with database.writing() as connection:
            installation.begin_generation(connection, manifest.made_at, utc_now())
    for left in staging.glob(f"{SQLITE_FILE}?*"):  # the lock of the migrations; the journal went with the last connection
        left.unlink()


def _restore_postgresql(manifest: Manifest, source: Path, staging: Path, config: Config) -> None:
    """Fill the database and put the files into their place; the database counts only where both were done."""
    with (
        Database(database_url(config.database_url, config.folder)) as database,
        copies.filling(database, manifest.database) as target,
    ):
        _unpack(source, staging, target.fill)
        installation.begin_generation(target.connection, manifest.made_at, utc_now())
        _into_place(staging, config.folder)


def _unpack(source: Path, staging: Path, fill: Fill) -> None:
    """Write the files of a backup below `staging`, and hand the parts of the database on."""
    for part, group in itertools.groupby(members(source), key=lambda member: part_of(member[0].name)):
        if part is None:
            for info, stream in group:
                _write(staging.joinpath(*PurePosixPath(info.name).parts[1:]), info, stream)
        else:
            fill(part, (decompressed(stream) for _, stream in group))


def _write(path: Path, info: tarfile.TarInfo, stream: IO[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        os.fchmod(file.fileno(), info.mode & 0o644)
        shutil.copyfileobj(stream, file)
    os.utime(path, (info.mtime, info.mtime))


def _into_place(staging: Path, folder: Path) -> None:
    """Move all that is staged into the data folder, the database last: without it no server starts."""
    os.sync()
    for path in sorted(staging.iterdir(), key=lambda path: path.name == SQLITE_FILE):
        path.rename(folder / path.name)
    sync_folder(folder)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    path = folder / STAGING
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
