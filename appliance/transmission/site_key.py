"""The site's own Ed25519 key: it signs every request, and never leaves the site.

A site that is not enrolled has none: cryptography, a tenth of an idle appliance's memory, is loaded with the key.
"""

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.common.errors import DataFolderError, SettingsError
from appliance.common.files import keeping, write_atomic
from appliance.common.message import Message

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_FILE = "request.key"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs: the key, and the site id once the hosting server gave one."""

    private_key: "Ed25519PrivateKey" = field(repr=False)
    site_id: str | None = None

    @property
    def public_text(self) -> str:
        """The public key: 32 bytes as base64url without padding."""
        raw = self.private_key.public_key().public_bytes_raw()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def load_key(folder: Path) -> "Ed25519PrivateKey | None":
    """Return the key kept in `folder`, None when there is none. Raises SettingsError when the file holds no such key."""
    path = folder / KEY_FILE
    remedy = Message("Restore it from a backup, or move it away and enrol the site again.")
    try:
        pem = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataFolderError(
            Message(
                "The request key %(path)s cannot be read: %(reason)s. Make it readable for user %(user)s.",
                path=path,
                reason=error.strerror,
                user=os.getuid(),
            )
        ) from error
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SettingsError(f"The request key {path} is damaged. {remedy}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"The request key {path} is no Ed25519 key. {remedy}")
    return key


def load_or_make_key(folder: Path) -> "Ed25519PrivateKey":
    """Return the key kept in `folder`; make it (mode 0600) when there is none. Raises DataFolderError, SettingsError."""
    if key := load_key(folder):
        return key
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    made = Ed25519PrivateKey.generate()
    pem = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / KEY_FILE
    with keeping(Message("The request key"), path):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(path, pem, mode=0o600)
    return made
