"""The agent for hosts whose appliance has no socket: it installs what is wanted, and puts the image before back."""

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.engine.client import BASE_IMAGE, DOCKER
from tests.engine.conftest import ROOT
from tests.requirement import missing

UNITS = ROOT / "compose" / "systemd"
REPOSITORY = "registry.example.com/dca/appliance"
COMPOSE = """
services:
  dca:
    image: ${DCA_IMAGE:?}
    network_mode: none
    stop_grace_period: 0s
"""
CLIENT = """#!/bin/sh
# A registry that has handed out what it was asked for: everything else goes to the engine as it is.
if [ "$1" = pull ]; then echo "$3" >>"$PULLED"; exit "${PULL_EXIT:-0}"; fi
if [ "$1 $2" = "image inspect" ]; then
    case $5 in *@sha256:*) exec "$REAL" image inspect --format "$4" "$OFFERED" ;; esac
fi
exec "$REAL" "$@"
"""


class Host:
    """A host on which the appliance is run by Compose."""

    def __init__(self, engine: docker.DockerClient, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.name = f"dca-agent-{uuid.uuid4().hex[:8]}"
        self.reference = f"{self.name}:stable"
        (folder / "site.yaml").write_text(f"name: {self.name}\n{COMPOSE}")
        client = folder / "client"
        client.write_text(CLIENT)
        client.chmod(0o755)
        self.environment = os.environ | {
            "DCA_WANTED": str(folder / "wanted.json"),
            "DCA_COMPOSE_FILE": str(folder / "site.yaml"),
            "DCA_IMAGE": self.reference,
            "DCA_REPOSITORY": REPOSITORY,
            "DCA_HEALTHY_SECONDS": "20",
            "DOCKER": str(client),
            "REAL": DOCKER,
            "PULLED": str(folder / "pulled"),
        }

    def build(self, version: str, health: str = "true") -> str:
        """Build a version and return its id; `health` is its health check."""
        text = (
            f"FROM {BASE_IMAGE}\nLABEL version={version}\nHEALTHCHECK --interval=1s --retries=1 CMD {health}\n"
            'CMD ["sleep", "600"]\n'
        )
        folder = self.folder / version
        folder.mkdir()
        (folder / "Dockerfile").write_text(text)
        image, _ = self.engine.images.build(path=str(folder), tag=f"{self.name}:{version}", rm=True, forcerm=True)
        return str(image.id)

    def run(self, version: str) -> None:
        """Run a version as the site does."""
        self.engine.images.get(f"{self.name}:{version}").tag(self.reference)
        done = self.compose("up", "--detach", "--wait")
        assert done.returncode == 0, done.stderr

    def wants(self, version: str, image: str = f"{REPOSITORY}@sha256:{'a' * 64}") -> subprocess.CompletedProcess[str]:
        """Let the appliance want a version, and the agent see to it."""
        said = {"version": version, "counter": 2, "image": image}
        (self.folder / "wanted.json").write_text(json.dumps(said, separators=(",", ":")))
        return self.agent(OFFERED=f"{self.name}:{version}")

    def agent(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [UNITS / "dca-update.sh"],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def compose(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [DOCKER, "compose", "--file", str(self.folder / "site.yaml"), *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=120)

    def running(self) -> tuple[str, str]:
        """Return the image that runs and its health."""
        [container] = self.engine.containers.list(filters={"label": f"com.docker.compose.project={self.name}"})
        return str(container.attrs["Image"]), str(container.attrs["State"]["Health"]["Status"])

    def clear(self) -> None:
        self.compose("down", "--timeout", "0")
        for image in self.engine.images.list(name=self.name):
            self.engine.images.remove(str(image.id), force=True)


@pytest.fixture
def host(engine: docker.DockerClient, tmp_path: Path) -> Iterator[Host]:
    if subprocess.run([DOCKER, "compose", "version"], capture_output=True, check=False).returncode:
        missing("this Docker has no Compose plugin")
    made = Host(engine, tmp_path)
    yield made
    made.clear()


def test_what_is_wanted_is_installed_once(host: Host) -> None:
    host.build("1")
    new = host.build("2")
    host.run("1")
    done = host.wants("2")
    assert (done.returncode, "is installed.\n" in done.stdout) == (0, True), done.stderr
    assert host.running() == (new, "healthy")
    again = host.agent(OFFERED=f"{host.name}:2")
    assert (again.returncode, "is installed already" in again.stdout) == (0, True)


def test_a_version_that_does_not_become_healthy_is_taken_back(host: Host) -> None:
    old = host.build("1")
    host.build("3", health="false")
    host.run("1")
    done = host.wants("3")
    assert (done.returncode, "The image before is in place again" in done.stderr) == (1, True)
    assert host.running() == (old, "healthy")
    assert host.engine.images.get(host.reference).id == old


@pytest.mark.parametrize(
    "image",
    [
        "registry.elsewhere.example/dca/appliance@sha256:" + "a" * 64,
        f"{REPOSITORY}:latest",
        f"{REPOSITORY}@sha256:abc",
        f"{REPOSITORY}@sha256:{'a' * 64} --privileged",
        f"{REPOSITORY}@sha256:{'a' * 63}\\n",
    ],
)
def test_the_appliance_is_not_believed_further_than_its_provider_goes(host: Host, image: str) -> None:
    old = host.build("1")
    host.run("1")
    done = host.wants("1", image)
    assert (done.returncode, "Nothing was changed" in done.stderr) == (1, True)
    assert not (host.folder / "pulled").exists()
    assert host.running() == (old, "healthy")


def test_a_registry_that_does_not_answer_changes_nothing(host: Host) -> None:
    old = host.build("1")
    host.build("2")
    host.run("1")
    host.wants("2", "x")
    (host.folder / "wanted.json").write_text(f'{{"version":"2","counter":2,"image":"{REPOSITORY}@sha256:{"a" * 64}"}}')
    done = host.agent(OFFERED=f"{host.name}:2", PULL_EXIT="1")
    assert (done.returncode, "could not be pulled" in done.stderr) == (1, True)
    assert host.running() == (old, "healthy")


def test_without_anything_wanted_nothing_is_done(host: Host) -> None:
    assert host.agent().returncode == 0


def test_the_units_are_what_systemd_takes(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        missing("systemd-analyze is not installed (package systemd)")
    shutil.copytree(UNITS, tmp_path / "units")
    service = tmp_path / "units" / "dca-update.service"
    service.write_text(service.read_text().replace("/usr/local/lib/dca", str(tmp_path / "units")))
    units = [tmp_path / "units" / "dca-update.path", service]
    done = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
