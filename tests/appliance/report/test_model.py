"""The reading: the contract with the hosting server."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from appliance.common.clock import from_rfc3339, to_rfc3339
from appliance.report import Alert, Batch, Device, Meter, Reading, Status, Supply, Tray

TAKEN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SUPPLY = {
    "index": "1.1",
    "type": "toner",
    "class": "supplyThatIsConsumed",
    "level": -3,
    "percent": None,
    "state": "some_remaining",
    "source": "prtMarkerSupplies",
}


def full_reading() -> Reading:
    return Reading(
        taken_at=TAKEN,
        device=Device(key="serial:HP:X1", ip="10.0.0.1", serial="X1", color=True),
        status=Status(printer="idle", device="running", errors=("lowToner",), console=("Ready", "Bereit ü")),
        alerts=(Alert(severity="warning", group="markerSupplies", code="markerTonerAlmostEmpty", since=TAKEN),),
        meters={"total": Meter(value=2**63 - 1, unit="impressions", source="prtMarkerLifeCount")},
        supplies=(Supply.model_validate(SUPPLY),),
        trays=(Tray(index="1.1", name="Tray 1"),),
        misc={"uptime": 5},
        reasons={"device.mac": "not reported"},
    )


def test_a_reading_survives_the_wire() -> None:
    assert Reading.model_validate_json(full_reading().to_json()) == full_reading()


def test_the_names_on_the_wire_are_those_of_the_contract() -> None:
    wire = json.loads(full_reading().to_json())
    assert wire["schema"] == 1
    assert wire["taken_at"] == "2026-11-22T10:00:00Z"
    assert wire["supplies"][0]["class"] == "supplyThatIsConsumed"
    assert "supply_class" not in wire["supplies"][0]
    batch = Batch(batch="01a204df-c909-73e2-8e7e-cac5182c5f08", readings=(full_reading(),))
    assert json.loads(batch.model_dump_json())["readings"] == [wire]


def test_fields_of_a_later_version_do_no_harm() -> None:
    wire = json.loads(full_reading().to_json())
    wire["later"] = wire["device"]["later"] = wire["supplies"][0]["later"] = 1
    assert Reading.model_validate(wire) == full_reading()


def changed(path: str, value: Any) -> dict[str, Any]:
    wire: dict[str, Any] = json.loads(full_reading().to_json())
    place: Any = wire
    *steps, last = path.split(".")
    for step in steps:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    return wire


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", 2),
        ("taken_at", "yesterday"),
        ("taken_at", "0001-01-01T00:00:00+05:00"),
        ("taken_at", "9999-12-31T23:59:59-05:00"),
        ("device.key", ""),
        ("device.ip", "x" * 2000),
        ("status.printer", "on fire"),
        ("meters.total", {"value": -1, "unit": "impressions", "source": "x"}),
        ("meters.total", {"value": 2**63, "unit": "impressions", "source": "x"}),
        ("supplies.0.percent", 101),
        ("supplies.0.percent", float("nan")),
        ("supplies.0.state", "half"),
    ],
)
def test_what_breaks_the_contract_is_refused_by_its_path(path: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        Reading.model_validate(changed(path, value))
    assert ".".join(str(part) for part in caught.value.errors()[0]["loc"]).startswith(path)


def test_moments_are_kept_in_utc() -> None:
    local = TAKEN.astimezone(timezone(timedelta(hours=5)))
    reading = Reading(taken_at=local, device=Device(key="serial:HP:X1"))
    assert reading.taken_at == TAKEN
    assert reading.taken_at.utcoffset() == timedelta(0)


def test_a_moment_without_an_offset_is_utc_wherever_the_appliance_stands() -> None:
    reading = Reading(taken_at=TAKEN.replace(tzinfo=None), device=Device(key="serial:HP:X1"))
    assert json.loads(reading.to_json())["taken_at"] == "2026-11-22T10:00:00Z"
    assert from_rfc3339("2026-11-22T10:00:00") == TAKEN
    assert from_rfc3339(to_rfc3339(TAKEN)) == TAKEN


def test_a_reading_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        full_reading().device.serial = "other"


@pytest.mark.parametrize("text", ["", "01a204df-c909-43e2-8e7e-cac5182c5f08", "01A204DF-C909-73E2-8E7E-CAC5182C5F08", "x" * 36])
def test_a_batch_id_is_a_uuid_of_version_7(text: str) -> None:
    with pytest.raises(ValidationError):
        Batch(batch=text, readings=())
