"""Whether a version on trial gets to its hosting server, and whether the one before does."""

import json
import sys
from typing import Any

import pytest

from appliance.common.errors import ControlError
from appliance.common.paths import Paths
from appliance.privacy.choice import ENROLLED_BY
from appliance.settings.store import SettingsStore
from appliance.settings.tables import ENROLMENT, PRIVACY_CHOICE
from tests.appliance.collector import Site
from tests.appliance.hosting_server import Hosting
from tests.children import run_child, wait_until


@pytest.fixture
def site(ready_site: Site, hosting: Hosting) -> Site:
    """Return a site that does nothing by itself for a long time, enrolled at `hosting`."""
    hosting.start()
    ready_site.variables |= {
        "DCA_HOSTING_CA_FILE": str(hosting.authority),
        "DCA_CHECK_IN_SECONDS": "3600",
        "DCA_UPLOAD_SECONDS": "3600",
        "DCA_ENROLMENT": hosting.enrolment(),
    }
    return ready_site


def contact(site: Site, *settled: str) -> dict[str, Any]:
    """Return what the collector says of its way to the server, once all is known and, if given, is one of `settled`."""

    told: dict[str, Any] = {}

    def known() -> bool:
        told.update(site.call("POST", "/v1/contact"))
        ways = {told["check_in"], told["upload"]}
        return None not in ways and (not settled or ways <= set(settled))

    wait_until("it is known how the way is", known)
    return told


def control(site: Site) -> list[str]:
    """Return what works for the version before, in a process beside the collector."""
    ran = run_child([sys.executable, "-m", "appliance.transmission.trial"], environment=site.environment)
    return list(json.loads(ran.stdout)["works"])


def test_a_check_in_and_an_upload_prove_the_way(site: Site, hosting: Hosting) -> None:
    site.start()
    site.wait_for_scan()
    assert contact(site, "ok") == {"check_in": "ok", "upload": "ok", "text": ""}
    assert control(site) == ["check_in", "upload"]
    assert hosting.readings(), "an upload counts once the server has taken readings"


def test_nothing_is_tried_before_the_masks_are_chosen(site: Site) -> None:
    site.start()
    site.wait_for_scan()
    contact(site, "ok")
    assert control(site) == ["check_in", "upload"]
    settings = SettingsStore(Paths.from_environment(site.environment).settings)
    settings.change_documents(ENROLMENT, lambda rows: [row | {ENROLLED_BY: "page"} for row in rows])
    settings.change_documents(PRIVACY_CHOICE, lambda _: [])
    assert control(site) == []


def test_a_server_that_is_away_is_told_with_its_reason_and_found_again(site: Site, hosting: Hosting) -> None:
    started = site.start()
    site.wait_for_scan()
    contact(site, "ok")
    started.stop()
    hosting.stop()
    site.start()
    told = contact(site)
    assert told["check_in"] == "failed"
    assert "refuses the connection" in told["text"]
    assert control(site) == []
    hosting.start()
    assert contact(site, "ok")["text"] == ""


def test_a_site_that_was_turned_away_proves_nothing(site: Site, hosting: Hosting) -> None:
    site.start()
    site.wait_for_scan()
    contact(site, "ok")
    hosting.revoke()
    with pytest.raises(ControlError):
        site.call("POST", "/v1/check-in")
    assert contact(site) == {"check_in": "off", "upload": "off", "text": ""}
