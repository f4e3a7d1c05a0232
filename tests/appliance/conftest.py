"""Fixtures for the collector and the commands."""

from pathlib import Path

import pytest

from tests.appliance.collector import Site
from tests.appliance.hosting_server import Hosting
from tests.conftest import FreePort, RunningSimulator, StartChild, StartSimulator


@pytest.fixture
def site(tmp_path: Path, start_child: StartChild) -> Site:
    """Return an appliance that nobody has set up."""
    return Site(tmp_path / "site", start_child)


@pytest.fixture
def fleet(start_simulator: StartSimulator) -> RunningSimulator:
    """Return four printers that answer everything at once."""
    return start_simulator("--fleet", "4")


@pytest.fixture
def ready_site(site: Site, fleet: RunningSimulator) -> Site:
    """Return an appliance that is set to scan `fleet`."""
    site.variables |= {
        "DCA_SCAN_TARGETS": fleet.span,
        "DCA_SNMP_PORT": str(fleet.port),
        "DCA_SNMP_TIMEOUT_SECONDS": "0.5",
        "DCA_PACKETS_PER_SECOND": "1000",
    }
    return site


@pytest.fixture
def hosting(tmp_path: Path, free_port: FreePort, start_child: StartChild) -> Hosting:
    """Return a hosting server that is set up and not yet started."""
    return Hosting(tmp_path / "hosting", free_port(), start_child).prepare()
