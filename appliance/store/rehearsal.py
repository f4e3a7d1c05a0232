"""Trying out the migrations of `readings.db` before they count: on a copy of its schema, without a reading in it.

python -m appliance.store.rehearsal copy READINGS COPY      by the version that runs
python -m appliance.store.rehearsal migrate COPY            by the version that is to follow it
"""

import argparse
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from appliance.common.errors import DcaError, StoreError
from appliance.store.database import connect_reader, connect_writer, explained, fault_of
from appliance.store.schema import MIGRATIONS, migrate


def copy_schema(readings: Path, copy: Path) -> None:
    """Make a database at `copy` with the tables and the number of the schema of `readings`. Raises StoreError, DataFolderError."""
    with explained(readings), closing(connect_reader(readings)) as source:
        statements = source.execute(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type = 'table' DESC, rowid"
        ).fetchall()
        number = int(source.execute("PRAGMA user_version").fetchone()[0])
    copy.unlink(missing_ok=True)
    with explained(copy), closing(connect_writer(copy)) as target:
        for (statement,) in statements:
            target.execute(statement)
        target.execute(f"PRAGMA user_version = {number}")
        target.execute("PRAGMA journal_mode = DELETE")  # one file, to be handed over


def rehearse(copy: Path) -> str:
    """Migrate the copy and return what was done. Raises StoreError naming what went wrong, DataFolderError."""
    with explained(copy), closing(connect_writer(copy)) as connection:
        before = int(connection.execute("PRAGMA user_version").fetchone()[0])
        try:
            migrate(connection)
        except sqlite3.Error as error:
            raise StoreError(
                f"The database of readings (schema {before}) cannot be brought to schema {len(MIGRATIONS)}: {error}."
            ) from error
    if fault := fault_of(copy):
        raise StoreError(f"The database of readings is not sound after its migration: {fault}.")
    return f"schema {before} becomes {len(MIGRATIONS)}" if before < len(MIGRATIONS) else f"schema {before} needs no migration"


def main() -> int:
    """Run one of the two commands; exit code 1 with one sentence when it failed."""
    parser = argparse.ArgumentParser(
        prog="python -m appliance.store.rehearsal", description="Try out the migrations of the readings."
    )
    commands = parser.add_subparsers(dest="what", required=True)
    copy = commands.add_parser("copy")
    copy.add_argument("readings", type=Path)
    copy.add_argument("copy", type=Path)
    commands.add_parser("migrate").add_argument("copy", type=Path)
    options = parser.parse_args()
    try:
        if options.what == "copy":
            copy_schema(options.readings, options.copy)
        else:
            print(rehearse(options.copy))
    except DcaError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
