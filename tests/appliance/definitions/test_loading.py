"""Reading definitions: built-in ones, those of a folder, and what is wrong with one of them."""

import subprocess
import sys
from pathlib import Path

import pytest

import appliance
from appliance.reading.definitions.definitions import DefinitionError, builtin_definitions, load
from appliance.reading.definitions.vendor import read_vendor
from appliance.reading.sources.objects import STANDARD
from appliance.reading.view import View
from appliance.snmp.values import parse_oid
from tests.appliance.definitions.device import HEAD, SYS_DESCR, Device, P, asked, defined, objects, of, read, written

SERIAL = f"""
[[object]]
name = "acmeSerial"
oid = "{P}.32473.1.2.0"
gives = "device.serial"
evidence = "A"
"""


def test_a_definition_of_the_site_makes_its_devices_known(tmp_path: Path) -> None:
    written(tmp_path, HEAD + SERIAL)
    definitions = builtin_definitions().with_folder(tmp_path)
    device = read(of("32473.7", {f"{P}.32473.1.2.0": "A1B2C3"}), definitions).device
    assert (device.manufacturer, device.serial) == ("Acme", "A1B2C3")
    assert definitions.problems == ()


def test_without_it_they_are_not(tmp_path: Path) -> None:
    definitions = builtin_definitions().with_folder(tmp_path / "absent")
    assert read(of("32473.7", {f"{P}.32473.1.2.0": "A1B2C3"}), definitions).device.serial is None
    assert definitions.problems == ()


def test_a_definition_of_the_site_takes_the_place_of_the_built_in_one(tmp_path: Path) -> None:
    own = 'schema = 1\nvendor = "Sharp"\n\n[[brand]]\nname = "Sharp"\nenterprises = [2385]\n'
    written(
        tmp_path,
        f'{own}\n[[object]]\nname = "site"\noid = "1.3.6.1.2.1.1.6.0"\ngives = "device.asset_number"\nevidence = "C"\n',
    )
    definitions = builtin_definitions().with_folder(tmp_path)
    device = of("2385.3.1", {"1.3.6.1.2.1.1.6.0": "INV-1", f"{P}.2385.2.1.1.2.1.2.1": "1.04"})
    assert (read(device, definitions).device.asset_number, read(device, definitions).device.firmware) == ("INV-1", None)
    assert (read(device).device.asset_number, read(device).device.firmware) == (None, "1.04")
    assert len(definitions.definitions) == len(builtin_definitions().definitions)


def test_a_broken_definition_stops_no_other(tmp_path: Path) -> None:
    written(tmp_path, "schema = 1\nvendor =\n", "a.toml")
    written(tmp_path, HEAD + SERIAL, "b.toml")
    written(tmp_path, HEAD.replace("Acme", "Bolt").replace("32473", "88888") + SERIAL, "c.toml")
    definitions = builtin_definitions().with_folder(tmp_path)
    assert [str(problem).partition(":")[0] for problem in definitions.problems] == [
        f"{tmp_path}/a.toml",
        f"{tmp_path}/c.toml, line 10, object.0.oid",
    ]
    assert read(of("32473.7", {f"{P}.32473.1.2.0": "A1B2C3"}), definitions).device.serial == "A1B2C3"
    assert read(of("2385.3.1", {f"{P}.2385.2.1.1.2.1.2.1": "1.04"}), definitions).device.firmware == "1.04"


def test_a_broken_definition_leaves_the_built_in_one_in_force(tmp_path: Path) -> None:
    written(tmp_path, 'schema = 1\nvendor = "Sharp"\n')
    definitions = builtin_definitions().with_folder(tmp_path)
    assert len(definitions.problems) == 1
    assert read(of("2385.3.1", {f"{P}.2385.2.1.1.2.1.2.1": "1.04"}), definitions).device.firmware == "1.04"


def test_only_toml_files_of_a_folder_count(tmp_path: Path) -> None:
    written(tmp_path, "nonsense", "README.md")
    (tmp_path / "folder.toml").mkdir()
    assert builtin_definitions().with_folder(tmp_path).problems == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\xff\xfe", "is not UTF-8 text: byte 0"), (b"#" * 300_000, "larger than 256 KiB"), (None, "cannot be read")],
)
def test_a_file_nobody_can_read_is_told(content: bytes | None, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DefinitionError, match=reason):
        load(file)


# What may be asked


def test_what_a_definition_names_may_be_asked_and_its_siblings_may_not() -> None:
    definitions = defined(SERIAL)
    assert definitions.allows(parse_oid(f"{P}.32473.1.2.0"))
    assert not definitions.allows(parse_oid(f"{P}.32473.1.3.0"))
    assert not builtin_definitions().allows(parse_oid(f"{P}.32473.1.2.0"))


def test_each_definition_of_the_program_is_one_that_a_site_could_have_written() -> None:
    shipped = sorted((Path(appliance.__file__).parent / "definitions").glob("*.toml"))
    assert {load(path).vendor for path in shipped} == {each.vendor for each in builtin_definitions().definitions}


def test_re2_is_loaded_with_the_first_pattern_that_is_needed() -> None:
    code = (
        "import sys; from appliance.reading.definitions.definitions import builtin_definitions; "
        "patterns = [each for one in builtin_definitions().definitions for each in one.content.match.descriptions]; "
        "print('re2' in sys.modules); patterns[0].search('x'); print('re2' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert told == ["False", "True"]


def test_standard_objects_may_always_be_asked() -> None:
    assert builtin_definitions().allowed > STANDARD


@pytest.mark.parametrize("enterprise", ["11.2.3.9.1", "641.2", "2435.2.3.9.1", "1347.41", "1248.1.1.2.1.3", "683.6.0", "32473"])
def test_no_device_is_asked_for_anything_else(enterprise: str) -> None:
    definitions = builtin_definitions()
    found = asked(of(enterprise, {}))
    assert len(found) > 40
    assert [oid for oid in found if not definitions.allows(oid)] == []


def test_only_the_vendor_of_a_device_is_asked_for() -> None:
    private = {oid[6] for oid in asked(of("2385.3.1", {})) if oid[:6] == (1, 3, 6, 1, 4, 1)}
    assert private == {2385, 2699}


def test_a_device_nobody_knows_is_asked_for_its_1284_id_and_then_for_what_that_names() -> None:
    device = {f"{P}.2435.2.3.9.1.1.7.0": "MFG:Brother;MDL:HL-5350DN series;", f"{P}.2435.2.3.9.4.2.1.5.5.1.0": "B9J154306"}
    found = read(device).device
    assert (found.manufacturer, found.model, found.serial) == ("Brother", "HL-5350DN", "B9J154306")


def test_what_the_standard_objects_have_told_is_not_asked_again() -> None:
    serial = parse_oid(f"{P}.1347.43.5.1.1.28.1")
    assert serial in asked(of("1347.41", {}))
    assert serial not in asked(of("1347.41", {"1.3.6.1.2.1.43.5.1.1.17.1": "QUV9600664"}))
    assert serial in asked(of("1347.41", {"1.3.6.1.2.1.43.5.1.1.17.1": "XXXXXXXX"}))


# Which definitions apply


def vendors(device: Device) -> list[str]:
    """Return the vendors whose objects a device is asked for."""
    return [each.vendor for each in read_vendor(View(objects(device)), builtin_definitions()).applying]


def test_sys_object_id_decides() -> None:
    assert vendors(of("2385.3.1", {SYS_DESCR: "RICOH MP C2503"})) == ["Sharp"]


def test_without_one_the_texts_decide() -> None:
    assert vendors({SYS_DESCR: "SHARP MX-3140N"}) == ["Sharp"]
    assert vendors({SYS_DESCR: "SAVIN MP C4503 1.18 / SAVIN Network Printer C model"}) == ["Ricoh"]
    assert vendors({SYS_DESCR: "Linux host 6.1"}) == []


def test_a_design_sold_by_another_brand_has_both_definitions() -> None:
    assert vendors(of("674.10898.2", {SYS_DESCR: "Dell S5830dn version NH62 kernel 3.0.0 All-N-1"})) == ["Dell", "Lexmark"]
    assert vendors(of("11.2.3.9.1", {"1.3.6.1.2.1.25.3.2.1.3.1": "HP Laser MFP 432fdn"})) == ["HP", "Samsung"]
    assert vendors(of("297.1.11.93", {})) == ["FUJIFILM", "Xerox"]


def test_a_switch_of_hp_is_no_printer_of_hp() -> None:
    assert vendors(of("11.2.3.7.11", {SYS_DESCR: "ProCurve J9020A"})) == []


def test_what_a_definition_of_a_longer_prefix_says_comes_first() -> None:
    special = '\n[match]\nobject_ids = ["1.3.6.1.4.1.2385.3.1.112"]\n'
    text = f'\n[[object]]\nname = "own"\noid = "{P}.2385.2.1.1.2.1.2.9"\ngives = "device.firmware"\nevidence = "A"\n'
    definitions = defined(special + text, head=HEAD.replace("32473", "2385"))
    device = {f"{P}.2385.2.1.1.2.1.2.9": "own", f"{P}.2385.2.1.1.2.1.2.1": "1.04"}
    assert read(of("2385.3.1.112.1", device), definitions).device.firmware == "own"
    assert read(of("2385.3.1.7", device), definitions).device.firmware == "1.04"


def test_a_device_that_names_nobody_is_known_by_the_private_objects_it_answers() -> None:
    found = read({f"{P}.2001.1.1.1.1.11.1.10.45.0": "AK5B012345", f"{P}.2001.1.1.1.1.11.1.10.25.0": "C532"}).device
    assert (found.manufacturer, found.serial, found.model) == ("OKI", "AK5B012345", "C532")


def test_one_that_answers_as_two_vendors_has_no_maker() -> None:
    device: Device = {f"{P}.2001.1.1.1.1.11.1.10.45.0": "AK5B012345", f"{P}.367.3.2.1.2.1.4.0": "E216R220016"}
    assert vendors(device) == ["OKI", "Ricoh"]
    assert read(device).device.manufacturer is None


def test_the_shared_device_id_names_no_vendor() -> None:
    assert vendors({f"{P}.11.2.3.9.1.1.7.0": "MFG:Unheard Of;MDL:X1;"}) == []
