"""Settings from the environment, directly or from a file."""

from pathlib import Path

import pytest

from appliance.common.errors import SettingsError
from appliance.settings.environment import VARIABLES, environment_layer, read_variable
from appliance.settings.model import Settings


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
