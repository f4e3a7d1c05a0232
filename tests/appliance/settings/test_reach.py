"""Ranges that reach unusually far: refused, or told to whoever sets them."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from appliance.common.errors import SettingsError
from appliance.settings.document import Document, DocumentError, parse_document, write_document
from appliance.settings.layers import beyond_guardrails, warnings_of, warnings_of_change
from appliance.settings.reach import unusual_reach
from appliance.settings.risks import risks
from appliance.settings.store import SettingsStore

TODAY = date(2026, 11, 29)
VAST = {
    "0.0.0.0/0": "0.0.0.0/0 has more addresses than can be swept in a day: 4\u202f294\u202f967\u202f294.",
    "10.0.0.0/4": "10.0.0.0/4, which is 0.0.0.0/4, has more addresses than can be swept in a day: 268\u202f435\u202f454.",
    "fe80::/64": "fe80::/64 has more addresses than can be swept in a day",
    "239.1.2.0/24": "239.1.2.0/24 holds 239.1.2.1, which is no address of a device.",
}


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "settings.json", {})


@pytest.mark.parametrize("target", VAST)
def test_what_nobody_could_sweep_is_refused_where_it_is_set(store: SettingsStore, target: str) -> None:
    with pytest.raises(SettingsError) as caught:
        store.change_site({"scan": {"targets": ["10.0.0.0/24", target]}})
    assert VAST[target] in str(caught.value)
    assert store.effective().settings.scan.targets == ()
    store.change_site({"scan": {"exclude": [target]}})


def test_it_is_refused_in_what_the_hosting_team_signs() -> None:
    content = write_document(Document(1, {"scan": {"targets": ["10.0.0.0/7"]}}))
    with pytest.raises(DocumentError, match="more addresses than can be swept in a day"):
        parse_document(content, "assigned")


def test_what_an_earlier_version_took_is_left_out_and_told(store: SettingsStore, tmp_path: Path) -> None:
    rows = {"1": {"section": "scan", "fields": {"targets": ["10.0.0.0/24", "0.0.0.0/0"], "read_minutes": 30}}}
    (tmp_path / "settings.json").write_text(json.dumps({"settings_site": rows}))
    effective = store.effective()
    assert effective.settings.scan.targets == ("10.0.0.0/24",)
    assert effective.settings.scan.read_minutes == 30
    [warning] = warnings_of(effective, TODAY)
    assert warning.startswith("scan.targets: 0.0.0.0/0 has more addresses")
    assert warning.endswith("It is left out.")


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        (
            ["10.0.0.0/11"],
            "scan.targets names 2\u202f097\u202f150 addresses: at 200 packets a second a sweep of them takes about 5 hours.",
        ),
        (["10.0.0.0/8", "11.0.0.1"], "takes about 46 hours. 1 of them are public addresses (11.0.0.1)."),
        (
            ["8.8.8.0/24"],
            "254 addresses: at 200 packets a second a sweep of them takes less than two minutes. 254 of them are public",
        ),
        (
            ["9.255.255.250-10.0.0.5"],
            "12 addresses: at 200 packets a second a sweep of them takes less than two minutes. 6 of them are",
        ),
        (["2a00::/120", "printer.example"], "256 of them are public addresses (2a00::/120)."),
    ],
)
def test_many_or_public_addresses_are_told_with_how_long_a_sweep_of_them_takes(targets: list[str], sentence: str) -> None:
    assert sentence in " ".join(unusual_reach(targets, 200))


@pytest.mark.parametrize("target", ["10.0.0.0/12", "192.168.0.0/16", "fe80::/112", "printer.example", "100.64.1.0/24", "192.0.2.1"])
def test_nothing_is_said_of_networks_a_site_may_have(target: str) -> None:
    assert unusual_reach([target, target], 200) == []


def test_the_pace_is_that_of_the_sweeps() -> None:
    scan: dict[str, Any] = {"targets": ["10.0.0.0/8"], "packets_per_second": 1000}
    [(path, warning)] = risks({"scan": scan}, TODAY)
    assert path == "scan.targets"
    assert "at 1000 packets a second a sweep of them takes about 9 hours." in warning
    assert "takes about 4 days" in next(iter(risks({"scan": scan}, TODAY, 94)))[1]


def test_a_network_written_with_an_address_in_it_is_named() -> None:
    [(path, warning)] = risks({"scan": {"targets": ["192.168.1.5/24", "10.0.0.0/24"]}}, TODAY)
    assert path == "scan.targets"
    assert warning == "scan.targets holds whole networks: 192.168.1.0/24 for 192.168.1.5/24."


def test_ranges_that_the_guardrails_of_the_site_forbid_are_told(store: SettingsStore) -> None:
    store.change_site({"scan": {"targets": ["127.77.0.0/28"]}})
    changes = {"guardrails": {"networks": ["10.0.0.0/8"]}}
    effective = store.change_site(changes)
    [warning] = warnings_of_change(changes, effective, TODAY)
    assert warning.startswith("scan.targets names 127.77.0.0/28, which guardrails.networks does not allow: nothing is scanned")
    assert warnings_of(effective, TODAY) == [warning]
    changes = {"scan": {"targets": ["10.0.0.0/24"]}}
    assert warnings_of_change(changes, store.change_site(changes), TODAY) == []
    assert beyond_guardrails(store.effective()) == []
