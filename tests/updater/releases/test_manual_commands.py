"""The commands that install a version on the host, for each way in which the appliance is installed."""

import re

import pytest

from appliance.release import Release
from tests.appliance.release.made import DIGEST, OTHER_DIGEST, platform, release
from tests.conftest import ROOT
from updater.releases.manual_commands import commands, installation

REPOSITORY = "registry.example.com/dca/appliance"
PINNED = f"{REPOSITORY}@{DIGEST}"


def made(**changes: object) -> Release:
    return Release.from_json(release(**changes))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "docker"),
        ({"DCA_INSTALLATION": "Compose "}, "compose"),
        ({"DCA_INSTALLATION": "by magic"}, "docker"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "kubernetes"),
        ({"container": "podman"}, "podman"),
        ({"container": "podman", "DCA_INSTALLATION": "quadlet"}, "quadlet"),
    ],
)
def test_how_it_was_installed_is_told_by_the_environment(environment: dict[str, str], expected: str) -> None:
    assert installation(environment) == expected


@pytest.mark.parametrize(
    ("how", "lines"),
    [
        (
            "compose",
            [
                f"docker pull {PINNED}",
                f"docker tag {PINNED} dca/appliance:stable",
                "docker compose --file compose/site.yaml up --detach",
            ],
        ),
        ("quadlet", [f"podman pull {PINNED}", f"podman tag {PINNED} dca/appliance:stable", "systemctl restart dca.service"]),
        ("swarm", [f"docker service update --image {PINNED} dca"]),
        ("kubernetes", [f"kubectl set image deployment/dca dca={PINNED}"]),
    ],
)
def test_the_commands_name_the_image_by_its_digest(how: str, lines: list[str]) -> None:
    assert commands(made(), "linux/amd64", {"DCA_INSTALLATION": how}).splitlines() == lines


@pytest.mark.parametrize("how", ["docker", "podman"])
def test_a_plain_container_is_made_anew_as_it_was_documented(how: str) -> None:
    lines = commands(made(), "linux/amd64", {"DCA_INSTALLATION": how}).splitlines()
    assert lines[2:4] == [f"{how} stop dca", f"{how} rm dca"]
    guide = (ROOT / "docs" / "site-guide.md").read_text()
    documented = re.search(r"```\n(docker run .*?)```", guide, re.DOTALL)
    assert documented is not None
    as_documented = " ".join(documented[1].replace("\\\n", " ").split())
    assert lines[4].replace(how, "docker", 1).replace(f"={how}", "=docker") == as_documented


def test_the_name_of_the_image_is_that_of_the_site() -> None:
    named = commands(made(), "linux/amd64", {"DCA_INSTALLATION": "compose", "DCA_IMAGE": "own/dca:now"})
    assert f"docker tag {PINNED} own/dca:now" in named


def test_a_platform_without_a_manifest_is_pulled_by_the_index_and_what_is_in_no_registry_from_a_file() -> None:
    assert f"{REPOSITORY}@{DIGEST}" in commands(made(**platform(manifest=None)), "linux/amd64", {})
    assert OTHER_DIGEST not in commands(made(), "linux/amd64", {})
    lines = commands(made(repository=None, index=None, **platform(manifest=None)), "linux/amd64", {"DCA_INSTALLATION": "compose"})
    assert lines.splitlines()[0] == "docker load --input dca-appliance-0.2.0.tar.gz"
    assert lines.splitlines()[1:] == [
        "docker tag dca/appliance:0.2.0 dca/appliance:stable",
        "docker compose --file compose/site.yaml up --detach",
    ]


def test_the_compose_file_says_how_it_was_installed() -> None:
    assert "DCA_INSTALLATION: compose" in (ROOT / "compose" / "site.yaml").read_text()
