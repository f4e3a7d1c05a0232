"""What goes wrong while a version is installed in a real appliance: it is told or stops, and nothing has changed."""

import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.engine.installed import NEXT, UID, InstalledSite, running
from tests.engine.registry import registry
from tests.updater.configured import ConfiguredSite, configured

SMALL_DISK = "60m"
LATER = "0.3.0"


@pytest.fixture
def configured_site(tmp_path: Path) -> Iterator[ConfiguredSite]:
    yield from configured(tmp_path / "data")


@pytest.fixture(scope="module")
def image_id(engine: docker.DockerClient, appliance_image: str) -> str:
    """Return the image by its id: another run of the tests on this machine may move the name."""
    return str(engine.images.get(appliance_image).id)


@pytest.fixture
def site(engine: docker.DockerClient, image_id: str, configured_site: ConfiguredSite) -> Iterator[InstalledSite]:
    yield from running(engine, image_id, configured_site)


def archives(site: InstalledSite) -> list[str]:
    """Return where archives are at the server, the newest last."""
    return [path for path in site.site.server.files if path.endswith(".tar.gz")]


def while_it_comes(site: InstalledSite, act: Callable[[], object]) -> None:
    """Let something happen after the archive was asked for, and before it is there."""
    [path] = archives(site)
    content = site.site.server.files[path]

    def answer(handler: Any) -> None:
        act()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    site.site.server.behaviours[path] = answer


def standing(site: InstalledSite) -> tuple[Any, ...]:
    """Return what has to stay as it is where nothing is installed."""
    main = site.main
    return main.id, main.status, main.attrs["Image"], site.image("stable").id, site.leftovers()


@pytest.mark.parametrize(("what", "reason"), [("withdrawn", "not offered"), ("paused", "paused")])
def test_what_is_taken_back_while_it_comes_is_not_installed(site: InstalledSite, what: str, reason: str) -> None:
    image = site.make()
    site.releases.release(site.described(NEXT, 2, image), site.archive(image))
    before, offer = standing(site), site.releases.offer
    assert offer is not None

    def take_back() -> None:
        if what == "withdrawn":
            site.releases.withdraw(NEXT)
        else:
            site.releases.offer = replace(offer, paused=True)
            site.releases.publish()

    while_it_comes(site, take_back)

    answer = site.install("--version", NEXT)

    assert (answer["what"], answer["reason"]) == ("refused", reason), answer
    assert standing(site) == before
    assert [(row["to_version"], row["outcome"], row["reason"]) for row in site.history] == [(NEXT, "refused", reason)]
    assert not (site.site.paths.update / "journal.json").exists()


def test_a_second_installation_does_not_begin(site: InstalledSite) -> None:
    image = site.make()
    site.releases.release(site.described(NEXT, 2, image), site.archive(image))
    second: list[dict[str, Any]] = []
    while_it_comes(site, lambda: second.append(site.install("--version", NEXT)))

    row = site.installed("--version", NEXT)

    assert [(answer["what"], answer["reason"]) for answer in second] == [("refused", "under way")]
    assert row["outcome"] == "installed", row


def test_an_image_that_is_not_the_signed_one_goes_no_further(site: InstalledSite) -> None:
    image = site.make()
    other = "sha256:" + "0" * 64
    site.releases.release(site.described(NEXT, 2, replace(image, id=other)), site.archive(image))
    main = site.main.id

    answer = site.install("--version", NEXT)
    again = site.install("--version", NEXT)

    assert (answer["what"], answer["reason"]) == (again["what"], again["reason"]) == ("failed", "mismatch"), answer
    assert "is not the image that was signed" in answer["text"]
    assert site.main.id == main
    with pytest.raises(docker.errors.ImageNotFound):
        site.engine.images.get(image.id)
    fetched = [path for path in site.site.server.requests if path.endswith(".tar.gz")]
    assert len(fetched) == 1, "what is wrong with it is no better when it is fetched again"


def test_an_image_that_is_damaged_is_given_up_and_comes_anew(site: InstalledSite) -> None:
    image = site.make(variant="damaged")
    site.releases.release(site.described(NEXT, 2, image), site.archive(image))
    before = standing(site)

    answer = site.install("--version", NEXT)

    assert (answer["what"], answer["reason"]) == ("failed", "damaged"), answer
    assert standing(site) == before
    assert "hp.toml" in site.history[0]["text"]
    with pytest.raises(docker.errors.ImageNotFound):
        site.engine.images.get(image.id)


def test_where_the_registry_refuses_the_archive_comes(site: InstalledSite, tmp_path: Path) -> None:
    image = site.make()
    with registry(tmp_path / "registry") as served:
        pushed = served.push(site.engine, image.reference)
        content = site.archive(image)
        release = site.described(NEXT, 2, image, manifest=pushed.manifest, repository=pushed.repository)
        site.releases.release(release, content)
        served.fault = "unauthorized"

        row = site.installed("--version", NEXT)

        assert [request for request in served.requests if "/manifests/" in request or request.endswith("/v2/")]
    assert row["outcome"] == "installed", row
    assert site.version == NEXT


def test_the_version_before_is_fetched_again_where_its_image_is_gone(site: InstalledSite) -> None:
    for counter, version in ((2, NEXT), (3, LATER)):
        image = site.make(version)
        site.releases.release(site.described(version, counter, image), site.archive(image))
        row = site.installed("--version", version)
        assert row["outcome"] == "installed", row
    kept = site.image(f"rollback-{site.mark}-{row['transaction']}")
    site.engine.images.remove(kept.reference)
    with pytest.raises(docker.errors.ImageNotFound):
        site.engine.images.get(kept.id)

    back = site.installed("--back")

    assert (back["outcome"], back["from_version"], back["to_version"]) == ("installed", LATER, NEXT), back
    assert site.main.attrs["Image"] == kept.id
    assert site.version == NEXT


def test_a_full_data_folder_is_told_before_anything_is_fetched(
    engine: docker.DockerClient, image_id: str, configured_site: ConfiguredSite
) -> None:
    site = InstalledSite(engine, image_id, configured_site)
    engine.images.get(image_id).tag(site.mark, "stable")
    volume = engine.volumes.create(
        f"{site.mark}-data", driver_opts={"type": "tmpfs", "device": "tmpfs", "o": f"size={SMALL_DISK},uid={UID},gid={UID}"}
    )
    try:
        keeper = engine.containers.run(
            image_id, entrypoint=["sleep", "600"], name=f"{site.mark}-keeper", network_mode="none", detach=True,
            volumes={volume.name: {"bind": "/data"}},
        )  # fmt: skip
        site.give_data()
        keeper.put_archive("/", packed(configured_site.paths.data))
        site.start(volumes={volume.name: {"bind": "/data"}, site.socket: {"bind": "/var/run/docker.sock"}})
        image = site.make()
        site.releases.release(site.described(NEXT, 2, image), site.archive(image))
        main = site.main.id

        answer = site.install("--version", NEXT)

        assert (answer["what"], answer["reason"]) == ("failed", "no space"), answer
        assert "Free some space" in answer["text"]
        assert [path for path in configured_site.server.requests if path.endswith(".tar.gz")] == []
        assert site.main.id == main
    finally:
        site.remove()
        volume.remove(force=True)


def packed(folder: Path) -> bytes:
    """Return a folder as an archive that unpacks as `data`, with the user of the appliance as owner."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.add(folder, "data")
    return content.getvalue()
