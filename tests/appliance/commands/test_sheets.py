"""Readings on a terminal: what a device says does nothing but show there."""

from datetime import UTC, datetime

from appliance.commands.sheets import device_sheet, device_table
from appliance.report import Reading

EVIL = "M1\x1b]0;owned\x07\x1b[2J\x9b31m\r\n\x1b[1A\u202efake"
READING = Reading.model_validate(
    {
        "taken_at": datetime(2026, 11, 22, 10, tzinfo=UTC),
        "device": {"key": "serial:ACME:1", "model": EVIL, "serial": EVIL, "location": EVIL, "firmware": EVIL},
        "status": {"errors": [EVIL], "console": [EVIL, EVIL]},
        "meters": {"total": {"value": 5, "unit": EVIL, "source": "s"}},
        "supplies": [{"index": "1", "type": EVIL, "class": "other", "description": EVIL, "source": "s"}],
        "trays": [{"index": "1", "name": EVIL, "media": EVIL}],
        "alerts": [{"severity": EVIL, "group": EVIL, "code": EVIL, "description": EVIL}],
    }
)


def test_a_table_has_a_line_for_each_device_and_no_control_in_it() -> None:
    lines = device_table([READING, READING]).split("\n")
    assert len(lines) == 4
    assert all(line.isprintable() for line in lines)
    assert "M1\\x1b]0;owned\\x07" in lines[2]


def test_the_columns_stand_in_line_whatever_is_in_a_cell() -> None:
    usual = Reading.model_validate(READING.model_dump() | {"device": {"key": "serial:ACME:2", "model": "Acme", "serial": "2"}})
    headings, _, first, second = device_table([READING, usual]).split("\n")
    place = headings.index("SERIAL")
    assert first[place:].startswith("M1\\x1b")
    assert second[place:].startswith("2 ")


def test_a_sheet_names_what_no_recording_has_proven() -> None:
    said = READING.model_copy(update={"misc": {"unproven": ["meters.total", EVIL]}})
    lines = device_sheet(said).split("\n")
    assert all(line.isprintable() for line in lines)
    assert "    meters.total" in lines[lines.index("  Not proven by a recording yet") :]
    assert "  Not proven by a recording yet" not in device_sheet(READING).split("\n")


def test_a_sheet_has_a_line_for_each_thing_and_no_control_in_it() -> None:
    lines = device_sheet(READING).split("\n")
    assert all(line.isprintable() for line in lines)
    assert sum("Firmware" in line for line in lines) == 1
    assert not any(line.lstrip().startswith("fake") for line in lines)
