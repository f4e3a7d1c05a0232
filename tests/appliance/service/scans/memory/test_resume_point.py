"""The note of a sweep that was cut off: what makes no sense begins the sweep anew."""

from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.discovery.sweep.progress import Checkpoint
from appliance.service.scans.memory.resume_point import ResumePoint

NOW = datetime(2026, 11, 26, 1, tzinfo=UTC)
CHECKPOINT = Checkpoint("fingerprint", (5,), False, ("10.0.0.1-10.0.0.9", "fd00::1"), 2, True, {"network": 1})
POINT = ResumePoint(("10.0.0.0/24",), NOW, NOW, True, CHECKPOINT, ("10.0.0.1",))


def test_note_is_read_as_it_was_written() -> None:
    assert ResumePoint.from_json(POINT.as_json()) == POINT


@pytest.mark.parametrize(
    "damage",
    [
        {"noted_at": "9999-12-31T23:59:59-23:59"},
        {"noted_at": 5},
        {"targets": None},
        {"checkpoint": []},
        {"checkpoint": CHECKPOINT.as_json() | {"answered": ["0.0.0.0-255.255.255.255"]}},
        {"checkpoint": CHECKPOINT.as_json() | {"answered": ["::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]}},
        {"checkpoint": CHECKPOINT.as_json() | {"positions": ["many"]}},
        {"checkpoint": CHECKPOINT.as_json() | {"trouble": []}},
        {"decided": 7},
    ],
)
def test_damaged_note_begins_the_sweep_anew(damage: dict[str, Any]) -> None:
    assert ResumePoint.from_json(POINT.as_json() | damage) is None
