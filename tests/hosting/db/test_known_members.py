"""Changes of counters, levels and states are applied to the stored reading; whatever else changes is left to `rebuild`."""

from typing import Any

import pytest

from appliance.report import Change, Reading
from appliance.report.changes import compact, digest, digest_of
from hosting.db.intake import known_members

KEY = "serial:ACME:1"
TONER = {"index": "1", "type": "toner", "class": "supplyThatIsConsumed", "source": "s"}
BASE: dict[str, Any] = {
    "taken_at": "2026-11-22T10:00:00Z",
    "device": {"key": KEY, "model": "Acme Print 1", "serial": "1"},
    "status": {"printer": "idle", "device": "running"},
    "meters": {name: {"value": 9, "unit": "impressions", "source": "a"} for name in ("mono", "total")},
    "supplies": [TONER | {"level": 60, "percent": 60.0, "state": "ok"}, TONER | {"index": "2"}],
    "misc": {"sleeps": True, "uptime_seconds": 5},
}


def applied(patch: dict[str, Any], now: Reading | None = None, device: str = KEY) -> str | None:
    """Return what is made of the stored reading by a patch that is said to lead to `now`."""
    told = digest(now) if now else "AAAAAAAA"
    change = Change.model_validate({"device": device, "base": BASE["taken_at"], "digest": told, "patch": patch})
    found = known_members.apply(compact(Reading.model_validate(BASE)), change)
    return found[1] if found else None


def with_supply(**values: Any) -> dict[str, Any]:
    supply = {name: value for name, value in {**BASE["supplies"][0], **values}.items() if value is not None}
    return {"supplies": [supply, BASE["supplies"][1]]}


MOVED = "2026-11-22T11:00:00Z"
KNOWN = [
    ({"taken_at": MOVED}, {"taken_at": MOVED}),
    ({"meters": {"total": {"value": 12}}}, {"meters": BASE["meters"] | {"total": BASE["meters"]["total"] | {"value": 12}}}),
    ({"status": {"printer": "printing"}}, {"status": {"printer": "printing", "device": "running"}}),
    ({"misc": {"uptime_seconds": 8, "sleeps": False}}, {"misc": {"sleeps": False, "uptime_seconds": 8}}),
    ({"supplies": {"0": {"level": 3, "percent": 3.5, "state": "low"}}}, with_supply(level=3, percent=3.5, state="low")),
    ({"supplies": {"0": {"level": None, "percent": None}}}, with_supply(level=None, percent=None)),
]
OTHER = [
    {"device": {"model": "Acme Print 2"}},
    {"alerts": []},
    {"taken_at": "2026-11-22T12:00:00+01:00"},
    {"taken_at": "yesterday"},
    {"taken_at": 5},
    {"meters": {"copies": {"value": 1, "unit": "impressions", "source": "c"}}},
    {"meters": {"total": {"value": -1}}},
    {"meters": {"total": {"value": 2**63}}},
    {"meters": {"total": {"value": True}}},
    {"meters": {"total": {"unit": "sheets"}}},
    {"meters": {"total": None}},
    {"meters": 4},
    {"status": {"printer": "burning"}},
    {"status": {"console": ["READY"]}},
    {"misc": {"other": 1}},
    {"misc": {"uptime_seconds": [1]}},
    {"misc": {"uptime_seconds": 2**63}},
    {"supplies": {"0": {"percent": 101.0}}},
    {"supplies": {"0": {"percent": 50}}},
    {"supplies": {"0": {"state": "unknown"}}},
    {"supplies": {"0": {"type": "ink"}}},
    {"supplies": {"1": {"level": 5}}},
    {"supplies": {"2": {"level": 5}}},
    {"supplies": {"-1": {"level": 5}}},
    {"supplies": []},
]


@pytest.mark.parametrize(("patch", "then"), KNOWN)
def test_what_is_known_is_applied_as_a_whole_reading_would_be(patch: dict[str, Any], then: dict[str, Any]) -> None:
    now = Reading.model_validate(BASE | then)
    assert applied(patch, now) == compact(now)


@pytest.mark.parametrize("patch", OTHER)
def test_the_rest_is_left_to_others_even_where_the_digest_is_made_to_fit(
    patch: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_members, "digest_of", lambda _text: "AAAAAAAA")
    assert applied(patch) is None


def test_another_reading_than_the_one_that_is_meant_is_none() -> None:
    now = Reading.model_validate(BASE | {"taken_at": MOVED})
    assert applied({"taken_at": MOVED}, Reading.model_validate(BASE)) is None
    assert applied({"taken_at": MOVED}, now, device="serial:ACME:2") is None
    change = Change.model_validate({"device": KEY, "base": BASE["taken_at"], "digest": digest(now), "patch": {"taken_at": MOVED}})
    assert known_members.apply(Reading.model_validate(BASE).to_json(), change) is None


def test_the_digest_of_a_reading_is_that_of_what_is_stored() -> None:
    reading = Reading.model_validate(BASE)
    assert digest_of(compact(reading)) == digest(reading)
    assert Reading.model_validate_json(compact(reading)) == reading
