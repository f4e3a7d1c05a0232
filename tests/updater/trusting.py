"""A site of one repository, for tests of trust."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from appliance.settings.model import HostingSettings
from updater.errors import Reason, TrustError
from updater.trust.client import Repository, RepositoryUrls, TrustClient
from updater.trust.http_source import Fetcher, FetchLimits

from .tuf_repository import RepositoryServer, TufRepository, serving

QUICK = FetchLimits(connect_seconds=5, read_seconds=1, minimum_rate=20_000, grace_seconds=0.5)
PATIENT = FetchLimits()


@dataclass
class Site:
    """A site, its folders, and the repository it follows."""

    folder: Path
    repository: TufRepository
    server: RepositoryServer
    limits: FetchLimits = PATIENT
    bootstrap: bytes = b""
    clock: dict[str, Any] = field(default_factory=dict)

    @property
    def trust(self) -> Path:
        return self.folder / "trust"

    @property
    def targets(self) -> Path:
        return self.folder / "targets"

    def at(self, moment: datetime) -> None:
        """Set the clock of the site."""
        self.clock = {"clock": lambda: moment}

    def client(self) -> TrustClient:
        return TrustClient(
            self.trust,
            RepositoryUrls(self.server.metadata_url, self.server.target_url),
            bootstrap=self.bootstrap or self.repository.trusted_root,
            source=Fetcher(HostingSettings(), self.limits),
            **self.clock,
        )

    def refresh(self) -> Repository:
        with self.client() as client:
            return client.refresh()

    def download(self, name: str) -> bytes:
        with self.client() as client:
            return client.refresh().download(name, self.targets).read_bytes()

    def kept(self) -> dict[str, bytes]:
        """Return the trusted metadata by name of its file."""
        return {path.name: path.read_bytes() for path in self.trust.glob("*.json")}

    def refuses(self, reason: Reason, *named: str) -> TrustError:
        """Require that the next refresh is refused for this reason, in a sentence that names what it is about."""
        with pytest.raises(TrustError) as caught:
            self.refresh()
        assert caught.value.reason is reason, caught.value
        assert [word for word in named if word not in str(caught.value)] == [], caught.value
        return caught.value

    def refuses_and_keeps(self, reason: Reason, *named: str) -> TrustError:
        """Require also that everything trusted before is still there, and nothing besides."""
        before = self.kept()
        error = self.refuses(reason, *named)
        assert self.kept() == before
        return error


def following(folder: Path) -> Iterator[Site]:
    """Yield a site of a new repository."""
    repository = TufRepository()
    with serving(repository.files) as server:
        yield Site(folder, repository, server)
