"""The real collector follows a fleet that changes, and its hosting server hears of each change once."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.appliance.collector import Site
from tests.appliance.events.printers import BASE, Fleet, Printer
from tests.appliance.hosting_server import Hosting
from tests.children import wait_until
from tests.conftest import FreePort, StartSimulator

ONE, TWO = BASE, BASE.replace(".77.1", ".77.2")


@pytest.fixture
def printers(tmp_path: Path, start_simulator: StartSimulator, free_port: FreePort) -> Fleet:
    """Return a fleet that serves nothing yet."""
    return Fleet(tmp_path, start_simulator, free_port)


@pytest.fixture
def watching(site: Site, printers: Fleet) -> Site:
    """Return a site that scans the addresses of `printers`, and only when it is told to."""
    site.variables |= {
        "DCA_SCAN_TARGETS": f"{ONE}-{TWO}",
        "DCA_SNMP_PORT": str(printers.port),
        "DCA_SNMP_TIMEOUT_SECONDS": "0.3",
        "DCA_PACKETS_PER_SECOND": "1000",
    }
    return site


def scan(site: Site, times: int = 1) -> None:
    """Scan and wait for the end, after the scan the collector begins by itself."""
    for _ in range(times):
        wait_until("no scan runs", lambda: site.status()["scan"] is None)
        assert site.scan_to_the_end()[-1]["done"]


def told(site: Site) -> list[tuple[str, str | None]]:
    """Return kind and device of every event, the oldest first."""
    return [(kind, device) for kind, device in site.rows("SELECT kind, device_key FROM event ORDER BY id") if kind != "scan"]


def test_each_change_of_a_fleet_is_told_once_and_arrives_once(watching: Site, printers: Fleet, hosting: Hosting) -> None:
    hosting.start()
    watching.variables |= {
        "DCA_HOSTING_CA_FILE": str(hosting.authority),
        "DCA_ENROLMENT": hosting.enrolment(),
        "DCA_UPLOAD_SECONDS": "1",
        "DCA_CHECK_IN_SECONDS": "5",
    }
    printers.serve(Printer("VNB0000001", toner=12), Printer("VNB0000002"))
    watching.start()
    watching.wait_for_scan()
    one, two, three = (f"serial:HP:VNB000000{number}" for number in (1, 2, 3))
    assert sorted(told(watching)) == [("device_new", one), ("device_new", two)]

    # A new cartridge, and another printer in the place of the second one.
    printers.serve(Printer("VNB0000001", toner=100), Printer("VNB0000003", alert="Paper jam", total=7))
    scan(watching)
    assert sorted(told(watching)[2:]) == sorted(
        [("supply_replaced", one), ("device_new", three), ("device_replaced", two), ("alert_raised", three)]
    )
    scan(watching)
    assert len(told(watching)) == 6, "nothing is told twice"

    # The printer in the second place is switched off, and on again with its counter reset.
    printers.serve(Printer("VNB0000001", toner=100))
    scan(watching, 3)
    assert told(watching)[6:] == [("device_silent", three)]
    scan(watching)
    printers.serve(Printer("VNB0000001", toner=9), Printer("VNB0000003", total=3))
    scan(watching)
    assert sorted(told(watching)[7:]) == sorted(
        [("supply_low", one), ("device_back", three), ("counter_reset", three), ("alert_cleared", three)]
    )

    watching.call("POST", "/v1/upload")
    query = "SELECT kind, device_key FROM event"
    wait_until("all events have arrived", lambda: len(hosting.rows(query)) == 11)
    assert sorted(hosting.rows(query)) == sorted(told(watching))


def test_a_printer_that_moves_is_followed(watching: Site, printers: Fleet) -> None:
    printers.serve(Printer("VNB0000001"), Printer("VNB0000002"))
    watching.start()
    watching.wait_for_scan()
    printers.serve(Printer("VNB0000002"), Printer("VNB0000001"))
    scan(watching)
    rows = dict(watching.rows("SELECT key, address FROM device"))
    assert rows == {"serial:HP:VNB0000001": TWO, "serial:HP:VNB0000002": ONE}
    assert {kind for kind, _ in told(watching)} == {"device_new", "device_moved"}


def test_a_failed_read_of_a_meter_is_neither_kept_nor_sent_as_zero(watching: Site, printers: Fleet) -> None:
    printers.serve(Printer("VNB0000001", total=5000))
    watching.start()
    watching.wait_for_scan()
    printers.serve(Printer("VNB0000001", total=0))
    scan(watching)
    printers.serve(Printer("VNB0000001", total=5010))
    scan(watching)
    totals = watching.rows("SELECT json_extract(body, '$.meters.total.value') FROM reading ORDER BY id")
    assert totals == [(5000,), (None,), (5010,)]
    assert [kind for kind, _ in told(watching)] == ["device_new"]


def test_what_was_told_is_not_told_again_after_kill_9(watching: Site, printers: Fleet) -> None:
    printers.serve(Printer("VNB0000001", toner=5, alert="Paper jam"))
    first = watching.start()
    watching.wait_for_scan()
    before = told(watching)
    assert sorted(kind for kind, _ in before) == ["alert_raised", "device_new", "supply_low"]
    first.send(signal.SIGKILL)
    first.wait()
    watching.start()
    scan(watching)
    assert told(watching) == before


def test_masks_apply_from_the_next_reading_on_and_the_server_is_told(watching: Site, printers: Fleet, hosting: Hosting) -> None:
    hosting.start()
    watching.variables |= {
        "DCA_HOSTING_CA_FILE": str(hosting.authority),
        "DCA_ENROLMENT": hosting.enrolment(),
        "DCA_UPLOAD_SECONDS": "1",
        "DCA_CHECK_IN_SECONDS": "5",
    }
    watching.set("privacy.ip_address=pseudonym", "privacy.location=mask", "privacy.fields=alerts.description")
    printers.serve(
        Printer("VNB0000001", panel="User: m.keller", location="Room 7", alert="Toner: call 0800 123 456"),
        # A printer that tells no serial number and no MAC address is known by its address alone.
        Printer("", panel=f"IP {TWO}"),
    )
    watching.start()
    watching.wait_for_scan()
    bodies = "SELECT body FROM reading"
    wait_until("both readings have arrived", lambda: len(hosting.rows(bodies)) == 2)
    received = "".join(body for (body,) in hosting.rows("SELECT body FROM reading UNION ALL SELECT text || detail FROM event"))
    for secret in (ONE, TWO, "keller", "Room 7", "0800", "call"):
        assert secret not in received, secret
    assert "VNB0000001" in received

    local = "".join(body for (body,) in watching.rows(bodies))
    assert "Room 7" in local
    assert ONE in local
    assert "keller" not in local, "names of people are not even kept"
    keys = {key for (key,) in watching.rows("SELECT key FROM device")}
    assert keys == {"serial:HP:VNB0000001", f"address:{TWO}"}
    masks: dict[str, Any] = {
        "ip_address": "pseudonym",
        "location": "mask",
        "phone_numbers": "mask",
        "fields": ["alerts.description"],
    }
    wait_until("the check-in told the masks", lambda: hosting.state().get("privacy") == masks)


def test_a_damaged_privacy_key_lets_nothing_out_until_it_is_restored(watching: Site, printers: Fleet) -> None:
    watching.set("privacy.ip_address=mask_last_octet")
    key = watching.data / "trust" / "privacy.key"
    key.write_text("damaged")
    printers.serve(Printer("VNB0000001"))
    child = watching.start()
    wait_until("the problem is told", lambda: watching.problem("privacy"))
    assert "privacy.key is damaged" in str(watching.problem("privacy"))
    assert watching.rows("SELECT count(*) FROM reading") == [(0,)]
    key.unlink()
    # The reading waited in memory: it is written on the way out, with the new key.
    assert child.stop().returncode == 0
    [(sent,)] = watching.rows("SELECT body FROM outbox")
    assert json.loads(sent)["device"]["ip"] == "127.0.77.x"
