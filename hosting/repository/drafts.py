"""Drafts: metadata of offline roles that wait for signatures, each in a file that carries all a signer has to see."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from securesystemslib.exceptions import Error as LibraryError
from securesystemslib.signer import Key, Signer
from tuf.api.exceptions import RepositoryError as MetadataError
from tuf.api.metadata import Metadata, Root, Targets

from appliance.common.files import write_atomic
from appliance.common.message import Message
from hosting.errors import RepositoryError
from hosting.repository.folder import RepositoryFolder

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Signers:
    """Keys of which `threshold` have to sign. `named_by` is the metadata that says so, such as `root 3`."""

    named_by: str
    threshold: int
    keys: Mapping[str, Key]


@dataclass(frozen=True, slots=True)
class Progress:
    """Who of some signers has signed, by key id."""

    signers: Signers
    signed: tuple[str, ...]

    @property
    def lacking(self) -> int:
        """How many signatures are still needed."""
        return max(0, self.signers.threshold - len(self.signed))


@dataclass(frozen=True, slots=True)
class Contents:
    """What targets say, by their paths, as far as a signer has to see it: now, and after this draft."""

    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """Metadata of `role` that waits for signatures of all `signers`. `before` is what is published of the role, None if nothing."""

    role: str
    metadata: Metadata[Any]
    signers: tuple[Signers, ...]
    before: Mapping[str, Any] | None
    contents: Contents = Contents()

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.metadata.signed.version}.{self.role}.json"

    @property
    def is_complete(self) -> bool:
        """Whether nobody has to sign any more."""
        return not any(progress.lacking for progress in self.progress())

    def progress(self) -> list[Progress]:
        """Return who has signed; only signatures that are valid count."""
        content = self.metadata.signed_bytes
        return [Progress(signers, tuple(self._signed(signers, content))) for signers in self.signers]

    def candidates(self) -> dict[str, Key]:
        """Return the keys that may sign, by key id."""
        return {keyid: key for signers in self.signers for keyid, key in signers.keys.items()}

    def sign(self, signer: Signer) -> None:
        """Add a signature. Raises RepositoryError for a key that is none of those that count, or has signed already."""
        keyid = signer.public_key.keyid
        if keyid not in self.candidates():
            raise RepositoryError(
                Message("The key %(key)s is none of those that sign %(role)s. Use another.", key=keyid[:8], role=self.role)
            )
        if any(keyid in progress.signed for progress in self.progress()):
            raise RepositoryError(
                Message("The key %(key)s has signed this draft already. Another key has to sign it.", key=keyid[:8])
            )
        self.metadata.sign(signer, append=True)

    def to_bytes(self) -> bytes:
        """Return the content of its file."""
        value = {
            "draft": FORMAT,
            "role": self.role,
            "signers": [
                {
                    "named_by": signers.named_by,
                    "threshold": signers.threshold,
                    "keys": {keyid: key.to_dict() for keyid, key in signers.keys.items()},
                }
                for signers in self.signers
            ],
            "before": self.before,
            "metadata": self.metadata.to_dict(),
        }
        if self.contents.after:
            value["contents"] = {"before": dict(self.contents.before), "after": dict(self.contents.after)}
        return json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"

    def _signed(self, signers: Signers, content: bytes) -> Iterable[str]:
        for keyid, key in signers.keys.items():
            signature = self.metadata.signatures.get(keyid)
            try:
                if signature is not None:
                    key.verify_signature(signature, content)
                    yield keyid
            except LibraryError:
                continue


def read_draft(path: Path) -> Draft:
    """Return the draft of a file. Raises RepositoryError."""
    try:
        value = json.loads(path.read_bytes())
        signers = tuple(
            Signers(one["named_by"], one["threshold"], {keyid: Key.from_dict(keyid, key) for keyid, key in one["keys"].items()})
            for one in value["signers"]
        )
        contents = Contents(**value.get("contents", {}))
        draft = Draft(value["role"], Metadata.from_dict(value["metadata"]), signers, value["before"], contents)
        _require_contents(path, draft)
        return draft
    except OSError as error:
        raise RepositoryError(
            Message("The draft %(path)s cannot be read: %(reason)s.", path=path, reason=error.strerror)
        ) from error
    except (MetadataError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RepositoryError(
            Message("%(path)s is no draft. Give a file of the folder `drafts` of the repository.", path=path)
        ) from error


def _require_contents(path: Path, draft: Draft) -> None:
    """Raise RepositoryError where a draft shows its signer another content than the one that is signed."""
    targets = draft.metadata.signed.to_dict().get("targets", {})
    before = (draft.before or {}).get("targets", {})
    for shown, signed in ((draft.contents.before, before), (draft.contents.after, targets)):
        for name, text in shown.items():
            if name not in signed or hashlib.sha256(text.encode()).hexdigest() != signed[name]["hashes"]["sha256"]:
                raise RepositoryError(
                    Message(
                        "%(path)s shows another content of %(name)s than it signs. Do not sign it; make it anew.",
                        path=path,
                        name=name,
                    )
                )


def write_draft(path: Path, draft: Draft) -> None:
    """Replace the file of a draft."""
    write_atomic(path, draft.to_bytes(), mode=0o644)


def require_none_waits(folder: RepositoryFolder, roles: Iterable[str]) -> None:
    """Raise RepositoryError where a draft of one of the roles waits already."""
    wanted = set(roles)
    if waiting := [draft.name for draft in drafts_of(folder) if draft.role in wanted]:
        raise RepositoryError(
            Message(
                "%(drafts)s waits already in %(folder)s. Sign and publish it, or remove it, and try again.",
                drafts=", ".join(waiting),
                folder=folder.drafts,
            )
        )


def drafts_of(folder: RepositoryFolder) -> list[Draft]:
    """Return the drafts that wait in the repository."""
    return [read_draft(path) for path in sorted(folder.drafts.glob("*.json"))]


def make_draft(
    role: str,
    signed: Root | Targets,
    delegators: Sequence[tuple[str, Root | Targets]],
    before: Root | Targets | None,
    contents: Contents = Contents(),
) -> Draft:
    """Return a draft that nobody has signed yet. `delegators` name the keys that count, each beside its own name for people."""
    signers: list[Signers] = []
    for named_by, delegator in delegators:
        delegated = delegator.get_delegated_role(role)
        keys = {keyid: delegator.get_key(keyid) for keyid in delegated.keyids}
        if not any(known.keys.keys() == keys.keys() and known.threshold == delegated.threshold for known in signers):
            signers.append(Signers(named_by, delegated.threshold, keys))
    if before is not None:
        signed.version = before.version + 1
    return Draft(role, Metadata(signed), tuple(signers), before.to_dict() if before else None, contents)
