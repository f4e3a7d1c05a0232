"""The guardrails: what may stand in them, what they do to values from afar, and what people are told of both."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from appliance.common.errors import SettingsError
from appliance.discovery.targets import TargetSet
from appliance.settings.layers import GuardrailError, warnings_of
from appliance.settings.store import SettingsStore
from tests.appliance.settings.received import configuration, receive

TODAY = date(2026, 11, 29)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


@pytest.fixture
def store(path: Path) -> SettingsStore:
    return SettingsStore(path, {})


def kept_by_an_earlier_version(path: Path, networks: list[str], **more: Any) -> None:
    """Write a settings file with guardrails that are refused today."""
    rows = {"1": {"section": "guardrails", "fields": {"networks": networks, **more}}}
    path.write_text(json.dumps({"settings_site": rows}))


# Host names in guardrails.networks


@pytest.mark.parametrize("name", ["printer.example", "localhost", "10.0.0.x", "printers"])
def test_a_host_name_is_refused_where_a_guardrail_is_entered(store: SettingsStore, name: str) -> None:
    with pytest.raises(SettingsError, match=r"guardrails\.networks\.1: .*is no range of addresses"):
        store.change_site({"guardrails": {"networks": ["10.0.0.0/8", name]}})
    assert store.effective().settings.guardrails.networks == ()


def test_a_host_name_in_the_environment_names_its_variable(path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"guardrails\.networks\.1 \(set by DCA_GUARDRAIL_NETWORKS\): .*is no range of addresses"
    ):
        SettingsStore(path, {"DCA_GUARDRAIL_NETWORKS": "10.0.0.0/8,printer.example"}).effective()


def test_one_kept_by_an_earlier_version_is_left_out_and_told(store: SettingsStore, path: Path) -> None:
    kept_by_an_earlier_version(path, ["10.0.0.0/8", "printer.example"])
    effective = store.effective()
    assert effective.settings.guardrails.networks == ("10.0.0.0/8",)
    [warning] = warnings_of(effective, TODAY)
    assert warning.startswith("guardrails.networks names printer.example. A host name is no network and is left out")


def test_where_nothing_else_stands_the_guardrail_stays_closed(store: SettingsStore, path: Path) -> None:
    kept_by_an_earlier_version(path, ["printer.example", "localhost"])
    settings = store.effective().settings
    with pytest.raises(SettingsError, match="outside the networks that may be scanned"):
        TargetSet.parse(["127.0.0.1"], (), settings.guardrails.networks)
    with pytest.raises(GuardrailError):
        store.effective_with(configuration({"scan": {"targets": ["192.168.0.0/24"]}}))


def test_it_is_in_the_way_of_no_other_change_and_goes_when_it_is_corrected(store: SettingsStore, path: Path) -> None:
    kept_by_an_earlier_version(path, ["printer.example"])
    store.change_site({"site": {"name": "Office"}})
    store.change_site({"guardrails": {"packets_per_second": 500}})
    assert warnings_of(store.effective(), TODAY)
    assert store.layer("site")["guardrails"]["networks"] == ["printer.example"], "what a person wrote is for a person to correct"
    store.change_site({"guardrails": {"networks": ["10.0.0.0/8"]}})
    assert not warnings_of(store.effective(), TODAY)
    assert store.effective().settings.guardrails.networks == ("10.0.0.0/8",)


# Limits for values from afar


@pytest.mark.parametrize(
    ("layer", "guardrail"),
    [
        ({"store": {"keep_days": 1}}, "guardrails.keep_days"),
        ({"hosting": {"check_in_seconds": 86400}}, "guardrails.check_in_seconds"),
        ({"hosting": {"upload_seconds": 86400}}, "guardrails.upload_seconds"),
    ],
)
def test_a_value_from_afar_beyond_a_limit_is_refused(store: SettingsStore, layer: dict[str, Any], guardrail: str) -> None:
    with pytest.raises(GuardrailError, match=guardrail):
        store.effective_with(configuration(layer | {"scan": {"read_minutes": 30}}))
    with pytest.raises(GuardrailError, match=guardrail):
        store.replace_hosting(layer)


def test_the_site_moves_the_limits_and_is_not_bound_by_them(store: SettingsStore) -> None:
    store.change_site({"guardrails": {"read_minutes": 60, "keep_days": 1}})
    assert store.effective_with(configuration({"store": {"keep_days": 1}}, "group")).settings.store.keep_days == 1
    with pytest.raises(GuardrailError, match=r"scan\.read_minutes to 120: the limit of the site is 60"):
        store.effective_with(configuration({"scan": {"read_minutes": 120}}, "group"))
    assert store.change_site({"scan": {"read_minutes": 120}}).settings.scan.read_minutes == 120


def test_what_was_in_force_before_there_was_a_limit_is_held_at_it_and_the_rest_stays(store: SettingsStore) -> None:
    receive(store, {"store": {"keep_days": 1}, "scan": {"targets": ["10.0.0.0/24"], "read_minutes": 30}})
    effective = store.effective()
    assert (effective.settings.store.keep_days, effective.left_out) == (7, "")
    assert effective.settings.scan.targets == ("10.0.0.0/24",)
    texts = warnings_of(effective, TODAY)
    assert "The hosting server sets store.keep_days to 1. The site holds it at 7 (guardrails.keep_days)." in texts


def test_what_a_value_from_afar_means_is_told_and_what_the_site_sets_itself_is_not(store: SettingsStore) -> None:
    receive(store, {"store": {"keep_days": 8}, "hosting": {"check_in_seconds": 7200}})
    store.change_site({"scan": {"read_minutes": 1440}})
    texts = warnings_of(store.effective(), TODAY)
    assert [text.partition(" is ")[0] for text in texts] == [
        "Set by the hosting server: store.keep_days",
        "Set by the hosting server: hosting.check_in_seconds",
    ]
