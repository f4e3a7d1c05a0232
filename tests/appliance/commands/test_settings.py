"""`dca settings show` and `dca settings set`."""

import json
import stat
from pathlib import Path

import pytest

from tests.appliance.collector import Site


def test_settings_are_set_and_shown_with_who_set_them_and_without_secrets(site: Site) -> None:
    site.variables["DCA_READ_MINUTES"] = "30"
    site.set(
        "scan.targets=10.0.0.0/24, printer-7", "scan.icmp=off", "snmp.credentials=room-7,public", "hosting.proxy_password=hunter2"
    )
    shown = json.loads(site.dca("settings", "show", "--json").stdout)
    assert shown["scan.targets"] == {"value": ["10.0.0.0/24", "printer-7"], "layer": "site", "variable": None}
    assert shown["scan.icmp"]["value"] is False
    assert shown["scan.read_minutes"] == {"value": 30, "layer": "environment", "variable": "DCA_READ_MINUTES"}
    assert shown["scan.sweep_minutes"]["layer"] == "default"
    assert shown["hosting.proxy_password"]["value"] == "(hidden)"
    assert [item["community"] for item in shown["snmp.credentials"]["value"]] == ["(hidden)", "(hidden)"]
    text = site.dca("settings", "show").stdout
    assert "room-7" not in text
    assert "hunter2" not in text
    assert "environment (DCA_READ_MINUTES)" in text
    assert stat.S_IMODE((site.data / "settings.json").stat().st_mode) == 0o600


def test_a_value_goes_back_to_the_layer_below_and_comes_from_a_file(site: Site, tmp_path: Path) -> None:
    (tmp_path / "communities").write_text("room-7\npublic\n")
    site.set("scan.sweep_minutes=60", f"snmp.credentials=@{tmp_path / 'communities'}")
    site.set("scan.sweep_minutes=null", 'scan.exclude=["10.0.0.1"]')
    shown = json.loads(site.dca("settings", "show", "--json").stdout)
    assert shown["scan.sweep_minutes"] == {"value": 1440, "layer": "default", "variable": None}
    assert shown["scan.exclude"]["value"] == ["10.0.0.1"]
    assert len(shown["snmp.credentials"]["value"]) == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("scan.speed=9", "There is no setting scan.speed"),
        ("speed", "Write SECTION.FIELD=VALUE"),
        ("scan.read_minutes=0", "scan.read_minutes"),
        ("scan.targets=10.0.0.0/99", "is no range of addresses"),
        ("scan.sweep_minutes=30", "set by DCA_SWEEP_MINUTES in the environment"),
        ("scan.targets=[1", "has to be JSON"),
        ("scan.targets=@/no/such/file", "cannot be read from /no/such/file"),
    ],
)
def test_a_change_that_cannot_be_made_changes_nothing(site: Site, change: str, sentence: str) -> None:
    site.variables["DCA_SWEEP_MINUTES"] = "60"
    finished = site.dca("settings", "set", "scan.packets_per_second=100", change)
    assert finished.returncode == 1
    assert sentence in finished.stderr
    assert len(finished.stderr.splitlines()) == 1
    shown = json.loads(site.dca("settings", "show", "--json").stdout)
    assert shown["scan.packets_per_second"]["layer"] == "default"
