"""The protocols of SNMP's User-based Security Model (RFC 3414, RFC 3826, RFC 7860), by the names people know, and their keys."""

from typing import Final, Literal

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
