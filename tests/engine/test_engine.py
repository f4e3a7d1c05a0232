"""Our adapter against a real engine: each method, and what goes wrong in its own way."""

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.engine.client import BASE_IMAGE, DOCKER
from updater.engine.engine import Engine
from updater.errors import EngineError

Create = Callable[..., str]


def ignore(_text: str, _percent: int | None) -> None:
    pass


@pytest.fixture
def ours(engine: docker.DockerClient) -> Iterator[Engine]:
    """Yield our adapter of the engine under test."""
    with Engine.open() as made:
        yield made


@pytest.fixture
def mark() -> str:
    return f"dca-engine-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def create(ours: Engine, mark: str) -> Iterator[Create]:
    """Yield a function that creates a container; all go after the test."""
    made: list[str] = []

    def make(*command: str, name: str = "", **body: Any) -> str:
        base = {"Image": BASE_IMAGE, "Cmd": list(command or ("sleep", "60")), "HostConfig": {"NetworkMode": "none"}}
        made.append(ours.create(name or f"{mark}-{len(made)}", base | {"Labels": {"dca.test": mark}} | body))
        return made[-1]

    yield make
    for container in made:
        ours.remove(container, force=True)


def test_version_tells_engine_and_platform(ours: Engine) -> None:
    version = ours.version()
    assert version.name
    assert version.api >= (1, 24)
    assert version.os == "linux"
    assert version.arch


def test_container_is_created_started_stopped_and_removed(ours: Engine, create: Create, mark: str) -> None:
    made = create("sh", "-c", "echo hello; trap 'exit 3' TERM; while :; do sleep 0.05; done")
    assert ours.container(made)["State"]["Status"] == "created"  # type: ignore[index]
    ours.start(made)
    ours.start(made)
    ours.rename(made, f"{mark}-renamed")
    assert ours.container(f"{mark}-renamed")["Id"] == made  # type: ignore[index]
    assert [found["Id"] for found in ours.containers({"dca.test": mark})] == [made]
    ours.stop(made, 10)
    ours.stop(made, 10)
    assert ours.wait(made, 5) == 3
    assert ours.logs(made) == "hello\n"
    ours.remove(made)
    ours.remove(made)
    assert ours.container(made) is None
    assert ours.containers({"dca.test": mark}) == []


def test_name_that_is_taken_is_a_conflict(ours: Engine, create: Create, mark: str) -> None:
    create(name=mark)
    with pytest.raises(EngineError, match="already in use") as raised:
        create(name=mark)
    assert raised.value.kind == "conflict"


@pytest.mark.parametrize("policy", [{"Name": "no"}, {"Name": "unless-stopped"}, {"Name": "on-failure", "MaximumRetryCount": 3}])
def test_restart_policy_of_a_running_container_is_set(ours: Engine, create: Create, policy: dict[str, Any]) -> None:
    made = create(HostConfig={"NetworkMode": "none", "RestartPolicy": {"Name": "always"}})
    ours.start(made)
    ours.set_restart_policy(made, policy)
    found: Any = ours.container(made)
    assert found["HostConfig"]["RestartPolicy"] == {"MaximumRetryCount": 0} | policy


def test_missing_image_and_missing_program_are_told_apart(ours: Engine, create: Create) -> None:
    with pytest.raises(EngineError) as raised:
        create(Image="dca/never-built:1")
    assert raised.value.kind == "not found"
    with pytest.raises(EngineError) as raised:
        ours.start(create("no-such-program"))
    assert raised.value.kind == "refused"


def test_network_is_connected_with_an_endpoint_of_our_own(
    engine: docker.DockerClient, ours: Engine, create: Create, mark: str
) -> None:
    networks = [engine.networks.create(f"{mark}-{number}") for number in range(2)]
    try:
        made = create(HostConfig={"NetworkMode": f"{mark}-0"})
        ours.connect_network(f"{mark}-1", made, {"Aliases": ["printers"]})
        found: Any = ours.container(made)
        assert "printers" in found["NetworkSettings"]["Networks"][f"{mark}-1"]["Aliases"]
        ours.remove(made, force=True)
    finally:
        for network in networks:
            network.remove()


def test_tags_name_images_and_are_taken_away_again(ours: Engine, mark: str) -> None:
    base: Any = ours.image(BASE_IMAGE)
    ours.tag(base["Id"], f"localhost:5000/{mark}:rollback-1")
    assert [image["Id"] for image in ours.images(f"localhost:5000/{mark}:rollback-")] == [base["Id"]]
    ours.untag(f"localhost:5000/{mark}:rollback-1")
    ours.untag(f"localhost:5000/{mark}:rollback-1")
    assert ours.images(f"localhost:5000/{mark}:rollback-") == []
    assert ours.image(BASE_IMAGE) is not None


def test_archive_is_loaded(ours: Engine, mark: str, tmp_path: Path) -> None:
    base: Any = ours.image(BASE_IMAGE)
    ours.tag(base["Id"], f"{mark}:1")
    archive = tmp_path / "image.tar"
    subprocess.run([DOCKER, "save", "--output", str(archive), f"{mark}:1"], check=True, env=os.environ)
    ours.untag(f"{mark}:1")
    told: list[str] = []
    assert ours.load(archive, lambda text, _percent: told.append(text)) == base["Id"]
    ours.untag(f"{mark}:1")


@pytest.mark.parametrize("content", [b"", b"this is no archive" * 1000])
def test_file_that_is_no_archive_is_refused(ours: Engine, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "image.tar").write_bytes(content)
    with pytest.raises(EngineError):
        ours.load(tmp_path / "image.tar", ignore)


def test_pull_from_a_registry_that_is_down_fails(ours: Engine, free_port: Callable[[], int]) -> None:
    with pytest.raises(EngineError, match="did not pull"):
        ours.pull(f"127.0.0.1:{free_port()}/dca", "sha256:" + "1" * 64, ignore)
