"""What a draft says, in lines for the person who signs it: all of it, and nothing that could hide another line. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tuf.api.metadata import Metadata

from appliance.common.clock import to_rfc3339
from appliance.common.plain import plain
from appliance.release import Catalogue, ReleaseError, parse_catalogue
from hosting.errors import RepositoryError
from hosting.releases.difference import catalogue_lines
from hosting.signing.facts import differences, facts_of
from hosting.signing.signers import Progress
from hosting.signing.verification import VerifiedDraft, digest


def describe(draft: VerifiedDraft, now: datetime) -> list[str]:
    """Return role, version, expiry and keys of a draft, and all that is different from what is published."""
    lines = [*_waiting(draft, now), *_metadata(draft.role, draft.metadata, draft.before, now)]
    lines += [f"  {line}" for path in draft.contents.after for line in _catalogue(draft, path)]
    lines += [f"SHA-256 of what is signed: {digest(draft.metadata)}", "Who has to sign:", *describe_progress(draft)]
    return [plain(line) for line in lines]


def describe_progress(draft: VerifiedDraft) -> list[str]:
    """Return who has signed, and how many are lacking."""
    return [plain(f"  keys of {progress.signers.named_by}: {_state(progress)}") for progress in draft.progress()]


def _state(progress: Progress) -> str:
    signed = ", ".join(progress.signed) or "nobody"
    state = f"{progress.lacking} more needed" if progress.lacking else "enough"
    return f"{signed} of {', '.join(sorted(progress.signers.keys))}: {state}"


def _waiting(draft: VerifiedDraft, now: datetime) -> Iterator[str]:
    """Yield what the other drafts of the sitting say that name keys for this one."""
    first = draft.founding_root
    for role, metadata in draft.waiting.items():
        yield "Of the same sitting, not published yet:"
        if first is metadata and draft.ground.founding:
            yield f"{role}, version 1, as it was confirmed here before"
        else:
            yield from _metadata(role, metadata, draft.ground.of(role), now)
        yield f"  SHA-256 of what is signed: {digest(metadata)}"


def _metadata(role: str, metadata: Metadata[Any], before: Metadata[Any] | None, now: datetime) -> Iterator[str]:
    signed = metadata.signed
    yield f"{role}, version {signed.version}, valid until {to_rfc3339(signed.expires)}, {(signed.expires - now).days} days from now"
    if before is None:
        yield "Nothing of this role is published yet. It says:"
        for name, text in facts_of(signed.to_dict()).items():
            yield f"  {name}: {text}"
        return
    yield f"Different from version {before.signed.version}, which is published, valid until {to_rfc3339(before.signed.expires)}:"
    changes = list(differences(before.signed.to_dict(), signed.to_dict()))
    for change in changes or ["only version and expiry"]:
        yield f"  {change}"
    if changes:
        yield f"  (differences in all: {len(changes)})"


def _catalogue(draft: VerifiedDraft, path: str) -> list[str]:
    try:
        after = parse_catalogue(draft.contents.after[path].encode())
        text = draft.contents.before.get(path)
        before = Catalogue(after.channel) if text is None else parse_catalogue(text.encode())
    except ReleaseError as error:
        raise RepositoryError(f"The draft signs a catalogue that no site takes. {error} Do not sign it; make it anew.") from error
    return catalogue_lines(before, after)
