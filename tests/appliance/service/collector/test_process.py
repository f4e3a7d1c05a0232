"""The process around the collector: lock, notify protocol, settings, and trouble with the disk."""

import resource
import signal
import socket
from pathlib import Path

import pytest

from appliance.common.errors import ControlError
from tests.appliance.collector import Site
from tests.children import Finished, run_child, wait_until
from tests.conftest import ROOT, RunningSimulator


def collector_that_ends(site: Site) -> Finished:
    return run_child(["python", "-m", "appliance"], environment=site.environment)


def test_two_collectors_never_share_a_data_folder(site: Site) -> None:
    first = site.start()
    finished = collector_that_ends(site)
    assert finished.returncode == 1
    assert f"{site.data} is in use by another appliance (process {first.pid})" in finished.stderr
    assert "DCA_DATA_DIR" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert site.status()["pid"] == first.pid


def test_a_socket_file_left_by_a_killed_collector_is_no_obstacle(site: Site) -> None:
    site.start().kill()
    assert (site.folder / "run" / "collector.sock").exists()
    site.start()


def test_settings_that_cannot_be_used_are_named_in_one_sentence(site: Site) -> None:
    site.variables["DCA_READ_MINUTES"] = "soon"
    finished = collector_that_ends(site)
    assert finished.returncode == 1
    assert finished.stderr.startswith("dca: DCA_READ_MINUTES cannot be used")
    assert len(finished.stderr.splitlines()) == 1


def test_a_log_level_that_is_none_is_named_in_one_sentence(site: Site) -> None:
    site.variables["DCA_LOG_LEVEL"] = "loud"
    finished = collector_that_ends(site)
    assert finished.returncode == 1
    assert finished.stderr.startswith("dca: DCA_LOG_LEVEL")
    assert len(finished.stderr.splitlines()) == 1


def test_a_data_folder_that_cannot_be_made_is_told_in_one_sentence(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    site.folder = tmp_path / "file"
    finished = collector_that_ends(site)
    assert finished.returncode == 1
    assert "DCA_DATA_DIR" in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_readiness_heartbeat_and_status_are_told_by_the_notify_protocol(ready_site: Site, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifications:
        notifications.bind(str(tmp_path / "notify"))
        notifications.settimeout(30)
        ready_site.variables |= {"DCA_SCAN_TARGETS": "127.0.44.0/24", "DCA_PACKETS_PER_SECOND": "20"}
        child = ready_site.start({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"})
        told: list[str] = []

        def heard(text: str, times: int = 1) -> None:
            while sum(message.startswith(text) for message in told) < times:
                told.append(notifications.recv(4096).decode())

        heard("READY=1")
        heard("WATCHDOG=1", 10)
        heard("STATUS=", 3)
        assert any("of 254 addresses asked" in message for message in told), "the status while it scans"
        child.send(signal.SIGTERM)
        heard("STOPPING=1")
        assert child.wait().returncode == 0


def test_health_is_told(site: Site) -> None:
    site.start()
    health = site.call("GET", "/v1/health")
    assert health["ok"]
    assert {check["name"] for check in health["checks"]} == {"store", "plan"}


def test_changed_settings_take_effect_without_a_restart(site: Site, fleet: RunningSimulator) -> None:
    child = site.start()
    site.set(f"scan.targets={fleet.span}", f"snmp.port={fleet.port}", "snmp.timeout_seconds=0.5")
    assert site.wait_for_scan()["read"] == 4
    assert site.status()["pid"] == child.pid


def test_settings_that_break_later_leave_the_old_ones_in_force(ready_site: Site, fleet: RunningSimulator) -> None:
    ready_site.set("scan.read_minutes=30")
    ready_site.start()
    files = [ready_site.data / name for name in ("settings.json", "settings.good.json")]
    good = [file.read_bytes() for file in files]
    for file in files:
        file.write_text("{")
    with pytest.raises(ControlError, match="is broken"):
        ready_site.call("POST", "/v1/reload")
    problem = ready_site.problem("settings")
    assert problem is not None
    assert "the former ones stay in force" in problem
    assert ready_site.wait_for_scan()["read"] == 4
    for file, content in zip(files, good, strict=True):
        file.write_bytes(content)
    ready_site.call("POST", "/v1/reload")
    assert ready_site.problem("settings") is None


def test_a_disk_that_takes_nothing_more_is_a_problem_and_costs_no_reading(site: Site, fleet: RunningSimulator) -> None:
    site.variables |= {"DCA_SNMP_PORT": str(fleet.port), "DCA_SNMP_TIMEOUT_SECONDS": "0.5"}
    child = site.start()
    _, hard = resource.prlimit(child.pid, resource.RLIMIT_FSIZE)
    # No file may grow any more: to SQLite a write error, as of a disk that is full or failing.
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (1, hard))
    scan = site.scan_to_the_end({"targets": [fleet.span]})[-1]
    assert scan["read"] == 4
    problem = site.problem("store")
    assert problem is not None
    assert "cannot be written" in problem
    assert "not full" in problem
    assert site.rows("SELECT count(*) FROM reading") == [(0,)]
    health = site.call("GET", "/v1/health")
    assert health["ok"], "a restart would not help, and would lose what waits in memory"
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (hard, hard))
    assert child.stop().returncode == 0
    assert site.rows("SELECT count(*) FROM reading") == [(4,)]


def test_the_collector_starts_and_goes_on_trying_on_a_full_disk(site: Site) -> None:
    site.start().stop()
    (site.data / "readings.db").unlink()
    limited = ["python", "-c", LIMITED]
    child = site.start_child(limited, environment=site.environment)

    def told() -> bool:
        assert child.running, child.wait().stderr
        try:
            return site.problem("store") is not None
        except ControlError:
            return False

    wait_until("the trouble is told", told)
    _, hard = resource.prlimit(child.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (hard, hard))
    wait_until("the store is open", lambda: site.call("GET", "/v1/health")["ok"] and site.problem("store") is None)
    assert site.rows("SELECT count(*) FROM reading") == [(0,)]


def test_a_supervisor_that_stopped_reading_does_not_stop_the_collector(site: Site, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifications:
        notifications.bind(str(tmp_path / "notify"))
        # A heartbeat every 10 ms fills the socket at once; a sender that waits for it would never answer again.
        site.start({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "20000"})
        for _ in range(30):
            assert site.status()["state"] == "idle"


LIMITED = """
import resource, sys
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
from appliance.service.collector.process import main
sys.exit(main())
"""


READS_DEVICES = ("build", "device", "polling", "identity.identity", "sources.ipp_parts", "sources.web_documents", "supplies.trays")
LOADED = """
import importlib, sys, appliance.service.collector.process
names = [f"appliance.reading.{name}" for name in sys.argv[1:]]
print(*{"xml.etree", *names} & set(sys.modules))
print(len([importlib.import_module(name) for name in names]))
"""


def test_what_reads_devices_is_loaded_with_the_first_one() -> None:
    looked = run_child(["python", "-c", LOADED, *READS_DEVICES], folder=ROOT)
    assert looked.stdout.splitlines() == ["", str(len(READS_DEVICES))], looked.stderr
