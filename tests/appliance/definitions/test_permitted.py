"""Attacks on what definitions may ask for: of every vendor that is known, nothing but what is listed, each as what it means."""

import random
from collections.abc import Iterator
from importlib.resources import files
from itertools import product

import pytest

from appliance.reading.definitions import permitted
from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.definitions.permitted import ENTERPRISES, FORBIDDEN, Meaning
from appliance.snmp.values import Oid, format_oid
from tests.appliance.definitions.device import HEAD, P, refusal

SUBTREES: list[tuple[Oid, frozenset[Meaning]]] = sorted(permitted.subtrees())
PRIVATE = [(oid, meanings) for oid, meanings in SUBTREES if oid[:6] == ENTERPRISES and oid[6] not in (2699, 32473)]
VENDORS = sorted({oid[6] for oid, _ in PRIVATE})
TEXT_ITEMS = ("device.serial", "device.model", "device.hostname", "device.location", "device.asset_number", "misc.note")
ITEMS: dict[str, set[Meaning]] = {
    "device.serial": {"identity"},
    "device.model": {"identity", "description"},
    "device.firmware": {"identity"},
    "device.device_id": {"identity"},
    "device.hostname": {"host name"},
    "device.location": {"location"},
    "device.asset_number": {"asset number", "location", "host name", "identity"},
    "status.console": {"display"},
    "meters.total": {"meters"},
    "misc.note": {"identity"},
}
"""For each item what an object has to mean to give it."""


def definition(oid: str, gives: str, *, enterprise: int, more: str = "") -> str:
    """Return a definition of a vendor with this enterprise number that asks for one object."""
    head = HEAD.replace("32473", str(enterprise))
    return f'{head}\n[[object]]\nname = "wanted"\noid = "{oid}"\ngives = "{gives}"\nevidence = "A"\n{more}\n'


def named(pair: tuple[Oid, object]) -> str:
    return format_oid(pair[0])


def test_every_vendor_with_private_objects_of_its_own_is_known() -> None:
    asked = [asked.oid for each in builtin_definitions().definitions for asked in each.content.asked()]
    assert {oid[6] for oid in asked if oid[:6] == ENTERPRISES} <= {*VENDORS, 2699}
    assert len(VENDORS) > 20


@pytest.mark.parametrize("subtree", PRIVATE, ids=named)
def test_an_object_gives_what_it_means_and_nothing_else(subtree: tuple[Oid, frozenset[Meaning]]) -> None:
    oid, meanings = subtree
    for item, needed in ITEMS.items():
        sentence = refusal(definition(f"{format_oid(oid)}.0", item, enterprise=oid[6]))
        assert (sentence == "") == bool(needed & meanings), (item, meanings, sentence)
        if sentence:
            assert sentence.startswith("acme.toml, line 10, object.0.oid: ")
            assert f"{item} takes " in sentence


@pytest.mark.parametrize("subtree", [pair for pair in PRIVATE if "identity" not in pair[1]], ids=named)
def test_words_of_meters_supplies_and_status_do_not_go_out_as_notes(subtree: tuple[Oid, frozenset[Meaning]]) -> None:
    oid, meanings = subtree
    wanted = definition(f"{format_oid(oid)}.0", "misc.note", enterprise=oid[6])
    assert "misc.note takes identity" in refusal(wanted)
    as_number = refusal(wanted.replace('"misc.note"', '"misc.note"\nformat = "integer"'))
    assert (as_number == "") == bool(meanings & permitted.NUMBERS)


def outside(enterprise: int, count: int, seed: int) -> Iterator[Oid]:
    """Yield objects of a vendor that are not listed: neighbours of those that are, and any others."""
    listed = [oid for oid, _ in PRIVATE if oid[6] == enterprise]
    chance = random.Random(seed)
    for oid in listed:
        for length in range(8, len(oid) + 1):
            yield (*oid[: length - 1], oid[length - 1] + 1000, *oid[length:], 0)
        yield (*oid[:-1], 0)
    while count:
        count -= 1
        tail = [chance.choice((0, 1, 2, 3, 5, 9, 11, 23, 60)) for _ in range(chance.randint(4, 14))]
        yield (*ENTERPRISES, enterprise, *tail, 0)


@pytest.mark.parametrize("enterprise", VENDORS)
def test_nothing_else_of_a_vendor_is_asked_for(enterprise: int) -> None:
    listed = [oid for oid, _ in PRIVATE if oid[6] == enterprise]
    tried = 0
    for oid in outside(enterprise, 30, enterprise):
        if any(oid[: len(each)] == each for each in listed):
            continue
        tried += 1
        for item in ("misc.note", "device.asset_number", "meters.total"):
            sentence = refusal(definition(format_oid(oid), item, enterprise=enterprise))
            assert "never asked for" in sentence or "too wide" in sentence, format_oid(oid)
    assert tried > 25


@pytest.mark.parametrize("enterprise", VENDORS)
def test_a_walk_that_would_lead_outside_is_refused(enterprise: int) -> None:
    for oid in (oid for oid, _ in PRIVATE if oid[6] == enterprise):
        for length in range(7, len(oid)):
            column = format_oid(oid[:length])
            if any(oid[:length][: len(each)] == each for each, _ in PRIVATE):
                continue
            table = f'\n[[supplies]]\nname = "s"\nevidence = "A"\njoin = ["index"]\ncolumns = {{ level = "{column}" }}\n'
            assert refusal(HEAD.replace("32473", str(enterprise)) + table), column


@pytest.mark.parametrize("kind", ["key", "label", "value"])
@pytest.mark.parametrize("enterprise", VENDORS)
def test_no_column_of_a_table_leads_outside(enterprise: int, kind: str) -> None:
    """A label that is only looked at would still tell by what it finds."""
    meters = next((oid for oid, meanings in PRIVATE if oid[6] == enterprise and "meters" in meanings), None)
    inside = format_oid(meters or next(oid for oid, _ in PRIVATE if oid[6] == enterprise))
    columns = {"key": inside, "label": inside, "value": inside} | {kind: f"{P}.{enterprise}.77.78.79.80"}
    shown = ", ".join(f'{name} = "{oid}"' for name, oid in columns.items())
    gives = "meters.total" if meters else "device.serial"
    table = f'\n[[table]]\nname = "t"\nevidence = "A"\ncolumns = {{ {shown} }}\nrow = [{{ label = "keller", gives = "{gives}" }}]\n'
    sentence = refusal(HEAD.replace("32473", str(enterprise)) + table)
    assert f"table.0.columns.{kind}: {P}.{enterprise}.77.78.79.80 is not among" in sentence


@pytest.mark.parametrize("column", ["description", "color", "serial", "part_number", "level", "state"])
def test_a_table_of_supplies_has_supplies_alone(column: str) -> None:
    table = f'\n[[supplies]]\nname = "s"\nevidence = "A"\njoin = ["index"]\ncolumns = {{ {column} = "{P}.1347.40.10.1.1.5" }}\n'
    sentence = refusal(HEAD.replace("32473", "1347") + table)
    assert "a supply takes supplies, and 1.3.6.1.4.1.1347.40.10.1.1.5 is host name" in sentence


def test_a_name_of_a_paper_size_is_one_of_the_meters() -> None:
    paper = '\n[[paper]]\nname = "p"\nevidence = "A"\ncolumns = {{ size = "{0}.1347.40.10.1.1.5", total = "{0}.1347.42.3.1.1" }}\n'
    assert "paper.0.columns.size: a meter of a paper size takes meters" in refusal(HEAD.replace("32473", "1347") + paper.format(P))


def test_a_serial_number_of_a_supply_is_one_of_a_supply() -> None:
    text = definition(f"{P}.1347.40.10.1.1.5.1", "device.hostname", enterprise=1347).replace('gives = "device.hostname"\n', "")
    supply = '\n[[supply]]\ntype = "toner"\nlevel = "wanted"\nserial = "wanted"\n'
    assert "a supply takes supplies" in refusal(text + supply)


@pytest.mark.parametrize("oid", FORBIDDEN, ids=format_oid)
@pytest.mark.parametrize("item", [*TEXT_ITEMS, "meters.total", "status.console"])
def test_jobs_logs_and_passwords_are_refused_as_anything(oid: Oid, item: str) -> None:
    sentence = refusal(definition(f"{format_oid(oid)}.1.1.0", item, enterprise=oid[6]))
    assert FORBIDDEN[oid] in sentence


@pytest.mark.parametrize("enterprise", [4, 311, 368, 2021, 8072, 99999])
def test_of_a_vendor_nobody_knows_nothing_is_asked_for(enterprise: int) -> None:
    for item in (*TEXT_ITEMS, "meters.total"):
        sentence = refusal(definition(f"{P}.{enterprise}.1.2.3.0", item, enterprise=enterprise))
        assert f"no object of the enterprise number {enterprise} is known to be free of names" in sentence


@pytest.mark.parametrize(
    ("oid", "item"),
    [
        *product(("1.3.6.1.2.1.1.5.0",), ("misc.note", "device.serial", "device.location", "status.console")),  # sysName
        *product(("1.3.6.1.2.1.1.6.0",), ("misc.note", "device.serial", "device.hostname")),  # sysLocation
        *product(("1.3.6.1.2.1.43.16.5.1.2.1.1",), ("misc.note", "device.asset_number", "device.model")),  # the display
        *product(("1.3.6.1.2.1.43.18.1.1.8.1.1", "1.3.6.1.2.1.43.18.1.1.6.1.1"), ("misc.note", "status.console")),  # alerts
        *product(("1.3.6.1.2.1.2.2.1.6.1",), ("misc.note", "device.asset_number", "device.serial")),  # the MAC address
        *product(("1.3.6.1.2.1.43.8.2.1.12.1.1", "1.3.6.1.2.1.43.8.2.1.13.1.1"), ("misc.note", "device.serial")),  # names of trays
        ("1.3.6.1.2.1.43.11.1.1.6.1.1", "misc.note"),
        ("1.3.6.1.2.1.4.20.1.2.10.0.0.1", "misc.note"),
    ],
)
def test_standard_objects_do_not_go_around_their_masks(oid: str, item: str) -> None:
    assert "object.0.oid: " in refusal(definition(oid, item, enterprise=32473))


@pytest.mark.parametrize(
    "oid", ["1.3.6.1.2.1.1.4.0", "1.3.6.1.2.1.43.5.1.1.4.1", "1.3.6.1.2.1.43.14.1.1.9.1.1", "1.3.6.1.4.1.2699.1.1.1.1.2.3.1"]
)
def test_people_and_channels_of_the_standard_stay_out(oid: str) -> None:
    for item in TEXT_ITEMS:
        assert refusal(definition(oid, item, enterprise=2699)), oid


def test_an_asset_number_may_stand_where_sites_write_it() -> None:
    for oid in ("1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.6.0"):
        assert refusal(definition(oid, "device.asset_number", enterprise=32473, more="pattern = 'INV-[0-9]+'")) == ""


@pytest.mark.parametrize(
    "oid",
    [
        "1.3.6.1.2.1.1.1.0",  # sysDescr
        "1.3.6.1.2.1.25.3.2.1.3.1",  # hrDeviceDescr
        "1.3.6.1.2.1.43.5.1.1.16.1",  # prtGeneralPrinterName, which is a host name as a rule
        "1.3.6.1.2.1.43.16.5.1.2.1.1",  # the display
        "1.3.6.1.2.1.43.11.1.1.6.1.1",  # the description of a supply
        "1.3.6.1.2.1.43.12.1.1.4.1.1",  # the name of a colorant
        "1.3.6.1.2.1.1.5.0",  # sysName
        "1.3.6.1.2.1.1.6.0",  # sysLocation
    ],
)
@pytest.mark.parametrize(
    "item",
    ["device.serial", "device.firmware", "device.device_id", "misc.serial_x", "misc.part_number", "misc.firmware_x", "misc.n"],
)
def test_what_no_mask_sees_is_not_filled_from_free_texts(oid: str, item: str) -> None:
    for more in ("", "pattern = 'at ([0-9.]+)'", "format = 'integer'\npattern = '[0-9]+'"):
        assert "object.0.oid: " in refusal(definition(oid, item, enterprise=367, more=more))


@pytest.mark.parametrize("column", ["serial", "part_number", "description"])
def test_the_description_of_a_supply_is_no_number_of_it(column: str) -> None:
    table = f'\n[[supplies]]\nname = "s"\nevidence = "A"\njoin = ["index"]\ncolumns = {{ {column} = "1.3.6.1.2.1.43.11.1.1.6" }}\n'
    assert f"supplies.0.columns.{column}: " in refusal(HEAD + table)


@pytest.mark.parametrize("group", ["serial", "firmware", "network_firmware"])
@pytest.mark.parametrize("of", ["sysDescr", "hrDeviceDescr"])
def test_a_format_of_a_free_text_gives_only_the_model_unless_the_product_has_it(of: str, group: str) -> None:
    rule = "\n[[text]]\nof = '{}'\npattern = '{}'\n"
    sentence = refusal(HEAD + rule.format(of, f"at (?P<{group}>[0-9.]+)"))
    assert "text.0.pattern: " in sentence
    assert f"and not {group}, which no mask sees" in sentence
    assert refusal(HEAD + rule.format(of, "ACME (?P<model>[0-9A-Z]+)")) == ""


def test_every_definition_of_the_product_is_taken_back_as_it_is() -> None:
    folder = files("appliance").joinpath("definitions")
    found = [(entry.name, entry.read_text(encoding="utf-8")) for entry in folder.iterdir() if entry.name.endswith(".toml")]
    assert len(found) > 15
    assert {name: refusal(text) for name, text in found} == dict.fromkeys((name for name, _ in found), "")
