"""An appliance that shares a network with another container, either way: `network_mode: container:NAME`, as with a VPN."""

import json
import os
from contextlib import suppress

import pytest

from tests.children import wait_until
from tests.engine.client import BASE_IMAGE
from tests.engine.matrix import Matrix
from tests.engine.site import NAME, REFERENCE, SOCKET_GROUP, Site

MARK = "cd34" * 3
END_SECONDS = 180.0


@pytest.fixture(scope="module")
def matrix(matrix: Matrix) -> Matrix:
    """Return the engine, with an image for the other container as well."""
    matrix.site.engine.bring("", BASE_IMAGE)
    return matrix


@pytest.fixture
def site(matrix: Matrix) -> Site:
    """Return a site with a container beside the appliance, which is not there yet."""
    site = matrix.site
    site.remove()
    site.door.path.chmod(0o660)
    os.chown(site.door.path, 0, SOCKET_GROUP)
    site.docker("tag", matrix.images["good"][0], REFERENCE)
    return site


def beside(site: Site, name: str, network: str) -> str:
    return site.docker("run", "--detach", "--name", name, "--network", network, BASE_IMAGE, "sleep", "86400")


def start(site: Site, *words: str) -> str:
    """Start the appliance, and wait until it is healthy."""
    made = site.docker(
        *("run", "--detach", "--name", NAME, "--restart", "always", "--volume", f"{site.door.path}:/var/run/docker.sock"),
        *("--group-add", str(SOCKET_GROUP), "--read-only", "--tmpfs", "/tmp:mode=1777"),
        *("--tmpfs", "/run/dca:uid=10001,gid=10001,mode=0700", *site.health, *words, REFERENCE),
    )
    wait_until("it is healthy", site.healthy, 60)
    return made


def inside(site: Site, *words: str) -> str:
    return site.docker("exec", NAME, *words)


def outcome(site: Site) -> str:
    """Return how the update has ended, empty while it has not."""
    with suppress(AssertionError, ValueError):
        rows = json.loads(inside(site, "cat", "/data/update/history.json"))
        return next((str(row["outcome"]) for row in rows if row["transaction"] == MARK), "")
    return ""


def test_an_appliance_on_the_network_of_another_container_replaces_itself_and_nothing_else(matrix: Matrix, site: Site) -> None:
    vpn = beside(site, "vpn", "none")
    old = start(site, "--network", "container:vpn")
    found = json.loads(inside(site, "python3", "-P", "-m", "updater", "probe"))
    assert (found["state"], found["container_name"], found["container_id"]) == ("possible", NAME, old)

    site.begin(MARK, matrix.images["good"][1], "9.0.2", deadline=12.0, steady=1.5).communicate(timeout=60)

    wait_until("it is installed", lambda: outcome(site) == "installed", END_SECONDS)
    new = site.container()
    assert new["Id"] != old
    assert new["Image"] == site.image_id(matrix.images["good"][1])
    assert new["HostConfig"]["NetworkMode"] == f"container:{vpn}"
    wait_until("nothing else is there", lambda: set(site.docker("ps", "--all", "--format", "{{.Names}}").split()) == {NAME, "vpn"})
    assert site.docker("inspect", "--format", "{{.State.Running}} {{.Id}}", "vpn") == f"true {vpn}"


def test_containers_on_the_network_of_the_appliance_are_named(site: Site) -> None:
    start(site, "--network", "none")
    beside(site, "sidecar", f"container:{NAME}")
    found = json.loads(inside(site, "python3", "-P", "-m", "updater", "probe"))
    assert found["state"] == "possible"
    assert "until they are restarted: sidecar." in json.dumps(found["text"])
