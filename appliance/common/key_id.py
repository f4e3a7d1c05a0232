"""The id of a key in TUF metadata: the SHA-256 of the key itself in canonical JSON, so that nobody can put another under its id.

TUF lets a client take any id. Our own repositories have no others, and both ends of them refuse what is not so. Pure.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from securesystemslib.exceptions import FormatError
from securesystemslib.formats import encode_canonical


def key_id(key: Mapping[str, Any]) -> str:
    """Return the id of a key as metadata has it (`keytype`, `scheme`, `keyval`). Raises ValueError when it is none."""
    try:
        named = {name: key[name] for name in ("keytype", "scheme", "keyval")}
        return hashlib.sha256(str(encode_canonical(named)).encode()).hexdigest()
    except (KeyError, TypeError, AttributeError, RecursionError, FormatError) as error:
        raise ValueError("it is no key") from error


def misnamed(keys: Mapping[str, Any]) -> list[str]:
    """Return the ids of the keys that are not the hash of their key, sorted."""
    return sorted(keyid for keyid, key in keys.items() if not _is_named(keyid, key))


def _is_named(keyid: str, key: Any) -> bool:
    try:
        return key_id(key) == keyid
    except ValueError:
        return False
