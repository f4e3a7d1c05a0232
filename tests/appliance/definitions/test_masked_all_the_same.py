"""What a definition that somebody has added makes of a device leaves the site under the same masks as ever."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.privacy.outgoing import Masking
from appliance.reading.build import build_reading
from appliance.reading.definitions.definitions import builtin_definitions
from appliance.report import Reading
from appliance.settings.model import PrivacySettings
from appliance.snmp.values import Objects, Tag, Value, parse_oid

MASKS = PrivacySettings(ip_address="pseudonym", host_name="mask", mac="mask", location="mask", console="mask")
HEAD = 'schema = 1\nvendor = "Ricoh"\n[[brand]]\nname = "Ricoh"\nenterprises = [367]\n'
SYS_DESCR = "RICOH MP C3003 at 10.1.2.3 MAC 00:26:73:aa:bb:cc"
TEXTS = {
    "1.3.6.1.2.1.1.1.0": SYS_DESCR,
    "1.3.6.1.2.1.1.5.0": "PRNFIN01",
    "1.3.6.1.2.1.1.6.0": "HQ room 312 INV-7",
    "1.3.6.1.2.1.43.5.1.1.17.1": "R123",
    "1.3.6.1.4.1.367.3.2.1.2.19.5.1.5.1": "Keller 08912345678",
    "1.3.6.1.4.1.367.3.2.1.2.19.5.1.5.2": "A4 R",
}
NUMBERS = {"1.3.6.1.4.1.367.3.2.1.2.19.5.1.9.1": 5, "1.3.6.1.4.1.367.3.2.1.2.19.5.1.9.2": 6}


def read(folder: Path, definition: str, **texts: str) -> Reading:
    """Return the reading that a pushed definition makes of a device, as it is kept."""
    path = folder / "pushed.toml"
    path.write_text(HEAD + definition, encoding="utf-8")
    definitions = builtin_definitions().with_files({path: "pushed.toml"})
    assert definitions.problems == ()
    objects: Objects = {
        parse_oid("1.3.6.1.2.1.1.2.0"): Value(Tag.OBJECT_IDENTIFIER, parse_oid("1.3.6.1.4.1.367.1.1")),
        **{parse_oid(oid): Value(Tag.OCTET_STRING, text.encode()) for oid, text in TEXTS.items()},
        **{parse_oid(oid): Value(Tag.COUNTER32, number) for oid, number in NUMBERS.items()},
    }
    return build_reading(objects, "192.0.2.7", taken_at=datetime(2026, 11, 29, tzinfo=UTC), definitions=definitions)


def wanted(oid: str, gives: str, pattern: str = "") -> str:
    more = f"pattern = '{pattern}'\n" if pattern else ""
    return f'[[object]]\nname = "wanted"\nevidence = "A"\noid = "{oid}"\ngives = "{gives}"\nprefer = true\n{more}'


@pytest.mark.parametrize("oid", ["1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.6.0"])
@pytest.mark.parametrize("pattern", ["", "^.{4}"])
def test_an_asset_number_out_of_a_location_or_a_host_name_goes_as_that_does(tmp_path: Path, oid: str, pattern: str) -> None:
    reading = read(tmp_path, wanted(oid, "device.asset_number", pattern))
    assert reading.device.asset_number == (TEXTS[oid][:4] if pattern else TEXTS[oid]).strip()
    sent = Masking(MASKS, bytes(32)).reading(reading)
    assert sent.device.asset_number in (None, "[masked at the site]")
    assert sent.reasons["device.asset_number"] == "masked at the site"
    open_site = Masking(PrivacySettings(), None).reading(reading)
    assert open_site.device.asset_number == reading.device.asset_number


@pytest.mark.parametrize("pattern", ["at ([0-9]+)", "MAC (..)", "MP"])
def test_nothing_is_cut_out_of_a_text_that_has_to_be_masked(tmp_path: Path, pattern: str) -> None:
    by_object = read(tmp_path, wanted("1.3.6.1.2.1.1.1.0", "device.model", pattern))
    by_format = read(tmp_path, f"[[text]]\nof = \"sysDescr\"\npattern = '.*(?P<model>{pattern.replace('(', '(?:')})'\n")
    assert by_object.device.model == by_format.device.model == SYS_DESCR.removeprefix("RICOH ")


def test_meters_of_paper_sizes_are_named_after_paper_alone(tmp_path: Path) -> None:
    column = "1.3.6.1.4.1.367.3.2.1.2.19.5.1"
    paper = f'[[paper]]\nname = "p"\nevidence = "A"\ncolumns = {{ size = "{column}.5", total = "{column}.9" }}\n'
    assert {name: meter.value for name, meter in read(tmp_path, paper).meters.items()} == {"paper_a4_r": 6}
