"""A second appliance on the same data folder, as a rule and while the container is being replaced."""

import sys
import threading
import time

import pytest

from appliance.common.errors import DataFolderInUseError
from appliance.process.lock import MainLock
from tests.children import Child, run_child
from tests.updater.harness import Appliance
from tests.updater.offering import NEXT, OfferedTo
from updater.supervisor.main_lock import WaitedInVainError, hold_main_lock


@pytest.fixture
def site(appliance: Appliance) -> OfferedTo:
    return OfferedTo(appliance)


def test_as_a_rule_the_second_one_ends_at_once(site: OfferedTo) -> None:
    site.transaction("done")
    with MainLock(site.appliance.paths.main_lock), pytest.raises(DataFolderInUseError), hold_main_lock(site.appliance.paths):
        pass


def test_during_a_replacement_it_waits_for_the_first_one_to_end(site: OfferedTo) -> None:
    site.transaction("switching")
    held, begun = MainLock(site.appliance.paths.main_lock), time.monotonic()
    held.__enter__()
    threading.Timer(0.5, lambda: held.__exit__(None, None, None)).start()
    with hold_main_lock(site.appliance.paths):
        assert time.monotonic() - begun >= 0.5


def test_it_does_not_wait_for_ever(site: OfferedTo) -> None:
    site.transaction("rolling_back")
    paths = site.appliance.paths
    with MainLock(paths.main_lock), pytest.raises(WaitedInVainError, match="is in use"), hold_main_lock(paths, patience=0.2):
        pass


def test_the_command_waits_too_and_stops_waiting_when_it_is_asked_to(site: OfferedTo) -> None:
    site.transaction("switching", NEXT)
    environment = {"DCA_DATA_DIR": str(site.folder), "DCA_RUN_DIR": str(site.folder / "run")}
    with MainLock(site.appliance.paths.main_lock):
        waiting = Child([sys.executable, "-P", "-m", "updater"], environment=environment)
        with pytest.raises(AssertionError):
            waiting.wait_for("in use", deadline=1.5)
        assert waiting.running
        waiting.stop()
        site.transaction("done", NEXT)
        finished = run_child([sys.executable, "-P", "-m", "updater"], environment=environment)
    assert (finished.returncode, "in use by another appliance" in finished.stderr) == (1, True)
