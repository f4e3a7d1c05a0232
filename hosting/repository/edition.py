"""The next state of the repository, made and signed in memory: what changes, and all that has to be signed anew because of it."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from securesystemslib.signer import Key
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import (
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)

from hosting.errors import RepositoryError
from hosting.repository.folder import RepositoryFolder
from hosting.repository.roles import (
    BIN_BITS,
    BIN_PREFIX,
    CONFIG,
    GLOBAL,
    OFFLINE,
    RELEASE,
    ROOT,
    SITE_PATH,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    is_bin,
    validity,
)

SAMPLE = 16
"""So many targets are downloaded by our own client before a publication."""


@dataclass(frozen=True, slots=True)
class Staged:
    """What is to be published: `versioned` first, which nothing announces yet, then the timestamp, then a new root."""

    versioned: dict[Path, bytes]
    root: dict[Path, bytes]
    timestamp: bytes
    roles: tuple[str, ...]
    """The roles that were signed."""
    superseded: tuple[Path, ...]
    sample: tuple[str, ...]
    """Paths of targets to try."""


@dataclass
class Edition:
    """What is published now, and what is different in the next state. Every method raises RepositoryError."""

    folder: RepositoryFolder
    now: datetime
    root: Metadata[Root]
    snapshot: Metadata[Snapshot]
    timestamp: Metadata[Timestamp]
    former_root: Metadata[Root] | None = None
    """The root in force until now, where there is a new one."""
    renew_snapshot: bool = False
    leap: int = 0
    """So many versions are left out for each role that is signed."""
    _known: dict[str, Metadata[Targets]] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)
    _files: dict[Path, bytes] = field(default_factory=dict)
    _paths: dict[str, str] = field(default_factory=dict)
    _superseded: list[Path] = field(default_factory=list)

    @classmethod
    def after(cls, folder: RepositoryFolder, now: datetime) -> "Edition":
        """Begin with what is published."""
        timestamp = folder.read(TIMESTAMP)
        snapshot = folder.read(SNAPSHOT, timestamp.signed.snapshot_meta.version)
        return cls(folder, now, folder.newest_root(), snapshot, timestamp)

    @classmethod
    def first(cls, folder: RepositoryFolder, now: datetime, root: Metadata[Root]) -> "Edition":
        """Begin with nothing but a root."""
        snapshot, timestamp = Metadata(Snapshot(meta={})), Metadata(Timestamp())
        snapshot.signed.version = timestamp.signed.version = 0
        return cls(folder, now, root, snapshot, timestamp, renew_snapshot=True)

    @property
    def has_changed(self) -> bool:
        """Whether any role has to be signed anew."""
        return bool(self._changed)

    def role(self, name: str) -> Metadata[Targets]:
        """Return the metadata of a role that signs targets, as it is now or will be."""
        if name not in self._known:
            self._known[name] = self.folder.read(name, self.snapshot.signed.meta[f"{name}.json"].version)
        return self._known[name]

    def edit(self, name: str) -> Targets:
        """Return the targets of an online role, to be changed: it is signed anew."""
        self._changed.add(name)
        return self.role(name).signed

    def replace(self, name: str, metadata: Metadata[Targets]) -> None:
        """Take what people signed for an offline role. Where it names other keys for the server, what those sign is signed anew."""
        if name == RELEASE and f"{name}.json" in self.snapshot.signed.meta:
            kept = metadata.signed.targets
            former = self.role(name).signed.targets
            self._superseded += [self.target_file(info) for path, info in former.items() if kept.get(path) != info]
        self._known[name] = metadata
        self._changed.add(name)
        if name == TARGETS:
            self._follow_delegations(metadata.signed)

    def carry(self, path: str, content: bytes) -> None:
        """Publish the content of a target that people signed, and let our own client try it."""
        self._files[self.target_file(self.role(RELEASE).signed.targets[path])] = content
        self._paths[RELEASE] = path

    def role_of(self, path: str) -> str:
        """Return which role signs for the configuration at a path."""
        if not SITE_PATH.fullmatch(path):
            return GLOBAL
        delegations = self.role(CONFIG).signed.delegations
        assert delegations is not None
        assert delegations.succinct_roles is not None
        return delegations.succinct_roles.get_role_for_target(path)

    def put(self, path: str, content: bytes, version: int) -> None:
        """Let the role of `path` sign for `content`, unless it does so already."""
        info = TargetFile.from_data(path, content, ["sha256"])
        info.unrecognized_fields["custom"] = {"version": version}
        role = self.role_of(path)
        old = self.role(role).signed.targets.get(path)
        if old == info:
            return
        if old is not None:
            self._superseded.append(self.target_file(old))
        self.edit(role).targets[path] = info
        self._files[self.target_file(info)] = content
        self._paths[role] = path

    def remove(self, path: str) -> None:
        """Let no role sign for `path` any more."""
        role = self.role_of(path)
        if old := self.role(role).signed.targets.get(path):
            self._superseded.append(self.target_file(old))
            del self.edit(role).targets[path]

    def target_file(self, info: TargetFile) -> Path:
        """Return where a target is published."""
        return self.folder.target(info.path, info.hashes["sha256"])

    def sign(self) -> Staged:
        """Sign all that has changed and return it, checked against the keys that count."""
        files = dict(self._files)
        snapshot_file = self.folder.file(SNAPSHOT, self.snapshot.signed.version)
        for name in sorted(self._changed):
            metadata = self.role(name)
            if known := self.snapshot.signed.meta.get(f"{name}.json"):
                self._superseded.append(self.folder.file(name, known.version))
            if name not in OFFLINE:
                self._sign(name, metadata, known.version if known else 0)
            self.snapshot.signed.meta[f"{name}.json"] = MetaFile(metadata.signed.version)
            files[self.folder.file(name, metadata.signed.version)] = metadata.to_bytes()
        if self._changed or self.renew_snapshot:
            if self.snapshot.signed.version:
                self._superseded.append(snapshot_file)
            self._sign(SNAPSHOT, self.snapshot, self.snapshot.signed.version)
            content = self.snapshot.to_bytes()
            files[self.folder.file(SNAPSHOT, self.snapshot.signed.version)] = content
            self.timestamp.signed.snapshot_meta = MetaFile.from_data(self.snapshot.signed.version, content, ["sha256"])
        self._sign(TIMESTAMP, self.timestamp, self.timestamp.signed.version)
        self._require_signatures()
        new_root = self.former_root is not None or not self.folder.is_published
        return Staged(
            versioned=files,
            root={self.folder.file(ROOT, self.root.signed.version): self.root.to_bytes()} if new_root else {},
            timestamp=self.timestamp.to_bytes(),
            roles=tuple(sorted(self._changed)),
            superseded=tuple(self._superseded),
            sample=tuple(self._sample()),
        )

    def _follow_delegations(self, targets: Targets) -> None:
        """Sign with the keys that `targets` names for the roles of the server."""
        if GLOBAL not in self._known and f"{GLOBAL}.json" not in self.snapshot.signed.meta:
            self._known |= {GLOBAL: Metadata(Targets()), CONFIG: Metadata(Targets())}
        assert targets.delegations is not None
        keys = {keyid: targets.delegations.keys[keyid] for keyid in targets.get_delegated_role(CONFIG).keyids}
        delegations = self.role(CONFIG).signed.delegations
        if delegations is not None and delegations.keys == keys:
            return
        bins = SuccinctRoles(list(keys), 1, BIN_BITS, BIN_PREFIX)
        for name in bins.get_roles():
            if f"{name}.json" not in self.snapshot.signed.meta:
                self._known[name] = Metadata(Targets())
            self.edit(name)
        self.edit(CONFIG).delegations = Delegations(keys=deepcopy(keys), succinct_roles=bins)
        self.edit(GLOBAL)

    def _sign(self, name: str, metadata: Metadata[Any], version: int) -> None:
        metadata.signed.version = version + 1 + self.leap
        metadata.signed.expires = self.now + validity(name)
        metadata.signatures.clear()
        for key, needed in self._keys(name):
            try:
                signer = self.folder.keys.signer(key)
            except RepositoryError:
                if needed:
                    raise
                continue  # a key that was lost is exchanged, too
            metadata.sign(signer, append=True)

    def _keys(self, name: str) -> Iterator[tuple[Key, bool]]:
        """Yield the keys that sign for a role, and whether it cannot do without; with a new root, those of the former one, too.

        Signed by both, what is published before the root is valid under either.
        """
        delegators: list[Root | Targets] = [self._delegator(name)]
        if name in (SNAPSHOT, TIMESTAMP) and self.former_root is not None:
            delegators.append(self.former_root.signed)
        seen: set[str] = set()
        for number, delegator in enumerate(delegators):
            for keyid in delegator.get_delegated_role(name).keyids:
                if keyid not in seen:
                    seen.add(keyid)
                    yield delegator.get_key(keyid), number == 0

    def _delegator(self, name: str) -> Root | Targets:
        if name in (ROOT, TARGETS, SNAPSHOT, TIMESTAMP):
            return self.root.signed
        return self.role(CONFIG if is_bin(name) else TARGETS).signed

    def _require_signatures(self) -> None:
        checked: dict[str, Metadata[Any]] = {SNAPSHOT: self.snapshot, TIMESTAMP: self.timestamp, ROOT: self.root}
        checked |= {name: self.role(name) for name in {*self._changed, TARGETS, RELEASE, GLOBAL, CONFIG}}
        for name, metadata in checked.items():
            try:
                self._delegator(name).verify_delegate(name, metadata.signed_bytes, metadata.signatures)
                if name == ROOT and self.former_root is not None:
                    self.former_root.signed.verify_delegate(name, metadata.signed_bytes, metadata.signatures)
            except UnsignedMetadataError as error:
                raise RepositoryError(
                    f"Nothing was published: version {metadata.signed.version} of {name} lacks signatures of the keys that count. "
                    "Sign its draft, or make one: dca-hosting repository renew."
                ) from error

    def _sample(self) -> list[str]:
        """Return a few targets that have changed, or else neighbours of those that were removed."""
        paths = []
        for name in sorted(self._changed - {TARGETS, CONFIG}):
            # Of releases only the catalogue: the archives are too large, and were checked by their hash.
            path = self._paths.get(name) or next(iter(self.role(name).signed.targets if name != RELEASE else ()), None)
            if path:
                paths.append(path)
        return paths[:: max(1, len(paths) // SAMPLE)][:SAMPLE]
