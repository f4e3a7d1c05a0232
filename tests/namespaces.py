"""Scenes that are played in a network namespace of their own: programs of the tests, which print as JSON what came of them."""

import functools
import json
import os
import subprocess
import sys
from typing import Any, Final

from tests.conftest import ROOT
from tests.requirement import missing

UNSHARE: Final = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
"""Runs the command behind it where nothing of this machine's network is."""


@functools.cache
def _succeeds(script: str) -> bool:
    try:
        return subprocess.run([*UNSHARE, "sh", "-c", script], capture_output=True, check=False, timeout=60).returncode == 0
    except FileNotFoundError:
        return False


def require_namespaces(script: str, tools: str) -> None:
    """Skip the test where `script` fails in a namespace, which tries what is needed there; `tools` are the programs it needs."""
    if not _succeeds(script):
        missing(f"this machine does not let its users make network namespaces, or lacks {tools}")


def play(module: str, *words: str, deadline: float = 120) -> dict[str, Any]:
    """Return what the program `module` prints in a namespace."""
    command = [*UNSHARE, sys.executable, "-m", module, *words]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=deadline)
    assert finished.returncode == 0, finished.stderr
    told: dict[str, Any] = json.loads(finished.stdout)
    return told
