"""An engine that is started anew while containers run on: a socket that was mounted as a file is dead, and its folder is not."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.children import wait_until
from tests.engine.daemon import EngineKind, PrivateEngine
from tests.engine.site import SOCKET_GROUP
from tests.engine.test_harness import command
from tests.requirement import missing

FILE = ("--volume", "{folder}/engine.sock:/var/run/docker.sock")
FOLDER = ("--volume", "{folder}:/host", "--env", "DOCKER_HOST=unix:///host/engine.sock")


@pytest.fixture(scope="module")
def private(engine: docker.DockerClient, appliance_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateEngine]:
    """Yield an engine whose containers live on without it."""
    kind = EngineKind.of_environment()
    if lacks := kind.available():
        missing(lacks)
    with PrivateEngine(tmp_path_factory.mktemp("engine"), kind, live_restore=True) as made:
        made.bring("", appliance_image)
        yield made


def started(private: PrivateEngine, image: str, name: str, mount: tuple[str, ...]) -> None:
    give_group(private.socket)
    private.folder.chmod(0o755)
    for parent in private.folder.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    words = [word.format(folder=private.folder) for word in mount]
    done = command(
        private.address, "run", "--detach", "--name", name, "--network", "none", "--group-add", str(SOCKET_GROUP), *words, image
    )
    assert done.returncode == 0, done.stderr
    wait_until("the engine is found", lambda: probed(private, name)["state"] == "possible", 60)


def give_group(socket_file: Path) -> None:
    os.chown(socket_file, 0, SOCKET_GROUP)
    socket_file.chmod(0o660)


def probed(private: PrivateEngine, name: str) -> dict[str, str]:
    done = command(private.address, "exec", name, "python3", "-P", "-m", "updater", "probe")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_dead_socket_is_told_with_its_cure_and_the_folder_of_the_socket_survives(
    private: PrivateEngine, appliance_image: str
) -> None:
    started(private, appliance_image, "by-file", FILE)
    started(private, appliance_image, "by-folder", FOLDER)

    private.kill("dockerd")
    private.wait()
    give_group(private.socket)

    dead = probed(private, "by-file")
    assert dead["state"] == "no engine"
    assert "restart the container" in json.dumps(dead["text"])
    assert probed(private, "by-folder")["state"] == "possible"
    command(private.address, "restart", "by-file")
    wait_until("the cure helps", lambda: probed(private, "by-file")["state"] == "possible", 60)
