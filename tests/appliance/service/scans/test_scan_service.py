"""The collector scans by itself, goes on where it ended, and is steered over its control socket."""

import asyncio
import signal
import time
from contextlib import closing
from datetime import timedelta

import pytest

from appliance.common.clock import from_rfc3339, to_rfc3339, utc_now
from appliance.common.errors import ControlError
from appliance.process.client import ControlClient
from appliance.store.database import connect_writer, transaction
from appliance.store.merging import merge
from appliance.store.store import Store
from tests.appliance.collector import Site
from tests.children import wait_until
from tests.conftest import RunningSimulator, StartSimulator


def test_a_sweep_begins_by_itself_and_every_printer_is_kept_with_its_reading(ready_site: Site, fleet: RunningSimulator) -> None:
    ready_site.start()
    scan = ready_site.wait_for_scan()
    assert (scan["kind"], scan["devices"], scan["read"], scan["failed"]) == ("sweep", 4, 4, 0)
    kept = {row[0] for row in ready_site.rows("SELECT json_extract(body, '$.device.serial') FROM reading")}
    assert kept == {printer["device"]["serial"] for printer in fleet.printers}
    status = ready_site.status()
    assert status["devices"] == {"known": 4, "answering": 4}
    assert status["outbox"]["readings"] == 4
    assert status["problems"] == []


def test_what_a_scan_costs_is_stored_by_purpose(ready_site: Site) -> None:
    ready_site.start()
    traffic = ready_site.wait_for_scan()["traffic"]
    assert {"sweep", "first_read"} <= set(traffic) <= {"sweep", "silent", "first_read", "http"}
    stored = ready_site.rows("SELECT purpose, bytes_sent, bytes_received FROM traffic ORDER BY purpose")
    assert stored == [(name, counts["bytes_sent"], counts["bytes_received"]) for name, counts in sorted(traffic.items())]
    [(devices, bytes_)] = ready_site.rows("SELECT count, bytes FROM traffic_unit WHERE unit = 'first_read'")
    assert devices == 4
    assert bytes_ == traffic["first_read"]["bytes_sent"] + traffic["first_read"]["bytes_received"]


def test_nothing_is_scanned_without_targets(site: Site) -> None:
    site.start()
    assert site.status()["next_sweep_at"] is None
    with pytest.raises(ControlError, match=r"no targets are set.*scan\.targets"):
        site.call("POST", "/v1/scan")


def test_a_restart_does_not_sweep_again(ready_site: Site) -> None:
    first = ready_site.start()
    scan = ready_site.wait_for_scan()
    assert first.stop().returncode == 0
    ready_site.start()
    status = ready_site.status()
    assert from_rfc3339(status["next_sweep_at"]) - utc_now() > timedelta(hours=20)
    assert from_rfc3339(status["next_read_at"]) - utc_now() > timedelta(minutes=40)
    assert status["last_scan"] == scan
    assert status["devices"] == {"known": 4, "answering": 4}


def test_other_targets_are_swept_soon_after_a_restart(ready_site: Site, fleet: RunningSimulator) -> None:
    ready_site.variables["DCA_SCAN_TARGETS"] = fleet.addresses[0]
    first = ready_site.start()
    ready_site.wait_for_scan()
    first.stop()
    ready_site.variables["DCA_SCAN_TARGETS"] = fleet.span
    ready_site.start()
    wait_until("all four are known", lambda: ready_site.status()["devices"]["known"] == 4)


def test_known_devices_are_read_without_a_sweep(ready_site: Site) -> None:
    first = ready_site.start()
    ready_site.wait_for_scan()
    first.stop()
    set_note(ready_site, "last_read_at", to_rfc3339(utc_now() - timedelta(hours=2)))
    ready_site.start()
    wait_until("the known devices were read", lambda: ready_site.status()["last_scan"]["kind"] == "read")
    scan = ready_site.status()["last_scan"]
    assert (scan["addresses"], scan["read"], scan["failed"]) == (4, 4, 0)
    assert ready_site.rows("SELECT count(*) FROM reading") == [(8,)]
    assert "poll" in scan["traffic"]
    assert "first_read" not in scan["traffic"]


def test_a_device_known_under_another_name_of_its_maker_keeps_what_was_learned_about_it(ready_site: Site) -> None:
    learned = "SELECT key, json_extract(agent, '$.learned_at') FROM device ORDER BY address"
    first = ready_site.start()
    ready_site.wait_for_scan()
    first.stop()
    before = [(f"serial:FORMER:{key.split(':')[2]}", at) for key, at in ready_site.rows(learned)]
    with closing(connect_writer(ready_site.data / "readings.db")) as connection, transaction(connection):
        for (key, _), (former, _) in zip(ready_site.rows(learned), before, strict=True):
            merge(connection, key, former)
    set_note(ready_site, "last_read_at", to_rfc3339(utc_now() - timedelta(hours=2)))
    ready_site.start()
    wait_until("the known devices were read", lambda: ready_site.status()["last_scan"]["kind"] == "read")
    assert ready_site.rows("SELECT count(*) FROM reading") == [(8,)]
    assert ready_site.rows(learned) == before


def test_a_scan_a_person_asks_for_reads_devices_in_full(ready_site: Site) -> None:
    ready_site.start()
    ready_site.wait_for_scan()
    asked = ready_site.call("POST", "/v1/scan")["scan"]
    wait_until("it is done", lambda: ready_site.status()["last_scan"]["id"] == asked)
    scan = ready_site.status()["last_scan"]
    assert scan["read"] == 4
    assert "poll" not in scan["traffic"]


def test_a_device_that_went_away_is_told_with_its_reason_and_the_rest_is_read(
    ready_site: Site, start_simulator: StartSimulator, fleet: RunningSimulator
) -> None:
    other = start_simulator("--fleet", "1", "--base", "127.0.43.1")
    fleet.stop()
    ready_site.variables["DCA_SNMP_PORT"] = str(other.port)
    ready_site.variables["DCA_SCAN_TARGETS"] = f"{other.addresses[0]},127.0.43.9"
    first = ready_site.start()
    ready_site.wait_for_scan()
    first.stop()
    ready_site.variables["DCA_SCAN_TARGETS"] += ",127.0.43.2-127.0.43.3"
    other.stop()
    ready_site.start()
    wait_until("the sweep after the restart has ended", lambda: ready_site.status()["last_scan"]["failed"] == 1)
    [failure] = ready_site.status()["last_scan"]["failures"]
    assert failure["address"] == other.addresses[0]
    assert "answers ping, but this time not SNMP" in failure["reason"] or "did not answer SNMP" in failure["reason"]
    assert ready_site.status()["devices"] == {"known": 1, "answering": 0}


def test_excluded_devices_are_left_alone_from_then_on(ready_site: Site, fleet: RunningSimulator) -> None:
    first = ready_site.start()
    ready_site.wait_for_scan()
    first.stop()
    set_note(ready_site, "last_read_at", to_rfc3339(utc_now() - timedelta(hours=2)))
    ready_site.start({"DCA_SCAN_EXCLUDE": fleet.addresses[0]})
    wait_until("the known devices were read", lambda: ready_site.status()["last_scan"]["kind"] == "read")
    assert ready_site.status()["last_scan"]["addresses"] == 3


def test_a_sweep_that_finds_nothing_is_a_problem_until_one_does(ready_site: Site) -> None:
    ready_site.variables["DCA_SNMP_COMMUNITY"] = "wrong"
    first = ready_site.start()
    assert ready_site.wait_for_scan()["devices"] == 0
    problem = ready_site.problem("nothing_found")
    assert problem is not None
    assert "snmp.credentials" in problem or "Nothing answers at 4 addresses" in problem
    assert first.stop().returncode == 0
    ready_site.variables.pop("DCA_SNMP_COMMUNITY")
    ready_site.start()
    assert ready_site.scan_to_the_end()[-1]["read"] == 4
    assert ready_site.problem("nothing_found") is None


def test_the_progress_of_a_scan_is_told_and_ends_with_done(ready_site: Site, fleet: RunningSimulator) -> None:
    ready_site.variables.pop("DCA_SCAN_TARGETS")
    ready_site.start()
    states = ready_site.scan_to_the_end({"targets": [fleet.span]})
    assert [state["done"] for state in states[:-1]] == [False] * (len(states) - 1)
    assert len(states) > 1
    assert states[-1]["done"]
    assert states[-1]["read"] == 4
    assert states[-1]["bytes_received"] > 4 * 500
    assert ready_site.rows("SELECT count(*) FROM outbox") == [(4,)], "what is done is kept"
    assert ready_site.status()["state"] == "idle"


def test_a_second_scan_is_refused_and_a_cancelled_one_keeps_what_it_read(site: Site, start_simulator: StartSimulator) -> None:
    fleet = start_simulator("--fleet", "3", "--delay", "100")
    site.variables |= {"DCA_SNMP_PORT": str(fleet.port), "DCA_PACKETS_PER_SECOND": "20", "DCA_SNMP_TIMEOUT_SECONDS": "1"}
    site.start()
    # The silent addresses after the printers keep the sweep busy for a minute.
    site.call("POST", "/v1/scan", {"targets": [fleet.span, "127.0.44.0/23"]})
    with pytest.raises(ControlError, match=r"is scanning right now.*cancel"):
        site.call("POST", "/v1/scan", {"targets": [fleet.span]})
    wait_until("one was read", lambda: (site.status()["scan"] or {}).get("read"))
    assert site.status()["state"] == "scanning"
    site.call("POST", "/v1/scan/cancel")
    scan = site.wait_for_scan()
    assert scan["cancelled"]
    assert scan["done"]
    [(count,)] = site.rows("SELECT count(*) FROM outbox")
    assert count == scan["read"] >= 1
    with pytest.raises(ControlError, match="nothing to cancel"):
        site.call("POST", "/v1/scan/cancel")


def test_a_target_that_is_none_and_one_outside_the_guardrails_are_refused(site: Site) -> None:
    site.variables["DCA_GUARDRAIL_NETWORKS"] = "127.0.42.0/24"
    site.start()
    with pytest.raises(ControlError, match=r"10\.0\.0\.0/99.*is no range"):
        site.call("POST", "/v1/scan", {"targets": ["10.0.0.0/99"]})
    with pytest.raises(ControlError, match=r"127\.0\.9\.1: outside the networks that may be scanned"):
        site.call("POST", "/v1/scan", {"targets": ["127.0.9.1"]})
    with pytest.raises(ControlError, match="must be a list"):
        site.call("POST", "/v1/scan", {"targets": "127.0.42.1"})


def test_kill_9_in_the_middle_of_a_scan_loses_no_reading(site: Site, start_simulator: StartSimulator) -> None:
    fleet = start_simulator("--fleet", "6")
    site.variables |= {"DCA_SNMP_PORT": str(fleet.port), "DCA_PACKETS_PER_SECOND": "20", "DCA_SNMP_TIMEOUT_SECONDS": "0.5"}
    child = site.start()
    site.call("POST", "/v1/scan", {"targets": [fleet.span, "127.0.44.0/23"]})
    wait_until("some were read and kept", lambda: site.status()["outbox"]["readings"] >= 2)
    kept = site.status()["outbox"]["readings"]
    child.kill()
    assert site.rows("PRAGMA integrity_check") == [("ok",)]
    assert site.rows("SELECT count(*) FROM outbox")[0][0] >= kept
    assert site.rows("SELECT count(*) FROM reading WHERE id NOT IN (SELECT reading_id FROM outbox)") == [(0,)]
    site.start()
    assert site.scan_to_the_end({"targets": [fleet.span]})[-1]["read"] == 6


def test_what_a_visit_learned_about_an_agent_spares_the_next_process_the_wait(site: Site, start_simulator: StartSimulator) -> None:
    fleet = start_simulator("--fleet", "1", "--no-getbulk")
    site.variables |= {
        "DCA_SNMP_PORT": str(fleet.port),
        "DCA_SCAN_TARGETS": fleet.span,
        "DCA_SNMP_TIMEOUT_SECONDS": "1",
    }
    first = site.start()
    slow = site.wait_for_scan()
    first.stop()
    set_note(site, "last_read_at", to_rfc3339(utc_now() - timedelta(hours=2)))
    site.start()
    wait_until("the known device was read", lambda: site.status()["last_scan"]["kind"] == "read")
    quick = site.status()["last_scan"]
    assert quick["read"] == slow["read"] == 1
    assert lasted(slow) - lasted(quick) >= timedelta(seconds=1)


def test_another_credential_is_found_and_remembered_by_its_name(site: Site, start_simulator: StartSimulator) -> None:
    fleet = start_simulator("--fleet", "1", "--community", "room-7")
    site.variables |= {"DCA_SNMP_PORT": str(fleet.port), "DCA_SNMP_TIMEOUT_SECONDS": "0.3", "DCA_SNMP_COMMUNITY": "public,room-7"}
    site.start()
    assert site.scan_to_the_end({"targets": [fleet.span]})[-1]["read"] == 1
    [(agent,)] = site.rows("SELECT agent FROM device")
    assert '"credential":"environment 2"' in agent
    assert "room-7" not in (site.data / "readings.db").read_bytes().decode("latin-1")
    assert "room-7" not in (site.data / "logs" / "collector.log").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_collector_quickly_in_the_middle_of_a_scan(
    site: Site, start_simulator: StartSimulator, number: signal.Signals
) -> None:
    fleet = start_simulator("--fleet", "2")
    site.variables |= {"DCA_SNMP_PORT": str(fleet.port), "DCA_PACKETS_PER_SECOND": "20"}
    child = site.start()
    site.call("POST", "/v1/scan", {"targets": [fleet.span, "127.0.44.0/23"]})
    wait_until("one was read", lambda: (site.status()["scan"] or {}).get("read"))
    began = time.monotonic()
    child.send(number)
    finished = child.wait()
    assert time.monotonic() - began < 6, "the supervisor kills after 6 s"
    assert (finished.returncode, finished.stderr) == (0, "")
    assert site.rows("SELECT count(*) FROM outbox")[0][0] >= 1
    assert not (site.folder / "run" / "collector.sock").exists()


def test_whoever_watches_late_gets_the_last_scan(ready_site: Site) -> None:
    ready_site.start()
    scan = ready_site.wait_for_scan()

    async def watch() -> list[object]:
        client = ControlClient(ready_site.folder / "run" / "collector.sock", "collector")
        return [state async for state in client.events("/v1/scan/events")]

    assert asyncio.run(watch()) == [scan]


def lasted(scan: dict[str, str]) -> timedelta:
    return from_rfc3339(scan["finished_at"]) - from_rfc3339(scan["started_at"])


def set_note(site: Site, name: str, value: str) -> None:
    """Change what a stopped collector has noted."""
    with Store(site.data / "readings.db") as store:
        store.remember(name, value)
