"""A place elsewhere, to restore into."""

from pathlib import Path

import pytest

from hosting.config import Config
from tests.hosting.postgresql import DatabaseServer


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, migrated_address: str | None, tmp_path: Path) -> Config:
    """Return an empty data folder with an empty database of the kind of the test's server."""
    if migrated_address is None:
        return Config(tmp_path / "elsewhere")
    server: DatabaseServer = request.getfixturevalue("postgresql")
    return Config(tmp_path / "elsewhere", database_url=server.new_database())
