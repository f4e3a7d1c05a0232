"""Configuration is published whole, by the keys of the server, and a site finds its own."""

from datetime import timedelta
from pathlib import Path

import pytest

from appliance.common.clock import utc_now
from hosting.errors import RepositoryError
from hosting.repository.edition import Edition
from hosting.repository.folder import RepositoryFolder
from hosting.repository.publication import publish
from hosting.repository.repository import Repository

from .published import Published, document, sha256, site_of

ONE, TWO = "config/site/one.json", "config/site/two.json"


def test_there_is_no_repository_before_one_is_founded(tmp_path: Path) -> None:
    assert Repository.open(tmp_path) is None


def test_the_root_of_an_enrolment_is_found_by_its_hash(published: Published, repository: Repository) -> None:
    root = repository.trusted_root()

    assert root == published.root.read_bytes()
    assert repository.root_by_sha256(sha256(root).upper()) == root
    assert repository.root_by_sha256(sha256(b"another")) is None


def test_a_site_gets_each_layer_that_was_published_for_it(published: Published, repository: Repository, tmp_path: Path) -> None:
    documents = {"config/global/all.json": document(1), "config/group/north.json": document(2), ONE: document(3)}

    result = repository.publish_configuration(documents)

    assert {role for role in result.roles if role == "globalcfg" or role.startswith("site-")} == set(result.roles)
    with site_of(published, tmp_path) as site:
        assert {path: site.fetch(path) for path in documents} == documents
        assert "No role of the repository signed" in str(site.fetch(TWO))


def test_a_change_signs_only_the_bin_of_its_site(published: Published, repository: Repository) -> None:
    repository.publish_configuration({ONE: document(1), TWO: document(1)})
    before = published.tree()

    result = repository.publish_configuration({ONE: document(2)})

    after = published.tree()
    assert [path for path in before if after[path] != before[path]] == ["metadata/timestamp.json"]
    new = sorted(path.partition(".")[2] for path in after.keys() - before.keys() if path.startswith("metadata/"))
    assert new == sorted([f"{result.roles[0]}.json", "snapshot.json"])
    assert published.signed(result.roles[0])["targets"][ONE]["custom"] == {"version": 2}


def test_what_was_removed_is_signed_by_nobody(published: Published, repository: Repository, tmp_path: Path) -> None:
    repository.publish_configuration({ONE: document(1)})

    repository.publish_configuration({ONE: None})

    with site_of(published, tmp_path) as site:
        assert "No role of the repository signed" in str(site.fetch(ONE))


def test_the_same_again_changes_nothing(published: Published, repository: Repository) -> None:
    repository.publish_configuration({ONE: document(1)})
    before = published.tree()

    assert repository.publish_configuration({ONE: document(1), TWO: None}).roles == ()
    assert published.tree() == before


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("config/site/../../keys.json", document()),
        ("release/stable.json", document()),
        ("config/group/North.json", document()),
        (ONE, b"{}"),
        (ONE, b"[" * 100_000),
    ],
)
def test_what_is_no_configuration_is_refused_with_all_beside_it(
    published: Published, repository: Repository, path: str, content: bytes
) -> None:
    before = published.tree()

    with pytest.raises(RepositoryError):
        repository.publish_configuration({TWO: document(1), path: content})

    assert published.tree() == before


def test_nothing_is_published_that_our_own_client_refuses(published: Published) -> None:
    folder = RepositoryFolder(published.repository)
    before = published.tree()
    edition = Edition.after(folder, utc_now() - timedelta(days=30))
    edition.put("config/global/all.json", document(1), 1)

    with folder.locked(), pytest.raises(RepositoryError, match=r"our own client refuses it.*no longer valid"):
        publish(edition)

    after = published.tree()
    assert {path: after[path] for path in after if path.startswith("metadata/")} == {
        path: before[path] for path in before if path.startswith("metadata/")
    }


def test_a_damaged_repository_is_named(published: Published, repository: Repository) -> None:
    published.newest("targets").write_bytes(b"{}")

    with pytest.raises(RepositoryError, match=r"1\.targets\.json is damaged"):
        repository.publish_configuration({ONE: document(1)})
