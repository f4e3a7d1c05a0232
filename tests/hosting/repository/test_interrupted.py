"""A power cut or a second publisher at any moment: sites find the former or the next state, whole, and publishing goes on."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hosting.repository.repository import Repository
from tests.conftest import ROOT
from tests.forked import run_forked
from tests.updater.tuf_repository import serving

from .images import saved
from .published import Published, Site, document, done, hosting, site_of
from .signing import sign_with_local_keys

ONE, TWO = "config/site/one.json", "config/site/two.json"
STEPS_BEFORE_IT_COUNTS = 6
"""Two targets, two bins and a snapshot are written; what comes sixth is the timestamp."""
STEPS_OF_CONFIGURATION = STEPS_BEFORE_IT_COUNTS + 5
"""Then what was superseded is marked: as many files as were written before."""
STEPS_OF_ROOT = 5
"""Snapshot, timestamp, root, the former snapshot marked, the draft removed."""

STEPS_BEFORE_A_RELEASE_COUNTS = 6
"""The archive gets a new time and a link, catalogue, release and snapshot are written; what comes sixth is the timestamp."""
STEPS_OF_RELEASE = STEPS_BEFORE_A_RELEASE_COUNTS + 4
"""Then two files are marked as superseded, draft and waiting archive removed."""
CATALOGUE, ARCHIVE = "release/stable.json", "release/0.2.0-linux-amd64.tar.gz"


def killed(published: Published, step: int, what: str) -> bool:
    """Publish, killed at a step; return whether the step was reached."""
    words: list[str | Path] = ["-m", "tests.hosting.repository.killed_publisher", published.repository, str(step), what]
    finished = run_forked("hosting", words, folder=ROOT)
    assert finished.returncode in (0, -9), finished.stderr
    return finished.returncode == -9


@pytest.fixture(scope="session")
def with_two_sites(founded: Published, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Return a repository with two documents, never to be changed."""
    published = Published(Path(shutil.copytree(founded.folder, tmp_path_factory.mktemp("two") / "hosting")))
    opened(published).publish_configuration({ONE: document(1), TWO: document(1)})
    return published


@pytest.fixture(scope="session")
def with_new_keys_signed(founded: Published, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Return a repository with a signed draft of a root that has another timestamp and snapshot key, never to be changed."""
    published = Published(Path(shutil.copytree(founded.folder, tmp_path_factory.mktemp("new-keys") / "hosting")))
    done(published.run("rotate", "--online", "timestamp", "--online", "snapshot"))
    sign_with_local_keys(published)
    return published


def opened(published: Published) -> Repository:
    repository = Repository.open(published.repository)
    assert repository is not None
    return repository


def followed(published: Published, site: Site) -> set[bytes | str]:
    """Return what a site gets now for the two documents."""
    with serving(published.tree()) as server:
        site.url = server.url
        return {site.fetch(ONE), site.fetch(TWO)}


@pytest.mark.parametrize("step", range(1, STEPS_OF_CONFIGURATION + 2))
def test_configuration_is_whole_after_a_kill_at_any_step(with_two_sites: Published, tmp_path: Path, step: int) -> None:
    published = Published(Path(shutil.copytree(with_two_sites.folder, tmp_path / "hosting")))
    with site_of(published, tmp_path / "site") as site:
        assert site.refresh().returncode == 0

    reached = killed(published, step, "configuration")

    assert reached == (step <= STEPS_OF_CONFIGURATION)
    assert followed(published, site) == {document(1 if step <= STEPS_BEFORE_IT_COUNTS else 2)}
    opened(published).publish_configuration({ONE: document(3), TWO: document(3)})
    assert followed(published, site) == {document(3)}


@pytest.mark.parametrize("step", range(1, STEPS_OF_ROOT + 2))
def test_a_new_root_is_whole_after_a_kill_at_any_step(with_new_keys_signed: Published, tmp_path: Path, step: int) -> None:
    published = Published(Path(shutil.copytree(with_new_keys_signed.folder, tmp_path / "hosting")))
    with site_of(published, tmp_path / "site") as site:
        assert site.refresh().returncode == 0

    reached = killed(published, step, "drafts")

    assert reached == (step <= STEPS_OF_ROOT)
    with serving(published.tree()) as server:
        site.url = server.url
        assert site.refresh().returncode == 0
    if any((published.repository / "drafts").iterdir()):
        done(published.run("publish"))
    assert published.root.name == "2.root.json"
    with serving(published.tree()) as server:
        site.url = server.url
        assert site.refresh().returncode == 0


@pytest.fixture(scope="session")
def with_a_release_signed(founded: Published, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Return a repository with a signed draft of a release, never to be changed."""
    folder = tmp_path_factory.mktemp("release")
    published = Published(Path(shutil.copytree(founded.folder, folder / "hosting")))
    done(hosting("release", "add", "0.2.0", "--data", published.data, "--archive", saved(folder)))
    sign_with_local_keys(published)
    return published


@pytest.mark.parametrize("step", range(1, STEPS_OF_RELEASE + 2))
def test_a_release_is_whole_after_a_kill_at_any_step(with_a_release_signed: Published, tmp_path: Path, step: int) -> None:
    published = Published(Path(shutil.copytree(with_a_release_signed.folder, tmp_path / "hosting")))
    (waiting,) = (published.repository / "archives").iterdir()
    archive = waiting.read_bytes()

    assert killed(published, step, "drafts") == (step <= STEPS_OF_RELEASE)

    with site_of(published, tmp_path / "site") as site:
        found = site.fetch(CATALOGUE)
        if step <= STEPS_BEFORE_A_RELEASE_COUNTS:
            assert "No role of the repository signed" in str(found)
        else:
            assert (isinstance(found, bytes), site.fetch(ARCHIVE)) == (True, archive)
    done(published.run("publish"))
    with site_of(published, tmp_path / "other") as site:
        assert site.fetch(ARCHIVE) == archive
    assert not any((published.repository / "drafts").iterdir())
    assert not any((published.repository / "archives").iterdir())


def test_two_publishers_at_once_lose_nothing(published: Published, tmp_path: Path) -> None:
    paths = [f"config/site/{number}.json" for number in range(6)]
    repositories = [opened(published) for _ in paths]

    with ThreadPoolExecutor(len(paths)) as threads:
        list(threads.map(lambda pair: pair[0].publish_configuration({pair[1]: document(1)}), zip(repositories, paths, strict=True)))

    assert published.signed("snapshot")["version"] == 1 + len(paths)
    with site_of(published, tmp_path) as site:
        assert [site.fetch(path) for path in paths] == [document(1)] * len(paths)
