"""What is published, read back without a check: the server hands it out, and shows it to people."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.common.message import Message, message_of
from appliance.release import (
    CHANNEL_NAME,
    ROLLOUT_PATH,
    Catalogue,
    ReleaseError,
    Rollout,
    catalogue_path,
    parse_catalogue,
    parse_rollout,
)
from hosting.errors import RepositoryError
from hosting.repository.folder import RepositoryFolder
from hosting.repository.roles import GLOBAL, RELEASE, SNAPSHOT, TIMESTAMP


@dataclass(frozen=True, slots=True)
class PublishedTarget:
    """A target as it is published; `length` in bytes."""

    path: str
    file: Path
    length: int

    def read(self) -> bytes:
        """Return its content. Raises RepositoryError."""
        try:
            return self.file.read_bytes()
        except OSError as error:
            raise RepositoryError(
                Message(
                    "%(file)s cannot be read: %(reason)s. Restore the repository from a backup.",
                    file=self.file,
                    reason=error.strerror,
                )
            ) from error


@dataclass(frozen=True, slots=True)
class PublishedState:
    """One moment of a repository: the metadata files in force, by role, and what roles sign for."""

    folder: RepositoryFolder
    files: Mapping[str, Path]
    """All but the roots."""

    @classmethod
    def look(cls, folder: RepositoryFolder) -> "PublishedState":
        """Return what is in force. Raises RepositoryError where nothing is published."""
        if not folder.is_published:
            raise RepositoryError(
                Message("%(folder)s has no published repository. Run: dca-hosting repository init", folder=folder.path)
            )
        timestamp = folder.read_plain(folder.timestamp)
        snapshot = folder.file(SNAPSHOT, timestamp["signed"]["meta"][f"{SNAPSHOT}.json"]["version"])
        roles = {
            name.removesuffix(".json"): folder.file(name.removesuffix(".json"), meta["version"])
            for name, meta in folder.read_plain(snapshot)["signed"]["meta"].items()
        }
        return cls(folder, {TIMESTAMP: folder.timestamp, SNAPSHOT: snapshot} | roles)

    def targets(self, role: str) -> dict[str, PublishedTarget]:
        """Return what a role signs for, by path."""
        signed: dict[str, Any] = self.folder.read_plain(self.files[role])["signed"]
        return {
            path: PublishedTarget(path, self.folder.target(path, info["hashes"]["sha256"]), info["length"])
            for path, info in signed.get("targets", {}).items()
        }

    def catalogues(self) -> dict[str, Catalogue]:
        """Return the catalogues by channel. Raises RepositoryError."""
        found = {}
        for path, target in self.targets(RELEASE).items():
            channel = path.removeprefix("release/").removesuffix(".json")
            if CHANNEL_NAME.fullmatch(channel) and path == catalogue_path(channel):
                try:
                    found[channel] = parse_catalogue(target.read())
                except ReleaseError as error:
                    raise RepositoryError(
                        Message("%(file)s is damaged: %(reason)s", file=target.file, reason=message_of(error))
                    ) from error
        return dict(sorted(found.items()))

    def rollout(self) -> Rollout | None:
        """Return the rollout, None where there is none. Raises RepositoryError."""
        target = self.targets(GLOBAL).get(ROLLOUT_PATH)
        try:
            return parse_rollout(target.read()) if target else None
        except ReleaseError as error:
            raise RepositoryError(Message("The published rollout is damaged: %(reason)s", reason=message_of(error))) from error
