"""The settings model: targets, addresses, ranges of values, and that secrets do not show."""

import contextlib
import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from appliance.common.errors import SettingsError
from appliance.settings.address_ranges import check_target, span
from appliance.settings.model import Settings, settings_schema
from appliance.settings.validation import validate


def test_every_setting_has_a_working_default_except_the_targets() -> None:
    settings = validate({})
    assert settings.scan.targets == ()
    assert settings.health_check.enabled
    assert settings.update.level == "auto"
    assert [credential.model_dump()["community"] for credential in settings.snmp.credentials] == ["public"]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("10.0.0.0/24", "10.0.0.0/24"),
        (" 10.0.0.5/24 ", "10.0.0.0/24"),
        ("10.0.0.1-10.0.0.20", "10.0.0.1-10.0.0.20"),
        ("10.0.0.1 - 10.0.0.20", "10.0.0.1-10.0.0.20"),
        ("10.0.0.1-20", "10.0.0.1-10.0.0.20"),
        ("10.0.0.7", "10.0.0.7"),
        ("2001:DB8::/120", "2001:db8::/120"),
        ("2001:db8::1-2001:db8::ff", "2001:db8::1-2001:db8::ff"),
        ("Printer-1.Example.COM", "printer-1.example.com"),
        ("printer", "printer"),
    ],
)
def test_a_target_has_one_form(text: str, canonical: str) -> None:
    assert check_target(text) == canonical
    assert check_target(canonical) == canonical


@pytest.mark.parametrize(
    "text",
    [
        *("", "7", "1.2.3", "a b", "-printer", "300.1.1.1", "012.0.0.1", "10.0.0.0/33"),
        *("10.0.0.1-", "10.0.0.1-abc", "10.0.0.1-300", "10.0.0.1-2001:db8::1"),
    ],
)
def test_what_is_no_target_is_named_with_what_is_accepted(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        validate({"scan": {"targets": ["10.0.0.1", text]}})
    assert str(caught.value).startswith("scan.targets.1: ")
    assert repr(text) in str(caught.value)
    assert "Write a network (10.0.0.0/24)" in str(caught.value)


def test_a_range_from_high_to_low_says_so() -> None:
    with pytest.raises(SettingsError, match="the last address must follow the first"):
        validate({"scan": {"targets": ["10.0.0.20-10.0.0.1"]}})


@given(some.text())
def test_any_text_is_a_target_or_a_sentence(text: str) -> None:
    with contextlib.suppress(SettingsError):
        (target,) = validate({"scan": {"targets": [text]}}).scan.targets
        assert check_target(target) == target


@given(some.ip_addresses(v=4), some.integers(0, 32))
def test_the_span_of_a_network_is_its_first_and_last_address(address: ipaddress.IPv4Address, length: int) -> None:
    network = ipaddress.ip_network(f"{address}/{length}", strict=False)
    found = span(check_target(str(network)))
    assert found == ((4, int(network.network_address)), (4, int(network.broadcast_address)))


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"scan": {"packets_per_second": 0}}, "scan.packets_per_second"),
        ({"scan": {"read_minutes": "often"}}, "scan.read_minutes"),
        ({"snmp": {"port": 70000}}, "snmp.port"),
        ({"snmp": {"timeout_seconds": float("nan")}}, "snmp.timeout_seconds"),
        ({"snmp": {"credentials": []}}, "snmp.credentials"),
        ({"update": {"level": "sometimes"}}, "update.level"),
        ({"update": {"hold_until": "never"}}, "update.hold_until"),
        ({"web": {"base_path": "no/slash"}}, "web.base_path"),
        ({"hosting": {"url": "ftp://hosting.example"}}, "hosting.url"),
        ({"hosting": {"url": "https://hosting.example:99999"}}, "hosting.url"),
        ({"hosting": {"proxy": "proxy.example"}}, "hosting.proxy"),
        ({"scan": {"target": []}}, "scan.target: there is no such setting"),
        ({"printer": {}}, "printer: there is no such setting"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(values: dict[str, Any], path: str) -> None:
    with pytest.raises(SettingsError) as caught:
        validate(values)
    assert str(caught.value).startswith(path)


def test_every_wrong_value_has_a_sentence_of_its_own() -> None:
    with pytest.raises(SettingsError, match=r"snmp\.port: .*\. web\.port: .*\."):
        validate({"snmp": {"port": 0}, "web": {"port": 0}})


def test_the_packet_rate_stays_below_the_ceiling_of_the_site() -> None:
    with pytest.raises(SettingsError, match=r"scan\.packets_per_second is 500, above the site's ceiling of 300"):
        validate({"scan": {"packets_per_second": 500}, "guardrails": {"packets_per_second": 300}})


def test_secrets_show_neither_in_the_model_nor_in_a_sentence() -> None:
    settings = validate({"snmp": {"credentials": [{"community": "s3cret"}]}, "hosting": {"proxy_password": "pa55word"}})
    assert "s3cret" not in f"{settings} {settings!r}"
    assert "pa55word" not in f"{settings} {settings!r}"
    for values in (
        {"snmp": {"credentials": [{"community": ["s3cret"]}]}},
        {"hosting": {"proxy_password": ["pa55word"]}},
        {"hosting": {"proxy": "http://anna:pa55word@proxy.example:8080"}},
        {"hosting": {"url": "https://anna:pa55word@hosting.example"}},
    ):
        with pytest.raises(SettingsError) as caught:
            validate(values)
        assert "s3cret" not in str(caught.value)
        assert "pa55word" not in str(caught.value)


def test_secrets_are_written_out_only_into_the_settings_file() -> None:
    settings = validate({"snmp": {"credentials": [{"community": "s3cret"}]}})
    assert Settings.model_validate(settings.model_dump()) == settings


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        validate({}).scan.icmp = False


def test_the_schema_describes_the_sections() -> None:
    assert set(settings_schema()["properties"]) == set(Settings.model_fields)
