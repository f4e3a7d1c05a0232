"""An appliance at a site of its own: everything a user can give a container, and a look whether all of it is still as it was."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from tests.children import wait_until
from tests.engine.client import DOCKER
from tests.engine.daemon import PrivateEngine
from tests.engine.door import Door
from tests.engine.switched import BEGIN
from updater.records import denied, history
from updater.records.history import Outcome, Result
from updater.records.journal import FINISHED, Journal, Transaction

NAME = "dca"
REPOSITORY = "dca-site"
REFERENCE = f"{REPOSITORY}:stable"
SOCKET_GROUP = 4711
SITE_NAME = "Berlin"
END_SECONDS = 120.0
AFTER_END_SECONDS = 90.0
"""For what is tidied up once the history tells of the end."""
START_SECONDS = 120.0
OURS = ("dca.role", "dca.transaction")
COMPOSE_IMAGE = "com.docker.compose.image"
COMPOSE = {
    "com.docker.compose.project": "dca",
    "com.docker.compose.service": "dca",
    "com.docker.compose.container-number": "1",
    "com.docker.compose.oneoff": "False",
    "com.docker.compose.config-hash": "0123456789abcdef",
}
HEALTH = ("--health-interval", "2s", "--health-timeout", "15s", "--health-start-period", "5s", "--health-retries", "8")
"""Faster than that of the image, and the user's own: it has to stay."""

FIRST_NETWORK, NETWORKS = 128, 100
"""The third numbers of the networks of sites, 10.216.N.0/24."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a case has to end."""

    transaction: str
    image: str
    """The id of the image of the appliance."""
    outcome: Outcome | None
    """What the history says about it; None where it may say anything, or nothing."""
    denied: bool | None = False
    """Whether the release is; None where it may be either."""


def free_network() -> str:
    """Return the beginning of a /24 in which this machine has no address yet: other runs, and what was killed, have some."""
    for number in range(NETWORKS):
        network = f"10.216.{FIRST_NETWORK + (os.getpid() + number) % NETWORKS}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((f"{network}.1", 0))
            except OSError:
                return network
    raise AssertionError("all networks of these tests are in use; remove bridges that were left behind (ip -br link)")


class Site:
    """One appliance at an engine, which it reaches through a door."""

    def __init__(self, engine: PrivateEngine, door: Door, port: int) -> None:
        self.engine = engine
        self.door = door
        self.port = port
        self._network = free_network()
        self.health: tuple[str, ...] = HEALTH
        self.before: dict[str, Any] = {}
        self._roles: dict[str, str] = {}
        # While they are there: a switcher removes its own container.
        door.heard = lambda call: self.role(call.container)

    def docker(self, *words: str) -> str:
        """Run the docker command at the engine itself."""
        done = subprocess.run(
            [DOCKER, "--host", self.engine.address, *words], capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout.strip()

    def docker_as_far_as_it_goes(self, *words: str) -> bool:
        """Run the docker command as a person does who does not know what goes on; return whether it could be done."""
        command = [DOCKER, "--host", self.engine.address, *words]
        return subprocess.run(command, capture_output=True, check=False, timeout=120).returncode == 0

    @property
    def gateway(self) -> str:
        """The address of this machine in the network of the appliance."""
        return f"{self._network}.1"

    def make_networks(self) -> None:
        """Make the two networks of the appliance."""
        self.docker("network", "create", "--subnet", f"{self._network}.0/24", f"{NAME}-lan")
        self.docker("network", "create", f"{NAME}-second")

    def install(self, image: str, policy: str, environment: Mapping[str, str] | None = None) -> None:
        """Start the appliance as a user would who uses every option there is, and wait until it is healthy."""
        self.door.path.chmod(0o660)
        os.chown(self.door.path, 0, SOCKET_GROUP)
        self.docker("tag", image, REFERENCE)
        labels = COMPOSE | {COMPOSE_IMAGE: self.image_id(REFERENCE), "site": SITE_NAME}
        self.docker(
            *("create", "--name", NAME, "--restart", policy, "--publish", f"127.0.0.1:{self.port}:8080"),
            *("--network", f"{NAME}-lan", "--ip", f"{self._network}.10", "--network-alias", "printers"),
            *("--env", "TZ=Europe/Berlin", "--stop-timeout", "20"),
            *(word for name, value in (environment or {}).items() for word in ("--env", f"{name}={value}")),
            *(word for name, value in labels.items() for word in ("--label", f"{name}={value}")),
            *("--volume", f"{self.door.path}:/var/run/docker.sock", "--group-add", str(SOCKET_GROUP)),
            *("--volume", f"{NAME}-import:/import", "--read-only", "--tmpfs", "/tmp:mode=1777"),
            *("--tmpfs", "/run/dca:uid=10001,gid=10001,mode=0700", "--cap-drop", "ALL"),
            *("--security-opt", "no-new-privileges", *self.health, REFERENCE),
        )
        self.docker("network", "connect", "--alias", "collector", f"{NAME}-second", NAME)
        self.docker("start", NAME)
        wait_until("the appliance is healthy", self.healthy, START_SECONDS)
        self.docker("exec", NAME, "dca", "settings", "set", f"site.name={SITE_NAME}")
        self.before = self.facts()

    def remove(self) -> None:
        """Remove the appliance, its volumes, networks and whatever was left."""
        self.engine.clear()
        self._roles.clear()

    def image_id(self, reference: str) -> str:
        """Return the id of an image."""
        return self.docker("image", "inspect", "--format", "{{.Id}}", reference)

    def healthy(self) -> bool:
        """Return whether the container of the name of the appliance runs and is healthy; without a health check: answers."""
        state = self.container()["State"]
        health = (state.get("Health") or {}).get("Status")
        return bool(state["Running"]) and (health == "healthy" if health else self.web_answers())

    @property
    def data(self) -> Path:
        """The data volume, as it lies on the disk of the engine."""
        [name] = [str(mount[0]) for mount in self.before["mounts"] if mount[1] == "/data"]
        return self.engine.folder / "data/volumes" / name / "_data"

    @property
    def updates(self) -> Path:
        """The folder `update` of the data volume."""
        return self.data / "update"

    @property
    def journal(self) -> Transaction | None:
        """What the journal says."""
        return Journal(self.updates).read()

    def result(self, transaction: str) -> Result | None:
        """Return the row of the history about a transaction."""
        return next((row for row in history.read(self.updates) if row.transaction == transaction), None)

    def forget_denied(self) -> None:
        """Allow again what was denied, as an administrator does."""
        for row in denied.read(self.updates):
            denied.clear(self.updates, row.version)

    def begin(self, transaction: str, image: str, version: str, *, deadline: float, steady: float) -> subprocess.Popen[str]:
        """Hand an update over to the switcher from inside the appliance, as the last step of its installation does."""
        wanted = {"transaction": transaction, "image": image, "version": version, "deadline": deadline, "steady": steady}
        told = json.dumps(wanted | {"switcher": "old", "hosting_url": ""})
        words = ["exec", NAME, "python3", "-P", "-c", BEGIN, told]
        return subprocess.Popen(
            [DOCKER, "--host", self.engine.address, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def tidy(self) -> None:
        """Let the janitor look after what was cut off, as the supervisor does; a switcher that works may stop it."""
        words = ["exec", NAME, "python3", "-P", "-m", "updater", "tidy"]
        subprocess.run([DOCKER, "--host", self.engine.address, *words], capture_output=True, check=False, timeout=120)

    def role(self, container: str) -> str:
        """Return `main` or `switcher` for a container that called the engine, empty for anything else."""
        if container and container not in self._roles:
            try:
                with closing(self.engine.client()) as client:
                    labels = client.api.inspect_container(container)["Config"]["Labels"] or {}
            except docker.errors.DockerException:
                return ""
            self._roles[container] = str(labels.get("dca.role") or "")
        return self._roles.get(container, "")

    def facts(self) -> dict[str, Any]:
        """Return all that has to stay as it was, of the container that has the name of the appliance."""
        return facts(self.container(), self._image(self.container()["Image"]))

    def wait_end(self, *wanted: Wanted, seconds: float = END_SECONDS) -> tuple[Wanted, list[str]]:
        """Wait until all is as one of `wanted` says; return which, and what is still not so after that time."""
        end = time.monotonic() + seconds
        ended_at: float | None = None
        while True:
            found = [(one, self.problems(one)) for one in wanted]
            best = min(found, key=lambda pair: len(pair[1]))
            if ended_at is None and self.result(wanted[0].transaction):
                ended_at = time.monotonic()
            late = ended_at is not None and time.monotonic() > ended_at + AFTER_END_SECONDS
            if not best[1] or late or time.monotonic() > end:
                return best
            time.sleep(0.2)

    def problems(self, wanted: Wanted) -> list[str]:
        """Return what differs from how a case has to end, nothing where all is right."""
        try:
            return self._problems(wanted)
        except (docker.errors.DockerException, OSError, LookupError, ValueError) as error:
            return [f"cannot be looked at: {error!r}"]

    def _problems(self, wanted: Wanted) -> list[str]:
        with closing(self.engine.client()) as client:
            names = sorted(str(row["Names"][0]).lstrip("/") for row in client.api.containers(all=True))
        found = [] if names == [NAME] else [f"containers: {names}"]
        container = self.container()
        now = facts(container, self._image(container["Image"]))
        found += [f"{name}: {now[name]!r} instead of {value!r}" for name, value in self.before.items() if now[name] != value]
        checks = {
            "not running": container["State"]["Status"] == "running",
            "not healthy": self.healthy(),
            "other image": container["Image"] == wanted.image,
            "reference names another image": self._image(REFERENCE)["Id"] == wanted.image,
            "label of Compose is wrong": container["Config"]["Labels"].get(COMPOSE_IMAGE) == wanted.image,
            "more than one image kept": len(self._kept_images()) <= 1,
            "web UI does not answer": self.web_answers(),
            "settings lost": SITE_NAME in (self.data / "settings.json").read_text(),
        }
        found += [what for what, right in checks.items() if not right]
        return found + self._records(wanted)

    def _records(self, wanted: Wanted) -> list[str]:
        journal, result = self.journal, self.result(wanted.transaction)
        found = []
        if journal is not None and journal.phase not in FINISHED:
            found.append(f"journal: {journal.phase}")
        if wanted.outcome and (result is None or result.outcome != wanted.outcome):
            found.append(f"history: {result and (result.outcome, result.reason, result.text)} instead of {wanted.outcome}")
        is_denied = bool(denied.read(self.updates))
        if wanted.denied is not None and is_denied != wanted.denied:
            found.append(f"denied: {is_denied}")
        return found

    def web_answers(self, timeout: float = 2.0) -> bool:
        """Return whether the web UI answers on the published port."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=timeout) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _kept_images(self) -> list[str]:
        with closing(self.engine.client()) as client:
            tags = [tag for row in client.api.images() for tag in row.get("RepoTags") or ()]
        return [tag for tag in tags if tag.startswith(f"{REPOSITORY}:rollback-")]

    def container(self) -> dict[str, Any]:
        """Return what the engine says of the container that has the name of the appliance."""
        with closing(self.engine.client()) as client:
            return dict(client.api.inspect_container(NAME))

    def _image(self, reference: str) -> dict[str, Any]:
        with closing(self.engine.client()) as client:
            found: dict[str, Any] = client.api.inspect_image(reference)  # type: ignore[no-untyped-call]
            return found


def facts(container: Mapping[str, Any], image: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a user gave a container, of what the engine says about it."""
    config, host, of_image = container["Config"], container["HostConfig"], image["Config"]
    labels = {name: value for name, value in config["Labels"].items() if (of_image.get("Labels") or {}).get(name) != value}
    own = (container["Id"][:12], NAME)
    return {
        "restart policy": host["RestartPolicy"],
        "networks": {
            name: (network.get("IPAMConfig") or {}, sorted(set(network.get("Aliases") or ()) - set(own)))
            for name, network in container["NetworkSettings"]["Networks"].items()
        },
        "mounts": sorted(
            (mount.get("Name") or mount["Source"], mount["Destination"], mount["RW"]) for mount in container["Mounts"]
        ),
        "labels": {name: value for name, value in labels.items() if name not in (*OURS, COMPOSE_IMAGE)},
        "environment": sorted(set(config["Env"]) - set(of_image["Env"])),
        "health check": config["Healthcheck"],
        "stop timeout": config.get("StopTimeout"),
        "host name": config["Hostname"] == container["Id"][:12],
        "host settings": {name: value for name, value in host.items() if name not in ("Binds", "ContainerIDFile") and value},
    }
