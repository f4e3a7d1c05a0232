"""Users of SNMPv3 (User-based Security Model: RFC 3414, RFC 3826, RFC 7860): protocols by the names people know, keys, contexts.

Settings, SNMP client and command line share this; nothing of pysnmp is needed for it.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

from appliance.common.errors import SettingsError
from appliance.common.message import Message

AuthProtocol = Literal["none", "MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512"]
PrivProtocol = Literal["none", "DES", "3DES", "AES-128", "AES-192", "AES-256", "AES-192-C", "AES-256-C"]
"""AES-192 and AES-256 lengthen short keys as draft-blumenthal-aes-usm-04 says, those with C as draft-reeder-snmpv3-usm-3desede-00
does, which Cisco and many makers of printers follow. With an authentication protocol of a long digest both are the same."""

SHORTEST_PASSPHRASE: Final = 8
"""Characters (RFC 3414 section 11.2)."""
LONGEST_USER_NAME: Final = 32
"""Bytes (RFC 3414 section 2.4)."""

AUTH_KEY_BYTES: Final[dict[AuthProtocol, int]] = {
    "MD5": 16,
    "SHA": 20,
    "SHA-224": 28,
    "SHA-256": 32,
    "SHA-384": 48,
    "SHA-512": 64,
}
"""Length of a localized key of authentication: that of the digest."""

PRIV_KEY_BYTES: Final[dict[PrivProtocol, int]] = {
    "DES": 16,
    "3DES": 32,
    "AES-128": 16,
    "AES-192": 24,
    "AES-256": 32,
    "AES-192-C": 24,
    "AES-256-C": 32,
}
"""Bytes of a localized key of privacy that are used; DES and 3DES take their initial vectors from the last eight."""

DIGEST_BYTES: Final[dict[AuthProtocol, int]] = {"MD5": 12, "SHA": 12, "SHA-224": 16, "SHA-256": 24, "SHA-384": 32, "SHA-512": 48}
"""Bytes of the digest in a message."""

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
            raise SettingsError(Message("SNMPv3 user %(name)s: %(reason)s.", name=repr(self.name), reason=fault))

    @property
    def level(self) -> SecurityLevel:
        """Return how the messages of this user are protected."""
        if self.priv_protocol != "none":
            return 3
        return 2 if self.auth_protocol != "none" else 1


def fault_of(user: User) -> str | None:
    """Return what is wrong with a user, in words that follow its name, or None."""
    if not 1 <= len(user.name.encode()) <= LONGEST_USER_NAME:
        return Message("the name has to have 1 to %(most)d bytes", most=LONGEST_USER_NAME)
    if user.priv_protocol != "none" and user.auth_protocol == "none":
        return Message("privacy needs authentication: choose an authentication protocol too")
    for engine_id in (user.context_engine_id, user.security_engine_id):
        if engine_id and not 5 <= len(engine_id) <= 32:
            return Message("an engine ID has 5 to 32 bytes")
    return _secret_fault(
        Message("authentication"), AUTH_KEY_BYTES.get(user.auth_protocol), user.auth_passphrase, user.auth_localized_key
    ) or _secret_fault(Message("privacy"), PRIV_KEY_BYTES.get(user.priv_protocol), user.priv_passphrase, user.priv_localized_key)


def _secret_fault(purpose: str, key_bytes: int | None, passphrase: str, key: bytes) -> str | None:
    if key_bytes is None:
        return Message("a secret for %(purpose)s is given, but no protocol for it", purpose=purpose) if passphrase or key else None
    if passphrase and key:
        return Message("give either a passphrase or a localized key for %(purpose)s, not both", purpose=purpose)
    if key:
        fault = Message("the localized key for %(purpose)s has to have at least %(least)d bytes", purpose=purpose, least=key_bytes)
        return None if len(key) >= key_bytes else fault
    if not passphrase:
        return Message("the passphrase for %(purpose)s is missing", purpose=purpose)
    if len(passphrase.encode()) < SHORTEST_PASSPHRASE:
        return Message(
            "the passphrase for %(purpose)s is too short: SNMPv3 wants at least %(least)d characters",
            purpose=purpose,
            least=SHORTEST_PASSPHRASE,
        )
    return None
