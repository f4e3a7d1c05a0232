"""A bundle is verified by the client that verifies the server; whatever else somebody puts into a tar is refused."""

import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.updater.bundling import Member, member, members_of, write_tar
from tests.updater.trusting import Site
from tests.updater.tuf_repository import TufRepository, in_days
from updater.errors import BundleError, Reason, TrustError
from updater.trust.bundle_source import BASE, ENTRIES, BundleSource
from updater.trust.client import Repository, RepositoryUrls, TrustClient
from updater.trust.folder import TrustFolder

ARCHIVE = "release/0.2.0-linux-amd64.tar.gz"
IMAGE = bytes(range(256)) * 5000


@pytest.fixture
def offline(site: Site) -> Site:
    """A site with a repository that has published an image, and whose server is not asked."""
    site.repository.add_target("release/stable.json", b"{}")
    site.repository.add_target(ARCHIVE, IMAGE)
    site.repository.publish()
    TrustFolder(site.trust).keep_bootstrap(site.repository.trusted_root)
    return site


def written(site: Site, **options: Any) -> Path:
    return write_tar(site.folder / "bundle.tar", members_of(site.repository.files), **options)


def refreshed(site: Site, bundle: BundleSource, *, also_expired: bool = False) -> Repository:
    root = site.repository.trusted_root
    bundle.require_root(root)
    with TrustClient(site.trust, RepositoryUrls.below(BASE), bootstrap=root, source=bundle) as client:
        return client.refresh(also_expired=also_expired)


def taken(site: Site, name: str = ARCHIVE, **options: Any) -> bytes:
    with BundleSource(written(site), site.trust) as bundle:
        return refreshed(site, bundle, **options).download(name, site.targets).read_bytes()


def test_all_that_was_signed_comes_out_of_the_bundle(offline: Site) -> None:
    assert taken(offline) == IMAGE
    assert taken(offline, "release/stable.json") == b"{}"
    assert offline.server.requests == []


def test_it_says_which_version_it_brings_for_this_machine(offline: Site) -> None:
    with BundleSource(written(offline), offline.trust) as bundle:
        assert bundle.version_for("linux/amd64") == "0.2.0"
        with pytest.raises(BundleError, match=r"no image for this machine, which is linux/arm64 \(it has: linux/amd64\)"):
            bundle.version_for("linux/arm64")


def test_a_part_of_a_file_can_be_asked_for(offline: Site) -> None:
    with BundleSource(written(offline), offline.trust) as bundle:
        url = refreshed(offline, bundle).target(ARCHIVE).url

        assert b"".join(bundle.fetch(url, len(IMAGE), offset=1_000_000)) == IMAGE[1_000_000:]


def test_another_image_than_was_signed_is_refused(offline: Site) -> None:
    path = next(path for path in offline.repository.files if path.endswith("amd64.tar.gz"))
    offline.repository.files[path] = IMAGE[::-1]

    with pytest.raises(TrustError) as caught:
        taken(offline)

    assert caught.value.reason is Reason.MISMATCH


def test_metadata_that_was_tampered_with_is_refused(offline: Site) -> None:
    offline.repository.files["metadata/timestamp.json"] = offline.repository.files["metadata/timestamp.json"].replace(b"1", b"2", 1)

    with pytest.raises(TrustError) as caught:
        taken(offline)

    assert caught.value.reason in (Reason.SIGNATURES, Reason.INVALID)


def test_a_bundle_of_another_hosting_team_is_none_of_ours(offline: Site) -> None:
    other = write_tar(offline.folder / "other.tar", members_of(TufRepository().files))

    with (
        BundleSource(other, offline.trust) as bundle,
        pytest.raises(BundleError, match="not of the hosting team that this site follows"),
    ):
        bundle.require_root(offline.repository.trusted_root)


def test_what_has_expired_is_refused_unless_a_person_says_so(offline: Site) -> None:
    offline.repository.timestamp.expires = in_days(-3)
    offline.repository.publish()

    with pytest.raises(TrustError) as caught:
        taken(offline)

    assert caught.value.reason is Reason.EXPIRED
    assert taken(offline, also_expired=True) == IMAGE


def test_a_person_can_overlook_the_date_and_nothing_else(offline: Site) -> None:
    offline.repository.timestamp.expires = in_days(-3)
    offline.repository.publish()
    offline.repository.files["metadata/timestamp.json"] = offline.repository.signed(offline.repository.timestamp, "snapshot")

    with pytest.raises(TrustError) as caught:
        taken(offline, also_expired=True)

    assert caught.value.reason is Reason.SIGNATURES


def test_overlooking_the_date_leaves_the_clock_of_the_folder_alone(offline: Site) -> None:
    offline.repository.timestamp.expires = in_days(-3)
    offline.repository.publish()

    taken(offline, also_expired=True)

    assert not (offline.trust / "newest-moment").exists()


def test_a_site_that_has_heard_of_newer_things_goes_by_them(offline: Site) -> None:
    old = members_of(offline.repository.files)
    offline.repository.publish()  # signed anew since then, as every few hours
    offline.refresh()
    before = offline.kept()

    with BundleSource(write_tar(offline.folder / "old.tar", old), offline.trust) as bundle:
        content = refreshed(offline, bundle).download(ARCHIVE, offline.targets).read_bytes()

    assert content == IMAGE
    assert offline.kept() == before


def test_what_was_withdrawn_since_then_does_not_come_back(offline: Site) -> None:
    old = members_of(offline.repository.files)
    del offline.repository.targets.targets[ARCHIVE]
    offline.repository.publish()
    offline.refresh()

    with BundleSource(write_tar(offline.folder / "old.tar", old), offline.trust) as bundle, pytest.raises(TrustError) as caught:
        refreshed(offline, bundle).target(ARCHIVE)

    assert caught.value.reason is Reason.MISSING


SPARSE = {"GNU.sparse.major": "0", "GNU.sparse.size": "9" * 12, "GNU.sparse.map": "0,1"}
GOOD = "metadata/timestamp.json"
HASH = "a" * 64
HOSTILE: dict[str, list[Member]] = {
    "absolute": [member("/etc/passwd", b"x")],
    "parent": [member("metadata/../../etc/passwd", b"x")],
    "dotted": [member("metadata/..json", b"x"), member("metadata/a..b.json", b"x")],
    "unknown": [member("notes.txt", b"x")],
    "symbolic link": [member(GOOD, type=tarfile.SYMTYPE, linkname="/etc/passwd")],
    "hard link": [member(GOOD, type=tarfile.LNKTYPE, linkname="/etc/passwd")],
    "device": [member(GOOD, type=tarfile.CHRTYPE)],
    "pipe": [member(GOOD, type=tarfile.FIFOTYPE)],
    "folder": [member("metadata/x.json", type=tarfile.DIRTYPE)],
    "twice": [member(GOOD, b"1"), member(GOOD, b"2")],
    "too many": [member(f"metadata/{number}.root.json", b"x") for number in range(ENTRIES + 1)],
    "longest name": [member("metadata/" + "a" * 2_000_000 + ".json", b"x")],
    "long attribute": [member(GOOD, b"x", pax_headers={"comment": "a" * 2_000_000})],
    "sparse": [
        member(GOOD, b"x" * 512, pax_headers={"GNU.sparse.major": "0", "GNU.sparse.size": "9" * 12, "GNU.sparse.map": "0,1"})
    ],
    "huge size": [member(GOOD, b"x", pax_headers={"size": "9" * 15})],
    "negative size": [member(GOOD, b"x", pax_headers={"size": "-512"})],
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_tar_of_somebody_elses_making_is_refused(tmp_path: Path, kind: str) -> None:
    file = write_tar(tmp_path / "bundle.tar", HOSTILE[kind])

    with pytest.raises(BundleError) as caught:
        BundleSource(file, tmp_path)

    assert caught.value.reason == "invalid"
    assert len(str(caught.value)) < 400
    assert sorted(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("mode", ["w:gz", "w:xz"])
def test_packed_tar_is_none(offline: Site, mode: str) -> None:
    with pytest.raises(BundleError):
        BundleSource(written(offline, mode=mode), offline.trust)


@pytest.mark.parametrize("content", [b"", b"\0" * 10240, b"no tar", b"\x1f\x8b" + b"a" * 600])
def test_other_file_is_no_bundle(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bundle.tar"
    file.write_bytes(content)

    with pytest.raises(BundleError), BundleSource(file, tmp_path) as bundle:
        bundle.version_for("linux/amd64")


@pytest.mark.parametrize("left", [700, 5000, 600_000, 1_280_000])
def test_bundle_that_was_not_copied_whole_is_refused(offline: Site, left: int) -> None:
    with pytest.raises(BundleError):
        BundleSource(written(offline, end=left), offline.trust).version_for("linux/amd64")


def test_bundle_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match="No such file"):
        BundleSource(tmp_path / "bundle.tar", tmp_path)
