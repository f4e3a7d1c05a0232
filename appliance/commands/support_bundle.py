"""`dca support-bundle`: what somebody far away needs to help, as one file."""

import argparse
import asyncio
import sys
from pathlib import Path

from appliance.common.errors import DataFolderError
from appliance.common.files import write_atomic
from appliance.common.log import configure_logging
from appliance.common.paths import Paths
from appliance.settings.store import SettingsStore
from appliance.support.bundle import bundle_of


def run(arguments: argparse.Namespace) -> int:
    """Write the bundle to the file, or to standard output."""
    configure_logging("cli", level="ERROR", stream=sys.stderr)
    paths = Paths.from_environment()
    paths.prepare()
    bundle = asyncio.run(bundle_of(paths, SettingsStore(paths.settings)))
    if arguments.file == "-":
        sys.stdout.buffer.write(bundle)
        return 0
    file = Path(arguments.file)
    try:
        write_atomic(file, bundle)
    except OSError as error:
        raise DataFolderError(f"The support bundle cannot be written to {file}: {error.strerror}. Name another file.") from error
    print(f"{file}: {len(bundle)} bytes. It has no secrets, and what the privacy settings mask is masked in it.")
    return 0
