"""`dca once`: one cycle for a scheduled task."""

import json

from appliance.common.clock import to_rfc3339, utc_now
from appliance.process.lock import MainLock
from tests.appliance.collector import Site
from tests.appliance.hosting_server import Hosting
from tests.children import wait_until
from tests.conftest import RunningSimulator


def test_once_reads_sends_and_ends_with_0(ready_site: Site, hosting: Hosting) -> None:
    hosting.start()
    ready_site.variables |= {"DCA_HOSTING_CA_FILE": str(hosting.authority), "DCA_ENROLMENT": hosting.enrolment()}
    finished = ready_site.dca("once")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == "4 devices found, 4 read, 0 failed; 4 readings sent, 0 waiting.\n"
    assert len(hosting.readings()) == 4
    newest = max(taken_at for _, taken_at in hosting.readings())
    wait_until("a reading would have another moment", lambda: to_rfc3339(utc_now()) > newest)
    again = ready_site.dca("once", "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout)["sent"] == 4
    assert len(hosting.readings()) == 8
    purposes = ready_site.rows("SELECT purpose FROM traffic WHERE bytes_sent > 1000 AND bytes_received > 500")
    assert {purpose for (purpose,) in purposes} >= {"first_read", "poll", "upload", "check_in"}


def test_once_with_a_server_that_is_away_keeps_the_readings_and_fails(ready_site: Site, hosting: Hosting) -> None:
    hosting.start()
    ready_site.variables["DCA_HOSTING_CA_FILE"] = str(hosting.authority)
    assert ready_site.dca("enrol", hosting.enrolment()).returncode == 0
    hosting.stop()
    finished = ready_site.dca("once")
    assert finished.returncode == 1
    assert "4 read, 0 failed; 0 readings sent, 4 waiting" in finished.stdout
    assert "refuses the connection" in finished.stderr
    assert "Traceback" not in finished.stderr
    hosting.start()
    assert ready_site.dca("once").returncode == 0
    assert len(hosting.readings()) == 8


def test_once_without_a_hosting_server_says_so(ready_site: Site) -> None:
    finished = ready_site.dca("once")
    assert finished.returncode == 1
    assert "4 read, 0 failed; 0 readings sent, 4 waiting" in finished.stdout
    assert "not enrolled" in finished.stderr


def test_once_counts_a_known_device_that_is_gone_as_failed(ready_site: Site, fleet: RunningSimulator) -> None:
    ready_site.dca("once")
    fleet.stop()
    finished = ready_site.dca("once")
    assert finished.returncode == 1
    assert "4 devices found, 0 read, 4 failed" in finished.stdout
    assert all(address in finished.stderr for address in fleet.addresses)


def test_once_without_targets_and_beside_a_running_appliance(site: Site) -> None:
    finished = site.dca("once")
    assert finished.returncode == 1
    assert "no targets are set" in finished.stderr
    with MainLock(site.data / ".main.lock"):
        finished = site.dca("once")
    assert finished.returncode == 1
    assert "in use by another appliance" in finished.stderr
