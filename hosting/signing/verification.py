"""Whether a draft says the truth. Pure: verified metadata and a draft in, a verified draft out.

* A draft brings evidence: what is published, signed. It is followed from what the signer's own machine trusts (`Ground`), root
  by root, and targets and release from there. What a draft says by itself counts for nothing.
* What is trusted goes before an older evidence; the same version with another content is refused.
* A draft is the next version after what is verified, has the form of its role, and shows each catalogue that it changes.
* Whose signatures count is what the verified root and targets say, and those of the same sitting that wait beside it.

Every function raises RepositoryError with one sentence.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from securesystemslib.signer import Key, Signer
from tuf.api.exceptions import RepositoryError as MetadataError
from tuf.api.metadata import Metadata, Root, Targets

from appliance.common.message import Message
from appliance.release import CHANNEL_NAME, ReleaseError, catalogue_path, parse_catalogue
from hosting.errors import RepositoryError
from hosting.repository.roles import RELEASE, ROOT, TARGETS
from hosting.signing.drafts import Contents, Draft, Evidence
from hosting.signing.form import require_form
from hosting.signing.signers import Progress, Signers, progress_of

SUFFIX = ".json"
OTHER_FOUNDING = (
    "it belongs to another first root than the one that was confirmed here before (where all agreed to begin anew, remove "
    "founding.json from the folder of what this machine trusts)"
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What is published as far as it was verified, None for what is not known. Drafts are compared with it."""

    root: Metadata[Root] | None = None
    targets: Metadata[Targets] | None = None
    release: Metadata[Targets] | None = None
    founding: str = ""
    """The digest of the first root, where somebody has confirmed it before it was published."""

    def of(self, role: str) -> Metadata[Any] | None:
        """Return what is published of an offline role."""
        return {ROOT: self.root, TARGETS: self.targets, RELEASE: self.release}[role]


@dataclass(frozen=True, slots=True)
class VerifiedDraft:
    """A draft whose claims were found true against `ground`. Signatures of all `signers` are needed."""

    draft: Draft
    ground: Ground
    signers: tuple[Signers, ...]

    @property
    def role(self) -> str:
        """The role that signs."""
        return self.draft.role

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.draft.name

    @property
    def metadata(self) -> Metadata[Any]:
        """What is signed."""
        return self.draft.metadata

    @property
    def before(self) -> Metadata[Any] | None:
        """What is published of the role, None at the founding."""
        return self.ground.of(self.role)

    @property
    def contents(self) -> Contents:
        """The catalogues that it changes."""
        return self.draft.contents

    @property
    def waiting(self) -> Mapping[str, Metadata[Any]]:
        """Root and targets of the same sitting that are not published yet, by role."""
        return {role: one for role, one in self.draft.delegators.items() if not _is_same(one, self.ground.of(role))}

    @property
    def founding_root(self) -> Metadata[Root] | None:
        """The first root, as long as there is no published one."""
        if self.ground.root is not None:
            return None
        return self.metadata if self.role == ROOT else self.draft.delegators[ROOT]

    @property
    def is_complete(self) -> bool:
        """Whether nobody has to sign any more."""
        return not any(progress.lacking for progress in self.progress())

    def progress(self) -> list[Progress]:
        """Return who has signed; only signatures that are valid count."""
        return [progress_of(self.metadata, signers) for signers in self.signers]

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


def digest(metadata: Metadata[Any]) -> str:
    """Return the SHA-256 of what is signed: the same whoever has signed so far."""
    return hashlib.sha256(metadata.signed_bytes).hexdigest()


def follow(ground: Ground, evidence: Evidence) -> Ground:
    """Return what is published by the evidence of a draft, verified from what is trusted already."""
    root = _follow_roots(ground, evidence.roots)
    if root is None:
        if evidence.targets is not None or evidence.release is not None:
            raise _untrue("it has targets or releases that are published, and no root")
        return ground
    targets = _newer(TARGETS, ground.targets, evidence.targets, root)
    release = _newer(RELEASE, ground.release, evidence.release, targets) if targets is not None else None
    return Ground(root, targets, release)


def begin(root: Metadata[Root]) -> Ground:
    """Return what is trusted by somebody who trusts a published root."""
    require_form(ROOT, root)
    _require_signed(ROOT, root, root)
    return Ground(root)


def verify(draft: Draft, ground: Ground) -> VerifiedDraft:
    """Return the draft, found true against what is published."""
    role, before = draft.role, ground.of(draft.role)
    require_form(role, draft.metadata)
    for name, delegator in draft.delegators.items():
        if role in (name, ROOT):
            raise _untrue(f"{name} names no keys for {role}")
        require_form(name, delegator)
        if not _is_same(delegator, ground.of(name)):
            _require_next(name, delegator, ground.of(name))
    if ground.root is not None and before is None:
        raise _untrue(f"it does not say what is published of {role}")
    _require_next(role, draft.metadata, before)
    verified = VerifiedDraft(draft, ground, _signers(draft, ground))
    first = verified.founding_root
    if first is not None and ground.founding not in ("", digest(first)):
        raise _untrue(OTHER_FOUNDING)
    _require_contents(draft, before)
    _require_fitting_signatures(verified)
    return verified


def _follow_roots(ground: Ground, roots: tuple[Metadata[Root], ...]) -> Metadata[Root] | None:
    """Return the newest root, verified one by one from the one that is trusted; None where nothing is published."""
    for root in roots:
        require_form(ROOT, root)
    trusted = ground.root
    if trusted is None:
        if not roots:
            return None
        if not ground.founding:
            raise _untrue("there is no root here to verify it with")
        if digest(roots[0]) != ground.founding:
            raise _untrue(OTHER_FOUNDING)
        trusted = begin(roots[0]).root
    assert trusted is not None
    if not roots:
        raise _untrue(f"it says that nothing is published, but root {trusted.signed.version} is trusted here")
    known = {root.signed.version: root for root in roots}
    same = known.get(trusted.signed.version)
    if same is not None and not _is_same(same, trusted):
        raise _untrue(f"it has another root {trusted.signed.version} than the one that is trusted here")
    while (following := known.get(trusted.signed.version + 1)) is not None:
        _require_signed(ROOT, following, trusted)
        _require_signed(ROOT, following, following)
        trusted = following
    if max(known) > trusted.signed.version:
        raise _untrue(f"the root after version {trusted.signed.version} is missing")
    return trusted


def _newer(
    role: str, known: Metadata[Targets] | None, shown: Metadata[Targets] | None, delegator: Metadata[Root] | Metadata[Targets]
) -> Metadata[Targets] | None:
    """Return what is known or what a draft shows, whichever is newer; what it shows is verified."""
    if shown is None:
        return known
    require_form(role, shown)
    if known is not None and shown.signed.version <= known.signed.version:
        if shown.signed.version == known.signed.version and not _is_same(shown, known):
            raise _untrue(f"it has another {role} {known.signed.version} than the one that is trusted here")
        return known
    _require_signed(role, shown, delegator)
    return shown


def _require_signed(role: str, metadata: Metadata[Any], delegator: Metadata[Root] | Metadata[Targets]) -> None:
    try:
        delegator.signed.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except (MetadataError, ValueError) as error:
        raise _untrue(
            f"{role} {metadata.signed.version}, which it calls published, lacks signatures of the keys that "
            f"{delegator.signed.type} {delegator.signed.version} names"
        ) from error


def _require_next(role: str, metadata: Metadata[Any], before: Metadata[Any] | None) -> None:
    wanted = before.signed.version + 1 if before is not None else 1
    if metadata.signed.version != wanted:
        raise _untrue(f"{role} {metadata.signed.version} does not follow what is published, the next is {wanted}")


def _signers(draft: Draft, ground: Ground) -> tuple[Signers, ...]:
    """Return whose signatures count: of those that are in force, and of those that wait in the same sitting."""
    if draft.role == RELEASE:
        delegators = [draft.delegators.get(TARGETS) or ground.targets]
        needed = [ROOT, TARGETS] if ground.root is None else []
    else:
        waiting = draft.metadata if draft.role == ROOT else draft.delegators.get(ROOT)
        delegators = [waiting] if draft.lost and waiting is not None else [ground.root, waiting]
        needed = [ROOT] if ground.root is None and draft.role == TARGETS else []
    if lacking := [name for name in needed if name not in draft.delegators]:
        raise _untrue(f"it does not have the first {lacking[0]}")
    signers: list[Signers] = []
    for delegator in delegators:
        if delegator is not None:
            found = Signers.named_in(delegator, draft.role)
            if not any(found.is_same(known) for known in signers):
                signers.append(found)
    return tuple(signers)


def _require_fitting_signatures(draft: VerifiedDraft) -> None:
    """Raise RepositoryError where somebody who counts has signed something else: it was changed since."""
    fitting = {keyid for progress in draft.progress() for keyid in progress.signed}
    if others := sorted((draft.metadata.signatures.keys() & draft.candidates().keys()) - fitting):
        raise _untrue(f"it was changed since the key {others[0][:8]} has signed it")


def _require_contents(draft: Draft, before: Metadata[Any] | None) -> None:
    """Raise RepositoryError where a draft does not show its signer a catalogue as it is signed, now or before."""
    after, former = (one.signed.targets if one is not None and draft.role == RELEASE else {} for one in (draft.metadata, before))
    for shown, signed in ((draft.contents.before, former), (draft.contents.after, after)):
        for name, text in shown.items():
            if name not in signed or hashlib.sha256(text.encode()).hexdigest() != signed[name].hashes["sha256"]:
                raise _untrue(f"it shows another content of {name} than is signed")
    for name in former.keys() | after.keys():
        old, new = (targets[name].hashes["sha256"] if name in targets else None for targets in (former, after))
        if _is_catalogue(name) and old != new:
            if new is None or name not in draft.contents.after:
                raise _untrue(f"it takes {name} away, or changes it without showing it")
            if old is not None and name not in draft.contents.before:
                raise _untrue(f"it does not show what {name} says now")
            _require_catalogue(name, draft.contents.after[name])


def _require_catalogue(path: str, text: str) -> None:
    try:
        catalogue = parse_catalogue(text.encode())
    except ReleaseError as error:
        raise _untrue(f"{path} is a catalogue that no site takes ({error})") from error
    if catalogue_path(catalogue.channel) != path:
        raise _untrue(f"{path} is the catalogue of another channel, {catalogue.channel}")


def _is_catalogue(path: str) -> bool:
    channel = path.removeprefix("release/").removesuffix(SUFFIX)
    return CHANNEL_NAME.fullmatch(channel) is not None and path == catalogue_path(channel)


def _is_same(one: Metadata[Any], other: Metadata[Any] | None) -> bool:
    return other is not None and one.signed_bytes == other.signed_bytes


def _untrue(why: str) -> RepositoryError:
    return RepositoryError(
        Message("This draft does not fit what is published: %(why)s. Do not sign it; remove it and make it anew.", why=why)
    )
