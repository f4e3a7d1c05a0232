"""The form that metadata of each offline role has, whoever made it: what a signature stands for must not depend on a label. Pure.

* `root` is a root with whole, distinct keys.
* `targets` delegates exactly what `hosting.repository.roles` says, and signs for no target of its own.
* `release` delegates nothing and signs for `release/…` alone.
* None has a field that nobody knows: what is signed is all that is shown.

So no signature for one of them can count for another, though two are of the same type in TUF and may have the same keys.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from securesystemslib.signer import Key
from tuf.api.metadata import DelegatedRole, Metadata, Role, Root, TargetFile, Targets

from appliance.common.key_id import key_id, misnamed
from appliance.common.message import Message
from hosting.errors import RepositoryError
from hosting.repository.roles import OFFLINE, PATTERNS, ROOT, TARGETS

RELEASE_PATH = re.compile(r"release/[A-Za-z0-9][A-Za-z0-9._+-]{0,199}")
SHA256 = re.compile(r"[0-9a-f]{64}")
RAW_KEY = re.compile(r"[0-9a-f]{64}")
"""An Ed25519 key in its one spelling."""


def require_form(role: str, metadata: Metadata[Any]) -> None:
    """Raise RepositoryError unless metadata, which is to be signed or was, has the form of an offline role."""
    if fault := fault_of(role, metadata):
        raise RepositoryError(
            Message(
                "What is to be signed is no %(role)s: %(fault)s. Do not sign it; remove the draft and make it anew.",
                role=role,
                fault=fault,
            )
        )


def require_named(keys: Mapping[str, Key]) -> None:
    """Raise ValueError unless each key has its own hash as id, and is written in the one way that its kind has."""
    plain = {keyid: key.to_dict() for keyid, key in keys.items()}
    if wrong := misnamed(plain):
        raise ValueError(f"the key id {wrong[0]} is not the hash of its key")
    seen: dict[bytes, str] = {}
    for keyid, key in keys.items():
        if (other := seen.setdefault(_material(key), keyid)) != keyid:
            raise ValueError(f"the keys {other} and {keyid} are one key in two spellings")


def fault_of(role: str, metadata: Metadata[Any]) -> str:
    """Return in words why metadata has not the form of an offline role; empty when it has."""
    wanted = Root if role == ROOT else Targets
    if role not in OFFLINE or type(metadata.signed) is not wanted:
        return "it has another type"
    return _fault(role, metadata, metadata.signed)


def _fault(role: str, metadata: Metadata[Any], signed: Any) -> str:
    try:
        _require_known_fields(metadata, signed)
        if type(signed.version) is not int:
            raise ValueError("its version is no whole number")
        if role == ROOT:
            _check_root(signed)
        elif role == TARGETS:
            _check_targets(signed)
        else:
            _check_release(signed)
    except ValueError as error:
        return str(error)
    return ""


def _require_known_fields(*parts: Any) -> None:
    for part in parts:
        known = {"custom"} if isinstance(part, TargetFile) else set()
        if unknown := part.unrecognized_fields.keys() - known:
            raise ValueError(f"it has a field that nobody knows, {min(unknown)[:200]}")


def _check_root(root: Root) -> None:
    _require_known_fields(*root.roles.values())
    if root.consistent_snapshot is not True:
        raise ValueError("it has no consistent snapshots")
    _check_keys(root.keys, root.roles)


def _check_targets(targets: Targets) -> None:
    delegations = targets.delegations
    if targets.targets:
        raise ValueError("it signs for targets itself")
    if delegations is None or not delegations.roles:
        raise ValueError("it names no keys for releases and the server")
    _require_known_fields(delegations, *delegations.roles.values())
    if list(delegations.roles) != list(PATTERNS):
        raise ValueError("it delegates to other roles than release, globalcfg and config")
    for name, delegated in delegations.roles.items():
        if delegated.paths != list(PATTERNS[name]) or delegated.path_hash_prefixes is not None or delegated.terminating is not True:
            raise ValueError(f"it delegates other paths to {name}, or in another way")
    _check_keys(delegations.keys, delegations.roles)


def _check_release(release: Targets) -> None:
    if release.delegations is not None:
        raise ValueError("it delegates to other roles")
    _require_known_fields(*release.targets.values())
    for path, target in release.targets.items():
        if not RELEASE_PATH.fullmatch(path):
            raise ValueError(f"it signs for {path[:200]}, which is no file of a release")
        hashes = target.hashes
        if not SHA256.fullmatch(str(hashes.get("sha256"))) or type(target.length) is not int or target.length < 0:
            raise ValueError(f"it signs for {path} without its SHA-256 and length")


def _check_keys(keys: Mapping[str, Key], roles: Mapping[str, Role] | Mapping[str, DelegatedRole]) -> None:
    require_named(keys)
    _require_known_fields(*keys.values())
    for name, role in roles.items():
        if lacking := [keyid for keyid in role.keyids if keyid not in keys]:
            raise ValueError(f"it names the key {lacking[0]} for {name}, which it does not have")
        if type(role.threshold) is not int or not 1 <= role.threshold <= len(role.keyids):
            raise ValueError(f"{role.threshold} of {len(role.keyids)} keys would have to sign {name}")
    if spare := keys.keys() - set(_named(roles.values())):
        raise ValueError(f"it has the key {min(spare)}, which it names for no role")


def _named(roles: Sequence[Role] | Any) -> Iterator[str]:
    for role in roles:
        yield from role.keyids


def _material(key: Key) -> bytes:
    """Return a key without its spelling. Raises ValueError for a spelling that only some readers take."""
    public = key.keyval.get("public")
    if key.keytype == "ed25519":
        if not isinstance(public, str) or not RAW_KEY.fullmatch(public):
            raise ValueError(f"the key {key.keyid} is not 64 small hexadecimal digits")
        return bytes.fromhex(public)
    if not isinstance(public, str) or "-----BEGIN" not in public:
        return f"{key.keytype} {key_id(key.to_dict())}".encode()
    try:
        loaded = load_pem_public_key(public.encode())
        return loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"the key {key.keyid} cannot be read") from error
