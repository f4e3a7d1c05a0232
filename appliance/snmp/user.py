"""An SNMPv3 user (RFC 3414): name, protocols and secrets, and the context it asks in."""

from dataclasses import dataclass, field
from typing import Literal

from appliance.errors import SettingsError
from appliance.usm import AUTH_KEY_BYTES, LONGEST_USER_NAME, PRIV_KEY_BYTES, SHORTEST_PASSPHRASE, AuthProtocol, PrivProtocol

SecurityLevel = Literal[1, 2, 3]
"""noAuthNoPriv, authNoPriv, authPriv (SnmpSecurityLevel of RFC 3411)."""


@dataclass(frozen=True, slots=True)
class User:
    """A user. Of passphrase and localized key (which fits one agent only) one is given for each protocol. Raises SettingsError."""

    name: str
    auth_protocol: AuthProtocol = "none"
    auth_passphrase: str = field(default="", repr=False)
    auth_localized_key: bytes = field(default=b"", repr=False)
    priv_protocol: PrivProtocol = "none"
    priv_passphrase: str = field(default="", repr=False)
    priv_localized_key: bytes = field(default=b"", repr=False)
    context_name: str = ""
    context_engine_id: bytes = b""
    """Empty: the agent's own."""
    security_engine_id: bytes = b""
    """Empty: the agent is asked for it."""

    def __post_init__(self) -> None:
        if fault := fault_of(self):
            raise SettingsError(f"SNMPv3 user {self.name!r}: {fault}.")

    @property
    def level(self) -> SecurityLevel:
        """Return how the messages of this user are protected."""
        if self.priv_protocol != "none":
            return 3
        return 2 if self.auth_protocol != "none" else 1


def fault_of(user: User) -> str | None:
    """Return what is wrong with a user, in words that follow its name, or None."""
    if not 1 <= len(user.name.encode()) <= LONGEST_USER_NAME:
        return f"the name has to have 1 to {LONGEST_USER_NAME} bytes"
    if user.priv_protocol != "none" and user.auth_protocol == "none":
        return "privacy needs authentication: choose an authentication protocol too"
    for engine_id in (user.context_engine_id, user.security_engine_id):
        if engine_id and not 5 <= len(engine_id) <= 32:
            return "an engine ID has 5 to 32 bytes"
    return _secret_fault(
        "authentication", AUTH_KEY_BYTES.get(user.auth_protocol), user.auth_passphrase, user.auth_localized_key
    ) or _secret_fault("privacy", PRIV_KEY_BYTES.get(user.priv_protocol), user.priv_passphrase, user.priv_localized_key)


def _secret_fault(purpose: str, key_bytes: int | None, passphrase: str, key: bytes) -> str | None:
    if key_bytes is None:
        return f"a secret for {purpose} is given, but no protocol for it" if passphrase or key else None
    if passphrase and key:
        return f"give either a passphrase or a localized key for {purpose}, not both"
    if key:
        return None if len(key) >= key_bytes else f"the localized key for {purpose} has to have at least {key_bytes} bytes"
    if not passphrase:
        return f"the passphrase for {purpose} is missing"
    if len(passphrase.encode()) < SHORTEST_PASSPHRASE:
        return f"the passphrase for {purpose} is too short: SNMPv3 wants at least {SHORTEST_PASSPHRASE} characters"
    return None
