"""What takes the place of a container, where engines differ; tests/engine compares the rest on a real one."""

from typing import Any

import pytest

from updater.engine.container_spec import ContainerSpec, successor

ID = "4f2a" * 16
NO_RESTART = {"Name": "no", "MaximumRetryCount": 0}
STATIC = {"IPAMConfig": {"IPv4Address": "10.9.0.5"}, "IPAddress": "10.9.0.5", "Gateway": "10.9.0.1", "EndpointID": "e"}


def image(name: str) -> dict[str, Any]:
    return {
        "Id": f"sha256:{name}",
        "Config": {},
        "RepoDigests": [f"example.org/dca@sha256:{name}-manifest"],
        "Descriptor": {"digest": f"sha256:{name}-index"},
    }


def replaced(
    *, config: dict[str, Any] | None = None, host: dict[str, Any] | None = None, api: tuple[int, int] = (1, 47), **more: Any
) -> ContainerSpec:
    container = {
        "Id": ID,
        "Name": "/dca",
        "Config": {"Hostname": ID[:12], "Image": "example.org/dca:stable"} | (config or {}),
        "HostConfig": {"NetworkMode": "lan", "RestartPolicy": {"Name": "always"}} | (host or {}),
    } | more
    return successor(container, image("old"), image("new"), reference="example.org/dca:stable", labels={"txn": "7"}, api=api)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sha256:old", "sha256:new"),
        ("sha256:old-index", "sha256:new-index"),
        ("sha256:old-manifest", "sha256:new-manifest"),
        ("sha256:neither", None),
    ],
)
def test_compose_label_names_the_new_image_in_the_way_it_named_the_old(old: str, new: str | None) -> None:
    labels = {"com.docker.compose.image": old, "com.docker.compose.config-hash": "h", "com.docker.compose.replace": "x"}
    kept = replaced(config={"Labels": labels}).body["Labels"]
    assert kept.pop("com.docker.compose.image", None) == new
    assert kept == {"com.docker.compose.config-hash": "h", "txn": "7"}


def test_newer_engines_get_all_networks_at_once_with_the_address_the_user_chose() -> None:
    generated = {"IPAddress": "10.9.1.2", "MacAddress": "02:42:0a:09:01:02", "Aliases": [ID[:12], "dca", "printers"]}
    networks = {"lan": STATIC | {"MacAddress": "02:11:22:33:44:55", "GwPriority": 3}, "other": generated}
    spec = replaced(config={"MacAddress": "02:11:22:33:44:55"}, NetworkSettings={"Networks": networks})
    assert spec.later_networks == ()
    assert spec.body["NetworkingConfig"]["EndpointsConfig"] == {
        "lan": {"IPAMConfig": {"IPv4Address": "10.9.0.5"}, "GwPriority": 3, "MacAddress": "02:11:22:33:44:55"},
        "other": {"Aliases": ["dca", "printers"]},
    }


@pytest.mark.parametrize(("api", "kept"), [((1, 44), None), ((1, 51), None), ((1, 52), "8a:af:fb:2b:81:fa")])
def test_an_address_made_at_random_is_not_chosen_where_the_engine_tells_it(api: tuple[int, int], kept: str | None) -> None:
    random = {"IPAddress": "10.9.0.7", "MacAddress": "8a:af:fb:2b:81:fa"}
    endpoint = replaced(api=api, NetworkSettings={"Networks": {"lan": random}}).body["NetworkingConfig"]["EndpointsConfig"]["lan"]
    assert endpoint.get("MacAddress") == kept


def test_older_engines_get_one_network_and_the_others_before_the_start() -> None:
    spec = replaced(
        api=(1, 41), config={"MacAddress": "02:11:22:33:44:55"}, NetworkSettings={"Networks": {"other": {}, "lan": STATIC}}
    )
    assert spec.body["NetworkingConfig"]["EndpointsConfig"] == {"lan": {"IPAMConfig": {"IPv4Address": "10.9.0.5"}}}
    assert spec.later_networks == (("other", {}),)
    assert spec.body["MacAddress"] == "02:11:22:33:44:55"


def test_network_of_another_container_has_no_endpoints_and_no_host_name() -> None:
    spec = replaced(config={"Hostname": "vpn"}, host={"NetworkMode": "container:vpn"}, NetworkSettings={"Networks": {}})
    assert spec.body["NetworkingConfig"] == {"EndpointsConfig": {}}
    assert "Hostname" not in spec.body
    assert spec.body["HostConfig"]["NetworkMode"] == "container:vpn"


def test_one_limit_is_not_told_in_two_forms_as_podman_answers_it() -> None:
    host = replaced(
        host={"NanoCpus": 500_000_000, "CpuPeriod": 100_000, "CpuQuota": 50_000, "ContainerIDFile": "/x", "Ulimits": None}
    ).body["HostConfig"]
    assert host == {"NetworkMode": "lan", "RestartPolicy": NO_RESTART, "NanoCpus": 500_000_000}


def test_links_are_written_as_the_engine_takes_them() -> None:
    assert replaced(host={"Links": ["/db:/dca/database"]}).body["HostConfig"]["Links"] == ["db:database"]


def test_policy_of_the_user_is_kept_apart_for_the_one_that_stays() -> None:
    spec = replaced()
    assert (spec.name, spec.restart_policy) == ("dca", {"Name": "always"})
    assert spec.body["HostConfig"]["RestartPolicy"] == NO_RESTART
