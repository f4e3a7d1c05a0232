"""`dca traffic`, and the answer of the control socket it shares its numbers with."""

import contextlib
import json
import sqlite3

import pytest

from appliance.common.errors import ControlError
from tests.appliance.collector import Site
from tests.conftest import RunningSimulator


def test_the_traffic_of_a_site_is_told_as_a_table_and_as_json(ready_site: Site, fleet: RunningSimulator) -> None:
    ready_site.start()
    scan = ready_site.wait_for_scan()
    told = json.loads(ready_site.dca("traffic", "--json").stdout)
    assert told == {name: value for name, value in ready_site.call("GET", "/v1/traffic").items() if name != "since_start"}
    assert told["days"][0]["traffic"] == scan["traffic"]
    rows = {row["name"]: row for row in told["network_load"]["rows"]}
    assert (rows["this_site"]["printers"], rows["this_site"]["addresses"]) == (4, scan["addresses"])
    assert rows["printer"]["first_scan_bytes"] > 1000
    assert rows["printer"]["poll_bytes"] is None, "nothing was polled yet"
    finished = ready_site.dca("traffic")
    assert finished.returncode == 0
    assert f"this site: 4 printers, {scan['addresses']} addresses" in finished.stdout
    assert "not measured yet (about 800)" in finished.stdout
    assert "FIRST READ" in finished.stdout


def test_reads_that_a_former_version_counted_are_told_as_such(ready_site: Site) -> None:
    ready_site.start()
    ready_site.wait_for_scan()
    with contextlib.closing(sqlite3.connect(ready_site.data / "readings.db")) as former, former:
        former.execute("INSERT INTO traffic VALUES ('2026-11-01', 'read', 1, 2, 3000, 4000)")
    shown = ready_site.dca("traffic").stdout
    assert "READS BEFORE THIS VERSION" in shown
    assert "7,000" in shown
    assert "2026-11-01" not in ready_site.dca("traffic", "--days", "1").stdout


def test_before_the_first_start_there_is_nothing_to_tell(site: Site) -> None:
    finished = site.dca("traffic")
    assert finished.returncode == 1
    assert "There are no readings yet" in finished.stderr
    assert site.dca("traffic", "--days", "0").returncode == 2


@pytest.mark.parametrize("days", ["0", "401", "many", "-1", "1.5"])
def test_a_number_of_days_that_is_none_is_refused(site: Site, days: str) -> None:
    site.start()
    with pytest.raises(ControlError, match="from 1 to 400"):
        site.call("GET", f"/v1/traffic?days={days}")
