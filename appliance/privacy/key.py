"""The site's key for pseudonyms: kept in `trust/privacy.key`, and never sent. Without it nobody can tell whom a pseudonym means."""

import os
import secrets
import tempfile
from pathlib import Path

from appliance.common.errors import DataFolderError, SettingsError
from appliance.common.files import sync_folder

KEY_FILE = "privacy.key"
KEY_BYTES = 32


def load_or_make_privacy_key(folder: Path) -> bytes:
    """Return the key kept in `folder`; make it (mode 0600) when there is none, once, also when several processes ask at once.

    Raises DataFolderError, and SettingsError when the file holds no such key: another one would change all pseudonyms.
    """
    path = folder / KEY_FILE
    try:
        if not path.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(path)
        text = path.read_text(encoding="ascii")
    except UnicodeDecodeError:
        text = ""
    except OSError as error:
        raise DataFolderError(
            f"The privacy key {path} cannot be read or made: {error.strerror}. Free some space, or make the folder accessible for "
            f"user {os.getuid()}. Until then nothing is sent, because the masks of the section privacy need it."
        ) from error
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"The privacy key {path} is damaged. Restore it from a backup; or remove it, then a new one is made and all pseudonyms "
            "change. Until then nothing is sent, because the masks of the section privacy need it."
        )
    return key


def _make(path: Path) -> None:
    """Put a new key in place, whole, unless another process was faster."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(KEY_BYTES) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links: the last of two that come at once wins, and both read what is there
            os.replace(temporary, path)  # noqa: PTH105 - by the name mkstemp gave
    finally:
        Path(temporary).unlink(missing_ok=True)
    sync_folder(path.parent)
