"""Sweeps of the service: gone on with after a restart, thorough now and then, and not in quiet times."""

import json
from datetime import timedelta

import pytest

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import ControlError
from appliance.store.store import Store
from tests.appliance.collector import Site
from tests.children import wait_until
from tests.conftest import RunningSimulator, StartSimulator


def quiet_now() -> str:
    """Return a quiet time that it is now and for some hours; the site of a test lives in UTC."""
    begin, end = utc_now() - timedelta(hours=1), utc_now() + timedelta(hours=2)
    return f"{begin:%H:%M}-{end:%H:%M}"


def set_note(site: Site, name: str, value: str) -> None:
    """Change what a stopped collector has noted."""
    with Store(site.data / "readings.db") as store:
        store.remember(name, value)


def note(site: Site, name: str) -> str:
    """Return what a collector has noted, empty when it has not."""
    return next((str(value) for (value,) in site.rows(f"SELECT value FROM meta WHERE name = '{name}'")), "")


def test_a_sweep_that_is_cut_off_goes_on_where_it_was(site: Site, start_simulator: StartSimulator) -> None:
    fleet = start_simulator("--fleet", "3")
    targets = f"{fleet.span},127.0.44.0/23"
    site.variables |= {"DCA_SNMP_PORT": str(fleet.port), "DCA_SNMP_TIMEOUT_SECONDS": "0.5", "DCA_SCAN_TARGETS": targets}
    child = site.start({"DCA_PACKETS_PER_SECOND": "40"})
    wait_until("the sweep is noted, and the printers are read", lambda: note(site, "unfinished_sweep") and enough(site), 60)
    began = site.status()["scan"]["started_at"]
    child.kill()
    child.wait()
    behind = sum(json.loads(note(site, "unfinished_sweep"))["checkpoint"]["positions"])
    assert 20 < behind < 500
    site.start({"DCA_PACKETS_PER_SECOND": "1000"})
    scan = site.wait_for_scan()
    assert (scan["addresses"], scan["asked"], scan["answering"]) == (513, 513, 513)
    assert (scan["started_at"], scan["devices"], scan["read"], scan["failed"]) == (began, 3, 3, 0)
    # A ping, two requests in v2c and one in v1 go to each address that has no agent; what was done costs nothing any more.
    assert scan["traffic"]["sweep"]["packets_sent"] <= 4 * (513 - behind)
    assert site.rows("SELECT count(*) FROM reading") == [(3,)], "no printer is read twice"
    assert note(site, "unfinished_sweep") == ""


def enough(site: Site) -> bool:
    scan = site.status()["scan"] or {}
    return bool(scan.get("read") == 3)


def test_other_targets_are_swept_anew_after_a_restart(site: Site, start_simulator: StartSimulator) -> None:
    fleet = start_simulator("--fleet", "1")
    site.variables |= {"DCA_SNMP_PORT": str(fleet.port), "DCA_SNMP_TIMEOUT_SECONDS": "0.5", "DCA_PACKETS_PER_SECOND": "40"}
    child = site.start({"DCA_SCAN_TARGETS": f"{fleet.span},127.0.44.0/23"})
    wait_until("the sweep is noted", lambda: note(site, "unfinished_sweep"), 60)
    child.stop()
    site.start({"DCA_SCAN_TARGETS": f"{fleet.span},127.0.44.1"})
    wait_until("the sweep has ended", lambda: (site.status()["last_scan"] or {}).get("addresses") == 2)
    scan = site.status()["last_scan"]
    assert (scan["addresses"], scan["asked"], scan["read"]) == (2, 2, 1)


def test_a_cancelled_sweep_is_not_gone_on_with(site: Site, start_simulator: StartSimulator) -> None:
    fleet = start_simulator("--fleet", "1")
    site.variables |= {"DCA_SNMP_PORT": str(fleet.port), "DCA_SCAN_TARGETS": "127.0.44.0/23", "DCA_PACKETS_PER_SECOND": "40"}
    site.start()
    wait_until("the sweep is noted", lambda: note(site, "unfinished_sweep"), 60)
    site.call("POST", "/v1/scan/cancel")
    assert site.wait_for_scan()["cancelled"]
    assert note(site, "unfinished_sweep") == ""


@pytest.mark.parametrize(
    ("hours", "last", "thorough"),
    [("24", None, True), ("0", None, False), ("24", timedelta(hours=23), True), ("24", timedelta(hours=12), False)],
)
def test_the_first_sweep_is_thorough_and_then_the_one_that_is_due(
    ready_site: Site, hours: str, last: timedelta | None, thorough: bool
) -> None:
    ready_site.variables["DCA_SILENT_HOURS"] = hours
    ready_site.start().stop()
    if last is not None:
        set_note(ready_site, "swept_targets", json.dumps(ready_site.variables["DCA_SCAN_TARGETS"].split(",")))
        set_note(ready_site, "last_sweep_at", to_rfc3339(utc_now() - timedelta(hours=30)))
        set_note(ready_site, "last_silent_pass_at", to_rfc3339(utc_now() - last))
    before = note(ready_site, "last_silent_pass_at")
    ready_site.start()
    ready_site.wait_for_scan()
    assert (note(ready_site, "last_silent_pass_at") != before) is thorough


def test_in_a_quiet_time_nothing_starts_and_the_reason_is_told(ready_site: Site) -> None:
    ready_site.variables["DCA_QUIET_TIMES"] = quiet_now()
    ready_site.start()
    with pytest.raises(ControlError, match=r"It is quiet time until .*scan\.quiet_times"):
        ready_site.call("POST", "/v1/scan")
    status = ready_site.status()
    assert status["quiet_until"] is not None
    wait_until("the sweep that was due waits for the end", lambda: ready_site.status()["next_sweep_at"] >= status["quiet_until"])
    assert ready_site.status()["last_scan"] is None
    assert "quiet time until" in ready_site.dca("status").stdout
    once = ready_site.dca("scan", ready_site.variables["DCA_SCAN_TARGETS"], "--snmp-port", ready_site.variables["DCA_SNMP_PORT"])
    assert once.returncode == 0
    assert "it is quiet time until" in once.stderr


def test_a_running_sweep_and_its_readings_wait_for_the_end_of_a_quiet_time(site: Site, fleet: RunningSimulator) -> None:
    site.variables |= {"DCA_SNMP_PORT": str(fleet.port), "DCA_PACKETS_PER_SECOND": "40", "DCA_SNMP_TIMEOUT_SECONDS": "0.5"}
    site.start()
    site.call("POST", "/v1/scan", {"targets": [f"{fleet.span}", "127.0.44.0/25"]})
    wait_until("it has begun", lambda: (site.status()["scan"] or {}).get("asked"))
    site.set(f"scan.quiet_times={quiet_now()}")
    site.call("POST", "/v1/reload")
    wait_until("it waits", lambda: site.status()["scan"]["paused_until"])
    scan = site.status()["scan"]
    assert scan["text"].startswith("quiet time until ")
    wait_until("what was under way has ended", lambda: site.status()["scan"]["remaining_seconds"] is None)
    assert site.status()["scan"]["asked"] < 130
    site.set("scan.quiet_times=null")
    site.call("POST", "/v1/reload")
    scan = site.wait_for_scan()
    assert (scan["asked"], scan["read"], scan["paused_until"]) == (130, 4, None)


def test_once_leaves_the_scan_out_in_a_quiet_time(ready_site: Site) -> None:
    finished = ready_site.dca("once", more={"DCA_QUIET_TIMES": quiet_now()})
    assert finished.returncode == 1
    assert "nothing was scanned" in finished.stderr


def test_a_printer_with_two_addresses_is_one_device_and_told_once(site: Site, start_simulator: StartSimulator) -> None:
    wired = start_simulator("--fleet", "1")
    wireless = start_simulator("--fleet", "1", "--base", "127.0.43.1", "--port", str(wired.port))
    targets = f"{wired.addresses[0]},{wireless.addresses[0]}"
    site.variables |= {"DCA_SNMP_PORT": str(wired.port), "DCA_SCAN_TARGETS": targets}
    site.start()
    assert site.wait_for_scan()["read"] == 2
    assert site.scan_to_the_end()[-1]["done"]
    wait_until("both sweeps are kept", lambda: site.rows("SELECT count(*) FROM reading") == [(2,)])
    assert site.rows("SELECT count(*) FROM device") == [(1,)]
    kinds = site.rows("SELECT kind FROM event WHERE kind LIKE 'device_%' ORDER BY kind")
    assert kinds == [("device_new",), ("device_second_address",)]
