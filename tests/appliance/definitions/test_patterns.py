"""Patterns of definitions: bounded in size, in the time they take, and told apart from those that cannot be run."""

import re
import time

import pytest

from appliance.reading.definitions.definitions import DefinitionError, parse
from appliance.reading.definitions.patterns import LONGEST_TEXT, Pattern, fits
from appliance.reading.definitions.vendor import MOST_STEPS, read_vendor
from appliance.reading.view import View
from tests.appliance.definitions.device import HEAD, SYS_DESCR, Device, P, defined, of, read
from tests.appliance.definitions.device import objects as objects_of

TABLE = "[[table]]\nname = 't'\nevidence = 'A'\ncolumns = {{ value = '1.3.6.1.4.1.32473.2.3.4' }}\n"
RUNAWAY = [r"^(a+)+$", r"(x+x+)+y", r"^(([a-z])+.)+[A-Z]([a-z])+$", r"(a|aa)+$", r"(.*)*b", r"(a?){30}a{30}", r"(.*a){12}"]


@pytest.mark.parametrize("text", RUNAWAY)
def test_a_pattern_that_runs_away_elsewhere_takes_no_time_here(text: str) -> None:
    pattern = Pattern(text)
    began = time.process_time()
    for word in ("a" * 10_000, "x" * 10_000, "ab" * 5_000 + "!"):
        pattern.search(word)
        pattern.match(word)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x" * 401, "a pattern has at most 400 characters, this one has 401"),
        ("(" * 5000 + ")" * 5000, "at most 400 characters"),
        ("(a{100}){100}", "invalid repetition size"),
        ("((a{20}){20}b{3})", "too large"),
        ("(a)" * 13, "too large"),
        ("(" * 190 + ")" * 190, "too large"),
        (r"\pL{300}", "too large"),
        ("(", "valid regular expression: missing )"),
        ("[z-a]", "valid regular expression"),
        (r"(a)\1", "no back-references"),
        (r"a\Z", r"\z in place of \Z"),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        Pattern(text)


@pytest.mark.parametrize("look", ["(?!Brother)", "(?=.*SN)", "(?<=a)b", "(?<!a)b"])
@pytest.mark.parametrize(
    "place",
    [
        "[match]\ndescriptions = ['{0}x']\n",
        "[[object]]\nname = 'o'\noid = '1.3.6.1.4.1.32473.1.2.0'\ngives = 'device.serial'\nevidence = 'A'\nmodel = '{0}x'\n",
        "[[object]]\nname = 'o'\noid = '1.3.6.1.4.1.32473.1.2.0'\ngives = 'device.serial'\nevidence = 'A'\npattern = '{0}x'\n",
        TABLE + "row = [{{ label = '{0}x', gives = 'meters.total' }}]\n",
        "[[text]]\nof = 'sysDescr'\npattern = '{0}(?P<model>x)'\n",
        "[[supply]]\ntype = 'toner'\nmodel = '{0}x'\n",
    ],
)
def test_one_that_was_published_with_a_look_ahead_is_told_what_to_write(look: str, place: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(HEAD + place.format(look), "acme.toml")
    sentence = str(caught.value)
    assert sentence.startswith("acme.toml, line ")
    assert "write what must not be there as a pattern of its own, in not_model, not_label or not_pattern" in sentence


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    assert Pattern("b").search("a" * (LONGEST_TEXT - 1) + "b") is not None
    assert Pattern("b").search("a" * LONGEST_TEXT + "b") is None


@pytest.mark.parametrize(
    ("wanted", "unwanted", "expected"),
    [(None, None, True), ("MFC", None, True), ("XYZ", None, False), ("MFC", "-J", False), (None, "-J", False), (None, "-L", True)],
)
def test_a_model_is_matched_and_not_matched(wanted: str | None, unwanted: str | None, expected: bool) -> None:
    pattern, other = (Pattern(text) if text else None for text in (wanted, unwanted))
    assert fits(pattern, other, ["Brother", "MFC-J680DW"]) is expected


def test_not_model_not_label_and_not_pattern_leave_out_what_has_them() -> None:
    text = f"""
[[object]]
name = "serial"
oid = "{P}.32473.1.2.0"
gives = "device.serial"
evidence = "A"
not_model = 'AX-[34]'

[[object]]
name = "firmware"
oid = "{P}.32473.1.3.0"
gives = "device.firmware"
evidence = "A"
not_pattern = '^(?:-$|Registered)'

[[table]]
name = "counters"
evidence = "A"
columns = {{ label = "{P}.32473.5.1.2", value = "{P}.32473.5.1.3" }}
row = [{{ label = '(?i)copies', not_label = '(?i)colou?r', gives = "meters.copy_mono" }}]
"""
    definitions = defined(text)
    rows: Device = {
        f"{P}.32473.5.1.2.1": "Copies color",
        f"{P}.32473.5.1.3.1": 5,
        f"{P}.32473.5.1.2.2": "Copies",
        f"{P}.32473.5.1.3.2": 7,
    }
    for name, serial in (("AX-200", "A1"), ("AX-300", None)):
        assert read(of("32473", {SYS_DESCR: name, f"{P}.32473.1.2.0": "A1"}), definitions).device.serial == serial
    for content, firmware in (("1.2", "1.2"), ("-", None), ("Registered", None)):
        assert read(of("32473", {f"{P}.32473.1.3.0": content}), definitions).device.firmware == firmware
    assert {name: meter.value for name, meter in read(of("32473", rows), definitions).meters.items()} == {"copy_mono": 7}


def test_looking_for_labels_ends_when_it_takes_too_long() -> None:
    """Patterns and rows multiply: a definition of a hundred rows meets a device of thousands."""
    columns = f'columns = {{ label = "{P}.32473.5.1.2", value = "{P}.32473.5.1.3" }}'
    wanted = ",\n".join(f"{{ label = '(?:[a-y]{{1,60}}x|{number}z)$', gives = 'meters.other_{number}' }}" for number in range(100))
    table = f'\n[[table]]\nname = "t"\nevidence = "A"\n{columns}\nrow = [\n{wanted}\n]\n'
    labels: Device = {f"{P}.32473.5.1.2.{row}": "a" * 400 for row in range(1, 3000)}
    device = of("32473", {**labels, **{f"{P}.32473.5.1.3.{row}": row for row in range(1, 3000)}})
    definitions = defined(table)
    view = View(objects_of(device))
    began = time.process_time()
    vendor = read_vendor(view, definitions)
    assert time.process_time() - began < 3.0
    assert vendor.steps > MOST_STEPS
