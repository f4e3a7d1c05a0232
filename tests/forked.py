"""Commands of this repository that tests run to their end again and again, without loading their modules each time.

Each is a process of its own, with its own environment, output and end, forked off one that has the modules. Tests of how a command
is started use `children.run_child`.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Literal

from tests.children import Finished

Package = Literal["appliance", "hosting", "updater"]
MODULES: dict[Package, tuple[str, ...]] = {
    "appliance": tuple(f"appliance.commands.{name}" for name in ("cli", "enrol", "read", "scan", "settings", "status")),
    "hosting": (
        *("hosting.cli", "hosting.db.migrate", "hosting.configuration.publication", "tuf.api.serialization.json"),
        *(f"hosting.commands.{name}" for name in ("configuration", "init", "jobs", "keys", "release")),
        *(f"hosting.commands.{name}" for name in ("repository", "rollout", "sign")),
    ),
    "updater": (
        *("updater.cli", "updater.configuration.refresh", "updater.trust.command", "updater.commands.update"),
        "tuf.api.serialization.json",
    ),
}
"""What is loaded beforehand for the commands of a package."""


class ForkServer:
    """The process that has the modules of a package. It ends with this one, whose end of the socket is closed then."""

    def __init__(self, package: Package) -> None:
        """Start it."""
        self._door, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            script = Path(__file__).with_name("fork_server.py")
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(script), str(other.fileno()), *MODULES[package]],
                stdin=subprocess.DEVNULL,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                pass_fds=[other.fileno()],
                start_new_session=True,
            )

    def run(self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, deadline: float) -> Finished:
        """Run a command (`-m MODULE …` or `-c CODE …`) to its end; several threads may do so at the same time."""
        request = json.dumps({"arguments": arguments, "environment": environment, "folder": str(folder)}).encode()
        answers, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with answers, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            with other:
                socket.send_fds(self._door, [request], [stdout.fileno(), stderr.fileno(), other.fileno()])
            group = _number(answers)
            answers.settimeout(deadline)
            try:
                returncode = _number(answers)
            except TimeoutError as error:
                raise AssertionError(f"{arguments} did not end in {deadline:g} s.\n{_text(stdout)}\n{_text(stderr)}") from error
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)
            return Finished(returncode, _text(stdout), _text(stderr))


@cache
def _server(package: Package) -> ForkServer:
    return ForkServer(package)


def run_forked(
    package: Package,
    arguments: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    deadline: float = 60.0,
) -> Finished:
    """Run `python ARGUMENTS…` to its end, with the modules of a package at hand. AssertionError after `deadline` seconds."""
    given = os.environ | {"PYTHONUNBUFFERED": "1"} | dict(environment or {})
    return _server(package).run([str(word) for word in arguments], given, folder or Path.cwd(), deadline)


def _number(answers: socket.socket) -> int:
    content = answers.recv(100)
    assert content, "the fork server has ended; standard error says why"
    return int(content)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
