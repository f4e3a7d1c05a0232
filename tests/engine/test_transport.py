"""The image of a release comes into a real engine from registry or archive, and not at all when anything is wrong with it."""

import gzip
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from appliance.common.clock import utc_now
from appliance.common.paths import Paths
from appliance.release import Platform, Release
from tests.children import wait_until
from tests.engine.daemon import EngineKind, PrivateEngine
from tests.engine.derived import derive
from tests.engine.registry import Fault, Pushed, Registry, registry
from tests.requirement import missing
from updater.engine.engine import Engine
from updater.errors import FetchError, Reason, TransportError
from updater.installation import preflight
from updater.installation.image_transfer import FetchArchive, discard, expected_digests, fetched_reference, obtain
from updater.records import progress
from updater.records.progress import ProgressFile

PLATFORM = "linux/amd64"
REFERENCE = "dca/appliance:stable"
MEBIBYTE = 1 << 20


class OneTry(PrivateEngine):
    """An engine that does not try a layer five times over most of a minute."""

    def _configuration(self) -> dict[str, object]:
        return super()._configuration() | {"max-download-attempts": 1}


@pytest.fixture(scope="module")
def private(engine: docker.DockerClient, appliance_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateEngine]:
    """Yield an engine of its own with the appliance image, under the name that its user has for it."""
    kind = EngineKind.of_environment()
    if lacks := kind.available():
        missing(lacks)
    with OneTry(tmp_path_factory.mktemp("engine"), kind) as made:
        made.bring("", appliance_image)
        with closing(made.client()) as client:
            client.images.get(appliance_image).tag(REFERENCE)
        yield made


@pytest.fixture(scope="module")
def client(private: PrivateEngine) -> Iterator[docker.DockerClient]:
    with closing(private.client()) as made:
        yield made


class Published:
    """The next version: in the registry, and as an archive that gives its image the name that the user has for the old one."""

    def __init__(self, client: docker.DockerClient, hub: Registry, folder: Path) -> None:
        api: Any = client.api
        old = api.inspect_image(REFERENCE)["Id"]
        derive(client, "fetch:new", version="0.2.0", base=REFERENCE, ballast=2 * MEBIBYTE)
        self.pushed: Pushed = hub.push(client, "fetch:new")
        self.image_id = str(api.inspect_image("fetch:new")["Id"])
        api.tag("fetch:new", *REFERENCE.split(":"))
        self.archive = folder / "0.2.0-linux-amd64.tar.gz"
        with gzip.open(self.archive, "wb", compresslevel=1) as packed:
            for piece in api.get_image(REFERENCE):
                packed.write(piece)
        api.tag(old, *REFERENCE.split(":"))
        api.remove_image("fetch:new", force=True)

    def release(self, *, pull: bool = True, archive: bool = True, **changes: Any) -> Release:
        platform = Platform(
            config=self.pushed.config,
            size=self.pushed.size,
            manifest=self.pushed.manifest if pull else None,
            archive=f"release/{self.archive.name}" if archive else None,
        )
        made = Release("0.2.0", 2, utc_now(), {PLATFORM: replace(platform, **changes)})
        return replace(made, repository=self.pushed.repository) if pull else made


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry(tmp_path_factory.mktemp("registry")) as made:
        yield made


@pytest.fixture(scope="module")
def published(client: docker.DockerClient, hub: Registry, tmp_path_factory: pytest.TempPathFactory) -> Published:
    return Published(client, hub, tmp_path_factory.mktemp("published"))


def state(client: docker.DockerClient) -> list[tuple[str, list[str]]]:
    """Return what the engine has, by id, and what it calls it."""
    return sorted((str(image.id), sorted(image.tags)) for image in client.images.list(all=True))


Get = Callable[..., str]


@pytest.fixture
def get(private: PrivateEngine, client: docker.DockerClient, hub: Registry, published: Published, tmp_path: Path) -> Iterator[Get]:
    """Yield a function that gets the next version; before and after it, the engine has nothing of it."""
    hub.fault = ""
    hub.requests.clear()
    hub.sent.clear()
    before = state(client)

    def run(release: Release, archive: Callable[[], Path] | None = None, **options: Any) -> str:
        with Engine(private.address) as ours:
            told = ProgressFile(tmp_path, "0123456789ab")
            return obtain(ours, release, PLATFORM, reference=REFERENCE, archive=archive, progress=told, **options)

    yield run
    with Engine(private.address) as ours:
        discard(ours, published.image_id, REFERENCE)
    assert state(client) == before


def id_of(client: docker.DockerClient, reference: str) -> str:
    return str(client.images.get(reference).id)


def test_pull_brings_the_layers_that_are_new_and_keeps_them_from_a_prune(
    get: Get, private: PrivateEngine, client: docker.DockerClient, hub: Registry, published: Published, tmp_path: Path
) -> None:
    assert get(published.release()) == published.image_id

    assert sum(hub.sent.values()) < 6 * MEBIBYTE, "the image has more than 60"
    assert id_of(client, fetched_reference(REFERENCE)) == published.image_id
    told = progress.read(tmp_path)
    assert told is not None
    assert told.stage == "downloading"
    assert told.percent == 100 or private.kind.containerd_store, "of small layers that store tells no sizes"
    client.images.prune()
    assert id_of(client, fetched_reference(REFERENCE)) == published.image_id


def test_what_is_there_already_is_not_fetched_again(get: Get, hub: Registry, published: Published) -> None:
    get(published.release())
    hub.requests.clear()

    assert get(published.release()) == published.image_id
    assert hub.requests == []


def test_archive_brings_the_image_and_takes_no_name_from_another(
    get: Get, client: docker.DockerClient, hub: Registry, published: Published
) -> None:
    old = id_of(client, REFERENCE)

    assert get(published.release(pull=False), lambda: published.archive) == published.image_id

    assert id_of(client, REFERENCE) == old
    assert id_of(client, fetched_reference(REFERENCE)) == published.image_id
    assert hub.requests == []


def test_archive_takes_a_name_that_was_nobody_s_with_it(get: Get, client: docker.DockerClient, published: Published) -> None:
    old = id_of(client, REFERENCE)
    client.images.remove(REFERENCE)
    try:
        get(published.release(pull=False), lambda: published.archive)

        assert not [image for image in client.images.list() if REFERENCE in image.tags]
    finally:
        client.images.get(old).tag(REFERENCE)


FAULTS: dict[Fault, tuple[str, str]] = {
    "down": ("broken", "did not pull"),
    "unauthorized": ("login", "log in to the registry"),
    "rate limit": ("rate limit", "tried again later"),
    "truncated": ("broken", "did not pull"),
    "changed layer": ("refused", "did not pull"),
    "other manifest": ("refused", "did not pull"),
}


def release_for(published: Published, fault: Fault, **options: Any) -> Release:
    """Return the release, whose digest the engine has not seen yet where another manifest is sent for it."""
    if fault == "other manifest":
        options["manifest"] = "sha256:" + "1" * 64
    return published.release(**options)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_registry_that_fails_leaves_all_as_it_was_and_is_told(
    get: Get, private: PrivateEngine, client: docker.DockerClient, hub: Registry, published: Published, fault: Fault
) -> None:
    before = state(client)
    hub.fault = fault
    if fault == "truncated" and private.kind.containerd_store:
        assert get(published.release()) == published.image_id, "this store goes on with a layer by itself"
        return

    with pytest.raises(TransportError) as caught:
        get(release_for(published, fault, archive=False))

    reason, words = FAULTS[fault]
    assert (caught.value.reason, words in str(caught.value)) == (reason, True), str(caught.value)
    assert str(caught.value).startswith("The container engine did not pull"), caught.value
    assert state(client) == before


@pytest.mark.parametrize("fault", FAULTS)
def test_the_archive_is_tried_when_the_registry_fails(
    get: Get, client: docker.DockerClient, hub: Registry, published: Published, fault: Fault
) -> None:
    hub.fault = fault

    assert get(release_for(published, fault), lambda: published.archive) == published.image_id


def test_both_ways_that_fail_are_told(get: Get, client: docker.DockerClient, hub: Registry, published: Published) -> None:
    hub.fault = "rate limit"

    def unreachable() -> Path:
        raise FetchError(Reason.UNREACHABLE, "The archive was cut off on its way.")

    with pytest.raises(TransportError, match=r"(?s)did not pull.*The archive was cut off") as caught:
        get(published.release(), unreachable)
    assert caught.value.reason == Reason.UNREACHABLE


def test_a_site_that_wants_no_registry_has_none_asked(get: Get, hub: Registry, published: Published) -> None:
    assert get(published.release(), lambda: published.archive, pull=False) == published.image_id
    assert hub.requests == []


def test_neither_registry_nor_archive_is_told(get: Get, published: Published) -> None:
    with pytest.raises(TransportError, match="neither a registry to pull from nor an archive"):
        get(published.release(pull=False, archive=False))


def test_the_archive_of_another_image_is_not_loaded(get: Get, client: docker.DockerClient, published: Published) -> None:
    before = state(client)
    another = published.release(pull=False, config="sha256:" + "1" * 64)

    with pytest.raises(TransportError, match="is not the image that was signed as version 0") as caught:
        get(another, lambda: published.archive)

    assert caught.value.reason == "mismatch"
    assert state(client) == before


@pytest.mark.parametrize("content", [b"", b"no archive", gzip.compress(b"no archive", mtime=0)])
def test_a_file_that_is_no_archive_is_told(get: Get, published: Published, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "image.tar.gz").write_bytes(content)

    with pytest.raises(TransportError, match="is no archive of one image"):
        get(published.release(pull=False), lambda: tmp_path / "image.tar.gz")


def test_an_archive_that_ends_early_is_told(get: Get, published: Published, tmp_path: Path) -> None:
    (tmp_path / "image.tar.gz").write_bytes(published.archive.read_bytes()[:-100_000])

    with pytest.raises(TransportError) as caught:
        get(published.release(pull=False), lambda: tmp_path / "image.tar.gz")
    assert caught.value.reason == "damaged archive"


def test_a_file_that_a_power_cut_has_emptied_is_found_and_the_image_comes_anew(
    get: Get, private: PrivateEngine, client: docker.DockerClient, published: Published, tmp_path: Path
) -> None:
    paths = Paths(data=tmp_path / "data", run=tmp_path / "run")
    paths.prepare()
    image = get(published.release())
    driver = client.images.get(image).attrs["GraphDriver"]
    if driver["Name"] != "overlay2":
        missing(f"the layers of {driver['Name']} are not known")
    (emptied,) = Path(driver["Data"]["UpperDir"]).rglob("dca_appliance-0.2.0.dist-info/ballast")
    main = client.containers.create(REFERENCE, name="fetch-main", network_mode="none", user="0")
    try:
        with Engine(private.address) as ours:
            assert preflight.run(ours, image, main.attrs, paths, environment={}).ok
            os.truncate(emptied, 0)

            outcome = preflight.run(ours, image, main.attrs, paths, environment={})

            assert outcome.reason == "damaged"
            assert "1 of " in outcome.text
            assert "dist-info/ballast (empty)" in outcome.text
            discard(ours, image, REFERENCE)
            assert get(published.release()) == image
            assert preflight.run(ours, image, main.attrs, paths, environment={}).ok
    finally:
        main.remove(v=True)


def test_an_engine_that_loses_its_power_while_it_pulls_has_the_old_image_and_pulls_anew(
    get: Get, private: PrivateEngine, client: docker.DockerClient, hub: Registry, published: Published
) -> None:
    before = state(client)
    hub.fault = "slow"
    failures: list[TransportError] = []

    def pull() -> None:
        try:
            get(published.release())
        except TransportError as error:
            failures.append(error)

    puller = threading.Thread(target=pull)
    puller.start()
    wait_until("a part is there", lambda: sum(hub.sent.values()) > MEBIBYTE // 2)
    private.power_cut()
    puller.join()
    private.start()

    assert [failure.reason for failure in failures] in (["unreachable"], ["broken"])
    assert state(client) == before
    hub.fault = ""
    assert get(published.release()) == published.image_id


def test_expected_digests_are_those_that_were_signed(published: Published) -> None:
    index = "sha256:" + "7" * 64
    release = replace(published.release(), index=index)
    assert expected_digests(release, PLATFORM) == (published.pushed.config, published.pushed.manifest, index)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Yield a disk of 700 MB. Its folder has a short name: paths of sockets are limited to 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="dca-"))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700m", "tmpfs", folder], check=False).returncode:
        missing("no small disk can be mounted")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)
    folder.rmdir()


def test_a_disk_that_is_full_is_told_and_the_old_image_stays(
    hub: Registry, published: Published, appliance_image: str, small_disk: Path, tmp_path: Path
) -> None:
    hub.fault = ""
    told = ProgressFile(tmp_path, "0123456789ab")
    with OneTry(small_disk, EngineKind.of_environment()) as full, closing(full.client()) as there:
        full.bring("", appliance_image)
        before = state(there)
        ballast = small_disk / "ballast"
        disk = os.statvfs(small_disk)
        with ballast.open("wb") as content:
            os.posix_fallocate(content.fileno(), 0, disk.f_bavail * disk.f_frsize - MEBIBYTE)
        ways: list[tuple[Release, FetchArchive | None]] = [
            (published.release(archive=False), None),
            (published.release(pull=False), lambda: published.archive),
        ]
        for release, archive in ways:
            with Engine(full.address) as ours, pytest.raises(TransportError) as caught:
                obtain(ours, release, PLATFORM, reference=appliance_image, archive=archive, progress=told)
            assert caught.value.reason == "no space", str(caught.value)
            assert "Make room on the disk of the container engine" in str(caught.value)
            assert state(there) == before
        ballast.unlink()
