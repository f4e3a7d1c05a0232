"""Readings and web UI while versions change: nothing lost, nothing doubled. `python -m benchmarks self_update` does it 20 times."""

import os
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.engine.daemon import EngineKind
from tests.engine.matrix import Matrix, running
from tests.engine.scanning_site import ANSWERING, ScanningSite
from tests.engine.team import ReleasingTeam
from tests.requirement import missing


@pytest.fixture
def matrix(engine: docker.DockerClient, appliance_image: str) -> Iterator[Matrix]:
    """Yield an engine of its own with all images."""
    kind = EngineKind.of_environment(os.environ)
    if lacks := kind.available():
        missing(lacks)
    with running(kind, appliance_image) as made:
        yield made


def test_no_reading_is_lost_or_doubled_by_updates_under_a_running_scan(matrix: Matrix, tmp_path: Path) -> None:
    team = ReleasingTeam(tmp_path / "team")
    site = ScanningSite(matrix.site, team, tmp_path)
    try:
        with site.printers() as (targets, port):
            site.install_scanning(matrix.images["good"][0], targets, port)
            for target in (1, 0, 1):
                site.update(matrix.images["good"][target], f"9.0.{target + 1}")
            kept = site.all_sent()
    finally:
        team.stop()

    assert sum(kept.at_site.values()) > 3 * ANSWERING
    assert kept.lost == set()
    assert kept.doubled == []
