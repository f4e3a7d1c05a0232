"""What the engine's own words mean, as engines and registries have said them."""

import pytest

from updater.engine.failures import engine_error, failure_of
from updater.errors import EngineFailure


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (500, "toomanyrequests: You have reached your pull rate limit", "rate limit"),
        (429, "slow down", "rate limit"),
        (None, "write /var/lib/docker/tmp/GetImageBlob1: no space left on device", "no space"),
        (404, "no matching manifest for linux/arm64 in the manifest list entries", "platform"),
        (500, "Get https://registry.example.com/v2/: unauthorized: authentication required", "login"),
        (
            500,
            "driver failed programming external connectivity: Bind for 0.0.0.0:8080 failed: port is already allocated",
            "conflict",
        ),
        (409, "Conflict. The container name /dca is already in use by container 4f2a", "conflict"),
        (404, "No such container: dca", "not found"),
        (400, "OCI runtime create failed: exec: tini: executable file not found in $PATH", "refused"),
        (503, "Service Unavailable", "unreachable"),
        (500, "error reading from server: EOF: transport is closing", "unreachable"),
        (500, "something else", "broken"),
        (None, "something else", "broken"),
        (403, "Forbidden", "refused"),
    ],
)
def test_failure_is_told_from_status_and_words(status: int | None, text: str, kind: EngineFailure) -> None:
    assert failure_of(status, text) == kind


def test_error_says_what_was_asked_and_what_to_change() -> None:
    error = engine_error("pull registry.example.com/dca@sha256:1", None, "write layer: no space left on device")
    assert str(error) == (
        "The container engine did not pull registry.example.com/dca@sha256:1: write layer: no space left on device. "
        "Make room on the disk of the container engine, for example with `docker image prune`."
    )


def test_port_that_nobody_has_leads_to_the_engine() -> None:
    error = engine_error("start dca", 500, "Bind for 0.0.0.0:8080 failed: port is already allocated")
    assert str(error).endswith("where no container and no program of this host has it, restart the container engine.")
