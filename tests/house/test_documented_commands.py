"""Every command of the README and the guides is run: those of `dca` and `dca-hosting` here, others by the test named for them."""

import ast
import re
import shlex
import shutil
import sys
from itertools import takewhile
from pathlib import Path

import pytest

from appliance.settings.environment import USER_VARIABLES, VARIABLES
from tests.children import run_child
from tests.conftest import ROOT, StartSimulator
from tests.hosting.repository.images import saved

RUN_AS_A_WHOLE = {ROOT / "docs" / "key-ceremony.md": ROOT / "tests" / "hosting" / "repository" / "test_ceremony.py"}
DOCUMENTS = sorted({ROOT / "README.md", *(ROOT / "docs").glob("*.md")} - RUN_AS_A_WHOLE.keys())
IMAGE = "dca-hosting release add 0.3.0 --data hosting-data --image registry.example.com/dca/appliance:0.3.0 --credentials login.txt"
CONFIGURATION = "tests/hosting/commands/test_config_command.py"
REMOVAL = "tests/hosting/db/test_removal.py"
FLEET = (
    "dca-simulator sites --count 20 --devices 50 --enrolment strings.txt --ca-file hosting-data/ca.pem --truth truth.jsonl "
    "--minutes 5 --pace 60"
)
FLEET_CHECK = (
    "dca-simulator sites-check --truth truth.jsonl --url https://localhost:8443 --ca-file hosting-data/ca.pem "
    "--token-file token.txt"
)
RUN_ELSEWHERE = {
    "make demo": ".ci/run",
    "make test": ".ci/run",
    "make image": "tests/house/test_documented_commands.py",
    "docker compose --file compose/site.yaml up --detach": "tests/engine/test_compose.py",
    "docker compose --file compose/site.yaml logs dca": "tests/engine/test_compose.py",
    "dca-hosting serve --data hosting-data --bind 127.0.0.1 --port 8443": "tests/hosting/commands/test_cli.py",
    "dca-hosting config set --data hosting-data --global settings.json": CONFIGURATION,
    "dca-hosting config set --data hosting-data --group north settings.json --yes": CONFIGURATION,
    "dca-hosting config set --data hosting-data --site Mill --definition acme.toml --yes": CONFIGURATION,
    "dca-hosting config show --data hosting-data --site Mill": CONFIGURATION,
    "dca-hosting site set --data hosting-data Mill --group north": CONFIGURATION,
    "dca-hosting site set --data hosting-data --matching Mill --group north": "tests/hosting/commands/test_sites_command.py",
    "dca-hosting site set --data hosting-data --file sites.csv": "tests/hosting/commands/test_sites_command.py",
    "dca-hosting site set --data hosting-data Mill --expires 2030-12-31": CONFIGURATION,
    "dca-hosting site set --data hosting-data Mill --deactivate": CONFIGURATION,
    "dca-hosting site set --data hosting-data Mill --activate --no-expiry": CONFIGURATION,
    "dca-hosting backup --data hosting-data hosting-backup.tar": "tests/hosting/backup/test_repository.py",
    "dca-hosting init --data hosting-data --citus": "tests/hosting/db/test_citus.py",
    "dca-hosting restore --data restored-data hosting-backup.tar": "tests/hosting/backup/test_repository.py",
    'dca-hosting site rename --data hosting-data Mill "Old mill"': REMOVAL,
    'dca-hosting site export --data hosting-data "Old mill" old-mill.zip': REMOVAL,
    'dca-hosting site remove --data hosting-data "Old mill" --days 30 --yes': REMOVAL,
    'dca-hosting site keep --data hosting-data "Old mill"': REMOVAL,
    IMAGE: "tests/hosting/repository/test_release.py",
    FLEET: "tests/hosting/fleet_load.py",
    FLEET_CHECK: "tests/hosting/db/test_cluster.py",
    "dca update check": "tests/updater/supervisor/test_configuration_trial.py",
    "dca update back": "tests/updater/supervisor/test_configuration_trial.py",
    "dca status": "tests/appliance/commands/test_status.py",
    "dca traffic": "tests/appliance/commands/test_traffic.py",
    "dca once": "tests/appliance/commands/test_once.py",
}
"""What stands between the lines of other tests, by the file that runs it."""


def test_every_variable_of_the_settings_is_documented() -> None:
    guide = (ROOT / "docs" / "site-guide.md").read_text()

    assert [name for name in (*VARIABLES, *USER_VARIABLES) if f"`{name}`" not in guide] == []


def documented_commands() -> list[str]:
    """Return the lines of all `sh` blocks, without comments."""
    blocks = [block for document in DOCUMENTS for block in re.findall(r"```sh\n(.*?)```", document.read_text(), re.DOTALL)]
    return [command for block in blocks for line in block.splitlines() if (command := line.partition(" #")[0].strip())]


def test_documented_commands_of_the_appliance_succeed_in_their_order(start_simulator: StartSimulator, tmp_path: Path) -> None:
    commands = [line for line in documented_commands() if line.startswith("dca ") and line not in RUN_ELSEWHERE]
    simulator = start_simulator("--fleet", "demo")
    for name in ("hp.toml", "acme.toml"):
        shutil.copy(ROOT / "appliance" / "definitions" / "hp.toml", tmp_path / name)
    environment = {"DCA_DATA_DIR": str(tmp_path / "data"), "DCA_SNMP_PORT": str(simulator.port), "DCA_HTTP": "off"}

    assert len(commands) >= 6
    for command in commands:
        # Addresses reserved for documentation stand for printers: here for those of the simulator.
        words = shlex.split(command.replace("192.0.2.0/24", simulator.span))
        words = [re.sub(r"192\.0\.2\.\d+", simulator.addresses[0], word) for word in words]
        finished = run_child([installed(words[0]), *words[1:]], environment=environment, folder=tmp_path)
        assert finished.returncode == 0, (command, finished.stdout, finished.stderr)


def test_documented_commands_of_the_hosting_server_succeed_in_their_order(tmp_path: Path) -> None:
    commands = [line for line in documented_commands() if line.startswith("dca-hosting ") and line not in RUN_ELSEWHERE]

    (tmp_path / "settings.json").write_text('{"scan": {"read_minutes": 30}}')
    (tmp_path / "passphrase").write_text("four words of a test\n")
    (tmp_path / "names.txt").write_text("Quarry\nFoundry\n")
    (tmp_path / "notes.txt").write_text("Reads meters of more models.\n")
    saved(tmp_path, "dca-0.2.0-amd64.tar.gz")

    assert len(commands) >= 10
    for command in commands:
        words = shlex.split(command)
        if "--local-keys" in words or words[1] == "sign":
            words += ["--passphrase-file", "passphrase"]  # a person would type it
        if words[1] == "sign":
            words += ["--yes"]  # a person would read what is signed
        finished = run_child([installed(words[0]), *words[1:]], folder=tmp_path)
        assert finished.returncode == 0, (command, finished.stderr)


def test_a_document_that_is_run_as_a_whole_is_named_by_its_runner() -> None:
    assert all(document.name in runner.read_text() for document, runner in RUN_AS_A_WHOLE.items())


def installed(command: str) -> Path:
    """Return the installed command beside the interpreter of the tests."""
    return Path(sys.executable).with_name(command)


@pytest.mark.parametrize(("command", "file"), RUN_ELSEWHERE.items())
def test_command_run_elsewhere_is_documented_and_run_there(command: str, file: str) -> None:
    assert command in documented_commands()
    assert runs(ROOT / file, command)


def test_a_file_that_only_names_a_command_does_not_run_it(tmp_path: Path) -> None:
    file = tmp_path / "test_sites.py"
    file.write_text('"""site set --deactivate"""\ndef test_sites(): hosting("site", "set", "--activate")\n')

    assert runs(file, "dca-hosting site set Mill --activate")
    assert not runs(file, "dca-hosting site set Mill --deactivate")
    assert not runs(file, "dca-hosting site list")


def test_make_image_builds_both_images(tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\n')
    docker.chmod(0o755)

    finished = run_child(["make", "image", f"DOCKER={docker}"], folder=ROOT)

    assert finished.returncode == 0, finished.stderr
    asked = [line.split() for line in (tmp_path / "asked").read_text().splitlines()]
    assert [(words[0], words[words.index("--target") + 1]) for words in asked] == [("build", "appliance"), ("build", "hosting")]


def runs(file: Path, command: str) -> bool:
    """Return whether `file` runs `command`: as a line of a shell script, or from words that one function of Python spells out.

    These are the subcommands, the options, and the files of the repository. What helpers of the file add, as `--data`, may stand
    there.
    """
    text = file.read_text()
    if file.suffix != ".py":
        return any(line == command or line.startswith(f"{command} ") for line in text.splitlines())
    words = shlex.split(command)
    files = [word for word in words if (ROOT / word).is_file()]
    for word in files:
        del words[words.index(word) - 1 : words.index(word) + 1]  # with its option
    options = {word for word in words if word.startswith("--")}
    subcommands = {word for word in takewhile(lambda word: word not in options, words[1:]) if word.isalpha() and word.islower()}
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    helped = set().union(*(spelled(function) for function in functions if not function.name.startswith("test_")))
    wanted = (subcommands | options) - helped | {Path(word).name for word in files}
    return any(wanted <= spelled(function) for function in functions)


def spelled(function: ast.FunctionDef) -> set[str]:
    """Return the words that a function hands on to calls, and gathers in sequences for them."""
    holders = [node for line in function.body for node in ast.walk(line) if isinstance(node, (ast.Call, ast.Tuple, ast.List))]
    given = [word for node in holders for word in (node.args if isinstance(node, ast.Call) else node.elts)]
    return {word.value for word in given if isinstance(word, ast.Constant) and isinstance(word.value, str)}
