"""Certificate authorities that a person brings with an enrolment string, kept on the data volume beside those in use."""

import hashlib
import ssl
from pathlib import Path

from appliance.common.errors import SettingsError
from appliance.common.files import keeping, write_atomic
from appliance.common.message import Message
from appliance.settings.layers import Effective

MOST_BYTES = 256 * 1024


def require_certificates(text: str) -> None:
    """Raise SettingsError unless a text holds certificates in PEM form, and no private key."""
    if len(text) > MOST_BYTES:
        raise SettingsError(Message("The file of the certificate authority is too large: it has more than %(most)d KiB.", most=256))
    if "PRIVATE KEY-----" in text:
        raise SettingsError(
            Message("The file of the certificate authority holds a private key. Give the certificate alone; the key stays secret.")
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise SettingsError(Message("The file of the certificate authority holds no certificate in PEM form.")) from error


def join_authorities(text: str, effective: Effective, folder: Path) -> Path:
    """Return a file in `folder` with the certificates of `text` and those of hosting.ca_file, so that both servers can be reached.

    Raises SettingsError, also where the environment names the file, and DataFolderError.
    """
    require_certificates(text)
    variable = effective.variables.get("hosting.ca_file")
    if variable:
        raise SettingsError(
            Message(
                "hosting.ca_file is set by %(variable)s in the environment of the appliance. Add the certificate to that file.",
                variable=variable,
            )
        )
    before = _read(effective.settings.hosting.ca_file)
    joined = before if text.strip() in before else f"{text.strip()}\n{before}"
    path = folder / f"authorities-{hashlib.sha256(joined.encode()).hexdigest()[:12]}.pem"
    with keeping(Message("The certificate authority"), path):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(path, joined.encode())
    return path


def remove_other_authorities(folder: Path, in_use: Path) -> None:
    """Remove what other enrolments have joined, also those that failed."""
    for file in folder.glob("authorities-*.pem"):
        if file != in_use:
            file.unlink(missing_ok=True)


def _read(file: str) -> str:
    """Return the certificates in use, nothing where there are none or their file is gone: then it is of no use to anybody."""
    if not file:
        return ""
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
