"""Fixtures for tests of the collector."""

from pathlib import Path

import pytest

from tests.appliance.definitions.device import SYS_DESCR, P, of
from tests.conftest import RunningSimulator, StartSimulator
from tests.recordings.recorded_file import write_recording


@pytest.fixture
def scanner(start_simulator: StartSimulator, tmp_path: Path) -> RunningSimulator:
    """Return a device without a Printer-MIB: only a definition knows it for an imaging device."""
    device = of("32473.7", {SYS_DESCR: "Acme Scan Server", "1.3.6.1.2.1.1.3.0": 4200, f"{P}.32473.1.2.0": "A1B2C3"})
    file = write_recording(tmp_path / "scanner.snmprec", device)
    return start_simulator("--recordings", file, "--base", "127.92.7.1")
