"""What a registry is asked, over real HTTP, and what becomes of its refusals."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hosting.errors import ConfigurationError
from hosting.releases.credentials import Login, read_login
from hosting.releases.images import RegistryImage, look_up
from hosting.releases.registry import Reference, Registry, parse_reference
from tests.hosting.repository.images import layer

from .registry import LOGIN, SmallRegistry, running

BOTH = ("linux/amd64", "linux/arm64")
USER, _, PASSWORD = LOGIN.partition(":")


@pytest.fixture
def registry() -> Iterator[SmallRegistry]:
    with running() as found:
        yield found


def reference(registry: SmallRegistry, name: str = "0.2.0") -> Reference:
    return Reference(f"{registry.host}/dca/appliance", name)


def ask(registry: SmallRegistry, name: str = "0.2.0", login: Login | None = None) -> RegistryImage:
    return look_up(Registry(registry.host, login), reference(registry, name))


def refused(registry: SmallRegistry, name: str = "0.2.0", login: Login | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        ask(registry, name, login)
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


def test_an_index_gives_both_platforms_and_leaves_attestations_out(registry: SmallRegistry) -> None:
    index = registry.push("0.2.0", *BOTH)
    found = ask(registry)

    assert (found.repository, found.index) == (f"{registry.host}/dca/appliance", index)
    assert sorted(found.platforms) == list(BOTH)
    assert all(image.manifest in registry.manifests and image.config in registry.blobs for image in found.platforms.values())
    assert {image.size for image in found.platforms.values()} == {len(layer())}
    assert not any("/blobs/" in path and path.endswith("0" * 64) for path, _ in registry.asked)


def test_a_single_image_has_no_index(registry: SmallRegistry) -> None:
    manifest = registry.push("0.2.0", "linux/arm64")
    found = ask(registry, manifest)

    assert found.index is None
    assert found.platforms["linux/arm64"].manifest == manifest


@pytest.mark.parametrize("kind", ["basic", "bearer"])
def test_a_login_is_given_only_where_it_is_asked_for(registry: SmallRegistry, kind: str) -> None:
    registry.login, registry.keeps_elsewhere = kind, True
    registry.push("0.2.0", *BOTH)

    assert sorted(ask(registry, login=Login(USER, PASSWORD)).platforms) == list(BOTH)
    assert registry.asked[0][1] is None
    assert all(authorization is None for path, authorization in registry.asked if path.startswith("/bucket/"))


@pytest.mark.parametrize("kind", ["basic", "bearer"])
@pytest.mark.parametrize("login", [None, Login(USER, "wrong")])
def test_without_the_right_login_nothing_is_shown(registry: SmallRegistry, kind: str, login: Login | None) -> None:
    registry.login = kind
    registry.push("0.2.0", *BOTH)

    assert "--credentials" in refused(registry, login=login)


def test_refusals_are_told_in_words(registry: SmallRegistry) -> None:
    registry.push("0.2.0", *BOTH)

    assert "has no" in refused(registry, "0.3.0")
    registry.status = 429
    assert "in 30 seconds" in refused(registry)
    registry.status = 503
    assert "answered 503" in refused(registry)
    registry.status, registry.breaks_off = 0, True
    assert "broke off" in refused(registry)


def test_another_content_than_the_digest_names_is_refused(registry: SmallRegistry) -> None:
    index = registry.push("0.2.0", *BOTH)
    registry.manifests[index] = registry.manifests[index] + b" "
    assert "another digest" in refused(registry, index)

    config = next(name for name, content in registry.blobs.items() if content.startswith(b"{"))
    registry.blobs[config] = b"{}"
    assert "another digest" in refused(registry)


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (b"no json", "is not JSON"),
        (b"[" * 10_000, "is not JSON"),
        (b"{}", "no image that an engine runs"),
        (b'{"manifests": []}', "is for neither"),
        (b" " * (5 << 20), "more than 4 MiB"),
    ],
)
def test_what_is_no_image_of_an_appliance_is_refused(registry: SmallRegistry, manifest: bytes, said: str) -> None:
    registry.manifests["0.2.0"] = manifest

    assert said in refused(registry)


def test_an_image_for_another_platform_is_refused(registry: SmallRegistry) -> None:
    registry.push("0.2.0", "linux/s390x")

    assert "linux/s390x" in refused(registry)


def test_a_registry_that_is_down_is_told(registry: SmallRegistry) -> None:
    with running() as other:
        gone = other.host
    with pytest.raises(ConfigurationError, match="was not reached"):
        look_up(Registry(gone), Reference(f"{gone}/dca/appliance", "0.2.0"))


@pytest.mark.parametrize(
    ("text", "repository", "name"),
    [
        ("registry.example.com/dca/appliance:0.2.0", "registry.example.com/dca/appliance", "0.2.0"),
        ("registry.example.com:5000/dca:a", "registry.example.com:5000/dca", "a"),
        ("localhost/dca@sha256:" + "a" * 64, "localhost/dca", "sha256:" + "a" * 64),
    ],
)
def test_a_name_is_read(text: str, repository: str, name: str) -> None:
    assert parse_reference(text) == Reference(repository, name)
    assert str(parse_reference(text)) == text


@pytest.mark.parametrize(
    "text", ["", "dca", "dca/appliance:0.2.0", "registry.example.com:5000/dca", "https://a.example/dca:1", "a.example/dca@sha256:1"]
)
def test_what_names_no_image_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="names no image"):
        parse_reference(text)


def test_a_login_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "login"
    file.write_text(f"{LOGIN}\n")
    assert read_login(file, "any") == Login(USER, PASSWORD)
    file.write_text(json.dumps({"auths": {"a.example": {"auth": base64.b64encode(LOGIN.encode()).decode()}}}))
    assert read_login(file, "a.example") == Login(USER, PASSWORD)
    assert PASSWORD not in repr(read_login(file, "a.example"))
    with pytest.raises(ConfigurationError, match=r"no login for b\.example"):
        read_login(file, "b.example")
    for content in ("", "anna", '{"auths": []}', "{", "a:b\nc:d"):
        file.write_text(content)
        with pytest.raises(ConfigurationError):
            read_login(file, "a.example")
