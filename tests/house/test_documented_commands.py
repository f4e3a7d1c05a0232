"""Every command of the README and the guides is run: `dca` commands here, the others by the test named for them."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.children import run_child
from tests.conftest import ROOT, StartSimulator

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
RUN_ELSEWHERE = {
    "make demo": ".ci/run",
    "make test": ".ci/run",
    "make image": "tests/engine/conftest.py",
    "docker compose --file compose/site.yaml up --detach": "tests/engine/test_compose.py",
    "docker compose --file compose/site.yaml logs dca": "tests/engine/test_compose.py",
    "dca status": "tests/appliance/cli/test_status.py",
    "dca once": "tests/appliance/cli/test_once.py",
}
"""What stands between the lines of other tests, by the file that runs it."""


def documented_commands() -> list[str]:
    """Return the lines of all `sh` blocks, without comments."""
    blocks = [block for document in DOCUMENTS for block in re.findall(r"```sh\n(.*?)```", document.read_text(), re.DOTALL)]
    return [command for block in blocks for line in block.splitlines() if (command := line.partition(" #")[0].strip())]


@pytest.mark.parametrize("command", [command for command in documented_commands() if command not in RUN_ELSEWHERE])
def test_documented_command_succeeds(command: str, start_simulator: StartSimulator, tmp_path: Path) -> None:
    simulator = start_simulator("--fleet", "demo")
    # Addresses reserved for documentation stand for printers: here for those of the simulator.
    words = [word.replace("192.0.2.0/24", simulator.span) for word in shlex.split(command)]
    words = [re.sub(r"192\.0\.2\.\d+", simulator.addresses[0], word) for word in words]
    environment = {
        "DCA_DATA_DIR": str(tmp_path / "data"),
        "DCA_RUN_DIR": str(tmp_path / "run"),
        "DCA_SNMP_PORT": str(simulator.port),
        "DCA_SCAN_TARGETS": simulator.span,
    }

    finished = run_child([Path(sys.executable).with_name("dca"), *words[1:]], environment=environment, folder=ROOT)

    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize(("command", "file"), RUN_ELSEWHERE.items())
def test_command_run_elsewhere_is_documented_and_its_runner_exists(command: str, file: str) -> None:
    assert command in documented_commands()
    assert (ROOT / file).exists()
