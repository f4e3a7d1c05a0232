"""The id of a key in TUF metadata: the SHA-256 of the key itself in canonical JSON, so that nobody can put another under its id.

TUF lets a client take any id. Our own repositories have no others, and both ends of them refuse what is not so. Pure.
"""

import hashlib
from collections.abc import Mapping
from typing import Any


def key_id(key: Mapping[str, Any]) -> str:
    """Return the id of a key as metadata has it (`keytype`, `scheme`, `keyval`). Raises ValueError when it is none."""
    try:
        named = {name: key[name] for name in ("keytype", "scheme", "keyval")}
        return hashlib.sha256(_canonical(named).encode()).hexdigest()
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("it is no key") from error


def misnamed(keys: Mapping[str, Any]) -> list[str]:
    """Return the ids of the keys that are not the hash of their key, sorted."""
    return sorted(keyid for keyid, key in keys.items() if not _is_named(keyid, key))


def _is_named(keyid: str, key: Any) -> bool:
    try:
        return key_id(key) == keyid
    except ValueError:
        return False


def _canonical(value: Any) -> str:
    """Return a value in canonical JSON (wiki.laptop.org/go/Canonical_JSON): only quotation marks and backslashes are escaped."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{','.join(map(_canonical, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_canonical(name)}:{_canonical(value[name])}" for name in sorted(value)) + "}"
    raise ValueError(f"{type(value).__name__} has no canonical form")
