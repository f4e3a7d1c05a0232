"""Fixtures of the repository: founded once, copied for each test."""

import shutil
from pathlib import Path

import pytest

from hosting.repository.repository import Repository

from .published import Published


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Found a repository with local keys, never to be changed."""
    return Published(tmp_path_factory.mktemp("founded")).found()


@pytest.fixture
def published(founded: Published, tmp_path: Path) -> Published:
    """Return a founded repository of the test's own."""
    return Published(Path(shutil.copytree(founded.folder, tmp_path / "hosting")))


@pytest.fixture
def repository(published: Published) -> Repository:
    """Return the repository, open."""
    opened = Repository.open(published.repository)
    assert opened is not None
    return opened
