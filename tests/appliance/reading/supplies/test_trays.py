"""Trays."""

import pytest

from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.report import Tray
from tests.appliance.reading.printer import Content, reading


def one(**cells: Content) -> Tray:
    columns: dict[str, MibObject] = {
        "level": mib.PRT_INPUT_CURRENT_LEVEL,
        "capacity": mib.PRT_INPUT_MAX_CAPACITY,
        "media": mib.PRT_INPUT_MEDIA_NAME,
        "name": mib.PRT_INPUT_NAME,
        "text": mib.PRT_INPUT_DESCRIPTION,
    }
    (tray,) = reading({(columns[name], "1.2"): content for name, content in cells.items()}).trays
    return tray


@pytest.mark.parametrize(
    ("level", "capacity", "state"),
    [
        (385, 550, "ok"),
        (55, 550, "low"),
        (0, 550, "empty"),
        (-3, 250, "some_remaining"),
        (-2, -2, "unknown"),
        (-1, -1, "unrestricted"),
        (-7, 10, "unknown"),
        (20, -2, "some_remaining"),
        ("full", 250, "unknown"),
    ],
)
def test_the_state_of_a_tray(level: Content, capacity: int, state: str) -> None:
    assert one(level=level, capacity=capacity).state == state


def test_a_tray_without_a_name_has_its_description() -> None:
    assert one(level=1, name="", text="Cassette 1").name == "Cassette 1"
    assert one(level=1, name="Tray 1", text="Cassette 1").name == "Tray 1"


def test_a_tray_keeps_its_raw_numbers_and_its_medium() -> None:
    tray = one(level=-3, capacity=250, media="Plain")
    assert (tray.index, tray.level, tray.capacity, tray.media) == ("2", -3, 250, "Plain")
