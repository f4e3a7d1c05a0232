"""Drafts that change keys or prolong what people signed. Nothing is different before they are signed and published."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from securesystemslib.signer import Key
from tuf.api.metadata import Root, Targets

from hosting.errors import RepositoryError
from hosting.repository.ceremony import online_key
from hosting.repository.folder import RepositoryFolder
from hosting.repository.keys import read_public
from hosting.repository.roles import CONFIG, GLOBAL, OFFLINE, RELEASE, ROOT, SNAPSHOT, TARGETS, TIMESTAMP, validity
from hosting.repository.waiting import ground_of, make_draft, require_none_waits
from hosting.signing.verification import VerifiedDraft

DELEGATORS = {TARGETS: (ROOT,), RELEASE: (TARGETS,)}
"""Who names the keys of a role."""


@dataclass(frozen=True, slots=True)
class NewKeys:
    """Which roles get other keys. `people` has all keys of a role from now on, `server` the key of a role and its URI."""

    people: Mapping[str, Sequence[Key]] = field(default_factory=dict)
    server: Mapping[str, tuple[Key, str] | None] = field(default_factory=dict)
    """None: a new key file is made."""
    threshold: int | None = None
    """How many have to sign for a role of `people`; None: as many as before."""
    lost: bool = False
    """The former keys of targets cannot sign any more: those of root vouch for the new ones alone."""


@dataclass
class OfflineState:
    """What is published of the offline roles, and copies to change."""

    root: Root
    targets: Targets
    release: Targets


def new_keys_of_files(
    people: Mapping[str, Sequence[str]], made: Sequence[str], online: Sequence[str], *, threshold: int | None, lost: bool
) -> NewKeys:
    """Return new keys by the .pub files of people and of `online` (ROLE=FILE); for the roles of `made`, files are made."""
    by_role = {role: [read_public(Path(file))[0] for file in files] for role, files in people.items() if files}
    server: dict[str, tuple[Key, str] | None] = dict.fromkeys(made)
    return NewKeys(by_role, server | dict(online_key(text) for text in online), threshold, lost)


def make_renewal(folder: RepositoryFolder, role: str, now: datetime) -> VerifiedDraft:
    """Make a draft that only prolongs an offline role, and return it. Raises RepositoryError."""
    return _make_drafts(folder, {role}, NewKeys(), now)[0]


def make_rotation(folder: RepositoryFolder, keys: NewKeys, now: datetime) -> list[VerifiedDraft]:
    """Make the drafts that put other keys into force, and return them. Raises RepositoryError."""
    roles = set()
    if {ROOT, TARGETS} & keys.people.keys() or {SNAPSHOT, TIMESTAMP} & keys.server.keys():
        roles.add(ROOT)
    if {TARGETS, RELEASE} & keys.people.keys() or CONFIG in keys.server:
        roles.add(TARGETS)
    if RELEASE in keys.people:
        roles.add(RELEASE)
    if not roles:
        raise RepositoryError("No key was named. Give --root-key, --targets-key, --release-key or --online.")
    return _make_drafts(folder, roles, keys, now)


def _make_drafts(folder: RepositoryFolder, roles: set[str], keys: NewKeys, now: datetime) -> list[VerifiedDraft]:
    with folder.locked():
        published = published_state(folder)
        require_none_waits(folder, roles)
        after = deepcopy(published)
        _exchange(folder, after, keys)
        drafts: list[VerifiedDraft] = []
        sitting: dict[str, Root | Targets] = {}
        for role in OFFLINE:
            if role in roles:
                signed = getattr(after, role)
                signed.expires = now + validity(role)
                named = {name: sitting[name] for name in DELEGATORS.get(role, ()) if name in sitting}
                drafts.append(make_draft(folder, role, signed, named, lost=keys.lost and role == TARGETS))
                sitting[role] = signed
    return drafts


def published_state(folder: RepositoryFolder) -> OfflineState:
    """Return what is published of the offline roles. Raises RepositoryError."""
    ground = ground_of(folder)
    if ground.root is None or ground.targets is None or ground.release is None:
        raise RepositoryError(f"{folder.path} has no published repository. Run: dca-hosting repository init")
    return OfflineState(ground.root.signed, ground.targets.signed, ground.release.signed)


def _exchange(folder: RepositoryFolder, state: OfflineState, keys: NewKeys) -> None:
    """Put the new keys in the place of the former ones."""
    for role, public in keys.people.items():
        delegator = state.targets if role == RELEASE else state.root
        delegated = delegator.get_delegated_role(role)
        threshold = keys.threshold or delegated.threshold
        if len({key.keyid for key in public}) < len(public):
            raise RepositoryError(f"One of the {role} keys was given twice. Each person needs a key of their own.")
        if not 1 <= threshold <= len(public):
            raise RepositoryError(
                f"The number of {role} keys is {len(public)}, of which {threshold} have to sign. "
                "Name all of them, also those that stay."
            )
        _replace(delegator, role, public)
        delegated.threshold = threshold
    for role, given in keys.server.items():
        if given is None:
            key = folder.keys.make()
        else:
            key, uri = given
            folder.keys.keep_uri(key, uri)
        for name in (GLOBAL, CONFIG) if role == CONFIG else (role,):
            _replace(state.targets if role == CONFIG else state.root, name, [key])


def _replace(delegator: Root | Targets, role: str, keys: Sequence[Key]) -> None:
    for keyid in list(delegator.get_delegated_role(role).keyids):
        delegator.revoke_key(keyid, role)
    for key in keys:
        delegator.add_key(key, role)
