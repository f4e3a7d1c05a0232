"""The door to the repository: what the server, the console and the commands do with it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from appliance.common.clock import utc_now
from appliance.common.message import Message
from hosting.errors import RepositoryError
from hosting.repository import archives
from hosting.repository.cleanup import sweep
from hosting.repository.edition import Edition
from hosting.repository.folder import RepositoryFolder, announced
from hosting.repository.keys import silence_library
from hosting.repository.online_signing import unusable_keys
from hosting.repository.publication import publish
from hosting.repository.roles import OFFLINE, RELEASE, ROOT, SNAPSHOT, TARGETS, TIMESTAMP, require_configuration_path
from hosting.repository.validity import RoleCondition, conditions
from hosting.repository.waiting import drafts_of, require_sitting, verified_all
from hosting.signing.drafts import Draft
from hosting.signing.verification import VerifiedDraft


@dataclass(frozen=True, slots=True)
class Published:
    """What one publication changed. `roles` were signed anew, beside snapshot and timestamp; `snapshot` is the version in force."""

    roles: tuple[str, ...]
    snapshot: int


class Repository:
    """A repository that is published. All methods block, and raise RepositoryError with one sentence."""

    def __init__(self, folder: RepositoryFolder) -> None:
        silence_library()
        self._folder = folder

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """Return the repository in `folder`, such as `Config.repository`; None where nothing is published yet."""
        repository = RepositoryFolder(folder)
        return cls(repository) if repository.is_published else None

    def trusted_root(self) -> bytes:
        """Return the newest published root, as a site begins with it."""
        return self._folder.file(ROOT, self._folder.root_versions()[-1]).read_bytes()

    def root_by_sha256(self, digest: str) -> bytes | None:
        """Return the published root whose SHA-256 is `digest` (hexadecimal), None when there is none."""
        for version in reversed(self._folder.root_versions()):
            content = self._folder.file(ROOT, version).read_bytes()
            if hashlib.sha256(content).hexdigest() == digest.lower():
                return content
        return None

    def publish_configuration(self, changes: Mapping[str, bytes | None]) -> Published:
        """Publish documents by their target path, all of them or none; None takes one away.

        The version that sites are told is that of the document. What is published already is not signed again.
        """
        versions = {}
        for path, content in changes.items():
            require_configuration_path(path)
            if content is not None:
                versions[path] = _version(path, content)
        with self._folder.locked():
            edition = _begin(self._folder, utc_now())
            for path, content in changes.items():
                if content is None:
                    edition.remove(path)
                else:
                    edition.put(path, content, versions[path])
            if not edition.has_changed:
                return Published((), edition.snapshot.signed.version)
            return _published(edition, publish(edition).roles)

    def leap(self, versions: int, now: datetime) -> None:
        """Sign all that the server signs anew, with versions so much higher that no site has seen them.

        What people sign keeps its version.
        """
        with self._folder.locked():
            edition = _begin(self._folder, now)
            edition.leap, edition.renew_snapshot = versions, True
            for role in edition.snapshot.signed.meta:
                if (name := role.removesuffix(".json")) not in OFFLINE:
                    edition.edit(name)
            publish(edition)

    def condition(self, now: datetime) -> list[RoleCondition]:
        """Return how long each role is still valid and who signed it, the 1,024 bins last."""
        return conditions(self._folder, now)

    def unusable_keys(self) -> dict[str, str]:
        """Return why the server cannot sign a role of its own, by the role; the bins are `site-*`. Each key is tried."""
        return unusable_keys(self._folder)

    def resign(self, now: datetime) -> list[str]:
        """Sign anew what the server signs and is due, remove what no site asks for any more; return the roles signed.

        Each new snapshot is fetched by all sites: with one that is due go all that have used a quarter of their validity.
        """
        with self._folder.locked():
            edition = _begin(self._folder, now)
            online = [condition for condition in self.condition(now) if not condition.is_offline]
            due = {condition.role for condition in online if condition.state != "ok"}
            if due - {TIMESTAMP}:
                due |= {TIMESTAMP, SNAPSHOT} | {condition.role for condition in online if condition.has_used(0.25, now)}
                edition.renew_snapshot = True
                for role in due - {TIMESTAMP, SNAPSHOT}:
                    edition.edit(role)
            if due:
                publish(edition)
            sweep(self._folder, now)
        return sorted(due)


def publish_drafts(folder: RepositoryFolder, now: datetime) -> Published:
    """Publish every draft that enough people have signed. Raises RepositoryError when there is none, or it cannot stand."""
    silence_library()
    with folder.locked():
        drafts = drafts_of(folder)
        if folder.is_published:
            edition = _begin(folder, now)
            drafts = _without_published(folder, drafts)
            if not drafts:
                archives.tidy(folder)
                return _published(edition, ())
        _require_not_stale(folder, drafts)
        verified = verified_all(folder, drafts)
        ready = {draft.role: draft for draft in verified if draft.is_complete}
        _require_publishable(folder, verified, ready)
        for draft in ready.values():
            require_sitting(draft, verified)
        if folder.is_published:
            if ROOT in ready:
                edition.former_root, edition.root = edition.root, ready[ROOT].metadata
                edition.renew_snapshot = True
        else:
            folder.tidy({})
            edition = Edition.first(folder, now, ready[ROOT].metadata)
        for role in (TARGETS, RELEASE):
            if role in ready:
                edition.replace(role, ready[role].metadata)
                archives.place(folder, ready[role].draft)
                for path, content in ready[role].contents.after.items():
                    edition.carry(path, content.encode())
        staged = publish(edition)
        for draft in ready.values():
            (folder.drafts / draft.name).unlink()
        archives.tidy(folder)
    return _published(edition, (*(role for role in (ROOT,) if role in ready), *staged.roles))


def _without_published(folder: RepositoryFolder, drafts: list[Draft]) -> list[Draft]:
    """Return the drafts without those that were published just before the power failed; these are removed."""
    left = []
    for draft in drafts:
        if (
            _file_of(folder, draft).exists()
            and folder.read(draft.role, draft.metadata.signed.version).signed_bytes == draft.metadata.signed_bytes
        ):
            (folder.drafts / draft.name).unlink()
        else:
            left.append(draft)
    return left


def _file_of(folder: RepositoryFolder, draft: Draft) -> Path:
    return folder.file(draft.role, draft.metadata.signed.version)


def _begin(folder: RepositoryFolder, now: datetime) -> Edition:
    folder.prepare()
    edition = Edition.after(folder, now)
    folder.tidy(announced(edition.snapshot))
    return edition


def _published(edition: Edition, roles: tuple[str, ...]) -> Published:
    return Published(roles, edition.snapshot.signed.version)


def _require_not_stale(folder: RepositoryFolder, drafts: list[Draft]) -> None:
    if not drafts:
        if not folder.is_published:
            raise RepositoryError(Message("There is no repository yet. Set one up: dca-hosting repository init"))
        raise RepositoryError(Message("There is no draft to publish. Make one: dca-hosting repository renew, or rotate."))
    if stale := [draft.name for draft in drafts if folder.is_published and _file_of(folder, draft).exists()]:
        raise RepositoryError(
            Message(
                "%(drafts)s is published already with another content. Remove the draft, and make it anew.", drafts=", ".join(stale)
            )
        )


def _require_publishable(folder: RepositoryFolder, drafts: list[VerifiedDraft], ready: Mapping[str, VerifiedDraft]) -> None:
    lacking = [draft.name for draft in drafts if draft.role not in ready]
    if not ready or (lacking and not folder.is_published):
        drafts_lacking = (
            Message("%(draft)s lacks signatures", draft=lacking[0])
            if len(lacking) == 1
            else Message("%(drafts)s lack signatures", drafts=", ".join(lacking))
        )
        raise RepositoryError(
            Message("Nothing was published: %(lacking)s. Sign: dca-hosting sign DRAFT --key KEY", lacking=drafts_lacking)
        )


def _version(path: str, content: bytes) -> int:
    try:
        version = json.loads(content)["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        version = None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise RepositoryError(
            Message("The document for %(path)s has no version. Give it one, a whole number from 1 on.", path=path)
        )
    return version
