"""Readings and web UI while versions change: nothing lost, nothing doubled. `python -m benchmarks self_update` does it 20 times."""

from pathlib import Path

from tests.engine.matrix import Matrix
from tests.engine.scanning_site import ANSWERING, ScanningSite
from tests.engine.team import ReleasingTeam


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
