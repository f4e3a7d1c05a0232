"""The SNMP credentials of one command: from its options, files and the environment. Passphrases never stand on a command line."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from appliance.common.errors import SettingsError
from appliance.discovery.credentials import Credential
from appliance.service.scans.options import credentials_of
from appliance.settings.environment import complete_user, read_variable
from appliance.settings.validation import validate

AUTH_VARIABLE, PRIV_VARIABLE = "DCA_SNMP_V3_AUTH", "DCA_SNMP_V3_PRIV"


def credentials_of_command(
    arguments: argparse.Namespace, environment: Mapping[str, str] = os.environ
) -> tuple[Credential, ...] | None:
    """Return the credentials the options name; None: those of the settings count. Raises SettingsError."""
    user = _user(arguments, environment)
    communities = [{"name": f"#{number}", "community": text} for number, text in enumerate(_communities(arguments), 1)]
    chosen = [*([user] if user else []), *communities]
    return credentials_of(validate({"snmp": {"credentials": chosen}}).snmp.credentials) if chosen else None


def _user(arguments: argparse.Namespace, environment: Mapping[str, str]) -> dict[str, str] | None:
    if not arguments.v3_user:
        given = [name for name in ("auth", "priv", "auth_file", "priv_file", "context") if getattr(arguments, f"v3_{name}")]
        if given:
            raise SettingsError(f"--v3-{given[0].replace('_', '-')} needs --v3-user, the name of the SNMPv3 user.")
        return None
    values = {
        "name": "#v3",
        "user": arguments.v3_user,
        "auth_protocol": arguments.v3_auth,
        "priv_protocol": arguments.v3_priv,
        "auth_passphrase": _passphrase("--v3-auth-file", arguments.v3_auth_file, AUTH_VARIABLE, environment),
        "priv_passphrase": _passphrase("--v3-priv-file", arguments.v3_priv_file, PRIV_VARIABLE, environment),
        "context_name": arguments.v3_context,
    }
    # Who asks for no protection by name is not to be stopped by a passphrase that stands in the environment.
    for protocol, passphrase in (("auth_protocol", "auth_passphrase"), ("priv_protocol", "priv_passphrase")):
        if values[protocol] == "none":
            values[passphrase] = None
    return complete_user({name: value for name, value in values.items() if value})


def _passphrase(option: str, file: str | None, variable: str, environment: Mapping[str, str]) -> str | None:
    if not file:
        return read_variable(variable, environment)
    lines = _read(option, file)
    if not lines:
        raise SettingsError(f"{option} {file} is empty: write the passphrase into its first line.")
    return lines[0]


def _communities(arguments: argparse.Namespace) -> list[str]:
    given: list[str] = list(arguments.community or [])
    if arguments.community_file:
        found = [line.strip() for line in _read("--community-file", arguments.community_file) if line.strip()]
        if not found:
            raise SettingsError(f"--community-file {arguments.community_file} is empty: write one community a line.")
        given += found
    if any(not text for text in given):
        raise SettingsError("An SNMP community cannot be empty.")
    return given


def _read(option: str, file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{option} {file} cannot be read: {error}.") from error
