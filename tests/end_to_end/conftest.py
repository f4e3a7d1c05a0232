"""An appliance as `dca run` starts it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.updater.harness import Appliance


@pytest.fixture
def appliance() -> Iterator[Appliance]:
    """An appliance of its own, with nothing to scan. Its folder has a short name: paths of sockets are limited to 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="dca-"))
    made = Appliance(folder)
    made.environment |= {"DCA_WEB_BIND": "127.0.0.1", "DCA_WEB_PORT": str(free_port())}
    yield made
    made.end()
    shutil.rmtree(folder)
    made.log.unlink(missing_ok=True)
