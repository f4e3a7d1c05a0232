"""`dca-hosting backup`: all that the server needs to be itself, in one file."""

import argparse
import os
import sys
from pathlib import Path

from appliance.common.clock import to_rfc3339
from hosting.backup.backup import stream_backup, write_backup
from hosting.commands.preparation import open_existing
from hosting.db import installation
from hosting.errors import ConfigurationError


def run(options: argparse.Namespace) -> int:
    """Write a backup to a file, or to standard output."""
    if options.file == "-" and sys.stdout.isatty():
        raise ConfigurationError("A backup is no text for a terminal. Name a file, or hand it on: dca-hosting backup - | PROGRAM")
    config, database = open_existing(options)
    with database:
        if options.file == "-":
            with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as stream:
                manifest = stream_backup(config, database, stream)
        else:
            manifest = write_backup(config, database, Path(options.file))
        with database.writing() as connection:
            installation.note_backup(connection, manifest.made_at)
    size = sum(member.size for member in manifest.members.values())
    said = f"Backup of {to_rfc3339(manifest.made_at)}: {len(manifest.members):,} parts, {size / 1e6:,.1f} MB."
    print(said, "Keep it as you keep a key: it has the keys of the server.", file=sys.stderr)
    return 0
