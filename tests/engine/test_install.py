"""`python -m updater install` inside a real appliance on a real engine: from a signed release to a switch that went through."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from appliance.release import Offer
from tests.engine.installed import NEXT, InstalledSite, running
from tests.engine.registry import registry
from tests.updater.bundling import members_of, write_tar
from tests.updater.configured import ConfiguredSite, configured
from tests.updater.tuf_repository import in_days


@pytest.fixture
def configured_site(tmp_path: Path) -> Iterator[ConfiguredSite]:
    yield from configured(tmp_path / "data")


@pytest.fixture(scope="module")
def image(engine: docker.DockerClient, appliance_image: str) -> Iterator[str]:
    """Yield the image under a name of its own: another run of the tests on this machine may move the common one."""
    name = f"dca-base-{uuid.uuid4().hex[:8]}"
    engine.images.get(appliance_image).tag(name, "base")
    yield f"{name}:base"
    engine.images.remove(f"{name}:base", force=True)


@pytest.fixture
def site(engine: docker.DockerClient, image: str, configured_site: ConfiguredSite) -> Iterator[InstalledSite]:
    yield from running(engine, image, configured_site)


def bundle_of(site: InstalledSite) -> Path:
    """Write a bundle of what is published into the place where the appliance brings them, and return its path there."""
    folder = site.site.paths.update / "bundle"
    folder.mkdir(parents=True)
    write_tar(folder / "incoming.tar", members_of(site.site.repository.files))
    site.give_data()
    return Path("/data/update/bundle/incoming.tar")


def test_an_archive_is_fetched_loaded_tested_and_switched_to(site: InstalledSite) -> None:
    image = site.make()
    site.releases.release(site.described(NEXT, 2, image), site.archive(image))

    row = site.installed("--version", NEXT)

    assert (row["outcome"], row["from_version"], row["to_version"], row["by"]) == ("installed", "0.1.0", NEXT, "console")
    assert site.version == NEXT
    assert site.main.attrs["Image"] == image.id
    assert site.leftovers() == []


def test_an_image_is_pulled_by_its_digest(site: InstalledSite, tmp_path: Path) -> None:
    image = site.make()
    with registry(tmp_path / "registry") as served:
        pushed = served.push(site.engine, image.reference)
        site.engine.images.remove(image.reference)
        release = site.described(NEXT, 2, image, archive=False, manifest=pushed.manifest, repository=pushed.repository)
        site.releases.release(release)

        row = site.installed("--version", NEXT)

    assert row["outcome"] == "installed", row
    assert site.main.attrs["Image"] == image.id
    assert [path for path in site.site.server.requests if path.endswith(".tar.gz")] == []


def test_a_bundle_brings_all_that_is_needed(site: InstalledSite) -> None:
    image = site.make()
    # It is in hand: neither its day nor its cohort count, and nobody is asked.
    site.releases.release(site.described(NEXT, 2, image), site.archive(image), percent=0)
    file = bundle_of(site)
    site.site.server.files = {}

    row = site.installed("--bundle", str(file))

    assert row["outcome"] == "installed", row
    assert site.version == NEXT
    assert site.leftovers() == []


def test_an_expired_bundle_is_taken_by_a_persons_word_and_noted(site: InstalledSite) -> None:
    image = site.make()
    site.site.repository.timestamp.expires = in_days(-3)
    site.releases.release(site.described(NEXT, 2, image), site.archive(image))
    refused = site.install("--bundle", str(bundle_of(site)))
    (site.site.paths.update / "bundle").rmdir()

    row = site.installed("--bundle", str(bundle_of(site)), "--allow-expired")

    assert (refused["what"], refused["reason"]) == ("failed", "expired")
    assert row["outcome"] == "installed"
    assert "had expired, and was taken because a person has said so" in row["text"]


def test_a_bundle_with_another_image_is_refused(site: InstalledSite) -> None:
    image = site.make()
    archive = site.archive(image)
    site.releases.release(site.described(NEXT, 2, image), archive)
    path = next(path for path in site.site.repository.files if path.endswith(".tar.gz"))
    site.site.repository.files[path] = archive[:-1] + bytes([archive[-1] ^ 1])

    answer = site.install("--bundle", str(bundle_of(site)))

    assert (answer["what"], answer["reason"]) == ("failed", "mismatch"), answer
    assert site.history[0]["outcome"] == "failed"
    assert site.leftovers() == []
    assert site.version == "0.1.0"


def test_the_way_back_needs_nobody_and_denies_what_is_left(site: InstalledSite) -> None:
    before = site.main.attrs["Image"]
    image = site.make()
    site.releases.release(site.described(NEXT, 2, image), site.archive(image))
    site.installed("--version", NEXT)
    site.site.server.files = {}

    row = site.installed("--back")

    assert (row["outcome"], row["from_version"], row["to_version"]) == ("installed", NEXT, "0.1.0")
    assert site.main.attrs["Image"] == before
    site.site.server.files = site.site.repository.files
    again = site.install("--version", NEXT)
    assert (again["what"], again["reason"]) == ("refused", "denied")


def test_versions_that_are_not_to_be_installed_are_refused_in_their_words(site: InstalledSite) -> None:
    image = site.make()
    release = site.described(NEXT, 2, image)
    site.releases.release(release, b"no archive")
    good = site.releases.offer
    assert good is not None

    def refused(*words: str, by: str = "console") -> tuple[str, str]:
        answer = site.install(*words, by=by)
        assert answer["what"] == "refused", answer
        return answer["reason"], answer["text"]

    site.releases.offer = replace(good, paused=True)
    site.releases.publish()
    assert refused("--version", NEXT)[0] == "paused"
    site.releases.offer = good
    site.releases.withdraw(NEXT)
    reason, text = refused("--version", NEXT)
    assert reason == "not offered"
    assert "does not have it (any more)" in text
    site.releases.releases.append(replace(release, min_engine_api="1.99"))
    site.releases.publish()
    assert refused("--version", NEXT)[0] == "engine"
    older, installed = site.described("0.0.9", 1, image), replace(site.releases.releases[0], counter=2)
    site.releases.releases = [older, installed]
    site.releases.offer = Offer("0.0.9", 1)
    site.releases.publish()
    assert refused("--version", "0.0.9")[0] == "downgrade"
    assert refused(by="auto")[0] == "downgrade"
    # What a person asked for and did not get is noted; what waits by itself is told by the decision.
    assert [(row["reason"], row["by"]) for row in site.history] == [
        (reason, "console") for reason in ("downgrade", "engine", "not offered", "paused")
    ]
    assert site.leftovers() == []


def test_going_down_is_possible_where_it_was_signed(site: InstalledSite) -> None:
    image = site.make("0.0.9")
    older = site.described("0.0.9", 2, image, allow_downgrade_from=1)
    site.releases.release(older, site.archive(image))

    assert site.installed("--version", "0.0.9")["outcome"] == "installed"
    assert site.version == "0.0.9"


def test_an_image_for_another_machine_is_told_before_anything_changes(site: InstalledSite) -> None:
    image = site.make(variant="other processor")
    site.releases.release(site.described(NEXT, 2, image), site.archive(image))
    main = site.main.id

    answer = site.install("--version", NEXT)
    again = site.install("--version", NEXT)

    assert (answer["what"], answer["reason"]) == ("failed", "platform"), answer
    assert "is for linux/s390x" in answer["text"]
    assert site.main.id == main
    assert len(site.history) == 1, "the same failure once more takes the place of the first"
    assert site.history[0]["transaction"] == again["transaction"]
    assert site.leftovers() == []
