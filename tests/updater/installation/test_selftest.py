"""`python -m updater selftest --preflight`: each thing that would keep a new version from working here is told by name."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from appliance.common.clock import to_rfc3339, utc_now
from appliance.settings.configuration_state import Configuration, ReceivedLayer
from appliance.settings.store import SettingsStore
from appliance.store.rehearsal import copy_schema
from appliance.store.schema import MIGRATIONS
from appliance.store.store import Store
from tests.children import run_child
from tests.conftest import ROOT


def selftest(data: Path, *words: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the checks by name, each `(ok, text)`."""
    finished = run_child(
        ["python", "-m", "updater", "selftest", "--preflight", *words],
        environment={"DCA_DATA_DIR": str(data)} | (environment or {}),
        folder=ROOT,
    )
    report = json.loads(finished.stdout.splitlines()[-1])
    assert finished.returncode == (0 if report["ok"] else 1)
    assert report["ok"] == all(check["ok"] for check in report["checks"])
    return {check["name"]: (check["ok"], check["text"]) for check in report["checks"]}


def receive(store: SettingsStore, settings: dict[str, Any]) -> None:
    layer = ReceivedLayer("global", "config/global/all.json", 1, "0" * 64, settings, {})
    store.change_received(
        lambda received: received.applied(Configuration((layer,), to_rfc3339(utc_now()), "1" * 16), "in force", (), utc_now())
    )


def test_a_fresh_site_is_ready_but_for_the_image_that_this_is_not(tmp_path: Path) -> None:
    checks = selftest(tmp_path)

    assert {name for name, (ok, _) in checks.items() if ok} == {"modules", "settings", "definitions", "readings"}
    assert "this is not the image as it was built" in checks["files"][1]


def test_settings_that_this_version_cannot_use_are_named(tmp_path: Path) -> None:
    SettingsStore(tmp_path / "settings.json", {}).change_site({"scan": {"read_minutes": 60}})
    file = tmp_path / "settings.json"
    file.write_text(file.read_text().replace("60", "-60"))

    ok, text = selftest(tmp_path)["settings"]

    assert not ok
    assert "scan.read_minutes" in text


def test_environment_that_this_version_cannot_use_is_named(tmp_path: Path) -> None:
    ok, text = selftest(tmp_path, environment={"DCA_UPDATE": "sometimes"})["settings"]

    assert not ok
    assert "DCA_UPDATE" in text


def test_signed_configuration_that_would_fall_out_of_force_is_an_obstacle_where_it_is_in_force_now(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.json", {})
    receive(store, {"scan": {"a_setting_of_another_version": 1}})

    assert selftest(tmp_path)["settings"][0]
    ok, text = selftest(tmp_path, "--configuration-in-force")["settings"]
    assert not ok
    assert "a_setting_of_another_version" in text


def test_definition_that_this_version_cannot_use_is_named(tmp_path: Path) -> None:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "acme.toml").write_text("vendor = 7\n")

    ok, text = selftest(tmp_path)["definitions"]

    assert not ok
    assert "acme.toml" in text


def test_copy_of_the_database_is_migrated(tmp_path: Path) -> None:
    with Store(tmp_path / "whole.db"):
        pass
    copy_schema(tmp_path / "whole.db", tmp_path / "readings.db")

    assert selftest(tmp_path)["readings"] == (True, f"schema {len(MIGRATIONS)} needs no migration")


def test_database_that_cannot_be_migrated_is_told(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "readings.db")) as connection:
        connection.execute("PRAGMA user_version = 1")

    ok, text = selftest(tmp_path)["readings"]

    assert not ok
    assert "cannot be brought to schema" in text
    assert "no such table: device" in text
