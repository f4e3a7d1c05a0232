"""What takes the place of containers as real engines describe them: recorded by tests/engine/record_answers.py."""

import json
from pathlib import Path
from typing import Any

import pytest

from updater.engine.container_spec import ContainerSpec, successor
from updater.engine.engine import EngineVersion
from updater.engine.replaceable import why_not_on

FOLDER = Path(__file__).parents[1] / "engine_answers"
NAMES = sorted(file.stem for file in FOLDER.glob("*.json"))


def recorded(name: str) -> dict[str, Any]:
    return dict(json.loads((FOLDER / f"{name}.json").read_text()))


def replaced(name: str) -> ContainerSpec:
    told = recorded(name)
    major, minor = told["engine"]["api"]
    return successor(
        told["container"],
        told["old_image"],
        told["new_image"],
        reference=told["reference"],
        labels={"dca.transaction": "7"},
        api=(major, minor),
    )


@pytest.mark.parametrize("name", NAMES)
def test_successor_is_as_it_was_read_when_it_was_recorded(name: str) -> None:
    spec = replaced(name)
    got = {"body": spec.body, "later_networks": [list(network) for network in spec.later_networks]}
    assert got == recorded(name)["successor"]
    assert spec.restart_policy == recorded(name)["container"]["HostConfig"]["RestartPolicy"], "given when it is good"


@pytest.mark.parametrize("name", [name for name in NAMES if "macvlan" in name])
def test_a_fixed_address_in_a_macvlan_stays_and_no_made_up_hardware_address_is_copied(name: str) -> None:
    assert replaced(name).body["NetworkingConfig"]["EndpointsConfig"] == {
        "dca-answers-macvlan": {"IPAMConfig": {"IPv4Address": "10.216.251.50"}}
    }


@pytest.mark.parametrize("name", [name for name in NAMES if "compose" in name])
def test_compose_finds_the_new_image_in_its_label(name: str) -> None:
    labels = replaced(name).body["Labels"]
    assert labels["com.docker.compose.image"] == recorded(name)["new_image"]["Id"]
    assert (
        labels["com.docker.compose.config-hash"]
        == recorded(name)["container"]["Config"]["Labels"]["com.docker.compose.config-hash"]
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("docker")])
def test_nameless_volume_of_the_image_goes_along_by_its_name(name: str) -> None:
    [volume] = [mount["Name"] for mount in recorded(name)["container"]["Mounts"] if mount["Destination"] == "/data"]
    assert f"{volume}:/data" in replaced(name).body["HostConfig"]["Binds"]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("docker") and "two-networks" in name])
def test_a_chosen_hardware_address_stays(name: str) -> None:
    body = replaced(name).body
    of_the_network = body["NetworkingConfig"]["EndpointsConfig"]["dca-answers-lan"].get("MacAddress")
    assert "02:11:22:33:44:55" in (body.get("MacAddress"), of_the_network)


@pytest.mark.parametrize("version", ["5.4", "5.8"])
def test_podman_does_not_tell_a_chosen_address_so_nothing_is_replaced_there(version: str) -> None:
    told = recorded(f"podman-{version}-two-networks")
    assert told["container"]["NetworkSettings"]["Networks"]["dca-answers-lan"]["IPAMConfig"] is None
    assert told["container"]["Config"]["Healthcheck"] != told["old_image"]["Config"].get("Healthcheck"), (
        "nor whose health check it is"
    )
    engine = EngineVersion(told["engine"]["name"], told["engine"]["version"], tuple(told["engine"]["api"]), "linux", "amd64")
    assert "Podman" in str(why_not_on(engine.name))
    assert why_not_on(recorded("docker-26.1-two-networks")["engine"]["name"]) is None
