"""What a benchmark ran on and with: processor, kernel, and the versions of peers."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from appliance.common.version import installed_version

_VERSION = re.compile(r"\d+(?:\.\d+)+\w*|\b0\.\d\b")


def machine() -> str:
    """Return the processor, its cores and the system in one line."""
    names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    model = next(iter(names), platform.machine())
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {model}, Linux {platform.release()}, Python {platform.python_version()}"


def load() -> float:
    """Return how many other programs wanted a core in the last minute."""
    return os.getloadavg()[0]


def own_version() -> str:
    """Return the version of the appliance."""
    return installed_version()


def package(name: str) -> str | None:
    """Return the version of a Python package, None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def installed(name: str) -> bool:
    """Return whether there is such a command."""
    return shutil.which(name) is not None


def program(name: str, question: Sequence[str]) -> str | None:
    """Return the version a program tells when called with `question`, None where it is not installed."""
    path = shutil.which(name)
    if path is None:
        return None
    told = subprocess.run([path, *question], capture_output=True, text=True, check=False, timeout=30)
    found = _VERSION.search(told.stdout + told.stderr)
    return found.group() if found else "unknown"
