"""What takes the place of a container has all that its user gave the old one: compared by a real engine."""

import io
import json
import os
import subprocess
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.engine.client import BASE_IMAGE, DOCKER
from tests.requirement import missing
from updater.engine.container_spec import successor

Create = Callable[..., dict[str, Any]]

OLD = f"""FROM {BASE_IMAGE}
ENV GREETING=old PATH=/old:/usr/bin:/bin
LABEL role=main version=1
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=20s --start-period=30s CMD true
STOPSIGNAL SIGTERM
ENTRYPOINT ["sleep"]
CMD ["600"]
"""
NEW = OLD.replace("GREETING=old PATH=/old", "GREETING=new PATH=/new").replace("version=1", "version=2").replace("20s", "25s")
NEW = NEW.replace('CMD ["600"]', 'CMD ["601"]')


def build(engine: docker.DockerClient, tag: str, dockerfile: str) -> None:
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile)
        archive.addfile(entry, io.BytesIO(dockerfile.encode()))
    context.seek(0)
    engine.images.build(fileobj=context, custom_context=True, tag=tag)


class Place:
    """One container, and the one that takes its place; all is removed afterwards."""

    def __init__(self, engine: docker.DockerClient) -> None:
        self.engine = engine
        self.mark = uuid.uuid4().hex[:8]
        self.name = f"dca-spec-{self.mark}"
        self.reference = f"dca-spec-{self.mark}:stable"
        self.networks: list[Any] = []
        build(engine, self.reference, OLD)
        build(engine, f"dca-spec-{self.mark}:new", NEW)
        self.old_image = engine.images.get(self.reference).attrs
        self.new_image = engine.images.get(f"dca-spec-{self.mark}:new").attrs

    def network(self, subnet: str | None = None) -> str:
        name = f"dca-spec-{self.mark}-{len(self.networks)}"
        pool = docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet=subnet)]) if subnet else None
        self.networks.append(self.engine.networks.create(name, ipam=pool))
        return name

    def macvlan(self, parent: str, subnet: str) -> str:
        """Make a network whose containers are stations of their own on the bridge of the network `parent`."""
        name = f"dca-spec-{self.mark}-{len(self.networks)}"
        pool = docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet=subnet)])
        bridge = f"br-{str(self.engine.networks.get(parent).id)[:12]}"
        self.networks.insert(0, self.engine.networks.create(name, driver="macvlan", ipam=pool, options={"parent": bridge}))
        return name

    def docker(self, *words: str) -> str:
        done = subprocess.run([DOCKER, *words], capture_output=True, text=True, check=False, env=os.environ)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def create(self, *words: str, command: tuple[str, ...] = ()) -> dict[str, Any]:
        self.docker("create", "--name", self.name, *words, self.reference, *command)
        return dict(self.engine.api.inspect_container(self.name))

    def replace(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what the engine says of the old one and of the one that took its place, both started once."""
        api: Any = self.engine.api
        api.start(self.name)
        old = api.inspect_container(self.name)
        api.stop(self.name, timeout=0)
        api.rename(self.name, f"{self.name}-prev")
        api.tag(self.new_image["Id"], *self.reference.split(":"))
        version = tuple(int(part) for part in api.version()["ApiVersion"].split("."))
        spec = successor(
            old, self.old_image, self.new_image, reference=self.reference, labels={"dca.txn": "7"}, api=(version[0], version[1])
        )
        made = api.create_container_from_config(spec.body, spec.name)["Id"]
        for network, endpoint in spec.later_networks:
            api._result(api._post_json(api._url("/networks/{0}/connect", network), {"Container": made, "EndpointConfig": endpoint}))
        api.start(made)
        assert api.inspect_container(made)["HostConfig"]["RestartPolicy"]["Name"] == "no", "until it is good"
        policy = spec.restart_policy
        api.update_container(made, restart_policy=policy | {"Name": policy["Name"] or "no"})
        return old, api.inspect_container(made)

    def remove(self) -> None:
        volumes = set()
        for container in self.engine.containers.list(all=True, filters={"name": self.name}):
            volumes |= {mount["Name"] for mount in container.attrs["Mounts"] if mount["Type"] == "volume"}
            container.remove(force=True)
        for volume in volumes:
            self.engine.volumes.get(volume).remove()
        for network in self.networks:
            network.remove()
        for tag in (self.reference, f"dca-spec-{self.mark}:new"):
            self.engine.images.remove(tag, force=True)


@pytest.fixture
def place(engine: docker.DockerClient) -> Iterator[Place]:
    made = Place(engine)
    yield made
    made.remove()


def mounts(inspected: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return sorted((mount.get("Name") or mount["Source"], mount["Destination"], mount["RW"]) for mount in inspected["Mounts"])


def host_config(inspected: dict[str, Any]) -> dict[str, Any]:
    """What has to be the same; volumes are compared by their mounts."""
    return {name: value for name, value in inspected["HostConfig"].items() if name not in ("Binds", "ContainerIDFile") and value}


def test_a_plain_container_gets_the_new_image_and_all_that_its_user_gave_it(place: Place) -> None:
    place.create(
        *("--network", "none", "--restart", "always", "--env", "TZ=Europe/Berlin", "--label", "site=berlin"),
        *("--read-only", "--tmpfs", "/tmp:size=8m", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--memory", "64m", "--cpus", "0.5", "--pids-limit", "50", "--group-add", "998", "--stop-timeout", "30"),
    )
    old, new = place.replace()
    assert new["Image"] == place.new_image["Id"]
    assert new["Name"] == old["Name"]
    assert host_config(new) == host_config(old)
    assert sorted(new["Config"]["Env"]) == ["GREETING=new", "PATH=/new:/usr/bin:/bin", "TZ=Europe/Berlin"]
    assert new["Config"]["Labels"] == {"role": "main", "version": "2", "site": "berlin", "dca.txn": "7"}
    assert new["Config"]["Cmd"] == ["601"]
    assert new["Config"]["Healthcheck"]["Interval"] == 25_000_000_000
    assert new["Config"]["StopTimeout"] == 30
    assert new["Config"]["Hostname"] == new["Id"][:12]


def test_volumes_named_and_nameless_and_folders_stay(place: Place, tmp_path: Path) -> None:
    place.create("--network", "none", "--volume", f"{tmp_path}:/import:ro", "--mount", f"type=volume,src={place.name},dst=/more")
    old, new = place.replace()
    assert mounts(new) == mounts(old)
    assert len(mounts(new)) == 3, "the nameless volume of /data is among them"


@pytest.mark.parametrize(
    "words",
    [
        ("--mount", "type=volume,target=/data"),
        ("--mount", "type=volume,target=/data,volume-driver=local"),
        ("--mount", "type=volume,target=/more/../data/", "--mount", "type=volume,target=/other"),
        ("--volume", "{name}:/data/"),
        ("--volume", "{name}:/data/../data"),
        ("--mount", "type=volume,source={name},target=/data/"),
        ("--volume", "/more", "--volume", "{name}:/other//there:ro"),
    ],
    ids=" ".join,
)
def test_volumes_stay_however_their_places_are_written(place: Place, words: tuple[str, ...]) -> None:
    place.create("--network", "none", *(word.format(name=place.name) for word in words))
    old, new = place.replace()
    assert mounts(new) == mounts(old)


@pytest.mark.parametrize(
    "given",
    [
        {"Mounts": [{"Type": "volume", "Target": "/data"}, {"Type": "volume", "Target": "/x"}]},  # Compose: volumes: ["/x"]
        {"Binds": ["/x"]},
        {"Mounts": [{"Type": "volume", "Target": "/x/", "VolumeOptions": {"Labels": {"site": "berlin"}}}]},
    ],
    ids=str,
)
def test_nameless_volumes_that_a_program_asks_for_stay(place: Place, given: dict[str, Any]) -> None:
    api: Any = place.engine.api
    api.create_container_from_config({"Image": place.reference, "HostConfig": {"NetworkMode": "none"} | given}, place.name)
    old, new = place.replace()
    assert mounts(new) == mounts(old)
    assert "/x" in {where for _, where, _ in mounts(new)}


def test_volumes_of_another_container_stay(place: Place) -> None:
    place.create("--network", "none", "--volume", f"{place.name}:/shared/")
    place.docker("rename", place.name, f"{place.name}-owner")
    place.create("--network", "none", "--volumes-from", f"{place.name}-owner")
    old, new = place.replace()
    assert mounts(new) == mounts(old)


def test_an_entrypoint_that_was_taken_away_stays_away(place: Place) -> None:
    place.create("--network", "none", "--entrypoint", "", "--stop-timeout", "0", command=("sleep", "602"))
    old, new = place.replace()
    names = ("Entrypoint", "Cmd", "StopTimeout")
    assert {name: new["Config"][name] for name in names} == {name: old["Config"][name] for name in names}
    assert (new["Config"]["Entrypoint"], new["Config"]["StopTimeout"]) == (None, 0)


def test_a_name_in_a_network_that_is_that_of_the_container_stays(place: Place) -> None:
    network = place.network()
    place.create("--network", network, "--network-alias", place.name, "--network-alias", "printers")
    old, new = place.replace()
    was, now = (set(one["NetworkSettings"]["Networks"][network]["Aliases"]) - {one["Id"][:12]} for one in (old, new))
    assert now == was == {place.name, "printers"}


def test_the_entrypoint_and_health_check_of_the_user_stay(place: Place) -> None:
    place.create(
        *("--network", "none", "--entrypoint", "/bin/sh", "--health-cmd", "test -e /", "--health-interval", "7s"),
        *("--hostname", "printers", "--user", "1000:1000", "--workdir", "/srv", "--stop-signal", "SIGINT"),
        command=("-c", "sleep 600"),
    )
    old, new = place.replace()
    names = ("Entrypoint", "Cmd", "Healthcheck", "Hostname", "User", "WorkingDir", "StopSignal")
    assert {name: new["Config"][name] for name in names} == {name: old["Config"][name] for name in names}


def test_a_health_check_that_is_switched_off_stays_off(place: Place) -> None:
    place.create("--network", "none", "--no-healthcheck")
    _, new = place.replace()
    assert new["Config"]["Healthcheck"]["Test"] == ["NONE"]


def test_all_networks_stay_with_fixed_addresses_and_names(place: Place) -> None:
    first, second = place.network("10.213.240.0/28"), place.network("10.213.240.16/28")
    place.create("--network", first, "--ip", "10.213.240.5", "--network-alias", "dca", "--mac-address", "02:11:22:33:44:55")
    place.docker("network", "connect", "--ip", "10.213.240.21", "--alias", "collector", second, place.name)
    old, new = place.replace()
    was, now = old["NetworkSettings"]["Networks"], new["NetworkSettings"]["Networks"]
    assert {name: now[name]["IPAddress"] for name in now} == {first: "10.213.240.5", second: "10.213.240.21"}
    assert now[first]["MacAddress"] == was[first]["MacAddress"] == "02:11:22:33:44:55"
    assert old["Id"][:12] not in [alias for network in now.values() for alias in network["Aliases"]]
    assert "dca" in now[first]["Aliases"]
    assert "collector" in now[second]["Aliases"]


def test_a_fixed_address_in_a_macvlan_stays(place: Place) -> None:
    network = place.macvlan(place.network("10.213.240.48/28"), "10.213.240.64/28")
    place.create("--network", network, "--ip", "10.213.240.70")
    _, new = place.replace()
    assert new["NetworkSettings"]["Networks"][network]["IPAddress"] == "10.213.240.70"


def test_the_network_of_the_host_has_no_host_name_of_its_own(place: Place) -> None:
    place.create("--network", "host")
    old, new = place.replace()
    assert new["HostConfig"]["NetworkMode"] == "host"
    assert new["Config"]["Hostname"] == old["Config"]["Hostname"]


def test_published_ports_stay(place: Place) -> None:
    network = place.network("10.213.240.32/28")
    place.create("--network", network, "--publish", "127.0.0.1::8080", "--expose", "9000")
    place.docker("start", place.name)
    old, new = place.replace()
    assert new["HostConfig"]["PortBindings"] == old["HostConfig"]["PortBindings"]
    assert new["Config"]["ExposedPorts"] == old["Config"]["ExposedPorts"]


def test_compose_takes_the_new_container_for_its_own(place: Place, tmp_path: Path) -> None:
    if subprocess.run([DOCKER, "compose", "version"], capture_output=True, check=False).returncode:
        missing("this Docker has no Compose plugin")
    service = {"image": place.reference, "network_mode": "none", "restart": "unless-stopped", "container_name": place.name}
    file = tmp_path / "compose.yaml"
    file.write_text(json.dumps({"name": place.name, "services": {"dca": service}}))
    place.docker("compose", "--file", str(file), "up", "--detach")
    _, new = place.replace()
    place.engine.containers.get(f"{place.name}-prev").remove(force=True)
    place.docker("compose", "--file", str(file), "up", "--detach")
    assert place.engine.api.inspect_container(place.name)["Id"] == new["Id"]
