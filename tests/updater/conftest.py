"""A running supervisor with components that do as the test says."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import Appliance


@pytest.fixture
def appliance() -> Iterator[Appliance]:
    """An appliance that was not started yet. Its folder has a short name: paths of sockets are limited to 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="dca-"))
    made = Appliance(folder)
    yield made
    made.end()
    shutil.rmtree(folder)
    made.log.unlink(missing_ok=True)
