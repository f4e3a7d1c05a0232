"""A change leads from one reading to the other, exactly or not at all."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import Field

from appliance.report import Change, Reading
from appliance.report.changes import change_between, difference, digest, patched, rebuild

TEXTS = some.none() | some.text(max_size=12)
COLORS = some.none() | some.booleans()
NUMBERS = some.none() | some.integers(-3, 200)
SCALARS = some.booleans() | some.integers(-1, 2) | some.floats(allow_nan=False, allow_infinity=False) | some.text(max_size=5)
MISC = SCALARS | some.lists(SCALARS, max_size=3)
"""What a device says beside the contract: without null, for what is unknown is left out."""
ANY_JSON = some.recursive(
    some.none() | SCALARS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
ROW = {"unit": some.just("impressions"), "source": some.sampled_from(["prtMarkerLifeCount.1.1", "other"])}
METERS = some.dictionaries(
    some.sampled_from(["total", "total_mono", "scan_total"]),
    some.fixed_dictionaries({"value": some.integers(0, 2**63 - 1), **ROW}),
)
SUPPLIES = some.lists(
    some.fixed_dictionaries(
        {
            "index": some.sampled_from("12"),
            "type": some.just("toner"),
            "class": some.just("supplyThatIsConsumed"),
            "source": some.just("prtMarkerSuppliesLevel.1.1"),
            "level": NUMBERS,
            "percent": some.none() | some.floats(0, 100),
            "serial": TEXTS,
        }
    ),
    max_size=3,
)
ALERTS = some.lists(
    some.fixed_dictionaries(
        {
            "severity": some.just("critical"),
            "group": some.text(max_size=3),
            "code": some.sampled_from(["jam", "coverOpen"]),
            "since": some.none() | some.just("2026-11-22T09:12:00Z"),
        }
    ),
    max_size=3,
)


def readings(misc: some.SearchStrategy[Any] = MISC) -> some.SearchStrategy[Reading]:
    parts = {
        "taken_at": some.integers(1_800_000_000, 1_900_000_000),
        "device": some.fixed_dictionaries({"key": some.just("serial:HP:1"), "location": TEXTS, "color": COLORS}),
        "status": some.fixed_dictionaries({"errors": some.lists(some.text(max_size=5), max_size=2)}),
        "alerts": ALERTS,
        "meters": METERS,
        "supplies": SUPPLIES,
        "misc": some.dictionaries(some.text(max_size=3), misc, max_size=3),
        "reasons": some.dictionaries(some.sampled_from(["device.location", "meters.total"]), some.text(max_size=5)),
    }
    return some.fixed_dictionaries(parts).map(Reading.model_validate)


PLAIN: dict[str, Any] = {
    "taken_at": "2026-11-22T10:00:00Z",
    "device": {"key": "serial:HP:1", "model": "LaserJet", "location": "3rd floor, beside the kitchen, where everybody can find it"},
    "meters": {"total": {"value": 1000, "unit": "impressions", "source": "prtMarkerLifeCount.1.1"}},
    "supplies": [
        {
            "index": index,
            "type": "toner",
            "class": "supplyThatIsConsumed",
            "source": "prtMarkerSupplies",
            "level": 50,
            "percent": 50.0,
        }
        for index in "12"
    ],
    "misc": {"uptime_seconds": 100, "printer_name": "PRN-1"},
}


def plain(**parts: Any) -> str:
    return Reading.model_validate(PLAIN | {"taken_at": "2026-11-22T10:15:00Z"} | parts).to_json()


BASE = Reading.model_validate(PLAIN).to_json()


def sorted_json(reading: Reading) -> str:
    """Return the reading as text, so that 1, 1.0 and true are not the same."""
    return json.dumps(json.loads(reading.to_json()), sort_keys=True)


@given(readings(), readings())
def test_applying_the_difference_to_the_one_gives_the_other(base: Reading, now: Reading) -> None:
    before, after = json.loads(base.to_json()), json.loads(now.to_json())
    assert Reading.model_validate(patched(before, difference(before, after))) == now


@given(readings(ANY_JSON), readings(ANY_JSON))
def test_what_is_rebuilt_is_the_reading_that_was_to_be_sent_and_what_no_patch_can_say_is_sent_in_full(
    base: Reading, now: Reading
) -> None:
    told = change_between(base.to_json(), now.to_json())
    if told is not None:
        rebuilt = rebuild(base.to_json(), Change.model_validate_json(told))
        assert rebuilt is not None
        assert sorted_json(rebuilt) == sorted_json(now)


def test_a_change_names_its_device_and_its_base_and_holds_what_changed() -> None:
    supplies = [PLAIN["supplies"][0], PLAIN["supplies"][1] | {"level": 49, "percent": 49.0}]
    now = plain(supplies=supplies, meters={"total": PLAIN["meters"]["total"] | {"value": 1020}})
    told = change_between(BASE, now)
    assert told is not None
    assert json.loads(told) == {
        "device": "serial:HP:1",
        "base": "2026-11-22T10:00:00Z",
        "digest": digest(Reading.model_validate_json(now)),
        "patch": {
            "taken_at": "2026-11-22T10:15:00Z",
            "meters": {"total": {"value": 1020}},
            "supplies": {"1": {"level": 49, "percent": 49.0}},
        },
    }


def test_a_reading_in_which_nothing_changed_says_that_it_was_taken() -> None:
    told = change_between(BASE, plain())
    assert told is not None
    assert json.loads(told)["patch"] == {"taken_at": "2026-11-22T10:15:00Z"}


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("alerts", [{"severity": "critical", "group": "mediaPath", "code": "jam"}]),
        ("supplies", PLAIN["supplies"][:1]),
        ("supplies", []),
        ("meters", {}),
        ("device", PLAIN["device"] | {"location": None, "firmware": "1.0"}),
        ("misc", {"uptime_seconds": True, "printer_name": ["a", {"b": 1}]}),
    ],
)
def test_parts_that_come_and_go_are_told(part: str, value: Any) -> None:
    now = plain(**{part: value})
    told = change_between(BASE, now)
    assert told is not None
    rebuilt = rebuild(BASE, Change.model_validate_json(told))
    assert rebuilt is not None
    assert rebuilt.to_json() == now


def test_another_device_is_never_told_as_a_change() -> None:
    assert change_between(BASE, plain(device=PLAIN["device"] | {"key": "serial:HP:2"})) is None


@pytest.mark.parametrize("more", [{"new": {"inner": None}}, {"uptime_seconds": 100.0}])
def test_a_null_beside_the_contract_and_another_kind_of_the_same_number_are_sent_in_full(more: dict[str, Any]) -> None:
    assert change_between(BASE, plain(misc=PLAIN["misc"] | more)) is None


def test_a_change_that_is_longer_than_the_reading_is_not_sent() -> None:
    small = {"taken_at": "2026-11-22T10:15:00Z", "device": {"key": "serial:HP:1"}}
    long = PLAIN | {"misc": {f"a longer name {number}": number for number in range(100)}}
    assert change_between(Reading.model_validate(long).to_json(), Reading.model_validate(small).to_json()) is None


def test_another_base_is_noticed() -> None:
    told = change_between(BASE, plain(misc={}))
    assert told is not None
    change = Change.model_validate_json(told)
    assert rebuild(BASE, change) is not None
    other = Reading.model_validate(PLAIN | {"device": PLAIN["device"] | {"firmware": "other"}})
    assert rebuild(other.to_json(), change) is None


@pytest.mark.parametrize(
    "patch",
    [
        {"supplies": {"7": {"level": 1}}},
        {"supplies": {"first": {"level": 1}}},
        {"meters": {"total": {"value": -1}}},
        {"taken_at": None},
        {"device": {"key": "serial:HP:2"}},
        {"meters": 7},
    ],
)
def test_a_patch_that_makes_no_reading_of_this_device_is_none(patch: dict[str, Any]) -> None:
    change = Change(device="serial:HP:1", base=PLAIN["taken_at"], digest="AAAAAAAA", patch=patch)
    assert rebuild(BASE, change) is None


def test_the_key_stays_even_where_the_digest_fits() -> None:
    other = Reading.model_validate(PLAIN | {"device": PLAIN["device"] | {"key": "serial:HP:2"}})
    change = Change(device="serial:HP:1", base=PLAIN["taken_at"], digest=digest(other), patch={"device": {"key": "serial:HP:2"}})
    assert rebuild(BASE, change) is None


def test_fields_that_one_side_does_not_know_yet_do_not_change_the_digest() -> None:
    class Later(Reading):
        added: int | None = None
        more: dict[str, str] = Field(default_factory=dict)

    assert digest(Later.model_validate(PLAIN)) == digest(Reading.model_validate(PLAIN))
