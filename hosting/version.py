"""The version of this server, as written in the file VERSION when it was installed."""

from functools import cache
from importlib.metadata import version


@cache
def installed_version() -> str:
    """Return the version, for example `0.1.0`."""
    return version("dca-appliance")
