"""A real Docker Engine (the one of `DOCKER_HOST`, else the default socket) and the images built from this repository."""

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from tests.engine.client import BASE_IMAGE, DOCKER
from tests.engine.daemon import EngineKind
from tests.engine.matrix import Matrix, running
from tests.requirement import missing

ROOT = Path(__file__).parents[2]
HOST_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

RunAppliance = Callable[..., Container]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of the engine their mark and their time."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.engine)
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """Yield a client of the Docker Engine."""
    try:
        client = docker.from_env(timeout=120)
        client.ping()
    except docker.errors.DockerException as error:
        missing(f"no Docker Engine answers: {error}")
    try:
        client.images.get(BASE_IMAGE)
    except docker.errors.ImageNotFound:
        missing(f"the engine has no image {BASE_IMAGE} (.ci/run makes one)")
    yield client
    client.close()


def build_image(target: str, tag: str) -> None:
    """Build a target of the Dockerfile as an operator behind a proxy that inspects TLS would: CA as a secret, host networking."""
    command = [
        *(DOCKER, "build", "--target", target, "--tag", tag),
        *("--network", "host", "--build-arg", f"VERSION={(ROOT / 'VERSION').read_text().strip()}", "."),
    ]
    if HOST_CERTIFICATES.exists():
        command += ["--secret", f"id=ca,src={HOST_CERTIFICATES}"]
    built = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"DOCKER_BUILDKIT": "1"}, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr[-4000:]


@pytest.fixture(scope="session")
def appliance_image(engine: docker.DockerClient) -> str:
    """Return the reference of the appliance image built from this tree, or of one that is there already (`DCA_TEST_IMAGE`)."""
    if built := os.environ.get("DCA_TEST_IMAGE"):
        return built
    build_image("appliance", "dca/appliance:test")
    return "dca/appliance:test"


@pytest.fixture(scope="session")
def hosting_image(engine: docker.DockerClient) -> str:
    """Return the reference of the hosting server's image built from this tree."""
    build_image("hosting", "dca/hosting:test")
    return "dca/hosting:test"


@pytest.fixture
def run_appliance(engine: docker.DockerClient, appliance_image: str) -> Iterator[RunAppliance]:
    """Yield a function that starts an appliance locked down as in compose/site.yaml; containers and volumes go after the test."""
    containers: list[Container] = []
    volumes: list[Any] = []

    def run(**options: Any) -> Container:
        volume = engine.volumes.create(f"dca-test-{uuid.uuid4().hex[:12]}")
        volumes.append(volume)
        locked_down: dict[str, Any] = {
            "detach": True,
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
            "tmpfs": {"/tmp": "mode=1777", "/run/dca": "uid=10001,gid=10001,mode=0700"},
            "volumes": {volume.name: {"bind": "/data", "mode": "rw"}},
            "network_mode": "none",
        }
        container: Container = engine.containers.run(appliance_image, **(locked_down | options))
        containers.append(container)
        return container

    yield run
    for container in containers:
        container.remove(force=True)
    for volume in volumes:
        volume.remove(force=True)


@pytest.fixture(scope="module")
def matrix(engine: docker.DockerClient, appliance_image: str) -> Iterator[Matrix]:
    """Yield an engine of its own with all images."""
    kind = EngineKind.of_environment()
    if lacks := kind.available():
        missing(lacks)
    with running(kind, appliance_image) as made:
        yield made
