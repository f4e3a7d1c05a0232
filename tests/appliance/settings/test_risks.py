"""Values that are allowed and seldom meant."""

from datetime import date
from typing import Any

import pytest

from appliance.settings.model import Settings
from appliance.settings.risks import risks
from appliance.settings.validation import validate_section

TODAY = date(2026, 11, 29)

RISKY: list[tuple[str, Any, Any]] = [
    ("store.keep_days", 1, 30),
    ("hosting.check_in_seconds", 86400, 3600),
    ("hosting.upload_seconds", 86400, 3600),
    ("scan.read_minutes", 1440, 720),
    ("scan.sweep_minutes", 10080, 1440),
    ("scan.silent_hours", 0, 24),
    ("scan.packets_per_second", 1, 10),
    ("scan.packets_per_second", 10000, 1000),
    ("scan.exclude", ["10.0.0.1", "0.0.0.0/0"], ["10.0.0.0/8"]),
    ("scan.exclude", ["::/0"], ["fe80::/10"]),
    ("scan.targets", [], ["10.0.0.0/24"]),
    ("scan.targets", ["10.0.0.0/8"], ["10.0.0.0/12"]),
    ("scan.targets", ["192.168.1.5/24"], ["192.168.1.0/24"]),
    ("scan.quiet_times", ["00:00-23:30"], ["Mon-Fri 00:00-23:30"]),
    ("scan.quiet_times", ["00:00-12:00", "12:00-23:45"], ["07:00-19:00"]),
    ("snmp.timeout_seconds", 0.1, 0.5),
    ("snmp.device_seconds", 1.0, 30.0),
    ("update.hold_until", "2099-01-01", "2027-01-15"),
    ("update.window", "22:00-22:10", "22:00-05:00"),
    ("update.window", "Sat-Sun 23:55-00:05", ""),
]


@pytest.mark.parametrize(("path", "risky", "harmless"), RISKY)
def test_a_risky_value_is_warned_about_and_a_usual_one_is_not(path: str, risky: Any, harmless: Any) -> None:
    section, _, field = path.partition(".")
    for value in (risky, harmless):
        validate_section(section, {field: value})
    [(named, warning)] = risks({section: {field: risky}}, TODAY)
    assert named == path
    assert warning.startswith(path)
    assert warning.endswith(".")
    assert list(risks({section: {field: harmless}}, TODAY)) == []


def test_the_defaults_are_harmless_but_for_the_targets_a_site_has_to_name() -> None:
    assert [path for path, _ in risks(Settings().model_dump(), TODAY)] == ["scan.targets"]


@pytest.mark.parametrize("value", [None, "many", [], {}, float("nan")])
def test_what_is_no_value_is_left_to_those_who_refuse_it(value: Any) -> None:
    fields = {path.partition(".")[2]: value for path, _, _ in RISKY if path.startswith("scan.") and path != "scan.targets"}
    assert list(risks({"scan": fields, "store": {"keep_days": value}}, TODAY)) == []
