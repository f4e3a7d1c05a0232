"""Containers that the real Compose has made, as documented, stay Compose's when they replace themselves."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from tests.children import wait_until
from tests.engine.client import DOCKER
from tests.engine.conftest import ROOT
from tests.engine.daemon import EngineKind, PrivateEngine
from tests.engine.derived import derive
from tests.engine.door import Door
from tests.engine.switched import begin_update
from tests.ports import free_port
from tests.requirement import missing

REFERENCE = "dca-compose:stable"
GROUP = 4712
HEALTHY_SECONDS = 180.0


class ComposeSite:
    """The files of compose/ for a site that updates itself, in use at an engine of their own."""

    def __init__(self, engine: PrivateEngine, door: Door) -> None:
        self.client = engine.client()
        self._environment = os.environ | {
            "DOCKER_HOST": engine.address,
            "DCA_IMAGE": REFERENCE,
            "DCA_PORT": str(free_port()),
            "DCA_ENGINE_SOCKET": str(door.path),
            "DOCKER_GID": str(GROUP),
        }

    def compose(self, *words: str, succeeds: bool = True) -> str:
        """Run `docker compose` with both files, and return what it says."""
        files = [word for name in ("site.yaml", "self-update.yaml") for word in ("--file", str(ROOT / "compose" / name))]
        done = subprocess.run(
            [DOCKER, "compose", *files, *words], env=self._environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0 or not succeeds, done.stderr
        return done.stdout + done.stderr

    @property
    def containers(self) -> list[Container]:
        """All there are, whatever they are for."""
        return list(self.client.containers.list(all=True, ignore_removed=True))

    def version(self) -> str:
        """Return the version of the one healthy appliance; empty while there is something else."""
        found = self.containers
        if len(found) != 1 or (found[0].attrs["State"].get("Health") or {}).get("Status") != "healthy":
            return ""
        return str(found[0].labels["org.opencontainers.image.version"])

    def begin(self) -> None:
        """Let the appliance move to version 9.0.2."""
        [container] = self.containers
        begin_update(container, "dca-compose:9.0.2", "9.0.2", deadline=60, steady=10)


@pytest.fixture
def site(engine: docker.DockerClient, appliance_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeSite]:
    """Yield a healthy site of version 9.0.1."""
    kind = EngineKind.of_environment()
    if lacks := kind.available():
        missing(lacks)
    if subprocess.run([DOCKER, "compose", "version"], capture_output=True, check=False).returncode:
        missing("this Docker has no Compose plugin")
    folder: Path = tmp_path_factory.mktemp("engine")
    with PrivateEngine(folder, kind) as private, Door(folder / "door.sock", private.socket) as door:
        os.chown(door.path, 0, GROUP)
        door.path.chmod(0o660)
        private.bring("", appliance_image)
        with closing(private.client()) as client:
            for version in ("9.0.1", "9.0.2"):
                derive(client, f"dca-compose:{version}", version=version, base=appliance_image)
            image: Any = client.images.get("dca-compose:9.0.1")
            image.tag(*REFERENCE.split(":"))
        made = ComposeSite(private, door)
        made.compose("up", "--detach", "--wait", "--wait-timeout", "120")
        yield made
        made.client.close()


def test_compose_changes_nothing_after_an_update(site: ComposeSite) -> None:
    site.begin()
    wait_until("version 9.0.2 runs", lambda: site.version() == "9.0.2", HEALTHY_SECONDS)
    [updated] = site.containers

    said = site.compose("up", "--detach")

    [container] = site.containers
    assert container.id == updated.id, said
    assert "Running" in said
    assert container.name == "dca-dca-1"


def test_compose_that_is_run_in_the_middle_leaves_one_healthy_appliance(site: ComposeSite) -> None:
    [old] = site.containers
    site.begin()
    wait_until("the new one is being tried", lambda: _is_tried(site, str(old.id)), HEALTHY_SECONDS)

    # Compose removes one container and replaces the other at the same time; it finds the name taken, gives up, and leaves nothing
    # that runs. The switcher makes the version before again, and removes what Compose has created and never started.
    site.compose("up", "--detach", "--force-recreate", succeeds=False)

    wait_until("one healthy appliance is left", site.version, HEALTHY_SECONDS)
    [left] = site.containers
    assert left.name == "dca-dca-1"
    assert "Running" in site.compose("up", "--detach")
    assert [one.id for one in site.containers] == [left.id]


def _is_tried(site: ComposeSite, old: str) -> bool:
    return any(one.id != old and one.name == "dca-dca-1" and one.status == "running" for one in site.containers)
