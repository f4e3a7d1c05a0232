"""After a change of what decides a sweep the network is looked at again soon, and after other changes it is not."""

import json
from datetime import timedelta
from typing import Any

import pytest

from appliance.common.clock import from_rfc3339, utc_now
from appliance.service.scans.deciding import Deciding
from appliance.settings.validation import validate
from tests.appliance.collector import Site
from tests.children import wait_until
from tests.conftest import FreePort, RunningSimulator

BASE: dict[str, dict[str, Any]] = {
    "scan": {"targets": ["10.0.0.0/24"], "exclude": ["10.0.0.9"]},
    "snmp": {"port": 161, "credentials": [{"community": "s3cret"}]},
}


def deciding(changes: dict[str, dict[str, Any]] | None = None, definitions: str = "a") -> Deciding:
    merged = {section: fields | (changes or {}).get(section, {}) for section, fields in BASE.items()}
    return Deciding.of(
        validate(merged | {name: fields for name, fields in (changes or {}).items() if name not in merged}), definitions
    )


MORE: list[dict[str, dict[str, Any]]] = [
    {"scan": {"targets": ["10.0.0.0/23"]}},
    {"scan": {"exclude": []}},
    {"scan": {"exclude": ["10.0.0.8"]}},
    {"scan": {"icmp": False}},
    {"scan": {"silent_hours": 0}},
    {"snmp": {"port": 1161}},
    {"snmp": {"credentials": [{"community": "0ther"}]}},
    {"snmp": {"credentials": [{"community": "s3cret"}, {"community": "0ther"}]}},
    {"snmp": {"timeout_seconds": 5.0}},
    {"guardrails": {"networks": ["10.0.0.0/8"]}},
]
SAME: list[dict[str, dict[str, Any]]] = [
    {},
    {"scan": {"exclude": ["10.0.0.9", "10.0.0.10"]}},
    {"scan": {"read_minutes": 5}},
    {"scan": {"quiet_times": ["07:30-09:00"]}},
    {"site": {"name": "Office"}},
    {"store": {"keep_days": 60}},
]


@pytest.mark.parametrize("changes", MORE)
def test_a_sweep_may_find_more_now_and_after_a_restart(changes: dict[str, dict[str, Any]]) -> None:
    assert deciding(changes).finds_more_than(deciding())
    if "targets" not in changes.get("scan", {}):  # they are noted by themselves
        assert deciding(changes).finds_more_than_noted(json.loads(json.dumps(deciding().note())))


@pytest.mark.parametrize("changes", SAME)
def test_other_changes_bring_nothing_new(changes: dict[str, dict[str, Any]]) -> None:
    assert not deciding(changes).finds_more_than(deciding())
    assert not deciding(changes).finds_more_than_noted(json.loads(json.dumps(deciding().note())))


def test_other_definitions_know_other_devices() -> None:
    assert deciding(definitions="b").finds_more_than(deciding())


@pytest.mark.parametrize("noted", [{}, {"exclude": None, "asking": 5}, {"networks": "x"}])
def test_a_note_that_says_nothing_starts_nothing(noted: dict[str, Any]) -> None:
    assert not deciding().finds_more_than_noted(noted)


def test_what_is_noted_holds_no_secret() -> None:
    one, other = deciding().note(), deciding().note()
    assert "s3cret" not in json.dumps(one)
    assert one["asking"] != other["asking"], "the same credentials cannot be told from the note of another site"


@pytest.fixture
def set_site(site: Site, fleet: RunningSimulator) -> Site:
    """Return an appliance that is set to scan `fleet`, by its own settings."""
    site.set(
        f"scan.targets={fleet.span}",
        f"snmp.port={fleet.port}",
        "snmp.timeout_seconds=0.5",
        "snmp.retries=0",
        "scan.packets_per_second=1000",
    )
    return site


def knows(site: Site, count: int) -> None:
    wait_until(f"{count} devices are known", lambda: site.status()["devices"]["known"] == count, 90)


def test_a_port_corrected_after_nothing_was_found_is_tried_at_once(
    set_site: Site, fleet: RunningSimulator, free_port: FreePort
) -> None:
    set_site.set(f"snmp.port={free_port()}")
    set_site.start()
    assert set_site.wait_for_scan()["devices"] == 0
    set_site.set(f"snmp.port={fleet.port}")
    knows(set_site, 4)
    assert set_site.problem("nothing_found") is None


def test_credentials_corrected_by_the_environment_are_tried_after_the_restart(set_site: Site) -> None:
    first = set_site.start({"DCA_SNMP_COMMUNITY": "wrong"})
    assert set_site.wait_for_scan()["devices"] == 0
    assert first.stop().returncode == 0
    set_site.start()
    knows(set_site, 4)


def test_an_exclusion_taken_back_is_looked_at_and_a_further_one_is_no_reason_to(set_site: Site, fleet: RunningSimulator) -> None:
    set_site.set(f"scan.exclude={fleet.addresses[0]}")
    set_site.start()
    assert set_site.wait_for_scan()["read"] == 3
    set_site.set(f"scan.exclude={fleet.addresses[0]},{fleet.addresses[1]}")
    assert from_rfc3339(set_site.status()["next_sweep_at"]) - utc_now() > timedelta(hours=20)
    set_site.set(f"scan.exclude={fleet.addresses[1]}")
    knows(set_site, 4)


def test_a_change_in_the_middle_of_a_sweep_is_not_forgotten_at_its_end(
    set_site: Site, fleet: RunningSimulator, free_port: FreePort
) -> None:
    set_site.set(f"snmp.port={free_port()}", "scan.packets_per_second=1")
    set_site.start()
    wait_until("the sweep runs", lambda: set_site.status()["state"] == "scanning")
    set_site.set(f"snmp.port={fleet.port}", "scan.packets_per_second=1000")
    assert set_site.status()["state"] == "scanning"
    assert set_site.wait_for_scan()["devices"] == 0
    knows(set_site, 4)
