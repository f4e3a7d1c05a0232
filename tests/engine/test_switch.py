"""A whole replacement on a real engine, with the real appliance: what is as before, and how long the web UI was away.

How long that is at most is measured by the benchmarks.
"""

import json
import os
import signal
import socket
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from tests.children import wait_until
from tests.engine.derived import Variant, derive
from tests.engine.switched import begin_update
from tests.ports import free_port

NEW_VERSION = "0.2.0"
AGREEMENT_SECONDS = 8.0
"""The switcher hears of the web UI from the new version; on a busy machine that takes its time."""
END_SECONDS = 240.0


@dataclass
class Site:
    """One appliance with the engine's socket, published on a port of this machine, and all that its user gave it."""

    engine: docker.DockerClient
    image: str
    mark: str = field(default_factory=lambda: f"dca-switch-{uuid.uuid4().hex[:8]}")
    port: int = field(default_factory=free_port)
    outages: list[float] = field(default_factory=list)
    networks: list[Any] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self, policy: str = "unless-stopped", *, megabytes: int = 0) -> Container:
        """Start the appliance, and wait until its web UI answers. With `megabytes` its data folder has only so many."""
        self.engine.images.get(self.image).tag(self.mark, "stable")
        self.networks = [self.engine.networks.create(f"{self.mark}-{number}") for number in range(2)]
        engine_socket = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
        options: dict[str, Any] = {
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
            "tmpfs": {"/tmp": "mode=1777", "/run/dca": "uid=10001,gid=10001,mode=0700"},
            "volumes": {engine_socket: {"bind": "/var/run/docker.sock", "mode": "rw"}},  # /data is a nameless volume
            "group_add": [str(Path(engine_socket).stat().st_gid)],
            "ports": {"8080/tcp": ("127.0.0.1", self.port)},
            "environment": {"TZ": "Europe/Berlin", "DCA_SITE_NAME": "Warehouse"},
            "labels": {"site": "berlin"},
            "restart_policy": {"Name": policy},
            "hostname": "printers",
            "network": self.networks[0].name,
            "mem_limit": "512m",
        }
        if megabytes:
            small = {"type": "tmpfs", "device": "tmpfs", "o": f"size={megabytes}m,uid=10001,gid=10001,mode=0700"}
            self.engine.volumes.create(self.mark, driver_opts=small)
            options["volumes"][self.mark] = {"bind": "/data", "mode": "rw"}
        made = self.engine.containers.create(f"{self.mark}:stable", name=self.mark, **options)
        self.networks[1].connect(made, aliases=["dca"])
        made.start()
        wait_until("the web UI answers", self.answers, 60)
        return made

    def answers(self) -> bool:
        with suppress(OSError):
            return bool(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1).status == 200)
        return False

    def watch(self) -> None:
        """Note how long the web UI is away, until the end."""
        gone: float | None = None
        while not self._ended.wait(0.05):
            if not self.answers():
                gone = gone or time.monotonic()
            elif gone is not None:
                self.outages.append(time.monotonic() - gone)
                gone = None

    def update(self, variant: Variant, **times: Any) -> str:
        """Move to the new version, and return the transaction when the switcher is gone."""
        derive(self.engine, f"{self.mark}:new", version=NEW_VERSION, variant=variant, base=self.image)
        observer = threading.Thread(target=self.watch)
        observer.start()
        try:
            transaction = begin_update(self.main, f"{self.mark}:new", NEW_VERSION, **times)
            wait_until("the switcher has ended", lambda: not self.containers(f"{self.mark}-updater"), END_SECONDS)
        finally:
            self._ended.set()
            observer.join()
        wait_until("the web UI answers", self.answers)
        return transaction

    @property
    def main(self) -> Container:
        return self.engine.containers.get(self.mark)

    def containers(self, prefix: str) -> list[Container]:
        return [one for one in self.engine.containers.list(all=True, ignore_removed=True) if (one.name or "").startswith(prefix)]

    def say(self, code: str, container: str = "") -> str:
        """Return what code prints in the appliance, or in another container."""
        inside = self.engine.containers.get(container) if container else self.main
        ran: Any = inside.exec_run(["python3", "-P", "-c", code])
        assert ran.exit_code == 0, ran.output.decode()
        return str(ran.output.decode())

    def phase(self) -> str:
        """Return the phase in the journal, as the switcher sees it; empty when that is gone."""
        with suppress(docker.errors.DockerException, AssertionError):
            return self.say(PHASE, f"{self.mark}-updater").strip()
        return ""

    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.say("print(open('/data/update/history.json').read())"))[0]
        return found

    def image_of(self, tag: str) -> str:
        return str(self.engine.images.get(f"{self.mark}:{tag}").id)

    def remove(self) -> None:
        volumes = set()
        for container in self.containers(self.mark):
            volumes |= {mount["Name"] for mount in container.attrs["Mounts"] if mount["Type"] == "volume"}
            container.remove(force=True)
        for volume in volumes:
            self.engine.volumes.get(volume).remove()
        for network in self.networks:
            network.remove()
        for image in self.engine.images.list(self.mark):
            for tag in image.tags:
                if tag.startswith(f"{self.mark}:"):
                    self.engine.images.remove(tag)


@pytest.fixture
def site(engine: docker.DockerClient, appliance_image: str) -> Iterator[Site]:
    made = Site(engine, appliance_image)
    yield made
    made.remove()


PHASE = """
from pathlib import Path
from updater.records.journal import Journal
print(Journal(Path("/data/update")).read().phase)
"""
FILL = """
with open("/data/filler", "wb", buffering=0) as filler:
    try:
        while True:
            filler.write(bytes(1024))
    except OSError as error:
        print(error.strerror)
"""
RESERVE = "import os; print(os.path.exists('/data/update/reserve') and os.stat('/data/update/reserve').st_ino)"
"""Which file the reserve is, or False."""


def kept(container: Container) -> dict[str, Any]:
    """What the user gave the container, as the engine tells it."""
    container.reload()
    attributes = container.attrs
    host = {name: value for name, value in attributes["HostConfig"].items() if value and name not in ("Binds", "ContainerIDFile")}
    mounts = sorted((mount.get("Name") or mount["Source"], mount["Destination"], mount["RW"]) for mount in attributes["Mounts"])
    networks = {
        name: sorted(set(network["Aliases"] or ()) - {container.short_id})
        for name, network in attributes["NetworkSettings"]["Networks"].items()
    }
    labels = {name: value for name, value in container.labels.items() if name.startswith("site")}
    config = {name: attributes["Config"][name] for name in ("Hostname", "Image", "User", "Cmd", "Entrypoint")}
    return {
        "host": host,
        "mounts": mounts,
        "networks": networks,
        "labels": labels,
        "environment": sorted(attributes["Config"]["Env"]),
        **config,
    }


@pytest.mark.parametrize("policy", ["unless-stopped", "always"])
def test_good_version_takes_over_all_that_the_user_gave_the_old_one(site: Site, policy: str) -> None:
    old = site.start(policy)
    before = kept(old)

    transaction = site.update("good")

    new = site.main
    assert new.id != old.id
    assert new.attrs["Image"] == site.image_of("new") == site.image_of("stable")
    assert site.image_of(f"rollback-{site.mark}-{transaction}") == old.attrs["Image"]
    assert kept(new) == before
    assert [one.name for one in site.containers(site.mark)] == [site.mark]
    assert site.say("from appliance.common.version import installed_version as v; print(v())").strip() == NEW_VERSION
    result = site.result()
    assert (result["outcome"], result["transaction"]) == ("installed", transaction)
    [outage] = site.outages
    assert abs(result["seconds_without_web"] - outage) < AGREEMENT_SECONDS, "the site tells what a person at its web UI has seen"
    os.kill(new.attrs["State"]["Pid"], signal.SIGKILL)
    wait_until("the engine starts it again", lambda: site.main.attrs["RestartCount"] == 1 and site.answers(), 60)


@pytest.mark.parametrize("policy", ["unless-stopped", "no"])
def test_version_that_crashes_is_taken_back_and_denied(site: Site, policy: str) -> None:
    old = site.start(policy)
    before, image = kept(old), site.image_of("stable")

    site.update("crashing")

    assert site.main.id == old.id
    assert site.image_of("stable") == image
    assert kept(site.main) == before
    assert [one.name for one in site.containers(site.mark)] == [site.mark]
    result = site.result()
    assert (result["outcome"], result["reason"]) == ("rolled_back", "ended")
    denied = json.loads(site.say("print(open('/data/update/denied.json').read())"))
    assert [entry["version"] for entry in denied] == [NEW_VERSION]


def test_port_that_somebody_took_meanwhile_leads_back(site: Site) -> None:
    old = site.start()
    derive(site.engine, f"{site.mark}:new", version=NEW_VERSION, base=site.image)
    begin_update(site.main, f"{site.mark}:new", NEW_VERSION)
    with taken(site.port):
        wait_until("the switcher goes back", lambda: site.phase() == "rolling_back", END_SECONDS)
    wait_until("the switcher has ended", lambda: not site.containers(f"{site.mark}-updater"), END_SECONDS)
    wait_until("the web UI answers", site.answers)

    assert site.main.id == old.id
    assert site.main.attrs["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert [one.name for one in site.containers(site.mark)] == [site.mark]
    result = site.result()
    assert (result["outcome"], result["reason"]) == ("rolled_back", "conflict")


def test_disk_that_is_full_at_the_commit_does_not_keep_a_good_version_out(site: Site) -> None:
    site.start(megabytes=32)
    derive(site.engine, f"{site.mark}:new", version=NEW_VERSION, base=site.image)
    transaction = begin_update(site.main, f"{site.mark}:new", NEW_VERSION, steady=8)
    ready = f"print(open('/data/update/ack-{transaction}.json').read())"

    def is_ready() -> bool:
        with suppress(docker.errors.DockerException, AssertionError):
            return '"ready"' in site.say(ready)
        return False

    wait_until("the new version is ready", is_ready, END_SECONDS)
    reserve = site.say(RESERVE).strip()
    assert "No space" in site.say(FILL)
    wait_until("the switcher has ended", lambda: not site.containers(f"{site.mark}-updater"), END_SECONDS)

    assert site.main.attrs["Image"] == site.image_of("new")
    assert site.say(PHASE).strip() == "done"
    assert site.result()["outcome"] == "installed"
    assert site.say(RESERVE).strip() != reserve, "the reserve was not given up"  # the janitor may have another one by now
    assert [one.name for one in site.containers(site.mark)] == [site.mark]


@contextmanager
def taken(port: int) -> Iterator[None]:
    """Take a port as soon as it is free, and keep it."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

        def is_taken() -> bool:
            try:
                other.bind(("127.0.0.1", port))
            except OSError:
                return False
            other.listen()
            return True

        end = time.monotonic() + END_SECONDS
        while not is_taken():
            assert time.monotonic() < end, "the port was never free"
        yield


def test_switcher_is_locked_down_and_has_no_port(site: Site) -> None:
    site.start()
    derive(site.engine, f"{site.mark}:new", version=NEW_VERSION, variant="unhealthy", base=site.image)
    begin_update(site.main, f"{site.mark}:new", NEW_VERSION)

    switcher = site.engine.containers.get(f"{site.mark}-updater").attrs

    host = switcher["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert "no-new-privileges" in host["SecurityOpt"]
    assert host["RestartPolicy"]["Name"] == "always"
    assert switcher["Config"]["User"] == "10001:10001"
    assert not any(switcher["NetworkSettings"]["Ports"].values())
    assert sorted(mount["Destination"] for mount in switcher["Mounts"]) == ["/data", "/var/run/docker.sock"]
    assert switcher["Image"] == site.image_of("stable")
