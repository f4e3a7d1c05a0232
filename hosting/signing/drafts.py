"""Drafts: metadata of offline roles that wait for signatures, each in a file that carries all a signer needs to judge it.

A file can say what it likes: what is published and whose signatures count is found out by `hosting.signing.verification`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuf.api.exceptions import RepositoryError as MetadataError
from tuf.api.metadata import Metadata, Root, Targets

from appliance.common.files import write_atomic
from appliance.common.message import Message
from hosting.errors import RepositoryError
from hosting.repository.roles import OFFLINE, ROOT, TARGETS

FORMAT = 2


@dataclass(frozen=True, slots=True)
class Contents:
    """What targets say, by their paths, as far as a signer has to see it: now, and after this draft."""

    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Metadata as it is published, with its signatures; nothing at all before the founding."""

    roots: tuple[Metadata[Root], ...] = ()
    """All of them, oldest first."""
    targets: Metadata[Targets] | None = None
    release: Metadata[Targets] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as a draft has it."""
        value: dict[str, Any] = {"roots": [root.to_dict() for root in self.roots]}
        return value | {name: one.to_dict() for name in ("targets", "release") if (one := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Draft:
    """Metadata of `role` that waits for signatures."""

    role: str
    metadata: Metadata[Any]
    evidence: Evidence = Evidence()
    delegators: Mapping[str, Metadata[Any]] = field(default_factory=dict)
    """Root or targets of the same sitting that wait as well and name keys for this role."""
    contents: Contents = Contents()
    lost: bool = False
    """The former keys of targets cannot sign any more: those of the new root are enough."""

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.metadata.signed.version}.{self.role}.json"

    def to_bytes(self) -> bytes:
        """Return the content of its file."""
        value: dict[str, Any] = {
            "draft": FORMAT,
            "role": self.role,
            "published": self.evidence.to_json(),
            "delegators": {role: metadata.to_dict() for role, metadata in self.delegators.items()},
            "metadata": self.metadata.to_dict(),
        }
        if self.lost:
            value["lost"] = True
        if self.contents.after:
            value["contents"] = {"before": dict(self.contents.before), "after": dict(self.contents.after)}
        return json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"


def read_draft(path: Path) -> Draft:
    """Return the draft of a file, as it describes itself. Raises RepositoryError."""
    try:
        value = json.loads(path.read_bytes())
        if value["draft"] != FORMAT:
            raise RepositoryError(
                Message("The draft %(path)s was made by an earlier version: remove it and make it anew.", path=path)
            )
        return _draft(value)
    except OSError as error:
        raise RepositoryError(
            Message("The draft %(path)s cannot be read: %(reason)s.", path=path, reason=error.strerror)
        ) from error
    except (MetadataError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RepositoryError(
            Message(
                "%(path)s is no draft, or a damaged one. Bring a file of the folder `drafts` of the repository again; one that "
                "is damaged there has to be removed and made anew.",
                path=path,
            )
        ) from error


def write_draft(path: Path, draft: Draft) -> None:
    """Replace the file of a draft."""
    write_atomic(path, draft.to_bytes(), mode=0o644)


def _draft(value: Mapping[str, Any]) -> Draft:
    published, delegators, lost = value["published"], value["delegators"], value.get("lost", False)
    if value["role"] not in OFFLINE or not delegators.keys() <= {ROOT, TARGETS} or not isinstance(lost, bool):
        raise ValueError("another role")
    optional = {name: _metadata(published[name]) for name in ("targets", "release") if name in published}
    return Draft(
        role=value["role"],
        metadata=_metadata(value["metadata"]),
        evidence=Evidence(tuple(_metadata(root) for root in published["roots"]), **optional),
        delegators={role: _metadata(metadata) for role, metadata in delegators.items()},
        contents=_contents(value.get("contents", {})),
        lost=lost,
    )


def _contents(value: Mapping[str, Any]) -> Contents:
    contents = Contents(**value)
    for texts in (contents.before, contents.after):
        if not all(isinstance(text, str) for text in texts.values()):
            raise ValueError("a content is no text")
        "".join([*texts, *texts.values()]).encode()  # raises ValueError for half a character, which no file and no terminal takes
    return contents


def _metadata(value: dict[str, Any]) -> Metadata[Any]:
    metadata = Metadata.from_dict(value)
    metadata.signed_bytes  # noqa: B018 - raises for what has no canonical form: nobody could sign it
    return metadata
