"""A store in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.store.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "readings.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(path) as opened:
        yield opened
