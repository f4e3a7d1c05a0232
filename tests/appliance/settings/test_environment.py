"""Settings from the environment, directly or from a file."""

from datetime import UTC, date
from pathlib import Path

import pytest

from appliance.common.clock import site_zone
from appliance.common.errors import SettingsError
from appliance.settings.environment import VARIABLES, environment_layer, environment_notes, read_variable
from appliance.settings.layers import warnings_of
from appliance.settings.model import Settings
from appliance.settings.store import SettingsStore


@pytest.mark.parametrize(
    ("name", "text", "path", "value"),
    [
        ("DCA_SCAN_TARGETS", "10.0.0.0/24, 10.1.0.1-9\nprinter,", "scan.targets", ["10.0.0.0/24", "10.1.0.1-9", "printer"]),
        ("DCA_READ_MINUTES", "15", "scan.read_minutes", 15),
        ("DCA_SNMP_TIMEOUT_SECONDS", "1.5", "snmp.timeout_seconds", 1.5),
        ("DCA_HEALTH_CHECK", "off", "health_check.enabled", False),
        ("DCA_ICMP", "YES", "scan.icmp", True),
        ("DCA_HTTP", "off", "scan.http", False),
        ("DCA_UPDATE", "notify", "update.level", "notify"),
    ],
)  # fmt: skip
def test_a_variable_sets_a_value_and_is_known_as_its_origin(name: str, text: str, path: str, value: object) -> None:
    values, origins = environment_layer({name: text})
    section, field = path.split(".")
    assert values == {section: {field: value}}
    assert origins == {path: name}


def test_communities_become_credentials_in_their_order() -> None:
    values, _ = environment_layer({"DCA_SNMP_COMMUNITY": "first,second"})
    assert [credential["community"] for credential in values["snmp"]["credentials"]] == ["first", "second"]


def test_every_variable_names_a_setting() -> None:
    for section, field in (path.split(".") for path, _ in VARIABLES.values()):
        annotation = Settings.model_fields[section].annotation
        assert annotation is not None
        assert field in annotation.model_fields


def test_a_file_holds_the_value_without_its_last_line_break(tmp_path: Path) -> None:
    file = tmp_path / "community"
    file.write_text("s3cret\r\n")
    assert read_variable("DCA_SNMP_COMMUNITY", {"DCA_SNMP_COMMUNITY_FILE": str(file)}) == "s3cret"


def test_a_variable_and_its_file_together_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "community"
    file.write_text("s3cret")
    with pytest.raises(SettingsError, match="DCA_SNMP_COMMUNITY and DCA_SNMP_COMMUNITY_FILE are both set") as caught:
        environment_layer({"DCA_SNMP_COMMUNITY": "0ther", "DCA_SNMP_COMMUNITY_FILE": str(file)})
    assert "s3cret" not in str(caught.value)
    assert "0ther" not in str(caught.value)


def test_empty_variables_are_as_good_as_none() -> None:
    assert environment_layer({"DCA_SNMP_COMMUNITY": "", "DCA_SNMP_COMMUNITY_FILE": ""}) == ({}, {})


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xfa"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "password"
    if content:
        file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        environment_layer({"DCA_PROXY_PASSWORD_FILE": str(file)})
    assert str(caught.value).startswith(f"DCA_PROXY_PASSWORD_FILE names {file}, which cannot be read: ")
    assert "Errno" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("DCA_READ_MINUTES", "often", "'often' is no whole number"),
        ("DCA_SNMP_TIMEOUT_SECONDS", "fast", "'fast' is no number"),
        ("DCA_HEALTH_CHECK", "maybe", "'maybe' is neither on nor off"),
    ],
)
def test_a_value_of_the_wrong_kind_names_its_variable(name: str, text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} cannot be used: {reason}."):
        environment_layer({name: text})


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfs3cret", b"\xef\xbb\xbfs3cret\r\n", b"s3cret\n"])
def test_a_byte_order_mark_is_no_part_of_a_value(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    assert read_variable("DCA_PROXY_PASSWORD", {"DCA_PROXY_PASSWORD_FILE": str(file)}) == "s3cret"
    assert read_variable("DCA_PROXY_PASSWORD", {"DCA_PROXY_PASSWORD": "\ufeffs3cret"}) == "s3cret"


@pytest.mark.parametrize("name", ["DCA_PROXY_PASSWORD", "DCA_ENROLMENT", "DCA_ADMIN_PASSWORD", "DCA_SNMP_V3_AUTH", "DCA_SITE_NAME"])
@pytest.mark.parametrize("text", ['"s3cret"', "'s3cret'"])
def test_quotation_marks_around_a_value_are_warned_about_without_repeating_it(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / "value"
    file.write_text(text + "\n")
    for environment in ({name: text}, {f"{name}_FILE": str(file)}):
        [note] = environment_notes(environment)
        assert note.startswith(f"{name} begins and ends with a quotation mark")
        assert "s3cret" not in note


@pytest.mark.parametrize("text", ["s3cret", '"', "s'cret", '"s3cret', 'say "no"\''])
def test_other_quotation_marks_are_nobody_s_business(text: str) -> None:
    assert environment_notes({"DCA_PROXY_PASSWORD": text}) == ()


@pytest.mark.parametrize(("text", "path"), [("/dca/", "/dca"), ("/dca", "/dca"), ("/a/b//", "/a/b"), ("/", ""), ("", "")])
def test_a_base_path_may_end_with_a_slash(tmp_path: Path, text: str, path: str) -> None:
    assert SettingsStore(tmp_path / "settings.json", {"DCA_BASE_PATH": text}).effective().settings.web.base_path == path


@pytest.mark.parametrize("text", ["dca", "/d c a", "/dca?x", "https://example.com/dca"])
def test_what_is_no_base_path_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"DCA_BASE_PATH\): .* is no path of a web address\. Write /NAME") as caught:
        SettingsStore(tmp_path / "settings.json", {"DCA_BASE_PATH": text}).effective()
    assert "pattern" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["Europe/Berln", '"Europe/Berlin"', "'UTC'", "CEST", "CET-1CEST,M3.5.0,M10.5.0/3", "../etc/passwd"]
)
def test_an_unknown_time_zone_is_warned_about(tmp_path: Path, name: str) -> None:
    effective = SettingsStore(tmp_path / "settings.json", {"TZ": name}).effective()
    [warning] = warnings_of(effective, date(2026, 11, 29))
    assert warning.startswith(f"TZ is {name!r}, which is no time zone known here")
    assert site_zone({"TZ": name}) is UTC


@pytest.mark.parametrize("name", ["Europe/Berlin", ":Europe/Berlin", "UTC", "", "Etc/GMT+5"])
def test_a_known_time_zone_is_not(tmp_path: Path, name: str) -> None:
    assert warnings_of(SettingsStore(tmp_path / "settings.json", {"TZ": name}).effective(), date(2026, 11, 29)) == []
