"""Rows of the settings file that are damaged: the good copy is used where it is better, else they count as none."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from appliance.common.errors import DcaError
from appliance.privacy.choice import choice, choose
from appliance.settings.configuration_state import Configuration, Received, ReceivedLayer
from appliance.settings.rows import Registration
from appliance.settings.store import SettingsStore
from appliance.settings.tables import ENROLMENT, PRIVACY_CHOICE, RECEIVED, RECOVERIES
from appliance.transmission.enrolment import registration
from appliance.transmission.suspension import keep_quiet, read_quiet

NOW = datetime(2026, 11, 26, 1, tzinfo=UTC)
ENROLLED = Registration("https://hosting.example.com", "site-1", "2026-11-26T01:00:00Z", "ab" * 32)
LAYER = ReceivedLayer("global", "config/global.json", 3, "cd" * 32, {"scan": {"icmp": False}}, {"a.toml": "ef" * 32})
RECEIVED_ROW = (
    Received()
    .applied(Configuration((LAYER,), "2026-11-26T01:00:00Z", "m"), "It is in force.", [("a", "b", "c")], NOW)
    .kept("It is kept.", NOW)
    .to_json()
)
GOOD: dict[str, dict[str, Any]] = {
    ENROLMENT: asdict(ENROLLED),
    PRIVACY_CHOICE: {"by": "page", "at": "2026-11-26T01:00:00Z"},
    RECEIVED: RECEIVED_ROW,
}
READ: dict[str, Callable[[SettingsStore], object]] = {
    ENROLMENT: registration,
    PRIVACY_CHOICE: choice,
    RECEIVED: lambda store: store.received().in_force,
}
DAMAGE: list[tuple[str, str, Any]] = [
    (PRIVACY_CHOICE, "by", KeyError),
    (PRIVACY_CHOICE, "by", "somebody"),
    (PRIVACY_CHOICE, "by", []),
    (PRIVACY_CHOICE, "at", 5),
    (PRIVACY_CHOICE, "at", "9999-12-31T23:59:59-23:59"),
    (ENROLMENT, "site_id", "a\nb"),
    (ENROLMENT, "url", "https://\0"),
    (ENROLMENT, "url", "elsewhere"),
    (ENROLMENT, "enrolled_at", "yesterday"),
    (ENROLMENT, "root_sha256", "\0../.."),
    (ENROLMENT, "root_sha256", 7),
    (RECEIVED, "state", "lost"),
    (RECEIVED, "outcomes", 7),
    *[
        (RECEIVED, "in_force", RECEIVED_ROW["in_force"] | damaged)
        for damaged in (
            {"watches": "3"},
            {"ends": 2.5},
            {"kept_at": "x"},
            {"kept_at": "9999-12-31T23:59:59-23:59"},
            {"received_at": 5},
            {"layers": [asdict(LAYER) | {"settings": []}]},
            {"layers": [asdict(LAYER) | {"definitions": {"a.toml": "../../x"}}]},
            {"layers": "x"},
        )
    ],
]


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    made = SettingsStore(tmp_path / "settings.json", {})
    made.change_site({"site": {"name": "Office"}})
    for table, row in GOOD.items():
        made.change_documents(table, lambda _rows, row=row: [row])  # type: ignore[misc]
    return made


def damage(folder: Path, table: str, field: str, value: Any) -> bytes:
    tables = json.loads((folder / "settings.json").read_bytes())
    row = next(iter(tables[table].values()))
    if value is KeyError:
        del row[field]
    else:
        row[field] = value
    content = json.dumps(tables).encode()
    (folder / "settings.json").write_bytes(content)
    return content


@pytest.mark.parametrize(("table", "field", "value"), DAMAGE)
def test_damaged_row_is_taken_from_the_good_copy(store: SettingsStore, tmp_path: Path, table: str, field: str, value: Any) -> None:
    good = READ[table](store)
    assert good
    assert store.unreadable() is None
    damaged = damage(tmp_path, table, field, value)
    assert READ[table](store) == good
    (recovery,) = store.documents(RECOVERIES)
    assert table in recovery["reason"]
    assert Path(recovery["kept_aside"]).read_bytes() == damaged


@pytest.mark.parametrize(("table", "field", "value"), DAMAGE)
def test_damaged_row_without_a_better_copy_counts_as_none(
    store: SettingsStore, tmp_path: Path, table: str, field: str, value: Any
) -> None:
    damaged = damage(tmp_path, table, field, value)
    (tmp_path / "settings.good.json").write_bytes(damaged)
    assert READ[table](store) is None
    assert table in (store.unreadable() or "")
    assert store.effective().settings.site.name == "Office"
    assert (tmp_path / "settings.json").read_bytes() == damaged


def test_choice_that_cannot_be_read_is_made_anew(store: SettingsStore, tmp_path: Path) -> None:
    (tmp_path / "settings.good.json").write_bytes(damage(tmp_path, PRIVACY_CHOICE, "by", 7))
    choose(store, "page", NOW)
    made = choice(store)
    assert made is not None
    assert made.by == "page"
    assert len(store.documents(PRIVACY_CHOICE)) == 1


def test_outcome_that_a_later_version_wrote_forgets_nothing_else(store: SettingsStore, tmp_path: Path) -> None:
    before = store.received()
    damage(tmp_path, RECEIVED, "outcomes", [{"at": "2026-11-26T01:00:00Z", "what": "admired"}, *RECEIVED_ROW["outcomes"]])
    assert store.received() == before
    assert store.unreadable() is None


@pytest.mark.parametrize(
    "quiet", [7, [], {"since": []}, {"since": "9999-12-31T23:59:59-23:59", "next_check_in_at": "x"}, {"since": float("inf")}]
)
def test_reason_of_a_quiet_site_that_cannot_be_read_is_none(store: SettingsStore, tmp_path: Path, quiet: Any) -> None:
    keep_quiet(store, None)
    (tmp_path / "settings.good.json").unlink()
    damage(tmp_path, ENROLMENT, "quiet", quiet)
    try:
        assert read_quiet(store) is None
    except DcaError:
        assert quiet == {"since": float("inf")}, "only what is no JSON loses the whole file"
