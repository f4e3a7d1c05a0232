"""What the machine of somebody who signs trusts: a folder of its own, which no draft and no server ever fills by itself.

| file | what |
|---|---|
| `root.json` | the newest root that was verified, as it is published |
| `targets.json`, `release.json` | the newest of these, so that an older one is noticed |
| `founding.json` | the digest of the first root, from when it was confirmed until it is published |
| `signed.json` | the version and digest signed here last, by role: nobody signs two contents of a version unknowingly |
"""

import json
from pathlib import Path
from typing import Any

from tuf.api.exceptions import RepositoryError as MetadataError
from tuf.api.metadata import Metadata

from appliance.common.files import write_atomic
from appliance.common.message import Message
from hosting.errors import ConfigurationError, RepositoryError
from hosting.repository.keys import is_uri
from hosting.repository.roles import RELEASE, ROOT, TARGETS
from hosting.signing.form import SHA256, fault_of
from hosting.signing.verification import Ground, begin, digest

READABLE = 0o644
"""Nothing here is secret: `root.json` is what the next person who signs begins with."""


def trust_folder(option: str | None, key: str | None) -> Path:
    """Return the folder that was named, else `trust` beside the key file. Raises ConfigurationError for a key without a file."""
    if option:
        return Path(option)
    if not key or is_uri(key):
        raise ConfigurationError("The key is no file, so say where this machine keeps what it trusts: --trust DIR.")
    return Path(key).parent / "trust"


class SignerTrust:
    """The folder. Every method raises RepositoryError."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self._founding = folder / "founding.json"
        self._signed = folder / "signed.json"

    def ground(self) -> Ground:
        """Return what is trusted, nothing in a folder that is not there."""
        known = {role: self._read(role) for role in (ROOT, TARGETS, RELEASE)}
        return Ground(**known, founding=self._confirmed_founding())

    def keep(self, ground: Ground) -> None:
        """Keep what was verified, or confirmed."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for role in (ROOT, TARGETS, RELEASE):
            metadata = ground.of(role)
            if metadata is not None:
                write_atomic(self._file(role), metadata.to_bytes(), mode=READABLE)
        if ground.root is not None:
            self._founding.unlink(missing_ok=True)
        elif ground.founding:
            write_atomic(self._founding, json.dumps({"root_sha256": ground.founding}).encode(), mode=READABLE)

    def note_signed(self, role: str, metadata: Metadata[Any]) -> None:
        """Note what is about to be signed."""
        noted = self._noted() | {role: {"version": metadata.signed.version, "sha256": digest(metadata)}}
        write_atomic(self._signed, json.dumps(noted).encode(), mode=READABLE)

    def signed_otherwise(self, role: str, metadata: Metadata[Any]) -> str:
        """Return what a person has to know before signing another content of a version, or an older one; else nothing."""
        last = self._noted().get(role)
        if last is None or last["version"] < metadata.signed.version or last["sha256"] == digest(metadata):
            return ""
        return (
            f"NOTE: {role} {last['version']} was signed here before with another content (SHA-256 {last['sha256']}). Only one of "
            "the two can count: find out what became of that one before you sign this."
        )

    def _noted(self) -> dict[str, Any]:
        if not self._signed.exists():
            return {}
        try:
            noted: dict[str, Any] = json.loads(self._signed.read_bytes())
            if not all(type(one["version"]) is int and isinstance(one["sha256"], str) for one in noted.values()):
                raise ValueError("no version")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(self._signed) from error
        return noted

    def _file(self, role: str) -> Path:
        return self.path / f"{role}.json"

    def _read(self, role: str) -> Metadata[Any] | None:
        path = self._file(role)
        return read_public_metadata(path, role) if path.exists() else None

    def _confirmed_founding(self) -> str:
        if not self._founding.exists():
            return ""
        try:
            found = json.loads(self._founding.read_bytes())["root_sha256"]
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(self._founding) from error
        if not isinstance(found, str) or not SHA256.fullmatch(found):
            raise _damaged(self._founding)
        return found


def read_public_metadata(path: Path, role: str) -> Metadata[Any]:
    """Return the metadata of a role in a file, its form checked. Raises RepositoryError."""
    try:
        metadata: Metadata[Any] = Metadata.from_bytes(path.read_bytes())
        metadata.signed_bytes  # noqa: B018 - raises for what has no canonical form
        fault = fault_of(role, metadata)
    except OSError as error:
        raise RepositoryError(Message("%(path)s cannot be read: %(reason)s.", path=path, reason=error.strerror)) from error
    except (MetadataError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path) from error
    if fault:
        raise RepositoryError(
            Message(
                "%(path)s is no %(role)s: %(fault)s. Bring the root.json of somebody who signs as well.",
                path=path,
                role=role,
                fault=fault,
            )
        )
    return metadata


def begin_with_root(path: Path) -> Ground:
    """Return what is trusted by whoever trusts the root of a file. Raises RepositoryError."""
    return begin(read_public_metadata(path, ROOT))


def _damaged(path: Path) -> RepositoryError:
    return RepositoryError(
        Message("%(path)s is damaged, or is something else. Bring the root.json of somebody who signs as well.", path=path)
    )
