"""How the repository stands, for pages that ask often: its files are read again only after something was published."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.common.message import Message
from hosting.errors import RepositoryError
from hosting.repository.folder import RepositoryFolder
from hosting.repository.roles import ROOT
from hosting.repository.validity import RoleCondition, conditions, without_bins
from hosting.repository.waiting import verified_drafts
from hosting.signing.verification import VerifiedDraft


@dataclass(frozen=True, slots=True)
class RepositoryStatus:
    """What is published. `roles` has one for all bins, that of the bin which expires first."""

    root_sha256: str
    roles: tuple[RoleCondition, ...]

    def alarming(self) -> Sequence[RoleCondition]:
        """Return the roles that are late or have expired."""
        return [role for role in self.roles if role.state in ("late", "expired")]


class RepositoryStatusCache:
    """Looks at one repository; may be used by several threads. All methods block, and raise RepositoryError with one sentence."""

    def __init__(self, folder: Path) -> None:
        self._folder = RepositoryFolder(folder)
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int], RepositoryStatus] | None = None

    def status(self, now: datetime) -> RepositoryStatus | None:
        """Return how the repository stands at `now`; None where nothing is published yet."""
        with self._lock:
            try:
                timestamp = self._folder.timestamp.stat()
            except FileNotFoundError:
                return None
            except OSError as error:
                raise RepositoryError(
                    Message("%(file)s cannot be read: %(reason)s.", file=self._folder.timestamp, reason=error.strerror)
                ) from error
            published = (timestamp.st_ino, timestamp.st_mtime_ns)
            if self._read is None or self._read[0] != published:
                self._read = (published, self._look(now))
            status = self._read[1]
        return RepositoryStatus(status.root_sha256, tuple(role.at(now) for role in status.roles))

    def drafts(self) -> list[VerifiedDraft]:
        """Return the drafts that wait for signatures, or to be published."""
        return verified_drafts(self._folder)

    def _look(self, now: datetime) -> RepositoryStatus:
        roles = tuple(without_bins(conditions(self._folder, now)))
        root = self._folder.file(ROOT, self._folder.root_versions()[-1]).read_bytes()
        return RepositoryStatus(hashlib.sha256(root).hexdigest(), roles)
