"""Status, errors and the panel."""

import pytest

from appliance.reading.sources import objects as mib
from appliance.report import Status
from appliance.snmp.values import Tag, Value
from tests.appliance.reading.printer import Content, alert, reading

OTHER, UNKNOWN, IDLE, PRINTING, WARMUP = range(1, 6)


def status(*console: str, printer: Content | None = None, device: Content | None = None, errors: Content | None = None) -> Status:
    rows = {(mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT, f"1.{number}"): line for number, line in enumerate(console, 1)}
    cells = {mib.HR_PRINTER_STATUS: printer, mib.HR_DEVICE_STATUS: device, mib.HR_PRINTER_DETECTED_ERROR_STATE: errors}
    return reading({**rows, **{(column, "1"): cell for column, cell in cells.items() if cell is not None}}).status


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (OTHER, "other"),
        (UNKNOWN, "unknown"),
        (IDLE, "idle"),
        (PRINTING, "printing"),
        (WARMUP, "warmup"),
        (9, "unknown"),
        ("x", "unknown"),
    ],
)
def test_the_status_of_the_printer(number: Content, name: str) -> None:
    assert status(printer=number).printer == name


@pytest.mark.parametrize(
    ("number", "name"),
    [(1, "unknown"), (2, "running"), (3, "warning"), (4, "testing"), (5, "down"), (0, "unknown"), (-1, "unknown")],
)
def test_the_status_of_the_device(number: int, name: str) -> None:
    assert status(device=number).device == name


def test_nothing_reported_is_unknown() -> None:
    assert status() == Status()


@pytest.mark.parametrize(
    ("octets", "names"),
    [
        ("00", ()),
        ("0000", ()),
        ("80", ("lowPaper",)),
        ("8000", ("lowPaper",)),
        ("2000", ("lowToner",)),
        ("0100", ("serviceRequested",)),
        ("0080", ("inputTrayMissing",)),
        ("0002", ("overduePreventMaint",)),
        ("0c00", ("doorOpen", "jammed")),
        ("4004", ("noPaper", "inputTrayEmpty")),
        ("0001", ()),
        ("", ()),
        ("000000ff", ()),
    ],
)
def test_error_bits_count_from_the_high_end_of_the_first_octet(octets: str, names: tuple[str, ...]) -> None:
    assert status(errors=bytes.fromhex(octets)).errors == names


def test_errors_that_are_no_string_are_none() -> None:
    assert status(errors=Value(Tag.INTEGER, 64)).errors == ()


def test_the_raw_error_bits_are_kept_when_one_is_set() -> None:
    assert reading({(mib.HR_PRINTER_DETECTED_ERROR_STATE, "1"): b"\x0c\x01"}).misc["error_state"] == "0c01"
    assert "error_state" not in reading({(mib.HR_PRINTER_DETECTED_ERROR_STATE, "1"): b"\x00"}).misc


def test_the_lines_of_the_panel_come_in_order_without_empty_ones() -> None:
    assert status("Ready", "", "Tray 2 low").console == ("Ready", "Tray 2 low")


@pytest.mark.parametrize(
    "line", ["Sleep", "Sleeping...", "Energy Saver mode on", "Deep sleep: press a key", "Energiesparmodus", "スリープ"]
)
@pytest.mark.parametrize("number", [OTHER, UNKNOWN])
def test_a_panel_that_speaks_of_sleep_explains_an_unclear_status(number: int, line: str) -> None:
    assert status("", line, printer=number).printer == "sleeping"


def test_a_power_saver_alert_explains_an_unclear_status() -> None:
    rows = {**alert(group=5, code=23), (mib.HR_PRINTER_STATUS, "1"): OTHER}
    assert reading(rows).status.printer == "sleeping"


def test_an_unclear_status_alone_is_not_called_sleep() -> None:
    assert status("Ready", printer=OTHER, device=2).printer == "other"
    assert status(printer=OTHER, device=2).printer == "other"


def test_an_idle_printer_whose_panel_shows_only_sleep_sleeps() -> None:
    assert status("Sleep mode", printer=IDLE).printer == "sleeping"


@pytest.mark.parametrize("line", ["Ready", "Sleep timer: 15 min", "Sleepy Hollow", "Asleep"])
def test_other_words_on_the_panel_leave_an_idle_printer_idle(line: str) -> None:
    assert status(line, printer=IDLE).printer == "idle"


def test_a_printer_that_prints_does_not_sleep() -> None:
    assert status("Sleep", printer=PRINTING).printer == "printing"
