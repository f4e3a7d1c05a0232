"""What definitions can express: rows by label, sums, alternatives, floats, records, patterns, models, supplies."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.reading.definitions.toml_lines import key_lines, line_of
from appliance.reading.meters.records import float32 as read_float
from appliance.reading.meters.records import read_records
from appliance.reading.text import decode_prefixed
from appliance.snmp.values import Tag, Value
from tests.appliance.definitions.device import (
    DEVICE_DESCR,
    LIFE_COUNT,
    Content,
    P,
    defined,
    float32,
    meter,
    meters,
    of,
    only_supply,
    read,
    supply_row,
)

A = f"{P}.32473"


def one(name: str, *, oid: str, gives: str, more: str = "") -> str:
    """Return the definition of an object."""
    return f'\n[[object]]\nname = "{name}"\noid = {oid}\ngives = "{gives}"\nevidence = "A"\n{more}\n'


TOTAL = one("acmeTotal", oid=f'"{A}.1.2.0"', gives="meters.total")
TABLE = f"""
[[table]]
name = "acmeCounter"
evidence = "B"
columns = {{ key = "{A}.5.1.1", label = "{A}.5.1.2", value = "{A}.5.1.3" }}

[[table.row]]
key = 7
label = '(?i)^copies black$'
gives = "meters.copy_mono"

[[table.row]]
key = 9
label = '(?i)^copies colou?r$'
gives = "meters.copy_color"
"""


def table(rows: list[tuple[int | None, str | None, Content]]) -> dict[str, Content]:
    """Return the cells of a table of counters: key, label, value."""
    cells: dict[str, Content] = {}
    for number, row in enumerate(rows, 1):
        for column, content in zip((1, 2, 3), row, strict=True):
            if content is not None:
                cells[f"{A}.5.1.{column}.1.{number}"] = content
    return cells


# Rows


@pytest.mark.parametrize("seed", range(6))
def test_rows_are_found_by_their_key_wherever_they_stand(seed: int) -> None:
    rows: list[tuple[int | None, str | None, Content]] = [(7, "x", 70), (9, "y", 90), (1, "z", 10), (3, "copies black", 30)]
    random.Random(seed).shuffle(rows)
    assert meters(of("32473", table(rows)), defined(TABLE)) == {"copy_mono": 70, "copy_color": 90}


@pytest.mark.parametrize("seed", range(6))
def test_rows_without_a_key_are_found_by_their_label(seed: int) -> None:
    rows: list[tuple[int | None, str | None, Content]] = [
        (None, "Copies Color", 90),
        (None, "Copies Black", 70),
        (None, "Copies", 160),
        (None, None, 5),
    ]
    random.Random(seed).shuffle(rows)
    assert meters(of("32473", table(rows)), defined(TABLE)) == {"copy_mono": 70, "copy_color": 90}


def test_two_rows_that_fit_are_none() -> None:
    assert meters(of("32473", table([(7, None, 70), (7, None, 71), (9, None, 90)])), defined(TABLE)) == {"copy_color": 90}


def test_a_row_without_a_number_is_none() -> None:
    assert meters(of("32473", table([(7, None, "many"), (9, None, -1)])), defined(TABLE)) == {}


def test_a_row_names_its_object() -> None:
    found = meter(of("32473", table([(9, None, 90), (7, None, 70)])), "copy_mono", defined(TABLE))
    assert (found.value, found.unit, found.source) == (70, "impressions", f"acmeCounter {A}.5.1.3.1.2")


def test_a_code_is_the_index_with_or_without_its_last_zero() -> None:
    rule = (
        f'\n[[table]]\nname = "c"\nevidence = "A"\ncolumns = {{ value = "{A}.8.1.1" }}\n'
        'row = [{ code = "4.2", gives = "meters.fax_total" }]\n'
    )
    assert meters(of("32473", {f"{A}.8.1.1.4.2": 5}), defined(rule)) == {"fax_total": 5}
    assert meters(of("32473", {f"{A}.8.1.1.4.2.0": 6, f"{A}.8.1.1.4.20": 7}), defined(rule)) == {"fax_total": 6}


# Totals and sums


def test_a_private_total_stands_in_only_where_there_is_no_other() -> None:
    assert meters(of("32473", {f"{A}.1.2.0": 5}), defined(TOTAL)) == {"total": 5}
    assert meters(of("32473", {f"{A}.1.2.0": 5, LIFE_COUNT: 9}), defined(TOTAL)) == {"total": 9}


def test_a_preferred_total_leaves_the_standard_one_beside_it() -> None:
    definitions = defined(TOTAL.replace('evidence = "A"', 'evidence = "A"\nprefer = true'))
    reading = read(of("32473", {f"{A}.1.2.0": 5, LIFE_COUNT: 9}), definitions)
    assert {name: (each.value, each.source) for name, each in reading.meters.items()} == {
        "total": (5, f"acmeTotal {A}.1.2.0"),
        "marker_total": (9, "prtMarkerLifeCount.1.1"),
    }


def test_a_preferred_total_that_is_not_there_changes_nothing() -> None:
    definitions = defined(TOTAL.replace('evidence = "A"', 'evidence = "A"\nprefer = true'))
    assert meters(of("32473", {LIFE_COUNT: 9}), definitions) == {"total": 9}


SUM = TABLE + '\n[[sum]]\ngives = "meters.copy_total"\nparts = ["meters.copy_mono", "meters.copy_color"]\n'


def test_a_sum_keeps_its_parts_and_names_them() -> None:
    reading = read(of("32473", table([(7, None, 70), (9, None, 90)])), defined(SUM))
    assert {name: each.value for name, each in reading.meters.items()} == {"copy_mono": 70, "copy_color": 90, "copy_total": 160}
    assert reading.meters["copy_total"].source == f"acmeCounter {A}.5.1.3.1.1 + acmeCounter {A}.5.1.3.1.2"


def test_a_sum_with_a_missing_part_is_none_and_says_so() -> None:
    reading = read(of("32473", table([(7, None, 70)])), defined(SUM))
    assert "copy_total" not in reading.meters
    assert reading.reasons["meters.copy_total"] == "meters.copy_color, a part of it, is missing"


def test_a_sum_without_any_part_says_nothing() -> None:
    assert "meters.copy_total" not in read(of("32473", {}), defined(SUM)).reasons


def test_a_sum_never_replaces_what_the_device_counts_itself() -> None:
    own = one("acmeCopies", oid=f'"{A}.1.9.0"', gives="meters.copy_total")
    found = meters(of("32473", {**table([(7, None, 70), (9, None, 90)]), f"{A}.1.9.0": 161}), defined(SUM + own))
    assert found["copy_total"] == 161


def test_parts_that_count_in_different_units_are_not_added() -> None:
    text = SUM.replace('gives = "meters.copy_color"', 'gives = "meters.copy_color"\nunit = "sheets"')
    assert "copy_total" not in meters(of("32473", table([(7, None, 70), (9, None, 90)])), defined(text))


# Alternatives, patterns, models


def test_the_first_alternative_that_answers_counts() -> None:
    either = one("acmeSerial", oid=f'["{A}.1.2.0", "{A}.1.3.0"]', gives="device.serial")
    assert read(of("32473", {f"{A}.1.3.0": "B"}), defined(either)).device.serial == "B"
    reading = read(of("32473", {f"{A}.1.2.0": "A", f"{A}.1.3.0": "B"}), defined(either))
    assert (reading.device.serial, reading.sources["device.serial"]) == ("A", f"acmeSerial {A}.1.2.0")


def test_an_alternative_that_says_nothing_is_passed_over() -> None:
    either = one("acmeFirmware", oid=f'["{A}.1.2.0", "{A}.1.3.0"]', gives="device.firmware", more="pattern = 'V(\\d+)'")
    assert read(of("32473", {f"{A}.1.2.0": "unknown", f"{A}.1.3.0": "V17"}), defined(either)).device.firmware == "17"


def test_a_placeholder_is_passed_over_too() -> None:
    two = one("first", oid=f'"{A}.1.2.0"', gives="device.serial") + one("second", oid=f'"{A}.1.3.0"', gives="device.serial")
    assert read(of("32473", {f"{A}.1.2.0": "XXXXXXXX", f"{A}.1.3.0": "B1"}), defined(two)).device.serial == "B1"


def test_a_preferred_serial_number_comes_before_the_standard_one() -> None:
    rule = one("acmeSerial", oid=f'"{A}.1.2.0"', gives="device.serial", more="prefer = true")
    device = of("32473", {f"{A}.1.2.0": "PRIVATE1", "1.3.6.1.2.1.43.5.1.1.17.1": "STANDARD1"})
    assert read(device, defined(rule)).device.serial == "PRIVATE1"


def test_a_number_inside_a_text_is_found_by_its_pattern() -> None:
    rule = one("acmeLength", oid=f'"{A}.1.2.0"', gives="meters.length_total", more="pattern = '(\\d+) m'\nunit = \"meters\"")
    found = meter(of("32473", {f"{A}.1.2.0": "about 1200 m"}), "length_total", defined(rule))
    assert (found.value, found.unit) == (1200, "meters")


def test_an_object_of_one_model_is_not_read_on_others() -> None:
    rule = one("acmeSerial", oid=f'"{A}.1.2.0"', gives="device.serial", more="model = '^AX-2'")
    for name, serial in (("AX-200", "A1"), ("AX-300", None)):
        assert read(of("32473", {DEVICE_DESCR: name, f"{A}.1.2.0": "A1"}), defined(rule)).device.serial == serial


def test_other_values_go_to_misc() -> None:
    rule = one("acmeDate", oid=f'"{A}.1.2.0"', gives="misc.install_date")
    assert read(of("32473", {f"{A}.1.2.0": "2020-01-02"}), defined(rule)).misc["install_date"] == "2020-01-02"


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("2020-01-02", "2020-01-02"),
        ("Owner: m.keller", "Owner: (removed)"),
        ("Printing: Notice of termination.docx", "Printing: (removed)"),
        ("DOMAIN\\m.keller", "(removed)"),
        ("V2.01 (m.keller@example.com)", "V2.01 ((removed))"),
    ],
)
def test_names_of_people_and_documents_are_taken_out_of_what_goes_to_misc(content: str, kept: str) -> None:
    rule = one("acmeNote", oid=f'"{A}.1.2.0"', gives="misc.note")
    assert read(of("32473", {f"{A}.1.2.0": content}), defined(rule)).misc["note"] == kept


def test_names_of_people_are_taken_out_of_names_of_supplies() -> None:
    table = f"""
[[supplies]]
name = "acmeSupply"
evidence = "A"
join = ["index"]
type = "toner"
capacity = 100
columns = {{ description = "{A}.6.1.2", level = "{A}.6.1.3" }}
"""
    device = of("32473", {f"{A}.6.1.2.1": "Black Toner, owner: m.keller", f"{A}.6.1.3.1": 40})
    assert only_supply(device, defined(table)).description == "Black Toner, owner: (removed)"


# Numbers in octets


FLOAT = one("acmeFloat", oid=f'"{A}.1.2.0"', gives="meters.print_mono", more='format = "float32"\nunit = "a4Equivalents"')


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (float32(1234.0), 1234),
        (float32(0.0), 0),
        (float32(99.6), 100),
        (Value(Tag.OPAQUE, b"\x9f\x78\x04" + float32(5.0)), 5),
        (17, 17),
        (float32(float("nan")), None),
        (float32(float("inf")), None),
        (float32(-1.0), None),
        (float32(3e38), None),
        (b"\x00\x01", None),
        (b"", None),
    ],
)
def test_a_float_in_octets_is_a_count(content: Content, count: int | None) -> None:
    assert meters(of("32473", {f"{A}.1.2.0": content}), defined(FLOAT)).get("print_mono") == count


def test_a_count_beyond_64_bits_is_none() -> None:
    assert meters(of("32473", {f"{A}.1.2.0": Value(Tag.COUNTER64, 2**64 - 1)}), defined(TOTAL)) == {}


def test_records_are_read_by_key_type_and_length() -> None:
    octets = bytes.fromhex("81010400000064 a101020414 31010101 ff 820104000000aa".replace(" ", ""))
    assert read_records(octets) == {0x81: b"\x00\x00\x00\x64", 0xA1: b"\x04\x14", 0x31: b"\x01"}


@pytest.mark.parametrize("octets", ["", "ff", "81", "8101", "810104", "8101040000", "8102040000000a", "81010a0000"])
def test_records_that_break_off_end_there(octets: str) -> None:
    assert read_records(bytes.fromhex(octets)) == {}


@given(st.binary(max_size=200))
def test_no_octets_break_the_records(octets: bytes) -> None:
    assert all(len(value) <= len(octets) for value in read_records(octets).values())


@given(st.binary(max_size=10))
def test_no_octets_break_a_float(octets: bytes) -> None:
    number = read_float(octets)
    assert number is None or number >= 0


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\x01\x15VNCRC48198", "VNCRC48198"),
        (b"\x01\x15Caf\xc5", "Café"),
        (b"\x09\x99unknown set", "unknown set"),
        (b"plain", "plain"),
        (b"\x01", ""),
        (b"", ""),
    ],
)
def test_the_symbol_set_before_a_text_of_hp_is_taken_off(octets: bytes, text: str) -> None:
    assert decode_prefixed(octets) == text


def test_a_vendor_may_name_the_character_set_of_its_texts() -> None:
    rule = "\n[quirks]\ncharset = 5\n" + one("acmePlace", oid=f'"{A}.1.2.0"', gives="device.location")
    assert read(of("32473", {f"{A}.1.2.0": b"Pok\xf3j W\xb3a\xb6ciciela"}), defined(rule)).device.location == "Pokój Właściciela"


# Supplies


SUPPLY = f"""
[[object]]
name = "acmeLevel"
oid = "{A}.1.2.0"
evidence = "A"

[[object]]
name = "acmeState"
oid = "{A}.1.3.0"
evidence = "A"

[[object]]
name = "acmeCartridge"
oid = "{A}.1.4.0"
evidence = "A"

[[supply]]
type = "toner"
color = "black"
level = "acmeLevel"
capacity = 200
state = "acmeState"
states = {{ 1 = "low", 2 = "empty" }}
serial = "acmeCartridge"
"""


def test_a_supply_is_put_together_from_objects() -> None:
    device = of("32473", {f"{A}.1.2.0": 150, f"{A}.1.4.0": "CARTRIDGE-9"})
    supply = only_supply(device, defined(SUPPLY))
    assert (supply.type, supply.color, supply.percent, supply.state, supply.serial) == ("toner", "black", 75, "ok", "CARTRIDGE-9")
    assert (supply.level, supply.capacity, supply.source) == (150, 200, f"acmeLevel {A}.1.2.0")


@pytest.mark.parametrize(("number", "state"), [(1, "low"), (2, "empty"), (3, "ok")])
def test_a_state_is_named_by_the_definition(number: int, state: str) -> None:
    assert only_supply(of("32473", {f"{A}.1.2.0": 150, f"{A}.1.3.0": number}), defined(SUPPLY)).state == state


def test_a_supply_none_of_whose_objects_answers_is_none() -> None:
    assert read(of("32473", {}), defined(SUPPLY)).supplies == ()


def test_a_vague_standard_row_takes_the_level_and_keeps_its_name() -> None:
    row = supply_row(4, kind=21, text="Black Cartridge", level=-3, capacity=-2)
    reading = read(of("32473", {**row, f"{A}.1.2.0": 150}), defined(SUPPLY))
    (supply,) = reading.supplies
    assert (supply.index, supply.description, supply.percent, supply.state) == ("4", "Black Cartridge", 75, "ok")
    assert reading.reasons["supplies.4.level"] == "prtMarkerSuppliesLevel.1.4 is -3"


def test_a_standard_level_that_is_known_stays() -> None:
    row = supply_row(4, kind=3, text="Black Toner", level=60, capacity=100)
    supply = only_supply(of("32473", {**row, f"{A}.1.2.0": 150, f"{A}.1.4.0": "CARTRIDGE-9"}), defined(SUPPLY))
    assert (supply.percent, supply.source, supply.serial) == (60, "prtMarkerSuppliesLevel.1.4", "CARTRIDGE-9")


def test_a_definition_may_prefer_its_own_level() -> None:
    row = supply_row(4, kind=3, text="Black Toner", level=60, capacity=100)
    text = SUPPLY.replace("capacity = 200", "capacity = 200\nprefer = true")
    assert only_supply(of("32473", {**row, f"{A}.1.2.0": 150}), defined(text)).percent == 75


def test_a_supply_that_may_be_either_of_two_rows_is_neither() -> None:
    rows = {**supply_row(1, kind=3, text="Black Toner", level=-3), **supply_row(2, kind=3, text="Black Toner", level=-3)}
    supplies = read(of("32473", {**rows, f"{A}.1.2.0": 150}), defined(SUPPLY)).supplies
    assert [each.percent for each in supplies] == [None, None]


def test_a_level_above_its_capacity_gives_no_percent() -> None:
    assert only_supply(of("32473", {f"{A}.1.2.0": 900}), defined(SUPPLY)).percent is None


@pytest.mark.parametrize(
    ("direction", "level", "state"),
    [("filled", 0, "ok"), ("filled", 95, "low"), ("filled", 100, "full"), ("remaining", 0, "full"), ("remaining", 100, "ok")],
)
def test_the_direction_of_a_waste_level_may_be_known(direction: str, level: int, state: str) -> None:
    row = supply_row(1, cls=4, kind=4, text="Waste Toner", level=level, capacity=100)
    assert only_supply(of("32473", row), defined(f'\n[quirks]\nwaste_level = "{direction}"\n')).state == state


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_a_vendor_find_standard_rows_by_colour_in_any_order(seed: int) -> None:
    text = f"""
[[supplies]]
name = "acmeToner"
evidence = "A"
join = ["color"]
type = "toner"
capacity = 100
columns = {{ color = "{A}.7.1.2", level = "{A}.7.1.3", serial = "{A}.7.1.4" }}
"""
    colors = ["black", "cyan", "magenta", "yellow"]
    shuffled = random.Random(seed).sample(colors, 4)
    device: dict[str, Content] = {}
    for number, color in enumerate(colors, 1):
        device |= supply_row(number, kind=3, text=f"{color.title()} Toner", level=-3, capacity=-2)
    for number, color in enumerate(shuffled, 1):
        device |= {
            f"{A}.7.1.2.{number}": color,
            f"{A}.7.1.3.{number}": 10 * colors.index(color),
            f"{A}.7.1.4.{number}": f"S-{color}",
        }
    found = [(each.color, each.percent, each.serial) for each in read(of("32473", device), defined(text)).supplies]
    assert found == [(color, 10.0 * number, f"S-{color}") for number, color in enumerate(colors)]


def test_serial_numbers_that_are_none_are_left_out() -> None:
    text = f'\n[[supplies]]\nname = "s"\nevidence = "A"\njoin = ["index"]\ncolumns = {{ serial = "{A}.7.1.4" }}\n'
    row = supply_row(1, kind=3, text="Black Toner", level=5, capacity=10)
    for serial in ("", "   ", "unknown", "-", b"\x00\x00"):
        assert only_supply(of("32473", {**row, f"{A}.7.1.4.1": serial}), defined(text)).serial is None


# Lines of keys


def test_keys_are_found_in_their_lines(tmp_path: Path) -> None:
    text = 'a = 1\n[b]\nc = { d = 2, e = 3 }\n\n[[f]]\ng = 1\n[[f.h]]\ni = 1\n[[f.h]]\ni = 2\n[[f]]\n"g" = 3\n'
    lines = key_lines(text)
    wanted = {
        ("a",): 1,
        ("b", "c", "e"): 3,
        ("f", "0", "g"): 6,
        ("f", "0", "h", "1", "i"): 10,
        ("f", "1", "g"): 12,
    }
    assert {path: lines[path] for path in wanted} == wanted
    assert line_of(lines, ("f", "1", "unknown", "0")) == 11
    assert line_of(lines, ("unknown",)) == 1
