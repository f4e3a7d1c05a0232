"""The tools of the tests on engines do what they say: power cuts, and faults at an exact call."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from tests.children import wait_until
from tests.engine.client import BASE_IMAGE, DOCKER
from tests.engine.daemon import EngineKind, PrivateEngine
from tests.engine.door import Call, Door, end_caller
from tests.requirement import missing


@pytest.fixture(scope="module")
def private(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateEngine]:
    """Yield an engine of its own with the base image."""
    kind = EngineKind.of_environment()
    if lacks := kind.available():
        missing(lacks)
    with PrivateEngine(tmp_path_factory.mktemp("engine"), kind) as made:
        made.bring("", BASE_IMAGE)
        yield made


@pytest.fixture
def door(private: PrivateEngine, tmp_path: Path) -> Iterator[Door]:
    with Door(tmp_path / "door.sock", private.socket) as opened:
        yield opened


def command(address: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([DOCKER, "--host", address, *words], capture_output=True, text=True, check=False, timeout=60)


def creation(call: Call) -> bool:
    return call.pattern == "POST /containers/create"


def names(private: PrivateEngine) -> set[str]:
    with closing(private.client()) as client:
        return {str(container.name) for container in client.containers.list(all=True)}


def test_a_power_cut_ends_all_processes_and_the_policies_decide_what_comes_back(private: PrivateEngine) -> None:
    for policy in ("always", "no"):
        done = command(
            private.address, "run", "--detach", "--network", "none", "--restart", policy, "--name", f"cut-{policy}",
            BASE_IMAGE, "sleep", "8642",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    wait_until("both have come to their command", lambda: len(sleeping()) == 2)

    private.power_cut()
    assert sleeping() == []
    private.start()

    wait_until("one is back", lambda: len(sleeping()) == 1)
    with closing(private.client()) as client:
        assert client.containers.get("cut-always").status == "running"
        assert client.containers.get("cut-no").status == "exited"


def sleeping() -> list[str]:
    """Return the processes that `sleep 8642` is, wherever they run."""
    told = [entry / "cmdline" for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return [str(file) for file in told if _read(file) == b"sleep\x008642\x00"]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(("when", "made"), [("before", set()), ("after", {"trapped"})])
def test_the_caller_is_ended_before_a_call_is_done_or_before_its_answer_comes(
    private: PrivateEngine, door: Door, when: str, made: set[str]
) -> None:
    private.clear()
    trap = door.at(creation, end_caller, when=when)  # type: ignore[arg-type]

    done = command(door.address, "create", "--network", "none", "--name", "trapped", BASE_IMAGE, "true")

    assert trap.sprung.wait(10)
    assert done.returncode == -9
    assert names(private) == made
    assert command(door.address, "create", "--network", "none", "--name", "second", BASE_IMAGE, "true").returncode == 0


def test_a_power_cut_at_a_call_leaves_what_the_engine_had_done(private: PrivateEngine, door: Door) -> None:
    private.clear()
    door.at(creation, lambda _: private.power_cut(), when="after", nth=2)

    assert command(door.address, "create", "--network", "none", "--name", "first", BASE_IMAGE, "true").returncode == 0
    assert command(door.address, "create", "--network", "none", "--name", "second", BASE_IMAGE, "true").returncode != 0
    assert command(door.address, "ps").returncode != 0, "the engine is off"
    private.start()

    assert names(private) == {"first", "second"}


def test_calls_are_noted_without_names_and_refused_where_a_rule_forbids_them(private: PrivateEngine, tmp_path: Path) -> None:
    private.clear()
    with Door(tmp_path / "rules.sock", private.socket, lambda call: not call.path.endswith("/start")) as door:
        assert command(door.address, "create", "--network", "none", "--name", "held", BASE_IMAGE, "true").returncode == 0
        started = command(door.address, "start", "held")

    assert "POST /containers/{id}/start is not allowed here" in started.stderr
    assert {"POST /containers/create", "POST /containers/{id}/start"} <= set(door.patterns)
