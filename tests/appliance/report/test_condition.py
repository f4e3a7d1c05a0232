"""One meaning of a reading: how a device is, what of its supplies needs somebody, and the same words at both ends."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appliance.events import sentences
from appliance.report import Device, Reading, Supply
from appliance.report.condition import SILENT_AFTER, condition, device_name, state_of
from appliance.report.supply_level import least_left, left, level_of, needs_attention, supply_view
from appliance.store.rows import DeviceRow
from hosting.console.views import device_view as console_view
from hosting.db.fleet import LatestReading
from webui.fleet import device_view as site_view

CONSUMED, FILLED = "supplyThatIsConsumed", "receptacleThatIsFilled"


def supply(state: str, percent: float | None = None, kind: str = CONSUMED, what: str = "toner") -> Supply:
    return Supply.model_validate(
        {"index": "1.1", "type": what, "class": kind, "state": state, "percent": percent, "source": "test"}
    )


def reading(*supplies: Supply, errors: tuple[str, ...] = (), device: str = "running", printer: str = "idle") -> Reading:
    said: dict[str, Any] = {
        "taken_at": datetime.now(UTC).isoformat(),
        "device": {"key": "serial:1", "model": "One"},
        "status": {"printer": printer, "device": device, "errors": errors},
        "supplies": [each.model_dump(by_alias=True) for each in supplies],
    }
    return Reading.model_validate_json(json.dumps(said))


@pytest.mark.parametrize(
    ("what", "level", "rest"),
    [
        (supply("empty"), "bad", 0.0),
        (supply("empty", 0), "bad", 0.0),
        (supply("ok", 0), "bad", 0.0),
        (supply("low"), "warn", 10.0),
        (supply("ok", 8), "warn", 8.0),
        (supply("low", 20), "warn", 20.0),
        (supply("ok", 11), "ok", 11.0),
        (supply("some_remaining"), "ok", None),
        (supply("unknown"), "off", None),
        (supply("unrestricted"), "ok", None),
        (supply("full", None, FILLED), "bad", 0.0),
        (supply("low", None, FILLED), "warn", 10.0),
        (supply("ok", 5, FILLED), "warn", 5.0),
        (supply("empty", 100, FILLED), "ok", 100.0),
        (supply("empty", None, FILLED), "ok", None),
        (supply("full", 100), "ok", 100.0),
        (supply("full", None, "other", "wasteToner"), "bad", 0.0),
    ],
)
def test_a_supply_has_one_level_and_one_place_in_the_order(what: Supply, level: str, rest: float | None) -> None:
    assert (level_of(what), left(what)) == (level, rest)
    assert supply_view(what).level == level
    assert needs_attention(what) == (level in ("warn", "bad"))


def test_what_is_empty_without_a_percentage_comes_before_what_is_low() -> None:
    assert least_left([supply("ok", 3), supply("empty")]) == 0.0
    assert least_left([supply("unknown"), supply("some_remaining")]) is None


@pytest.mark.parametrize(
    ("what", "text", "word"),
    [
        (reading(), "Ready", "ok"),
        (reading(supply("empty")), "Supply low", "warning"),
        (reading(supply("full", None, FILLED)), "Supply low", "warning"),
        (reading(supply("ok", 8)), "Supply low", "warning"),
        (reading(errors=("lowPaper",)), "Paper low", "warning"),
        (reading(errors=("lowPaper", "jammed")), "Paper jam", "error"),
        (reading(errors=("doorOpen", "jammed")), "Door open +1", "error"),
        (reading(supply("empty"), device="down"), "Down", "error"),
        (reading(printer="sleeping"), "Sleeping", "ok"),
        (reading(device="unknown", printer="unknown"), "Status not told", "unknown"),
    ],
)
def test_the_site_and_the_console_say_the_same_of_a_reading(what: Reading, text: str, word: str) -> None:
    assert condition(what) == word
    assert faces(what, timedelta(minutes=5)) == {text}


def test_a_device_that_is_silent_is_not_what_it_said_last() -> None:
    assert state_of(reading(), SILENT_AFTER).text == "Ready"
    assert faces(reading(), timedelta(days=416, hours=1)) == {"Silent for 416 days"}
    assert state_of(reading(), timedelta(days=416)).needs_attention


def faces(what: Reading, age: timedelta) -> set[str]:
    """Return the words of both web interfaces for a reading of that age."""
    then = datetime.now(UTC) - age
    body = what.model_dump_json(by_alias=True)
    site = site_view(DeviceRow(what.device.key, "192.0.2.1", then, then, body, {}))
    console = console_view(LatestReading("1", "One", what.device.key, then, then, then, condition(what), body))
    assert site.level == console.level
    return {site.status, console.status}


@pytest.mark.parametrize(
    ("maker", "model", "name"),
    [
        ("HP", "HP LaserJet 400", "HP LaserJet 400"),
        ("HP", "LaserJet 400", "HP LaserJet 400"),
        (None, "LaserJet 400", "LaserJet 400"),
        ("HP", None, "HP"),
    ],
)
def test_a_device_is_called_the_same_on_pages_and_in_events_and_its_maker_once(
    maker: str | None, model: str | None, name: str
) -> None:
    device = Device(key="serial:1", manufacturer=maker, model=model)
    assert sentences.device_name(device) == device_name(device) == name


def test_what_masks_may_hide_is_no_name_in_an_event() -> None:
    device = Device(key="serial:1", hostname="printer.example", ip="192.0.2.7")
    assert sentences.device_name(device) == "serial:1"
    assert device_name(device) == "printer.example"
