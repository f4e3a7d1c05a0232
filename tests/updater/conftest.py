"""A running supervisor with components that do as the test says."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .configured import ConfiguredSite, configured
from .harness import Appliance
from .trusting import Site, following


@pytest.fixture
def appliance() -> Iterator[Appliance]:
    """An appliance that was not started yet. Its folder has a short name: paths of sockets are limited to 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="dca-"))
    made = Appliance(folder)
    yield made
    made.end()
    shutil.rmtree(folder)
    made.log.unlink(missing_ok=True)


@pytest.fixture
def configured_site(tmp_path: Path) -> Iterator[ConfiguredSite]:
    """A site that receives signed configuration; nothing is published yet."""
    yield from configured(tmp_path / "data")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site that follows a TUF repository, which has published once."""
    yield from following(tmp_path)
