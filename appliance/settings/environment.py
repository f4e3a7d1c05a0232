"""Settings from the environment: `DCA_NAME`, or `DCA_NAME_FILE` naming a file that holds the value.

A value set here stands above all other layers and is read-only in the web UI.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from appliance.common.clock import zone_fault
from appliance.common.errors import SettingsError
from appliance.common.files import BYTE_ORDER_MARK
from appliance.common.message import Message


def _words(text: str) -> list[str]:
    return [word for part in text.replace("\n", ",").split(",") if (word := part.strip())]


def _credentials(text: str) -> list[dict[str, Any]]:
    return [{"name": f"environment {number}", "version": "2c", "community": word} for number, word in enumerate(_words(text), 1)]


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no whole number") from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no number") from error


def _integers(text: str) -> list[int]:
    return [_integer(word) for word in _words(text)]


def _day(text: str) -> str | None:
    return text.strip() or None


def _switch(text: str) -> bool:
    word = text.strip().lower()
    if word in ("on", "true", "yes", "1"):
        return True
    if word in ("off", "false", "no", "0"):
        return False
    raise ValueError(f"{text!r} is neither on nor off")


VARIABLES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "DCA_SITE_NAME": ("site.name", str),
    "DCA_SCAN_TARGETS": ("scan.targets", _words),
    "DCA_SCAN_EXCLUDE": ("scan.exclude", _words),
    "DCA_SWEEP_MINUTES": ("scan.sweep_minutes", _integer),
    "DCA_READ_MINUTES": ("scan.read_minutes", _integer),
    "DCA_PACKETS_PER_SECOND": ("scan.packets_per_second", _integer),
    "DCA_ICMP": ("scan.icmp", _switch),
    "DCA_SILENT_HOURS": ("scan.silent_hours", _integer),
    "DCA_QUIET_TIMES": ("scan.quiet_times", _words),
    "DCA_HTTP": ("scan.http", _switch),
    "DCA_DNS_SD": ("scan.dns_sd", _switch),
    "DCA_NEIGHBOURS": ("scan.neighbours", _switch),
    "DCA_ROUTERS": ("scan.routers", _words),
    "DCA_ROUTER_CREDENTIAL": ("scan.router_credential", str),
    "DCA_NEW_DEVICES": ("scan.new_devices", str),
    "DCA_SNMP_COMMUNITY": ("snmp.credentials", _credentials),
    "DCA_SNMP_PORT": ("snmp.port", _integer),
    "DCA_SNMP_TIMEOUT_SECONDS": ("snmp.timeout_seconds", _number),
    "DCA_HOSTING_CA_FILE": ("hosting.ca_file", str),
    "DCA_HOSTING_VERIFY_TLS": ("hosting.verify_tls", _switch),
    "DCA_PROXY": ("hosting.proxy", str),
    "DCA_PROXY_USER": ("hosting.proxy_user", str),
    "DCA_PROXY_PASSWORD": ("hosting.proxy_password", str),
    "DCA_CHECK_IN_SECONDS": ("hosting.check_in_seconds", _integer),
    "DCA_UPLOAD_SECONDS": ("hosting.upload_seconds", _integer),
    "DCA_HEALTH_CHECK": ("health_check.enabled", _switch),
    "DCA_UPDATE": ("update.level", str),
    "DCA_UPDATE_WINDOW": ("update.window", str),
    "DCA_UPDATE_HOLD_UNTIL": ("update.hold_until", _day),
    "DCA_UPDATE_CHANNEL": ("update.channel", str),
    "DCA_UPDATE_KILOBYTES_PER_SECOND": ("update.kilobytes_per_second", _integer),
    "DCA_WEB_PORT": ("web.port", _integer),
    "DCA_WEB_BIND": ("web.bind", str),
    "DCA_BASE_PATH": ("web.base_path", str),
    "DCA_ALLOWED_HOSTS": ("web.allowed_hosts", _words),
    "DCA_TRUSTED_PROXIES": ("web.trusted_proxies", _words),
    "DCA_METRICS_TOKEN": ("web.metrics_token", str),
    "DCA_PRIVACY_IP_ADDRESS": ("privacy.ip_address", str),
    "DCA_PRIVACY_HOST_NAME": ("privacy.host_name", str),
    "DCA_PRIVACY_MAC": ("privacy.mac", str),
    "DCA_PRIVACY_LOCATION": ("privacy.location", str),
    "DCA_PRIVACY_ASSET_NUMBER": ("privacy.asset_number", str),
    "DCA_PRIVACY_CONSOLE": ("privacy.console", str),
    "DCA_PRIVACY_PHONE_NUMBERS": ("privacy.phone_numbers", str),
    "DCA_PRIVACY_FIELDS": ("privacy.fields", _words),
    "DCA_PRIVACY_SUPPORT_BUNDLE": ("privacy.support_bundle", _switch),
    "DCA_GUARDRAIL_NETWORKS": ("guardrails.networks", _words),
    "DCA_GUARDRAIL_PACKETS_PER_SECOND": ("guardrails.packets_per_second", _integer),
    "DCA_GUARDRAIL_SNMP_PORTS": ("guardrails.snmp_ports", _integers),
    "DCA_GUARDRAIL_DEFINITIONS": ("guardrails.definitions", str),
    "DCA_GUARDRAIL_KEEP_DAYS": ("guardrails.keep_days", _integer),
    "DCA_GUARDRAIL_CHECK_IN_SECONDS": ("guardrails.check_in_seconds", _integer),
    "DCA_GUARDRAIL_UPLOAD_SECONDS": ("guardrails.upload_seconds", _integer),
    "DCA_GUARDRAIL_READ_MINUTES": ("guardrails.read_minutes", _integer),
    "DCA_GUARDRAIL_SWEEP_MINUTES": ("guardrails.sweep_minutes", _integer),
}


ENROLMENT_VARIABLE = "DCA_ENROLMENT"
"""The enrolment string: no setting, since it is used once."""

USER_VARIABLES: dict[str, str] = {
    "DCA_SNMP_V3_USER": "user",
    "DCA_SNMP_V3_AUTH_PROTOCOL": "auth_protocol",
    "DCA_SNMP_V3_AUTH": "auth_passphrase",
    "DCA_SNMP_V3_PRIV_PROTOCOL": "priv_protocol",
    "DCA_SNMP_V3_PRIV": "priv_passphrase",
    "DCA_SNMP_V3_CONTEXT": "context_name",
}
"""What makes one SNMPv3 credential, which is tried before the communities; passphrases best in `DCA_SNMP_V3_AUTH_FILE`."""
QUOTABLE = (*VARIABLES, *USER_VARIABLES, ENROLMENT_VARIABLE, "DCA_ADMIN_PASSWORD")
"""All variables that hold a value for people."""
DEFAULT_AUTH, DEFAULT_PRIV = "SHA-256", "AES-128"
"""Protocols where only a passphrase is given."""


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is no text in UTF-8"


def read_variable(name: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the value of `name`, or what the file named by `name`_FILE holds, or None. SettingsError if both are set."""
    direct, file = environment.get(name, "").removeprefix(BYTE_ORDER_MARK), environment.get(f"{name}_FILE")
    if direct and file:
        raise SettingsError(f"{name} and {name}_FILE are both set. Keep one of them.")
    if not file:
        return direct or None
    try:
        return Path(file).read_text(encoding="utf-8-sig").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}_FILE names {file}, which cannot be read: {_reason(error)}.") from error


def environment_notes(environment: Mapping[str, str] = os.environ) -> tuple[Message, ...]:
    """Return a warning for each variable that is taken and hardly meant as it is. SettingsError for a file that is missing."""
    quoted = [name for name in QUOTABLE if is_quoted(read_variable(name, environment) or "")]
    notes = [
        Message(
            "%(name)s begins and ends with a quotation mark, and both are taken as part of the value. Where they are not meant, "
            "write it without them.",
            name=name,
        )
        for name in quoted
    ]
    fault = zone_fault(environment)
    return (*notes, *([fault] if fault else []))


def is_quoted(text: str) -> bool:
    """Return whether a text stands in quotation marks, as those do that a shell would take away and others do not."""
    return len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"


def environment_layer(environment: Mapping[str, str] = os.environ) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values set by the environment as nested settings, and for each dotted path the variable that set it.

    Raises SettingsError naming the variable whose value cannot be used.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, (path, convert) in VARIABLES.items():
        text = read_variable(name, environment)
        if text is None:
            continue
        try:
            value = convert(text)
        except ValueError as error:
            raise SettingsError(f"{name} cannot be used: {error}.") from error
        section, field = path.split(".")
        values.setdefault(section, {})[field] = value
        origins[path] = name
    user = user_credential(environment)
    if user:
        snmp = values.setdefault("snmp", {})
        snmp["credentials"] = [user, *snmp.get("credentials", [])]
        origins["snmp.credentials"] = "DCA_SNMP_V3_USER"
    return values, origins


def user_credential(environment: Mapping[str, str] = os.environ) -> dict[str, Any] | None:
    """Return the SNMPv3 credential the environment describes, or None. SettingsError when its user name is missing.

    Passphrases alone are no fault: they are there for a command that names the user (`dca read --v3-user`).
    """
    given = {field: text for name, field in USER_VARIABLES.items() if (text := read_variable(name, environment)) is not None}
    if not set(given) - {"auth_passphrase", "priv_passphrase"}:
        return None
    if "user" not in given:
        names = " and ".join(name for name, field in USER_VARIABLES.items() if field in given)
        raise SettingsError(f"{names}: set, but DCA_SNMP_V3_USER, the name of the user, is not.")
    return complete_user({"name": "environment, SNMPv3", **given})


def complete_user(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a credential of version 3 with the default protocol for each passphrase that comes without one."""
    chosen: dict[str, Any] = {"version": "3", **values}
    if chosen.get("auth_passphrase"):
        chosen.setdefault("auth_protocol", DEFAULT_AUTH)
    if chosen.get("priv_passphrase"):
        chosen.setdefault("priv_protocol", DEFAULT_PRIV)
    return chosen
