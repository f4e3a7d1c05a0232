"""Records what an engine answers about containers of many shapes, as data for the tests of the container spec.

    python -m tests.engine.record_answers unix:///run/docker.sock docker-20.10
    python -m tests.engine.record_answers unix:///run/podman/podman.sock podman-5.4 compose two-networks

Without names of cases it is all of them. Each answer becomes a file in tests/updater/engine_answers, together with what takes the
container's place by `updater.engine.container_spec`. Read the changes before they are committed: the tests compare with
these files.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker

from tests.engine.client import BASE_IMAGE, DOCKER
from tests.engine.test_container_spec import NEW, OLD, build
from updater.engine.container_spec import successor

FOLDER = Path(__file__).parents[1] / "updater/engine_answers"
NAME = "dca-answers"
REFERENCE = f"{NAME}:stable"
SUBNET, SECOND_SUBNET = "10.216.250.0/24", "10.216.251.0/24"
COMPOSE = {
    "com.docker.compose.project": "dca",
    "com.docker.compose.service": "dca",
    "com.docker.compose.container-number": "1",
    "com.docker.compose.oneoff": "False",
    "com.docker.compose.config-hash": "5b1c1a",
    "com.docker.compose.version": "2.26.1",
}

CASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "plain": (("--network", "none", "--restart", "always", "--env", "TZ=Europe/Berlin", "--label", "site=berlin"), ()),
    "limits": (
        (
            *("--network", "none", "--read-only", "--tmpfs", "/tmp:size=8m", "--cap-drop", "ALL"),
            *("--security-opt", "no-new-privileges", "--memory", "64m", "--cpus", "0.5", "--pids-limit", "50"),
            *("--group-add", "998", "--stop-timeout", "30"),
        ),
        (),
    ),
    "compose": (("--network", "none", "--restart", "unless-stopped"), ()),
    "host-network": (("--network", "host", "--restart", "unless-stopped"), ()),
    "two-networks": (("--network", f"{NAME}-lan", "--ip", "10.216.250.5", "--mac-address", "02:11:22:33:44:55"), ()),
    "macvlan": (("--network", f"{NAME}-macvlan", "--ip", "10.216.251.50"), ()),
    "volumes": (("--network", "none", "--volume", "/etc/ssl:/import:ro", "--volume", f"{NAME}-more:/more"), ()),
    "entrypoint": (
        ("--network", "none", "--entrypoint", "/bin/sh", "--hostname", "printers", "--user", "1000:1000"),
        ("-c", "true"),
    ),
    "health-check": (("--network", "none", "--health-cmd", "test -e /", "--health-interval", "7s"), ()),
    "no-health-check": (("--network", "none", "--no-healthcheck"), ()),
}

OF_A_CONTAINER = ("Id", "Name", "Image", "Config", "HostConfig", "Mounts", "NetworkSettings", "ImageManifestDescriptor")
OF_AN_IMAGE = ("Id", "RepoTags", "RepoDigests", "Descriptor", "Config", "Architecture", "Os")


class Recorder:
    """Containers at one engine, each made, started once, asked about and removed."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.client = docker.DockerClient(base_url=address, timeout=60)
        self.api: Any = self.client.api

    def docker(self, *words: str) -> str:
        """Run the docker command at the engine."""
        done = subprocess.run([DOCKER, "--host", self.address, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def images(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Make the two images with the engine of `DOCKER_HOST`, bring them here, and return what this engine says of them."""
        builder = docker.from_env()
        for tag, dockerfile in ((REFERENCE, OLD), (f"{NAME}:new", NEW)):
            build(builder, tag, dockerfile)
            archive = b"".join(builder.images.get(tag).save(named=True))
            builder.images.remove(tag)
            self.api.load_image(archive)
        return self.api.inspect_image(REFERENCE), self.api.inspect_image(f"{NAME}:new")

    @contextlib.contextmanager
    def networks(self) -> Iterator[None]:
        """Have two networks: a bridge, and a macvlan on another bridge, so that nothing leaves this machine."""
        lan = self.docker("network", "create", "--subnet", SUBNET, f"{NAME}-lan")
        made = [f"{NAME}-lan"]
        try:
            parent = f"br-{lan[:12]}"
            with contextlib.suppress(subprocess.CalledProcessError):
                self.docker(
                    *("network", "create", "--driver", "macvlan", "--subnet", SECOND_SUBNET, "--opt", f"parent={parent}"),
                    f"{NAME}-macvlan",
                )
                made.append(f"{NAME}-macvlan")
            self.docker("network", "create", f"{NAME}-second")
            made.append(f"{NAME}-second")
            yield
        finally:
            self.docker("network", "rm", *made)

    def answer(self, case: str, old: dict[str, Any]) -> dict[str, Any]:
        """Return what the engine says of the container of a case while it runs."""
        options, command = CASES[case]
        labels = {"com.docker.compose.image": old["Id"]} | COMPOSE if case == "compose" else {}
        told = [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]
        self.docker("create", "--name", NAME, *options, *told, REFERENCE, *command)
        try:
            if case == "two-networks":
                self.docker("network", "connect", "--alias", "collector", f"{NAME}-second", NAME)
            self.docker("start", NAME)
            return dict(self.api.inspect_container(NAME))
        finally:
            self.docker("rm", "--force", "--volumes", NAME)


def kept(answer: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return the named fields, without the folders of the engine that was asked."""
    found = {name: answer[name] for name in names if name in answer}
    if "Mounts" in found:
        found["Mounts"] = [
            {name: value for name, value in mount.items() if name != "Source" or mount["Type"] == "bind"}
            for mount in found["Mounts"]
        ]
    if "NetworkSettings" in found:
        found["NetworkSettings"] = {"Networks": found["NetworkSettings"]["Networks"]}
    return found


def main(address: str, name: str, *cases: str) -> None:
    """Record those of the cases that the engine can run."""
    recorder = Recorder(address)
    old, new = recorder.images()
    told = recorder.api.version()
    major, minor = recorder.api._version.split(".")[:2]
    FOLDER.mkdir(exist_ok=True)
    with recorder.networks():
        for case in cases or CASES:
            try:
                container = recorder.answer(case, old)
            except subprocess.CalledProcessError as error:
                print(f"{case}: not here: {error.stderr.strip()}", file=sys.stderr)
                continue
            api = (int(major), int(minor))
            spec = successor(container, old, new, reference=REFERENCE, labels={"dca.transaction": "7"}, api=api)
            written = {
                "reference": REFERENCE,
                "engine": {"name": told["Components"][0]["Name"], "version": told["Version"], "api": api},
                "container": kept(container, OF_A_CONTAINER),
                "old_image": kept(old, OF_AN_IMAGE),
                "new_image": kept(new, OF_AN_IMAGE),
                "successor": {"body": spec.body, "later_networks": spec.later_networks},
            }
            (FOLDER / f"{name}-{case}.json").write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")
    for reference in (REFERENCE, f"{NAME}:new"):
        recorder.client.images.remove(reference, force=True)
    with contextlib.suppress(docker.errors.APIError):
        recorder.client.volumes.get(f"{NAME}-more").remove()


if __name__ == "__main__":
    assert os.environ.get("DOCKER_HOST"), f"DOCKER_HOST: the engine that has {BASE_IMAGE}"
    main(*sys.argv[1:])
