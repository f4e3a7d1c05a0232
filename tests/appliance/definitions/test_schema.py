"""What a definition may say: errors name file, line and key; nothing outside its own enterprise, nothing forbidden."""

import pytest

from appliance.reading.definitions.definitions import DefinitionError, builtin_definitions, parse
from appliance.reading.definitions.permitted import FORBIDDEN
from appliance.snmp.values import format_oid
from tests.appliance.definitions.device import HEAD

OBJECT = """
[[object]]
name = "acmeSerial"
oid = "1.3.6.1.4.1.32473.1.2.0"
gives = "device.serial"
evidence = "A"
"""
TABLE = """
[[table]]
name = "t"
evidence = "A"
columns = { value = "1.3.6.1.4.1.32473.2.3.4" }
"""
RECORDS = """
[[records]]
name = "r"
evidence = "A"
oid = "1.3.6.1.4.1.32473.2.3.0"
"""


def refused(text: str, *, head: str = HEAD) -> str:
    """Return the sentence by which a definition is refused."""
    with pytest.raises(DefinitionError) as caught:
        parse(head + text, "acme.toml")
    return str(caught.value)


def test_a_definition_of_the_right_form_is_taken() -> None:
    assert parse(HEAD + OBJECT, "acme.toml").vendor == "Acme"


def line(text: str, part: str) -> int:
    """Return the line of the whole definition in which `part` stands."""
    return next(number for number, each in enumerate((HEAD + text).splitlines(), 1) if part in each)


@pytest.mark.parametrize(
    ("text", "part", "key", "reason"),
    [
        (OBJECT.replace('"A"', '"Z"'), '"Z"', "object.0.evidence", "The value must be 'A', 'B', 'C' or 'K'"),
        (OBJECT.replace("device.serial", "device.owner"), "owner", "object.0.gives", "nothing a reading has"),
        (OBJECT.replace("device.serial", "meters.Copies"), "Copies", "object.0.gives", "nothing a reading has"),
        (OBJECT.replace("1.3.6.1.4.1.32473.1.2.0", "1.3.x"), "1.3.x", "object.0.oid", "is no object identifier"),
        (OBJECT + 'colour = "black"\n', "colour", "object.0.colour", "there is no such field"),
        (OBJECT + "pattern = '('\n", "pattern", "object.0.pattern", "valid regular expression"),
        (OBJECT + OBJECT.replace("acmeSerial", "two words"), "two words", "object.1.name", "must be of the form"),
        (TABLE + '[[table.row]]\ngives = "meters.total"\n', "[[table.row]]", "table.0.row.0", "never by its position"),
        (
            RECORDS + "entry = [{ key = 999, gives = 'meters.total' }]\n",
            "key = 999",
            "records.0.entry.0.key",
            "at most 255",
        ),
        (
            '\n[[sum]]\ngives = "meters.total"\nparts = ["meters.copy_total"]\n',
            "parts",
            "sum.0.parts",
            "at least 2 entries",
        ),
        (
            '\n[[sum]]\ngives = "meters.total"\nparts = ["meters.copy_total", "meters.fax_total"]\noptional = ["meters.large"]\n',
            "[[sum]]",
            "sum.0",
            "some of the parts, and not all of them",
        ),
        ('\n[[supply]]\ntype = "tonner"\nlevel = "acmeLevel"\n', "tonner", "supply.0.type", "must be of the form"),
        ('\n[[supply]]\ntype = "toner"\nlevel = "acmeLevel"\n', "acmeLevel", "supply.0.level", "no object is called 'acmeLevel'"),
        ("\n[[text]]\nof = \"sysDescr\"\npattern = 'x'\n", "pattern", "text.0.pattern", "needs named groups"),
        (
            "".join(OBJECT.replace("acmeSerial", f"o{number}") for number in range(151)),
            "[[object]]",
            "object",
            "at most 150 entries",
        ),
        ('\n[quirks]\nwaste_level = "half"\n', "half", "quirks.waste_level", "'filled' or 'remaining'"),
        ("\n[quirks.level_states]\nstates = { 0 = 'fine' }\n", "fine", "quirks.level_states.states.0", "The value must be 'ok'"),
    ],
)
def test_an_error_names_file_line_and_key(text: str, part: str, key: str, reason: str) -> None:
    sentence = refused(text)
    assert sentence.startswith(f"acme.toml, line {line(text, part)}, {key}: ")
    assert reason in sentence


def test_what_is_no_toml_is_told_with_its_line() -> None:
    assert refused("\nvendor = = 1\n").startswith("acme.toml: this is not TOML: ")
    assert "line 7" in refused("vendor = = 1\n", head="\n" * 6)


@pytest.mark.parametrize("missing", ["schema", "vendor"])
def test_a_missing_key_is_named(missing: str) -> None:
    head = "\n".join(each for each in HEAD.splitlines() if not each.startswith(missing)) + "\n"
    assert f"{missing}: it is missing" in refused("", head=head)


def test_a_schema_of_the_future_is_refused() -> None:
    assert "line 1, schema: The value must be 1" in refused("", head=HEAD.replace("schema = 1", "schema = 2"))


@pytest.mark.parametrize("subtree", FORBIDDEN, ids=[format_oid(oid) for oid in FORBIDDEN])
def test_forbidden_objects_are_refused_by_name_whoever_asks(subtree: tuple[int, ...]) -> None:
    head = HEAD.replace("32473", str(subtree[6]))
    text = OBJECT.replace("1.3.6.1.4.1.32473.1.2.0", f"{format_oid(subtree)}.1.0")
    sentence = refused(text, head=head)
    assert f"line {line(text, 'oid')}, object.0.oid" in sentence
    assert FORBIDDEN[subtree] in sentence


def test_a_walk_over_forbidden_objects_is_refused() -> None:
    table = '\n[[supplies]]\nname = "s"\nevidence = "A"\njoin = ["index"]\ncolumns = { level = "1.3.6.1.4.1.1248.1.2.2" }\n'
    assert "EEPROM" in refused(table, head=HEAD.replace("32473", "1248"))


@pytest.mark.parametrize(
    "oid",
    [
        "1.3.6.1.4.1.1347.43.5.1.1.28.1",
        "1.3.6.1.2.1.1.4.0",
        "1.3.6.1.2.1.43.5.1.1.4.1",
        "1.3.6.1.2.1.43.14.1.1.2.1.1",
        "1.3.6.1.2.1.25.4.2.1.2.1",
        "1.3.6.1.2.1.4.22.1.2.1",
        "1.2.3.4.5.6.7.8.9.10",
    ],
)
def test_objects_outside_the_own_enterprise_and_the_standard_ones_are_refused(oid: str) -> None:
    assert "outside 1.3.6.1.4.1 and the enterprise numbers of its brands (32473)" in refused(
        OBJECT.replace("1.3.6.1.4.1.32473.1.2.0", oid)
    )


@pytest.mark.parametrize(
    ("oid", "gives"),
    [
        ("1.3.6.1.2.1.1.5.0", "device.hostname"),
        ("1.3.6.1.2.1.43.5.1.1.17.1", "device.serial"),
        ("1.3.6.1.4.1.11.2.3.9.1.1.7.0", "device.serial"),
    ],
)
def test_standard_objects_and_the_shared_device_id_may_be_named(oid: str, gives: str) -> None:
    text = OBJECT.replace("1.3.6.1.4.1.32473.1.2.0", oid).replace("device.serial", gives)
    assert parse(HEAD + text, "acme.toml").vendor == "Acme"


@pytest.mark.parametrize("oid", ["1.3.6.1.4.1.32473.1.0", "1.3.6.1.4.1.32473.0", "1.3.6.1.4.1.32473"])
def test_wide_subtrees_are_refused(oid: str) -> None:
    assert "too wide" in refused(OBJECT.replace("1.3.6.1.4.1.32473.1.2.0", oid))


def test_a_name_given_twice_is_refused() -> None:
    assert "'acmeSerial' is the name of two objects" in refused(OBJECT + OBJECT)


def test_all_built_in_definitions_name_their_sources() -> None:
    for each in builtin_definitions().definitions:
        content = each.content
        for spec in (*content.objects, *content.tables, *content.papers, *content.records, *content.supply_tables):
            assert spec.evidence in {"A", "B", "C", "K"}
