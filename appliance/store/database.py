"""Opening `readings.db`: durable settings, a check whether the file is sound, and the sentences for what can go wrong."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import DataFolderError, DcaError, StoreError
from appliance.common.files import sync_folder

BUSY_SECONDS = 10.0
WAL_LIMIT_BYTES = 16 << 20

# Primary result codes are the low byte of the extended ones (sqlite.org/rescode.html).
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FOLDER = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
)
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def result_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code of `error`, 0 when it has none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def is_broken(error: sqlite3.Error) -> bool:
    """Whether the file is no sound database any more."""
    return result_code(error) in _BROKEN


def explain(error: sqlite3.Error, path: Path) -> DcaError:
    """Return the sentence for a person that `error` stands for."""
    code = result_code(error)
    if code == sqlite3.SQLITE_FULL:
        return DataFolderError(
            f"The disk with {path.parent} is full: no reading can be kept or marked as sent. Free some space; what was kept before "
            "is safe."
        )
    if code in _FOLDER:
        return DataFolderError(
            f"The readings in {path} cannot be written: {error}. Check that the disk is sound and not full, and that user "
            f"{os.getuid()} may write to {path.parent}."
        )
    if code in _BROKEN:
        return StoreError(
            f"The database {path} is damaged: {error}. Restart the collector: it sets the damaged file aside and starts a new one."
        )
    if code in _BUSY:
        return StoreError(f"The database {path} is held by another process for more than {BUSY_SECONDS:.0f} s. Try again.")
    return StoreError(f"The database {path} cannot be used: {error}.")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors inside the block into sentences for a person."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block as one write transaction: all of it is kept, durably, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # After some errors, such as a full disk, SQLite has rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def connect_writer(path: Path) -> sqlite3.Connection:
    """Return the writing connection: WAL, `synchronous=FULL` (a commit is on the disk when it returns), foreign keys."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise DataFolderError(
            f"The readings in {path} cannot be opened: {error.strerror}. Check that the data folder exists and that user "
            f"{os.getuid()} may write to it, or name another one in DCA_DATA_DIR."
        ) from error
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot write. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    return connection


def fault_of(path: Path) -> str | None:
    """Return what is wrong with the file, or None when it is a sound database. Raises DataFolderError, StoreError."""
    with explained(path):
        try:
            with closing(connect_writer(path)) as connection:
                text = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            if is_broken(error):
                return str(error)
            raise
    return None if text == "ok" else text


def set_aside(path: Path) -> Path:
    """Rename a damaged database, with its log, so that a new one can be started; return where it is now."""
    stamp = to_rfc3339(utc_now()).replace(":", "").replace("-", "")
    target = path.with_name(f"{path.stem}.broken-{stamp}{path.suffix}")
    for number in range(2, 1000):
        if not target.exists():
            break
        target = path.with_name(f"{path.stem}.broken-{stamp}-{number}{path.suffix}")
    try:
        for ending in ("-wal", ""):
            file = path.with_name(path.name + ending)
            if file.exists():
                file.replace(target.with_name(target.name + ending))
        # The shared-memory index is rebuilt from the log; a stale one would be worse than none.
        path.with_name(path.name + "-shm").unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise DataFolderError(
            f"The damaged database {path} cannot be set aside: {error.strerror}. Move it away, or make the data folder writable."
        ) from error
    return target
