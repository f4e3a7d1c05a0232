"""Sites that have seen newer versions of the repository than the backup has follow the restored one all the same."""

import shutil
from pathlib import Path

import pytest

from hosting.config import Config
from hosting.configuration.publication import Publishing
from hosting.db import installation
from hosting.db.connection.database import Database, database_url
from hosting.repository.repository import Repository
from tests.hosting.repository.published import PASSPHRASE, Published, Site, document, done, hosting, refused
from tests.updater.tuf_repository import serving

ONE = "config/site/11111111-1111-4111-8111-111111111111.json"
LATER = 3
"""So often something is published after the backup."""


@pytest.fixture
def published(tmp_path: Path, founded_repository: Path) -> Published:
    """Return a server with a repository, and nothing of it running."""
    server = Published(tmp_path / "hosting")
    server.folder.mkdir()
    server.passphrase.write_text(f"{PASSPHRASE}\n")
    done(hosting("init", "--data", server.data))
    shutil.copytree(founded_repository, server.repository)
    return server


def repository(published: Published) -> Repository:
    found = Repository.open(published.repository)
    assert found
    return found


def test_a_site_that_has_seen_newer_versions_follows_the_restored_repository(published: Published, tmp_path: Path) -> None:
    backup, elsewhere = tmp_path / "backup", Published(tmp_path / "elsewhere")
    repository(published).publish_configuration({ONE: document(1)})
    done(hosting("backup", backup, "--data", published.data))
    for version in range(2, 2 + LATER):
        repository(published).publish_configuration({ONE: document(version)})
    with serving(published.tree()) as server:
        site = Site(tmp_path / "site", server.url).begin(published.root)
        assert site.fetch(ONE) == document(1 + LATER)

    said = done(hosting("restore", backup, "--data", elsewhere.data))

    assert "above what sites have seen" in said
    assert "release 1, root 1, targets 1" in said
    with serving(elsewhere.tree()) as server:
        again = Site(site.folder, server.url)
        assert again.fetch(ONE) == document(1)
        assert again.refresh().returncode == 0


def test_without_the_leap_such_a_site_would_refuse_it(published: Published, tmp_path: Path) -> None:
    before = published.tree()
    repository(published).publish_configuration({ONE: document(1)})
    with serving(published.tree()) as server:
        site = Site(tmp_path / "site", server.url).begin(published.root)
        assert site.refresh().returncode == 0

    with serving(before) as server:
        assert Site(site.folder, server.url).refresh().returncode == 1


def test_a_restore_without_the_keys_says_so_and_the_server_does_it_later(published: Published, tmp_path: Path) -> None:
    backup, elsewhere = tmp_path / "backup", Published(tmp_path / "elsewhere")
    keys = published.repository / "keys"
    shutil.move(keys, tmp_path / "hsm")
    done(hosting("backup", backup, "--data", published.data))

    finished = hosting("restore", backup, "--data", elsewhere.data)

    assert finished.returncode == 1
    assert "is not signed anew yet" in finished.stdout
    shutil.copytree(tmp_path / "hsm", elsewhere.repository / "keys")
    config = Config(elsewhere.data)
    with Database(database_url(None, elsewhere.data)) as database:
        Publishing(config, database).finish_what_was_begun()
        with database.reading() as connection:
            assert installation.here(connection).leap is None
    assert elsewhere.signed("timestamp")["version"] > installation.LEAP


def test_a_backup_goes_to_standard_output(published: Published, tmp_path: Path) -> None:
    finished = hosting("backup", "-", "--data", published.data)

    assert "Backup of" in finished.stderr
    assert finished.stdout.startswith("database/hosting.db/000000.gz")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "is no file" in refused(hosting("restore", tmp_path / "none", "--data", tmp_path / "data"))
