"""Alerts raised and cleared, once each."""

import pytest

from tests.appliance.events.samples import Past, alert, reading


def test_an_alert_is_raised_once_and_cleared_once() -> None:
    past = Past(reading())
    [(kind, detail)] = past.then(reading(alerts=(alert(location=2),)))
    assert kind == "alert_raised"
    assert detail == {"severity": "critical", "group": "mediaPath", "code": "jam", "description": "Paper jam", "location": 2}
    assert past.then(reading(alerts=(alert(location=2),))) == []
    assert past.kinds(reading()) == ["alert_cleared"]
    assert past.then(reading()) == []


def test_an_alert_whose_numbers_change_is_the_same() -> None:
    past = Past(reading(alerts=(alert(description="Replace drum in 120 pages"),)))
    assert past.then(reading(alerts=(alert(description="Replace drum in 119 pages"),))) == []


def test_two_alerts_of_one_code_are_two() -> None:
    past = Past(reading(alerts=(alert("other", "Load tray A"),)))
    [(kind, detail)] = past.then(reading(alerts=(alert("other", "Load tray A"), alert("other", "Close door"))))
    assert (kind, detail["description"]) == ("alert_raised", "Close door")


@pytest.mark.parametrize("code", ["subunitPowerSaver", "subunitWarmingUp", "printerReadyToPrint"])
def test_modes_a_device_enters_all_day_are_no_events(code: str) -> None:
    past = Past(reading())
    assert past.then(reading(alerts=(alert(code, None),))) == []
    assert past.then(reading()) == []


def test_half_an_answer_clears_nothing() -> None:
    past = Past(reading(alerts=(alert(),)))
    assert past.then(reading(partial=True)) == []
    assert past.then(reading(alerts=(alert(),))) == []
    assert past.kinds(reading()) == ["alert_cleared"]
