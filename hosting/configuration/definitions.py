"""Vendor definitions are checked as the collector of a site would: by the appliance itself, in a process of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from appliance.common.message import Message, sentences
from hosting.errors import ConfigurationError

SECONDS = 60
DCA = "import sys; from appliance.commands.cli import main; sys.exit(main())"
"""The command `dca`, wherever it is installed."""


def check_definitions(definitions: Mapping[str, str]) -> None:
    """Raise ConfigurationError unless a collector can use each of the texts, by the names of their files. Blocks."""
    if not definitions:
        return
    with tempfile.TemporaryDirectory(prefix="dca-definitions-") as folder:
        files = []
        for name, text in definitions.items():
            file = Path(folder) / name
            file.write_text(text, encoding="utf-8")
            files.append(str(file))
        try:
            finished = subprocess.run(
                [sys.executable, "-c", DCA, "definitions", "check", *files],
                capture_output=True,
                check=False,
                encoding="utf-8",
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise ConfigurationError(
                Message("Checking the definitions took longer than %(seconds)s seconds. Nothing was published.", seconds=SECONDS)
            ) from error
    if finished.returncode != 0:
        said = [line.removeprefix("dca: ").replace(f"{folder}/", "") for line in finished.stderr.splitlines() if line]
        raise ConfigurationError(sentences(Message("A definition cannot be used."), " ".join(said[:3])))
