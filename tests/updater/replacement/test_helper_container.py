"""What the switcher's container is made of: little, and enough to go back when the journal is lost."""

from dataclasses import replace
from typing import Any

import pytest

from tests.updater.transactions import INSPECT, NEW_IMAGE, OLD_IMAGE, transaction
from updater.records.journal import Old
from updater.replacement.helper_container import body_of, helper_name, rebuilt


def of(**changes: Any) -> Any:
    """Return a transaction whose old container differs in some parts of its inspection."""
    base = transaction()
    inspect = {
        name: (value | changes[name] if isinstance(value, dict) and name in changes else changes.get(name, value))
        for name, value in INSPECT.items()
    }
    return replace(base, old=replace(base.old, inspect=inspect))


def body(**changes: Any) -> dict[str, Any]:
    return body_of(of(**changes))[0]


def test_it_is_locked_down_and_comes_back_after_a_reboot() -> None:
    host = body()["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert "no-new-privileges" in host["SecurityOpt"]
    assert host["RestartPolicy"]["Name"] == "always"
    assert "AutoRemove" not in host
    assert "PortBindings" not in host


def test_it_has_user_groups_mounts_and_log_of_the_appliance() -> None:
    mounts = [
        *INSPECT["Mounts"],
        {"Type": "bind", "Source": "/run/user/1000/docker.sock", "Destination": "/var/run/docker.sock", "RW": True},
        {"Type": "bind", "Source": "/etc/site-ca.pem", "Destination": "/ca.pem", "RW": False},
        {"Type": "tmpfs", "Source": "", "Destination": "/run/dca", "RW": True},
    ]
    made = body(Mounts=mounts, HostConfig={"GroupAdd": ["998"], "LogConfig": {"Type": "local", "Config": {}}})
    assert made["User"] == "10001:10001"
    assert made["HostConfig"]["GroupAdd"] == ["998"]
    assert made["HostConfig"]["LogConfig"] == {"Type": "local", "Config": {}}
    assert made["HostConfig"]["Binds"] == [
        "data:/data",
        "/run/user/1000/docker.sock:/var/run/docker.sock",
        "/etc/site-ca.pem:/ca.pem:ro",
    ]


def test_root_keeps_the_capabilities_it_had() -> None:
    host = body(Config={"User": ""}, HostConfig={"CapDrop": None, "CapAdd": ["NET_RAW"]})["HostConfig"]
    assert host["CapDrop"] == []
    assert host["CapAdd"] == ["NET_RAW"]


def test_it_is_made_of_the_old_image_unless_the_release_says_otherwise() -> None:
    assert body()["Image"] == OLD_IMAGE
    signed = transaction(to_release={"version": "0.2.0", "counter": 7, "switcher": "new"})
    assert body_of(signed)[0]["Image"] == NEW_IMAGE


def test_it_is_in_the_networks_of_the_appliance_without_its_addresses() -> None:
    networks = {"Networks": {"lan": {"IPAMConfig": {"IPv4Address": "10.0.0.5"}, "Aliases": ["dca"]}, "proxy": {}}}
    inside = of(HostConfig={"NetworkMode": "lan"}, NetworkSettings=networks)
    made, later = body_of(inside)
    assert made["NetworkingConfig"] == {"EndpointsConfig": {"lan": {}}}
    assert later == ("proxy",)
    made, later = body_of(replace(inside, api=(1, 45)))
    assert made["NetworkingConfig"] == {"EndpointsConfig": {"lan": {}, "proxy": {}}}
    assert later == ()


@pytest.mark.parametrize("mode", ["host", "none", "container:4f2a"])
def test_network_that_is_none_of_its_own_is_shared(mode: str) -> None:
    made, later = body_of(of(HostConfig={"NetworkMode": mode}, NetworkSettings={"Networks": {"host": {}}}))
    assert made["HostConfig"]["NetworkMode"] == mode
    assert made["NetworkingConfig"] == {"EndpointsConfig": {}}
    assert later == ()


def test_without_network_it_has_no_names_to_resolve_either() -> None:
    made, later = body_of(of(HostConfig={"NetworkMode": "lan", "Dns": ["10.0.0.1"]}), network=False)
    assert made["HostConfig"]["NetworkMode"] == "none"
    assert "Dns" not in made["HostConfig"]
    assert later == ()


def test_it_is_no_appliance_and_none_of_compose() -> None:
    labels = body(Config={"Labels": {"com.docker.compose.service": "dca", "dca.role": "main"}})["Labels"]
    assert labels["dca.role"] == "switcher"
    assert not any(name.startswith("com.docker.compose") for name in labels)


def test_way_back_is_known_from_its_labels() -> None:
    begun = transaction()
    found = rebuilt(body_of(begun)[0]["Labels"])
    assert found is not None
    assert found.phase == "rolling_back"
    assert found.old == Old(begun.old.id, "dca", OLD_IMAGE, "dca/appliance:stable", {})
    assert found.restart_policy == begun.restart_policy
    assert found.to_version == "0.2.0"
    assert found.new_image_id == NEW_IMAGE


@pytest.mark.parametrize(
    "labels", [{}, {"dca.transaction": "x", "dca.way-back": "{"}, {"dca.transaction": "x", "dca.way-back": "{}"}]
)
def test_labels_that_say_nothing_give_nothing(labels: dict[str, str]) -> None:
    assert rebuilt(labels) is None


def test_there_is_one_name_for_all_switchers_of_an_appliance() -> None:
    assert helper_name(transaction()) == "dca-updater"
