"""SNMP credentials in the settings: communities and SNMPv3 users, their ranges, their secrets."""

from typing import Any

import pytest

from appliance.common.errors import SettingsError
from appliance.settings.environment import environment_layer
from appliance.settings.layers import resolve
from appliance.settings.model import CommunityCredential, Settings, UserCredential
from appliance.settings.validation import validate

USER: dict[str, Any] = {
    "version": "3",
    "user": "reader",
    "auth_protocol": "SHA-256",
    "auth_passphrase": "correct horse battery",
    "priv_protocol": "AES-128",
    "priv_passphrase": "staple of the printer",
}
SECRETS = (USER["auth_passphrase"], USER["priv_passphrase"])


def credentials(*values: dict[str, Any]) -> Settings:
    return validate({"snmp": {"credentials": list(values)}})


def test_credentials_are_told_apart_by_their_version() -> None:
    settings = credentials({"community": "room-7"}, {"version": "1", "community": "old"}, USER)
    kinds = [type(each) for each in settings.snmp.credentials]
    assert kinds == [CommunityCredential, CommunityCredential, UserCredential]
    assert [each.version for each in settings.snmp.credentials] == ["2c", "1", "3"]


def test_what_is_written_into_the_settings_file_is_read_again() -> None:
    key = {"auth_passphrase": "", "auth_localized_key": "0x" + "AB:" * 31 + "ab"}
    settings = credentials(USER, USER | key | {"context_engine_id": "80 00 1f 88 04 01", "ranges": ["10.0.3.7/24", "10.0.4.1-9"]})
    assert Settings.model_validate(settings.model_dump()) == settings
    written = settings.model_dump()["snmp"]["credentials"][1]
    assert written["auth_localized_key"] == "ab" * 32
    assert written["context_engine_id"] == "80001f880401"
    assert written["ranges"] == ("10.0.3.0/24", "10.0.4.1-10.0.4.9")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"user": ""}, "1 to 32 bytes"),
        ({"user": "x" * 33}, "1 to 32 bytes"),
        ({"auth_protocol": "SHA-3"}, "snmp.credentials.0.auth_protocol"),
        ({"auth_protocol": "none", "auth_passphrase": ""}, "privacy needs authentication"),
        ({"auth_passphrase": ""}, "the passphrase for authentication is missing"),
        ({"auth_passphrase": "seven77"}, "at least 8 characters"),
        ({"priv_protocol": "none"}, "a secret for privacy is given, but no protocol for it"),
        ({"priv_localized_key": "00" * 16}, "either a passphrase or a localized key for privacy"),
        ({"priv_passphrase": "", "priv_localized_key": "00" * 15}, "at least 16 bytes"),
        ({"priv_passphrase": "", "priv_localized_key": "0g"}, "no bytes in hex"),
        ({"context_engine_id": "8000"}, "an engine ID has 5 to 32 bytes"),
        ({"ranges": ["printer.example"]}, "is no range of addresses"),
        ({"community": "public"}, "snmp.credentials.0.community: there is no such setting"),
    ],
)
def test_a_user_that_cannot_work_is_refused_without_its_secrets(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        credentials(USER | change)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("snmp.credentials.0")
    assert not any(secret in str(caught.value) for secret in (*SECRETS, "seven77"))


def test_secrets_do_not_show() -> None:
    settings = credentials(USER | {"auth_passphrase": "", "auth_localized_key": "cd" * 32})
    shown = f"{settings} {settings!r} {settings.snmp.credentials[0]}"
    assert "cdcd" not in shown
    assert USER["priv_passphrase"] not in shown
    [credential] = settings.snmp.credentials
    assert isinstance(credential, UserCredential)
    assert USER["priv_passphrase"] not in f"{credential.as_user()!r}"
    assert "\\xcd" not in f"{credential.as_user()!r}"


def test_the_environment_makes_a_user_that_is_tried_before_communities() -> None:
    environment = {
        "DCA_SNMP_COMMUNITY": "first,second",
        "DCA_SNMP_V3_USER": "reader",
        "DCA_SNMP_V3_AUTH": SECRETS[0],
        "DCA_SNMP_V3_PRIV": SECRETS[1],
        "DCA_SNMP_V3_CONTEXT": "Jetdirect",
    }
    values, origins = environment_layer(environment)
    effective = resolve({}, {}, values, origins)
    user, first, second = effective.settings.snmp.credentials
    assert isinstance(user, UserCredential)
    # With a passphrase alone the protocols are the ones every agent of this century has.
    assert (user.user, user.auth_protocol, user.priv_protocol, user.context_name) == ("reader", "SHA-256", "AES-128", "Jetdirect")
    assert [each.version for each in (first, second)] == ["2c", "2c"]
    assert effective.variables["snmp.credentials"] == "DCA_SNMP_V3_USER"


def test_passphrases_of_the_environment_may_stand_in_files(tmp_path: Any) -> None:
    (tmp_path / "auth").write_text(SECRETS[0] + "\n")
    environment = {
        "DCA_SNMP_V3_USER": "reader",
        "DCA_SNMP_V3_AUTH_FILE": str(tmp_path / "auth"),
        "DCA_SNMP_V3_AUTH_PROTOCOL": "MD5",
    }
    values, origins = environment_layer(environment)
    [user] = resolve({}, {}, values, origins).settings.snmp.credentials
    assert isinstance(user, UserCredential)
    assert (user.auth_passphrase.get_secret_value(), user.auth_protocol, user.priv_protocol) == (SECRETS[0], "MD5", "none")


def test_a_user_without_a_name_is_refused() -> None:
    environment = {"DCA_SNMP_V3_AUTH": SECRETS[0], "DCA_SNMP_V3_AUTH_PROTOCOL": "SHA"}
    with pytest.raises(
        SettingsError, match=r"DCA_SNMP_V3_AUTH_PROTOCOL and DCA_SNMP_V3_AUTH: .* the name of the user, is not"
    ) as caught:
        environment_layer(environment)
    assert SECRETS[0] not in str(caught.value)


def test_passphrases_alone_wait_for_a_command_that_names_the_user() -> None:
    assert environment_layer({"DCA_SNMP_V3_AUTH": SECRETS[0]}) == ({}, {})


def test_the_hosting_server_can_set_users() -> None:
    [user] = resolve({"snmp": {"credentials": [USER]}}, {}, {}).settings.snmp.credentials
    assert user.version == "3"
