"""The beginning of a repository: keys of the server, and the first drafts of root, targets and release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from securesystemslib.signer import Key
from tuf.api.metadata import DelegatedRole, Delegations, Root, Targets

from hosting.errors import RepositoryError
from hosting.repository.folder import RepositoryFolder
from hosting.repository.keys import load_signer, make_key, passphrase_reader, read_public
from hosting.repository.roles import (
    CONFIG,
    GLOBAL,
    ONLINE_KEYS,
    PATTERNS,
    RELEASE,
    ROOT,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    validity,
)
from hosting.repository.waiting import make_draft
from hosting.signing.drafts import write_draft
from hosting.signing.verification import VerifiedDraft

LOCAL_KEYS = {ROOT: 3, TARGETS: 3, RELEASE: 2}
"""How many keys of each offline role a small provider gets."""


@dataclass(frozen=True, slots=True)
class Founders:
    """Who signs. `online` has the public keys of the server that exist already, with the URI of their private half."""

    root: Sequence[Key]
    targets: Sequence[Key]
    release: Sequence[Key]
    """Empty: those of targets."""
    threshold: int
    online: Mapping[str, tuple[Key, str]] = field(default_factory=dict)


def founders_of_files(
    root: Sequence[str], targets: Sequence[str], release: Sequence[str], online: Sequence[str], threshold: int
) -> Founders:
    """Return founders by the .pub files of their keys; those of `online` are written ROLE=FILE. Raises RepositoryError."""
    by_role = [[read_public(Path(file))[0] for file in files] for files in (root, targets, release)]
    return Founders(by_role[0], by_role[1], by_role[2], threshold, dict(online_key(text) for text in online))


def online_key(text: str) -> tuple[str, tuple[Key, str]]:
    """Return the role, the key and the URI of its private half from `ROLE=FILE.pub`. Raises RepositoryError."""
    role, _, file = text.partition("=")
    if role not in ONLINE_KEYS or not file:
        raise RepositoryError(
            f"{text!r} names no key of the server. Write ROLE=FILE.pub, with ROLE one of {', '.join(ONLINE_KEYS)}."
        )
    key, uri = read_public(Path(file))
    if uri is None:
        raise RepositoryError(
            f'{file} does not say where its private half is. Add "uri": "SCHEME:…" to it, as the HSM or KMS names it.'
        )
    return role, (key, uri)


def make_first_drafts(folder: RepositoryFolder, founders: Founders, now: datetime) -> list[VerifiedDraft]:
    """Make the keys of the server and the drafts, and return these. Raises RepositoryError when there is a repository already."""
    for name, keys in (("root", founders.root), ("targets", founders.targets)):
        _require_keys(name, keys, founders.threshold)
    with folder.locked():
        folder.prepare()
        _require_unfounded(folder)
        online = {role: _online_key(folder, founders, role) for role in ONLINE_KEYS}
        root = _root(founders, online, now)
        targets = _targets(founders, online[CONFIG], now)
        release = Targets(expires=now + validity(RELEASE))
        return [
            make_draft(folder, ROOT, root, {}),
            make_draft(folder, TARGETS, targets, {ROOT: root}),
            make_draft(folder, RELEASE, release, {ROOT: root, TARGETS: targets}),
        ]


def found_with_local_keys(
    folder: RepositoryFolder, keys: Path, passphrase_file: Path | None, threshold: int, now: datetime
) -> None:
    """Make the keys of all offline roles in `keys`, and first drafts that are signed with as many as each needs."""
    _require_unfounded(folder)
    passphrase = passphrase_reader(passphrase_file, "the new keys", new=True)
    files = {
        role: [make_key(f"{role}-{number}", keys, passphrase) for number in range(1, count + 1)]
        for role, count in LOCAL_KEYS.items()
    }
    public = {role: [read_public(public)[0] for _, public in pairs] for role, pairs in files.items()}
    founders = Founders(public[ROOT], public[TARGETS], public[RELEASE], threshold)
    for draft in make_first_drafts(folder, founders, now):
        for private, _ in files[draft.role][: draft.signers[0].threshold]:
            draft.sign(load_signer(str(private), draft.candidates().values(), passphrase))
        write_draft(folder.drafts / draft.name, draft.draft)


def _require_unfounded(folder: RepositoryFolder) -> None:
    if folder.root_versions() or any(folder.drafts.glob("*")):
        raise RepositoryError(f"{folder.path} is set up already. See: dca-hosting repository status")


def _require_keys(name: str, keys: Sequence[Key], threshold: int) -> None:
    different = len({key.keyid for key in keys})
    if different < len(keys):
        raise RepositoryError(f"One of the {name} keys was given twice. Each person needs a key of their own.")
    if not 1 <= threshold <= different:
        raise RepositoryError(
            f"The number of {name} keys is {different}, of which {threshold} have to sign. Give more --{name}-key."
        )


def _online_key(folder: RepositoryFolder, founders: Founders, role: str) -> Key:
    if role not in founders.online:
        return folder.keys.make()
    key, uri = founders.online[role]
    folder.keys.keep_uri(key, uri)
    return key


def _root(founders: Founders, online: Mapping[str, Key], now: datetime) -> Root:
    root = Root(consistent_snapshot=True, expires=now + validity(ROOT))
    for role, keys in ((ROOT, founders.root), (TARGETS, founders.targets)):
        for key in keys:
            root.add_key(key, role)
        root.roles[role].threshold = founders.threshold
    for role in (SNAPSHOT, TIMESTAMP):
        root.add_key(online[role], role)
    return root


def _targets(founders: Founders, config_key: Key, now: datetime) -> Targets:
    release = founders.release or founders.targets
    signers = {RELEASE: release, GLOBAL: [config_key], CONFIG: [config_key]}
    thresholds = {RELEASE: min(founders.threshold, len(release)), GLOBAL: 1, CONFIG: 1}
    roles = {
        name: DelegatedRole(name, [key.keyid for key in signers[name]], thresholds[name], terminating=True, paths=list(patterns))
        for name, patterns in PATTERNS.items()
    }
    keys = {key.keyid: key for name in PATTERNS for key in signers[name]}
    return Targets(expires=now + validity(TARGETS), delegations=Delegations(keys, roles))
