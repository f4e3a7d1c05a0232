"""A copy of the small state of a site, as a tar archive: what another version is handed to try itself on.

Settings with all that was received, definitions of vendors, the schema of the readings without a reading, and the files that the
environment names. Not in it: readings, keys, logs.
"""

import contextlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.common.paths import Paths

FOLDER = "state"
SECONDS = 60.0
FILE_BYTES = 16 << 20
"""Files of more than that are none of ours."""


@dataclass(frozen=True, slots=True)
class StateCopy:
    """The archive, the data folder in it, and the files in it that variables of the environment have to name."""

    archive: bytes
    folder: str
    variables: Mapping[str, str]


def state_copy(paths: Paths, environment: Mapping[str, str]) -> StateCopy:
    """Return the state as it is now; what cannot be read is left out, since the version that runs does without it, too."""
    content = io.BytesIO()
    variables = {}
    with tarfile.open(fileobj=content, mode="w") as archive:
        for folder in (FOLDER, f"{FOLDER}/given"):
            archive.addfile(_ours(tarfile.TarInfo(folder), tarfile.DIRTYPE))
        for name, file in _files(paths):
            _add(archive, f"{FOLDER}/{name}", file)
        with tempfile.TemporaryDirectory(prefix="dca-") as scratch:
            copy = Path(scratch) / paths.readings.name
            if _copy_schema(paths.readings, copy):
                _add(archive, f"{FOLDER}/{copy.name}", copy)
        for name, value in environment.items():
            if name.startswith("DCA_") and name.endswith("_FILE") and _add(archive, f"{FOLDER}/given/{name}", Path(value)):
                variables[name] = f"{FOLDER}/given/{name}"
    return StateCopy(content.getvalue(), FOLDER, variables)


def _files(paths: Paths) -> Iterator[tuple[str, Path]]:
    yield paths.settings.name, paths.settings
    for folder in (paths.definitions, paths.received_definitions):
        for file in sorted(folder.glob("*.toml")):
            yield str(file.relative_to(paths.data)), file


def _add(archive: tarfile.TarFile, name: str, file: Path) -> bool:
    """Add a file, and return whether that was possible."""
    with contextlib.suppress(OSError), file.open("rb") as opened:
        content = opened.read(FILE_BYTES + 1)
        if len(content) <= FILE_BYTES:
            entry = _ours(tarfile.TarInfo(name), tarfile.REGTYPE)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
            return True
    return False


def _ours(entry: tarfile.TarInfo, kind: bytes) -> tarfile.TarInfo:
    """Let the user of this process, who will be the one of the other version, own an entry alone."""
    entry.type = kind
    entry.uid, entry.gid = os.getuid(), os.getgid()
    entry.mode = 0o700 if kind == tarfile.DIRTYPE else 0o600
    return entry


def _copy_schema(readings: Path, copy: Path) -> bool:
    """Return whether the schema could be copied. A damaged database is for the collector, which sets it aside."""
    words = [sys.executable, "-P", "-m", "appliance.store.rehearsal", "copy", str(readings), str(copy)]
    if not readings.exists():
        return False
    with contextlib.suppress(subprocess.TimeoutExpired):
        return subprocess.run(words, capture_output=True, check=False, timeout=SECONDS, stdin=subprocess.DEVNULL).returncode == 0
    return False
