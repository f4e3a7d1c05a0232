"""The catalogue of releases: what is taken, and each way in which one is refused."""

from typing import Any

import pytest

from appliance.release import (
    CATALOGUE_BYTES,
    Catalogue,
    Release,
    ReleaseError,
    archive_path,
    catalogue_path,
    parse_catalogue,
    write_catalogue,
)
from tests.appliance.release.made import DIGEST, catalogue, platform, release


def refused(content: bytes, reason: str) -> str:
    with pytest.raises(ReleaseError) as caught:
        parse_catalogue(content)
    assert caught.value.reason == reason, caught.value
    assert str(caught.value).endswith("."), caught.value
    return str(caught.value)


def many(number: int) -> list[dict[str, Any]]:
    return [release(counter=each, version=f"0.2.{each}", **platform(archive=None)) for each in range(1, number + 1)]


def test_a_catalogue_is_read_as_it_was_written() -> None:
    older = release(
        version="0.1.0", counter=3, platforms={"linux/arm64": {"manifest": None, "config": DIGEST, "size": 1, "archive": None}}
    )
    found = parse_catalogue(catalogue(older, release()))

    assert [each.version for each in found.releases] == ["0.1.0", "0.2.0"]
    assert found.releases[1].to_json() == release()
    assert parse_catalogue(write_catalogue(found)) == found
    assert write_catalogue(parse_catalogue(write_catalogue(found))) == write_catalogue(found)


def test_a_release_alone_is_written_and_read() -> None:
    assert Release.from_json(release()).to_json() == release()


def test_what_a_release_leaves_out_is_as_usual() -> None:
    found = Release.from_json({name: release()[name] for name in ("version", "counter", "published_at", "repository", "platforms")})

    assert (found.switcher, found.gate.deadline_seconds, found.gate.steady_seconds) == ("old", 180, 60)
    assert (found.min_engine_api, found.min_version, found.allow_downgrade_from, found.late_rollback) == ("1.41", None, None, False)


def test_a_release_is_found_by_its_version_until_it_is_withdrawn() -> None:
    found = parse_catalogue(catalogue(release()))

    assert found.find("0.2.0") is found.releases[0]
    assert Catalogue("stable").find("0.2.0") is None


def test_targets_have_the_names_that_sites_ask_for() -> None:
    assert catalogue_path("beta") == "release/beta.json"
    assert archive_path("0.2.0", "linux/arm64") == "release/0.2.0-linux-arm64.tar.gz"


@pytest.mark.parametrize(
    "ways",
    [
        {"index": None} | platform(archive=None),
        {} | platform(archive=None, manifest=None),
        {"repository": None},
        {"repository": "[::1]:5000/dca"},
        {"repository": "localhost:5000/a__b/c-d"},
    ],
)
def test_one_way_to_the_image_is_enough(ways: dict[str, Any]) -> None:
    assert parse_catalogue(catalogue(release(**ways))).find("0.2.0")


@pytest.mark.parametrize(
    ("content", "reason", "named"),
    [
        (b" " * (CATALOGUE_BYTES + 1), "too long", "262145"),
        (b"[" * 10_000, "too deep", "32 levels"),
        (b"{", "not json", "The catalogue"),
        (b'{"format": 1, "format": 1}', "not json", "twice"),
        (b"[]", "format", "format"),
        (catalogue(format=2), "format", "newer appliance"),
        (catalogue(format=True), "format", "format"),
        (catalogue(colour="red"), "format", "colour"),
        (catalogue(channel="Stable"), "invalid", "channel"),
        (catalogue(channel="../x"), "invalid", "channel"),
        (catalogue(releases={}), "format", "releases"),
        (catalogue(releases=[[]]), "format", "releases 1"),
        (catalogue(*many(21)), "invalid", "21"),
        (catalogue(release(), release(version="0.3.0", **platform(archive=None))), "invalid", "rise"),
        (catalogue(release(), release(version="0.3.0", counter=6, **platform(archive=None))), "invalid", "rise"),
        (catalogue(release(), release(counter=8)), "invalid", "twice"),
        (catalogue(release(speed=1)), "format", "speed"),
        (catalogue(release(version="latest")), "invalid", "version"),
        (catalogue(release(version="1.0.0+local")), "invalid", "version"),
        (catalogue(release(counter=0)), "invalid", "counter"),
        (catalogue(release(counter=True)), "invalid", "counter"),
        (catalogue(release(counter=2**53 + 1)), "invalid", "counter"),
        (catalogue(release(published_at="yesterday")), "invalid", "published_at"),
        (catalogue(release(published_at="2026-11-26T12:00:00")), "invalid", "published_at"),
        (catalogue(release(notes="x" * 8001)), "invalid", "notes"),
        (catalogue(release(repository="registry.example.com")), "invalid", "repository"),
        (catalogue(release(repository="https://registry.example.com/dca")), "invalid", "repository"),
        (catalogue(release(repository="user:word@registry.example.com/dca")), "invalid", "repository"),
        (catalogue(release(repository="registry.example.com/dca:latest")), "invalid", "repository"),
        (catalogue(release(index="sha256:abc")), "invalid", "index"),
        (catalogue(release(platforms={})), "invalid", "platforms"),
        (catalogue(release(platforms=[])), "format", "platforms"),
        (catalogue(release(platforms={"windows/amd64": {}})), "format", "windows/amd64"),
        (catalogue(release(**platform(config=None))), "invalid", "config"),
        (catalogue(release(**platform(size=0))), "invalid", "size"),
        (catalogue(release(**platform(size=1.5))), "invalid", "size"),
        (catalogue(release(**platform(layers=[]))), "format", "layers"),
        (catalogue(release(**platform(archive="release/../root.tar.gz"))), "invalid", "archive"),
        (catalogue(release(**platform(archive="release/0.3.0-linux-amd64.tar.gz"))), "invalid", "0.2.0-linux-amd64"),
        (catalogue(release(repository=None, **platform(archive=None))), "invalid", "no way"),
        (catalogue(release(index=None, **platform(archive=None, manifest=None))), "invalid", "no way"),
        (catalogue(release(min_engine_api="v1.41")), "invalid", "min_engine_api"),
        (catalogue(release(min_version="1")), "invalid", "min_version"),
        (catalogue(release(switcher="other")), "invalid", "switcher"),
        (catalogue(release(gate={"deadline_seconds": 5})), "invalid", "deadline_seconds"),
        (catalogue(release(gate={"steady_seconds": 1801})), "invalid", "steady_seconds"),
        (catalogue(release(gate={"patience": 1})), "format", "patience"),
        (catalogue(release(allow_downgrade_from=-1)), "invalid", "allow_downgrade_from"),
        (catalogue(release(late_rollback="yes")), "invalid", "late_rollback"),
        (catalogue(release(extra=[])), "format", "extra"),
    ],
)  # fmt: skip
def test_a_catalogue_is_refused_with_its_reason(content: bytes, reason: str, named: str) -> None:
    assert named in refused(content, reason)
