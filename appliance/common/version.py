"""The version of this appliance, as written in the file VERSION when it was installed, and since when it is there."""

from datetime import UTC, datetime
from functools import cache
from importlib.metadata import distribution, version
from pathlib import Path


@cache
def installed_version() -> str:
    """Return the version, for example `0.1.0`."""
    return version("dca-appliance")


@cache
def installed_at() -> datetime | None:
    """Return when the package was installed, in an image: when that was built; None where nobody can tell."""
    for file in distribution("dca-appliance").files or ():
        if file.name == "METADATA":
            try:
                return datetime.fromtimestamp(Path(str(file.locate())).stat().st_mtime, UTC)
            except OSError:
                return None
    return None
