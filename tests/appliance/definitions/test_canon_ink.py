"""Canon's ink devices leave levels open in the standard table, and tell them in a document of pieces."""

import pytest

from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.polling import changing
from tests.appliance.definitions.device import Device, P, asked, objects, of, oid_value, read, supply_row

DOCUMENT = f"{P}.1602.1.5.1.6.2.2.1.2"
COLUMN = oid_value(DOCUMENT)


def document(inks: dict[str, object], *, head: str = "", size: int = 90, tail: str = "") -> Device:
    """Return a status document, cut into pieces."""
    told = "".join(f"<a:ink><a:color>{color}</a:color><a:level>{level}</a:level></a:ink>" for color, level in inks.items())
    waste = "<a:wasteink><a:item><a:color>C</a:color><a:level>3</a:level></a:item></a:wasteink>"
    text = f"{head}<a:contents><a:marker_info>{told}</a:marker_info>{waste}</a:contents>{tail}"
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    return {f"{DOCUMENT}.1.{number}": piece for number, piece in enumerate(pieces, 1)}


def canon(levels: dict[str, int], told: Device) -> Device:
    rows = [supply_row(row, text=text, level=level, capacity=100) for row, (text, level) in enumerate(levels.items(), 1)]
    return of("1602.4.7", {oid: content for row in (*rows, told) for oid, content in row.items()})


def percents(device: Device) -> list[float | None]:
    return [each.percent for each in read(device).supplies]


@pytest.mark.parametrize("size", [7, 90, 250, 2000])
def test_a_level_that_is_left_open_stands_in_the_document(size: int) -> None:
    told = document({"PM": 10, "C": 85, "GY": 60}, size=size)
    reading = read(canon({"C": 80, "PM": -2, "GY": -3}, told))
    assert [(each.description, each.color) for each in reading.supplies] == [("C", "cyan"), ("PM", "photo magenta"), ("GY", "gray")]
    assert [(each.percent, each.state) for each in reading.supplies] == [(80, "ok"), (10, "low"), (60, "ok")]
    assert reading.supplies[1].source == f"canonStatusDocument {DOCUMENT}"
    assert reading.reasons["supplies.2.level"] == "prtMarkerSuppliesLevel.1.2 is -2"


@pytest.mark.parametrize(
    ("head", "tail"),
    [('<?xml version="1.0" encoding="utf-8"?>', ""), ("", "\n\0"), ('<?xml version="1.0"?><!-- x -->', "\r\n")],
)
def test_what_stands_around_the_document_does_no_harm(head: str, tail: str) -> None:
    assert percents(canon({"PM": -2}, document({"PM": 10}, head=head, tail=tail))) == [10]


@pytest.mark.parametrize("level", ["", "-1", "255", "many", "10.5"])
def test_what_is_no_level_leaves_the_row_open(level: str) -> None:
    reading = read(canon({"PM": -2}, document({"PM": level})))
    assert (reading.supplies[0].percent, reading.supplies[0].state, reading.supplies[0].level) == (None, "unknown", -2)


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_document_of_which_a_piece_is_missing_tells_nothing(missing: int) -> None:
    told = dict(document({"PM": 10, "C": 80, "Y": 5}))
    del told[f"{DOCUMENT}.1.{missing}"]
    assert percents(canon({"PM": -2, "C": 80}, told)) == [None, 80]


def test_two_inks_of_one_name_are_neither() -> None:
    assert percents(canon({"PM": -2, "pm": -2}, document({"PM": 10}))) == [None, None]


def test_the_document_adds_no_supply() -> None:
    assert len(read(canon({"C": -2}, document({"C": 70, "PM": 10}))).supplies) == 1


def test_the_document_is_asked_for_only_where_a_level_is_open() -> None:
    told = document({"PM": 10})
    assert COLUMN in asked(canon({"PM": -2}, told))
    assert COLUMN not in asked(canon({"PM": 40}, told))
    assert COLUMN not in asked({**canon({"PM": -2}, told), **of("11.2.3.9.1", {})})


def test_a_poll_asks_for_the_document_again() -> None:
    device = objects(canon({"PM": -2}, document({"PM": 10})))
    asked_again = changing(device, builtin_definitions()).scalars
    assert {oid for oid in device if oid[: len(COLUMN)] == COLUMN} <= set(asked_again)
