"""The compose files as documented, run by the real Compose."""

import json
import os
import ssl
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.engine.client import DOCKER
from tests.engine.conftest import ROOT
from tests.ports import free_port
from tests.requirement import missing

Compose = Callable[..., str]

SOCKET = Path(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))


@pytest.fixture
def compose(engine: docker.DockerClient, appliance_image: str, hosting_image: str) -> Iterator[tuple[Compose, dict[str, int]]]:
    """Yield a function that runs `docker compose` in a project of its own, and the ports it publishes; all goes afterwards."""
    if subprocess.run([DOCKER, "compose", "version"], capture_output=True, check=False).returncode:
        missing("this Docker has no Compose plugin")
    ports = {"dca": free_port(), "hosting": free_port()}
    environment = os.environ | {
        "DCA_IMAGE": appliance_image,
        "DCA_HOSTING_IMAGE": hosting_image,
        "DCA_PORT": str(ports["dca"]),
        "DCA_HOSTING_PORT": str(ports["hosting"]),
        "DCA_ENGINE_SOCKET": str(SOCKET),
        "DOCKER_GID": str(SOCKET.stat().st_gid) if SOCKET.exists() else "0",
    }
    project = f"dca-test-{uuid.uuid4().hex[:8]}"
    used: set[str] = set()

    def run(file: str, *arguments: str) -> str:
        used.add(file)
        command = [DOCKER, "compose", "--project-name", project, "--file", str(ROOT / "compose" / file), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    yield run, ports
    for file in used:
        run(file, "down", "--volumes", "--timeout", "10")


def fetch(url: str, *, token: str = "", authority: str | None = None) -> bytes:
    """Return the body of `url`, trusting only `authority` (PEM) for HTTPS."""
    context = ssl.create_default_context(cadata=authority) if authority else None
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:
        return bytes(answer.read())


def test_site_file_brings_a_healthy_locked_down_appliance_on_its_port(
    engine: docker.DockerClient, compose: tuple[Compose, dict[str, int]]
) -> None:
    run, ports = compose

    run("site.yaml", "up", "--detach", "--wait", "--wait-timeout", "60")

    assert fetch(f"http://127.0.0.1:{ports['dca']}/healthz")
    assert run("site.yaml", "logs", "dca")
    host = engine.containers.get(run("site.yaml", "ps", "--quiet", "dca").strip()).attrs["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["RestartPolicy"]["Name"] == "always"


def test_the_overlay_gives_the_socket_to_an_ordinary_user_who_can_then_replace_the_container(
    compose: tuple[Compose, dict[str, int]],
) -> None:
    if not SOCKET.is_socket():
        missing("the Docker Engine is not reached over a socket of this machine")
    run, _ = compose
    both = ("site.yaml", "--file", str(ROOT / "compose" / "self-update.yaml"))

    run(*both, "up", "--detach", "--wait", "--wait-timeout", "60")

    told = json.loads(run(*both, "exec", "--no-TTY", "dca", "dca", "update", "status", "--json"))
    assert (told["state"], told["update"]["level"]) == ("possible", "auto")
    assert f"{SOCKET.stat().st_gid}" in run(*both, "exec", "--no-TTY", "dca", "id", "--groups").split()
    assert run(*both, "exec", "--no-TTY", "dca", "id", "--user").strip() == "10001"


def test_demo_file_brings_all_13_printers_to_the_hosting_server(compose: tuple[Compose, dict[str, int]]) -> None:
    run, ports = compose
    run("demo.yaml", "up", "--detach", "--wait", "--wait-timeout", "90")
    token = run(
        "demo.yaml", "exec", "-T", "hosting", "dca-hosting", "token", "create", "--data", "/data", "--name", "test"
    ).split()[-1]
    authority = run("demo.yaml", "exec", "-T", "hosting", "cat", "/data/ca.pem")

    devices: list[dict[str, Any]] = []
    deadline = time.monotonic() + 90
    while len(devices) < 13 and time.monotonic() < deadline:
        answer = fetch(f"https://localhost:{ports['hosting']}/api/v1/devices", token=token, authority=authority)
        devices = json.loads(answer)["devices"]
        time.sleep(1)

    serials = {device["reading"]["device"]["serial"] for device in devices}
    assert len(serials) == 13, run("demo.yaml", "logs", "--tail", "40")
    assert b"<form" in fetch(f"https://localhost:{ports['hosting']}/login", authority=authority)
