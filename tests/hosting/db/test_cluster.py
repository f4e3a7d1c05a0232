"""Sites send to two servers behind a real haproxy while both and PostgreSQL are killed: nothing is lost, nothing doubled."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.children import run_child
from tests.hosting.cluster import Cluster, cluster
from tests.hosting.fleet_load import Load, put_under_load
from tests.hosting.postgresql import NotInstalledError
from tests.requirement import missing

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(600)]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Cluster]:
    """Run a cluster of the test's own."""
    try:
        with cluster(tmp_path / "data") as made:
            yield made
    except NotInstalledError as error:
        missing(str(error))


def test_kills_of_servers_and_database_lose_and_double_nothing(running: Cluster) -> None:
    load = Load(sites=30, devices=10, minutes=0.3, pace=1200, kills=3, words=["--check-in", "1800"])

    outcome = put_under_load(running, load)

    assert outcome.killed == ["server 0", "PostgreSQL", "server 1"]
    assert outcome.count.right, outcome.count
    assert outcome.count.found == outcome.count.made == outcome.told["made"] > load.sites * load.devices * 4
    assert outcome.told["waiting"] == 0
    assert outcome.told["check_ins"]["undisturbed"]["answered"] > load.sites
    # Without a kill that hit something the rest says nothing.
    assert outcome.told["failures"].keys() - {"clock"}
    check: list[str | Path] = ["--truth", running.folder / "truth.jsonl", "--url", running.url, "--ca-file", running.authority]
    checked = run_child(["python", "-m", "simulator", "sites-check", *check, "--token-file", running.token()])
    assert checked.returncode == 0, checked.stdout + checked.stderr
