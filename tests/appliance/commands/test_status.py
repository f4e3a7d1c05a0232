"""`dca status`."""

import json

from tests.appliance.collector import Site


def test_status_of_a_running_collector(ready_site: Site) -> None:
    ready_site.start()
    ready_site.wait_for_scan()
    finished = ready_site.dca("status")
    assert finished.returncode == 0
    assert "4 known, 4 answering" in finished.stdout
    assert "4 of 4 devices read" in finished.stdout
    assert "not enrolled" in finished.stdout
    told = json.loads(ready_site.dca("status", "--json").stdout)
    assert told["collector"]["devices"] == {"known": 4, "answering": 4}
    assert told["supervisor"] is None


def test_status_without_a_collector_is_one_sentence_and_a_failure(site: Site) -> None:
    finished = site.dca("status")
    assert finished.returncode == 1
    assert "The collector is not running" in finished.stderr
    assert "dca run" in finished.stderr
    assert json.loads(site.dca("status", "--json").stdout)["collector"] is None
