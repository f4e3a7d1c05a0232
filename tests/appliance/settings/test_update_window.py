"""The window in which new versions are installed."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from appliance.common.errors import SettingsError
from appliance.settings.document import Document, DocumentError, parse_document, write_document
from appliance.settings.layers import resolve
from appliance.settings.update_window import check_window, is_open, next_opening

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = "22:00-05:00"


def at(day: int, hour: int, minute: int = 0, month: int = 6) -> datetime:
    """Return a moment of 2026 in Berlin; the 1st of June is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [("", ""), ("  ", ""), ("22:00-5:00", NIGHT), ("Mon-Sun 22:00-05:00", NIGHT), ("sat-sun 8:00-18:00", "Sat-Sun 08:00-18:00")],
)
def test_a_window_is_kept_in_one_form(typed: str, canonical: str) -> None:
    assert check_window(typed) == canonical == check_window(canonical)


@pytest.mark.parametrize("typed", ["night", "22:00", "22:00-22:00", "25:00-05:00", "22:00-05:00, 12:00-13:00"])
def test_what_is_no_window_is_refused_by_name(typed: str) -> None:
    with pytest.raises(ValueError, match=r"is no window\. Write a time such as 22:00-05:00"):
        check_window(typed)


def test_a_window_over_midnight_is_open_on_both_sides_of_it() -> None:
    assert is_open(NIGHT, at(1, 23))
    assert is_open(NIGHT, at(2, 4, 59))
    assert not is_open(NIGHT, at(2, 5))
    assert is_open("", at(2, 5))


def test_the_next_opening_is_told_also_where_the_clocks_are_changed() -> None:
    assert next_opening(NIGHT, at(1, 23)) is None
    assert next_opening(NIGHT, at(2, 5)) == at(2, 22)
    assert next_opening("Sat 08:00-09:00", at(1, 12)) == at(6, 8)
    # On the 29th of March the clock goes from 02:00 to 03:00: this window opens with its second half.
    assert next_opening("02:30-03:30", at(28, 12, month=3)) == at(29, 3, 0, month=3)


def test_the_hosting_server_may_set_window_and_hold_and_the_site_stands_above_it() -> None:
    settings = {"update": {"window": "1:00-4:00", "hold_until": "2026-12-24"}}
    document = parse_document(write_document(Document(1, settings)), "global")
    effective = resolve({}, {"update": {"window": NIGHT}}, {}, {}, [("global", document.settings)])
    assert (effective.settings.update.window, effective.layer_of("update.window")) == (NIGHT, "site")
    assert (effective.settings.update.hold_until, effective.layer_of("update.hold_until")) == (date(2026, 12, 24), "global")


@pytest.mark.parametrize("field", ["level", "channel", "kilobytes_per_second"])
def test_what_else_is_about_updates_only_the_site_sets(field: str) -> None:
    value = {"level": "auto", "channel": "beta", "kilobytes_per_second": 5}[field]
    with pytest.raises(DocumentError, match=f"may not set update.{field}"):
        parse_document(write_document(Document(1, {"update": {field: value}})), "global")


@pytest.mark.parametrize("channel", ["", "Beta", "a/b", "-x", "a" * 33])
def test_a_channel_is_a_name_that_can_be_part_of_a_path(channel: str) -> None:
    with pytest.raises(SettingsError, match=r"update\.channel"):
        resolve({}, {"update": {"channel": channel}}, {}, {})
