"""Child processes of benchmarks: the modules of this repository, and an environment without settings of an appliance."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DCA = Path(sys.executable).with_name("dca")
"""The installed command."""


def python(module: str) -> list[str]:
    """Return the words that run a module of this repository."""
    return [sys.executable, "-P", "-m", module]


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a child: that of this process, with `more` as the only settings of an appliance."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DCA_") or name == "DCA_RECORDINGS"}
    # Benchmarks are not installed; nothing but the repository is added, whatever the folder this process was started in.
    return kept | {"PYTHONPATH": str(ROOT)} | more
