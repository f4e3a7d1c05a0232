"""The drafts that wait in the repository: made there, and compared with what its own folder has published."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tuf.api.metadata import Metadata, Root, Targets

from appliance.common.message import Message, message_of
from hosting.errors import RepositoryError
from hosting.repository.folder import RepositoryFolder
from hosting.repository.roles import OFFLINE, RELEASE, ROOT, SNAPSHOT, TARGETS, TIMESTAMP
from hosting.signing.drafts import Contents, Draft, Evidence, read_draft, write_draft
from hosting.signing.verification import Ground, VerifiedDraft, verify


def drafts_of(folder: RepositoryFolder) -> list[Draft]:
    """Return the drafts that wait in the repository, as they describe themselves."""
    return [read_draft(path) for path in sorted(folder.drafts.glob("*.json"))]


def verified_drafts(folder: RepositoryFolder) -> list[VerifiedDraft]:
    """Return the drafts that wait, found true. Raises RepositoryError naming one that is not."""
    drafts = drafts_of(folder)
    return verified_all(folder, drafts) if drafts else []


def verified_all(folder: RepositoryFolder, drafts: Sequence[Draft]) -> list[VerifiedDraft]:
    """Return these drafts of a folder, compared with what it has published. Raises RepositoryError naming one that is not true."""
    ground = ground_of(folder)
    verified = []
    for draft in drafts:
        try:
            verified.append(verify(draft, ground))
            _require_own_evidence(folder, draft, ground)
        except RepositoryError as error:
            raise RepositoryError(
                Message("%(draft)s cannot be published. %(why)s", draft=folder.drafts / draft.name, why=message_of(error))
            ) from error
    return verified


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


def ground_of(folder: RepositoryFolder) -> Ground:
    """Return what is published of the offline roles, all None before the founding."""
    if not folder.is_published:
        return Ground()
    snapshot = folder.read(SNAPSHOT, folder.read(TIMESTAMP).signed.snapshot_meta.version)
    targets, release = (folder.read(role, snapshot.signed.meta[f"{role}.json"].version) for role in (TARGETS, RELEASE))
    return Ground(folder.newest_root(), targets, release)


def make_draft(
    folder: RepositoryFolder,
    role: str,
    signed: Root | Targets,
    sitting: Mapping[str, Root | Targets],
    *,
    contents: Contents | None = None,
    lost: bool = False,
) -> VerifiedDraft:
    """Write a draft that nobody has signed yet, and return it; its version is the next one.

    `sitting` has the root and targets that are to be signed at the same time and name keys for this role.
    """
    ground = ground_of(folder)
    before = ground.of(role)
    if before is not None:
        signed.version = before.signed.version + 1
    delegators: dict[str, Metadata[Any]] = {name: Metadata[Any](delegator) for name, delegator in sitting.items()}
    draft = Draft(role, Metadata[Any](signed), _evidence(folder, role, ground), delegators, contents or Contents(), lost)
    verified = verify(draft, ground)
    write_draft(folder.drafts / draft.name, draft)
    return verified


def _evidence(folder: RepositoryFolder, role: str, ground: Ground) -> Evidence:
    """Return what whoever signs for a role has to know of what is published."""
    if ground.root is None:
        return Evidence()
    needed: dict[str, Any] = {name: ground.of(name) for name in OFFLINE[1 : OFFLINE.index(role) + 1]}
    return Evidence(tuple(folder.read(ROOT, version) for version in folder.root_versions()), **needed)


def _require_own_evidence(folder: RepositoryFolder, draft: Draft, ground: Ground) -> None:
    """Raise RepositoryError where a draft does not say what this folder has published; it may be older than what is in force."""
    if not (_has_roots(folder, draft.evidence.roots, ground) and all(_has(role, draft, ground) for role in (TARGETS, RELEASE))):
        raise RepositoryError(Message("It says that other roots, targets or releases are published than are. Make it anew."))


def _has_roots(folder: RepositoryFolder, roots: Sequence[Metadata[Root]], ground: Ground) -> bool:
    """Whether these are all roots up to one of those that are published."""
    published = folder.root_versions() if ground.root is not None else []
    if len(roots) > len(published) or bool(roots) != bool(published):
        return False
    known = (folder.read(ROOT, version) for version in published)
    return all(real.signed_bytes == claimed.signed_bytes for claimed, real in zip(roots, known, strict=False))


def _has(role: str, draft: Draft, ground: Ground) -> bool:
    """Whether what a draft calls published of a role is so, or was; a draft of a role names all that its signers need."""
    claimed, real = (draft.evidence.targets if role == TARGETS else draft.evidence.release), ground.of(role)
    if claimed is None:
        return real is None or OFFLINE.index(draft.role) < OFFLINE.index(role)
    if real is None or claimed.signed.version > real.signed.version:
        return False
    return claimed.signed.version < real.signed.version or claimed.signed_bytes == real.signed_bytes


def require_sitting(draft: VerifiedDraft, drafts: Sequence[VerifiedDraft]) -> None:
    """Raise RepositoryError where a draft counts on another one that neither waits here nor is published."""
    for role, delegator in draft.waiting.items():
        if not any(one.role == role and one.metadata.signed_bytes == delegator.signed_bytes for one in drafts):
            raise RepositoryError(
                Message(
                    "%(draft)s cannot be published: its keys are named by another %(role)s than waits here or is published. "
                    "Remove it and make it anew.",
                    draft=draft.name,
                    role=role,
                )
            )
