"""What a site sends before and after its masks are chosen, and whom it tells what is in force."""

import json
from typing import Any

import pytest

from appliance.privacy.choice import choice
from appliance.settings.store import SettingsStore
from tests.appliance.collector import Site
from tests.appliance.hosting_peer import Decided
from tests.appliance.service.hosting.test_commands import supervisor
from tests.appliance.transmission.peer import Peer, serving
from tests.children import wait_until
from tests.webui.standins import Component

__all__ = ["supervisor"]


def sent(peer: Peer) -> list[dict[str, Any]]:
    return [one for request in peer.received if request.target.endswith("/readings") for one in request.content["readings"]]


@pytest.mark.parametrize("running", [False, True])
def test_the_command_names_the_masks_it_enrols_under(site: Site, running: bool) -> None:
    site.variables["DCA_PRIVACY_MAC"] = "pseudonym"
    with serving(Decided().answer) as peer:
        if running:
            site.start()
        finished = site.dca("enrol", f"{peer.url}#enrol=CODE1234")
    assert finished.returncode == 0, finished.stderr
    assert "Masked: MAC addresses (as a pseudonym), Phone numbers in any text (left out)." in finished.stdout
    assert "Sent as they are: IP addresses, Host names, Locations" in finished.stdout
    assert choice(SettingsStore(site.data / "settings.json", {})).by == "command"  # type: ignore[union-attr]


def test_the_environment_counts_as_a_choice_and_the_status_names_it(ready_site: Site) -> None:
    with serving(Decided().answer) as peer:
        ready_site.variables |= {"DCA_ENROLMENT": f"{peer.url}#enrol=CODE1234", "DCA_UPLOAD_SECONDS": "1"}
        child = ready_site.start()
        wait_until("the readings have arrived", lambda: len(sent(peer)) == 4)
        assert "Masked: Phone numbers in any text (left out)." in child.wait_for("enrolled by the environment")
        assert "Privacy       Masked: Phone numbers in any text (left out)." in ready_site.dca("status").stdout


def test_a_site_that_was_enrolled_by_an_earlier_version_goes_on_sending(ready_site: Site) -> None:
    with serving(Decided().answer) as peer:
        assert ready_site.dca("enrol", f"{peer.url}#enrol=CODE1234").returncode == 0
        store = SettingsStore(ready_site.data / "settings.json", {})
        store.change_documents("privacy_choice", lambda _rows: [])
        old = ("url", "site_id", "enrolled_at", "root_sha256")
        store.change_documents("enrolment", lambda rows: [{name: row[name] for name in old} for row in rows])
        ready_site.variables["DCA_UPLOAD_SECONDS"] = "1"
        ready_site.start()
        wait_until("the readings have arrived", lambda: len(sent(peer)) == 4)
        assert ready_site.status()["masks"]["chosen"]


def test_masks_set_by_a_command_are_chosen(ready_site: Site) -> None:
    with serving(Decided().answer) as peer:
        ready_site.variables["DCA_UPLOAD_SECONDS"] = "1"
        ready_site.start()
        ready_site.call("POST", "/v1/enrol?by=page", {"enrolment": f"{peer.url}#enrol=CODE1234"})
        assert "nothing is sent yet" in (ready_site.problem("masks") or "")
        assert "Not chosen yet: nothing is sent." in ready_site.dca("status").stdout
        once = [request.target for request in peer.received]
        ready_site.set("privacy.ip_address=mask_last_octet")
        wait_until("the readings have arrived", lambda: len(sent(peer)) == 4)
        assert once == ["/api/v1/enrol"]
        assert {reading["device"]["ip"].rpartition(".")[2] for reading in sent(peer)} == {"x"}


def test_one_round_sends_nothing_before_the_masks_are_chosen(ready_site: Site) -> None:
    with serving(Decided().answer) as peer:
        collector = ready_site.start()
        ready_site.call("POST", "/v1/enrol?by=page", {"enrolment": f"{peer.url}#enrol=CODE1234"})
        ready_site.wait_for_scan()
        collector.stop()
        finished = ready_site.dca("once")
        assert finished.returncode == 1
        assert "nothing is sent yet" in finished.stderr
        assert [request.target for request in peer.received] == ["/api/v1/enrol"]
        ready_site.set("privacy.phone_numbers=mask")
        assert ready_site.dca("once").returncode == 0
        assert sent(peer)


def test_a_check_in_is_masked_down_to_the_log_of_a_failed_update(site: Site, supervisor: Component) -> None:
    site.variables |= {
        "DCA_PRIVACY_IP_ADDRESS": "mask_last_octet",
        "DCA_PRIVACY_HOST_NAME": "mask",
        "DCA_PRIVACY_MAC": "mask",
        "DCA_SITE_NAME": "Town hall 2",
    }
    row = {
        "transaction": "ab" * 6,
        "from_version": "0.1.0",
        "to_version": "0.2.0",
        "started_at": "2026-11-25T22:00:00Z",
        "seconds": 31.0,
        "outcome": "rolled_back",
        "reason": "unhealthy",
        "text": "It did not reach [2001:db8::7:8]:443 by proxy.town.example.",
        "log": "asked 192.0.2.6:161, 001b.a90b.a752 and MAC 001ba90ba753\nCall 089\u20111234\u20115678",
    }
    image = {"decision": None, "progress": None, "history": [row], "rollout": "none", "installing": None, "degraded": None}
    supervisor.answers["/v1/update"] = {"level": "auto", "image_updates": "possible", "image": image}
    decided = Decided()
    with serving(decided.answer) as peer:
        site.variables["DCA_ENROLMENT"] = f"{peer.url}#enrol=CODE1234"
        site.start()
        wait_until("the first check-in", lambda: decided.states)
        told = decided.states[-1]["update"]["image"]
        assert told["text"] == "It did not reach [2001:db8::x]:443 by [masked at the site]."
        assert told["log"] == ("asked 192.0.2.x:161, [masked at the site] and MAC [masked at the site]\nCall [phone number]")
        assert (told["from_version"], told["version"], told["transaction"]) == ("0.1.0", "0.2.0", "ab" * 6)
        assert decided.states[-1]["site_name"] == "Town hall 2"
        assert "192.0.2.6" not in json.dumps(decided.states)
