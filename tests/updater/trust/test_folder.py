"""The folder of trusted metadata: wiped, corrupted, littered, in use, or of another repository."""

import pytest

from tests.updater.answers import DEEP
from tests.updater.trusting import Site, following
from updater.errors import Reason, TrustFolderError
from updater.trust.folder import METADATA_BYTES, TrustFolder, locked

ROLES = ["root.json", "timestamp.json", "snapshot.json", "targets.json", "root_history/1.root.json", "newest-moment"]


@pytest.mark.parametrize("file", ROLES)
@pytest.mark.parametrize("content", [b"", b"\0" * 4096, DEEP, b" " * (METADATA_BYTES + 1)], ids=["empty", "zeros", "deep", "huge"])
def test_corrupted_file_of_the_folder_is_replaced(site: Site, file: str, content: bytes) -> None:
    site.refresh()
    expected = site.kept()
    (site.trust / file).write_bytes(content)

    site.refresh()

    assert site.kept() == expected


@pytest.mark.parametrize("file", [*ROLES, "."])
def test_wiped_folder_is_filled_again_from_the_bootstrap(site: Site, file: str) -> None:
    site.repository.rotate_root("root")
    site.refresh()
    expected = site.kept()
    for path in site.trust.rglob("*") if file == "." else [site.trust / file]:
        if not path.is_dir():
            path.unlink()

    site.refresh()

    assert site.kept() == expected


def test_folder_in_the_place_of_a_file_is_named(site: Site) -> None:
    (site.trust / "timestamp.json" / "x").mkdir(parents=True)

    site.refuses(Reason.FOLDER, "timestamp.json")


def test_folder_of_another_repository_is_worth_nothing(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    for other in following(tmp_path_factory.mktemp("other")):
        other.repository.rotate_root("root")
        other.repository.publish()
        other.refresh()
        other.trust.rename(site.trust)

    site.refresh()

    assert site.kept()["root.json"] == site.repository.trusted_root


def test_second_process_in_the_same_folder_is_refused(site: Site) -> None:
    site.refresh()

    with locked(site.trust):
        assert "Another process" in str(site.refuses(Reason.BUSY))


def test_folder_that_cannot_be_made_is_named(site: Site) -> None:
    (site.folder / "trust").write_text("a file")

    assert isinstance(site.refuses(Reason.FOLDER, str(site.trust)), TrustFolderError)


def test_litter_of_killed_processes_is_removed_and_nothing_else(site: Site) -> None:
    site.trust.mkdir()
    for name in ("tmpab12_cd9", ".root.json.abcd1234", "site.key", "holiday.json"):
        (site.trust / name).write_text("x")

    site.refresh()

    names = {path.name for path in site.trust.iterdir()}
    assert {"site.key", "holiday.json"} < names
    assert not names & {"tmpab12_cd9", ".root.json.abcd1234"}


def test_bootstrap_is_kept_beside_other_metadata(site: Site) -> None:
    site.refresh()
    before = site.kept()

    TrustFolder(site.trust).keep_bootstrap(site.repository.trusted_root)

    assert TrustFolder(site.trust).bootstrap() == site.repository.trusted_root
    assert site.kept() == before
