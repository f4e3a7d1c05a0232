"""When a role of the repository is signed anew: how long it is still valid, and who signed it.

Signatures were checked when it was published.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from hosting.repository.folder import RepositoryFolder
from hosting.repository.roles import BIN_PREFIX, CONFIG, OFFLINE, ROOT, SNAPSHOT, TARGETS, TIMESTAMP, is_bin, validity

State = Literal["ok", "due", "late", "expired"]
"""`due` from half of the validity on, `late` in its last quarter."""


@dataclass(frozen=True, slots=True)
class RoleCondition:
    """One role as it is published. `signatures` are ids of the keys that signed, of which `threshold` are needed."""

    role: str
    version: int
    expires: datetime
    signatures: tuple[str, ...]
    threshold: int
    state: State

    @property
    def is_offline(self) -> bool:
        """Whether people sign it."""
        return self.role in OFFLINE

    def has_used(self, part: float, now: datetime) -> bool:
        """Return whether so much of its validity is over."""
        return self.expires - now <= validity(self.role) * (1 - part)

    def at(self, now: datetime) -> Self:
        """Return it as it is at another moment."""
        return replace(self, state=_state(self.expires - now, validity(self.role)))


def conditions(folder: RepositoryFolder, now: datetime) -> list[RoleCondition]:
    """Return all roles, the bins last. Raises RepositoryError when the repository is damaged."""
    timestamp = folder.read_plain(folder.timestamp)
    snapshot = folder.read_plain(folder.file(SNAPSHOT, timestamp["signed"]["meta"]["snapshot.json"]["version"]))
    root = folder.read_plain(folder.file(ROOT, folder.root_versions()[-1]))
    published = {ROOT: root, TIMESTAMP: timestamp, SNAPSHOT: snapshot}
    versions = {name.removesuffix(".json"): meta["version"] for name, meta in snapshot["signed"]["meta"].items()}
    published |= {name: folder.read_plain(folder.file(name, version)) for name, version in versions.items()}
    delegated = dict(root["signed"]["roles"])
    delegated |= {role["name"]: role for role in published[TARGETS]["signed"]["delegations"]["roles"]}
    bins = published[CONFIG]["signed"]["delegations"]["succinct_roles"]
    return [
        _condition(name, published[name], bins if is_bin(name) else delegated[name], now)
        for name in sorted(published, key=lambda name: (is_bin(name), name not in OFFLINE, name))
    ]


def without_bins(listed: Iterable[RoleCondition]) -> Iterator[RoleCondition]:
    """Yield the conditions with one for all bins, that of the bin which expires first."""
    bins = []
    for condition in listed:
        if is_bin(condition.role):
            bins.append(condition)
        else:
            yield condition
    if bins:
        first = min(bins, key=lambda condition: condition.expires)
        yield RoleCondition(f"{BIN_PREFIX}-*", first.version, first.expires, first.signatures, first.threshold, first.state)


def _condition(name: str, metadata: Mapping[str, Any], signers: Mapping[str, Any], now: datetime) -> RoleCondition:
    signed = metadata["signed"]
    expires = datetime.fromisoformat(signed["expires"])
    signatures = {signature["keyid"] for signature in metadata["signatures"]} & set(signers["keyids"])
    return RoleCondition(
        name, signed["version"], expires, tuple(sorted(signatures)), signers["threshold"], _state(expires - now, validity(name))
    )


def _state(left: timedelta, whole: timedelta) -> State:
    if left <= timedelta(0):
        return "expired"
    if left <= whole / 4:
        return "late"
    return "due" if left <= whole / 2 else "ok"
