"""What an installation installs from: the hosting server or a bundle, verified anew at each look, and the archives signed there."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from appliance.common.clock import utc_now
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.settings.model import Settings
from appliance.settings.store import SettingsStore
from updater.configuration.documents import bootstrap_of, group_of, site_client
from updater.configuration.installed import committed
from updater.configuration.releases import receive_releases
from updater.configuration.traffic import counted
from updater.engine.progress_stream import Tell
from updater.errors import Reason, TrustError, TrustFolderError, UntrustedError
from updater.installation import archive_download
from updater.records import offered
from updater.records.journal import Journal
from updater.records.offered import Offered
from updater.trust.bundle_source import BASE, BundleSource
from updater.trust.client import Repository, Target
from updater.trust.http_source import Fetcher, FetchLimits
from updater.trust.origin import followed
from updater.trust.source import Source

log = structlog.get_logger()

BUSY_SECONDS = 120.0
"""So long a check for configuration that is under way is waited for."""
BUSY_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """What there was at a look: the documents, and the archives that are signed for this machine, by their path."""

    received: Offered
    archives: Mapping[str, Target]


class InstallOffer:
    """A context manager. Every method raises TrustError; BundleError where there is a bundle."""

    def __init__(
        self, paths: Paths, store: SettingsStore, platform: str, bundle: Path | None = None, *, also_expired: bool = False
    ) -> None:
        """`also_expired` takes a bundle that is right in all but its date. Raises DcaError."""
        self.overlooked = False
        """It was taken although it has expired."""
        self._paths = paths
        self._platform = platform
        self._also_expired = also_expired
        self._settings: Settings = store.effective().settings
        self._followed = followed(store)
        self._folder = paths.repository(self._followed.root_sha256)
        self.hosting_url = self._settings.hosting.url or self._followed.url
        self._bundle: BundleSource | None = None
        if bundle is not None:
            root = bootstrap_of(self._folder, self._followed)
            self._bundle = BundleSource(bundle, self._folder)
            try:
                self._bundle.require_root(root)
            except BaseException:
                self._bundle.__exit__(None, None, None)
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bundle:
            self._bundle.__exit__(kind, error, trace)

    @property
    def brought(self) -> str | None:
        """The version of the bundle, None without one."""
        return self._bundle.version_for(self._platform) if self._bundle else None

    def look(self) -> Seen:
        """Return what is offered at this moment."""
        end = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return self._look()
            except TrustFolderError as error:
                if error.reason is not Reason.BUSY or time.monotonic() > end:
                    raise
            time.sleep(BUSY_PAUSE_SECONDS)

    def fetch(self, target: Target, tell: Tell) -> Path:
        """Return the file of an archive, as it was signed."""
        with counted(self._paths, self._source()) as source:
            return archive_download.download(target, source, self._paths.update / "images", tell)

    def drop_archives(self) -> None:
        """Give the room of archives back, whose images are in the engine by now. Raises OSError."""
        folder = self._paths.update / "images"
        for entry in folder.iterdir() if folder.is_dir() else ():
            entry.unlink(missing_ok=True)

    def keep(self, seen: Seen) -> None:
        """Let the supervisor know what is offered. Raises OSError."""
        offered.write(self._paths.update, seen.received)

    def _look(self) -> Seen:
        try:
            seen = self._verified(also_expired=False)
            if seen.received.catalogue is not None or not self._also_expired:
                return seen
        except UntrustedError as error:
            if error.reason is not Reason.EXPIRED or not self._also_expired:
                raise
        seen = self._verified(also_expired=True)
        self.overlooked = True
        log.warning("What has expired is taken all the same, because a person has said so.")
        return seen

    def _verified(self, *, also_expired: bool = False) -> Seen:
        base = BASE if self._bundle else f"{self.hosting_url}/tuf"
        with (
            counted(self._paths, self._source()) as source,
            site_client(self._paths, self._followed, source, base) as client,
        ):
            repository = client.refresh(also_expired=also_expired)
            before = offered.read(self._paths.update)
            received = receive_releases(
                repository,
                self._folder / "releases",
                channel=self._settings.update.channel,
                group=self._group(repository, before),
                installed=committed(Journal(self._paths.update).read(), installed_version()),
                before=before,
                now=utc_now(),
            )
            return Seen(received, self._archives(repository, received))

    def _group(self, repository: Repository, before: Offered | None) -> str | None:
        # A bundle has nothing about single sites.
        if self._bundle:
            return before.group if before else None
        return group_of(repository, self._followed.site_id, self._folder / "documents")

    def _archives(self, repository: Repository, received: Offered) -> dict[str, Target]:
        """Return what is signed: an archive that the catalogue names and nobody signs for is none."""
        found = {}
        for release in received.catalogue.releases if received.catalogue else ():
            platform = release.platforms.get(self._platform)
            if platform is not None and platform.archive is not None:
                try:
                    found[platform.archive] = repository.target(platform.archive)
                except TrustError as error:
                    if error.reason is not Reason.MISSING:
                        raise
        return found

    def _source(self) -> Source:
        if self._bundle:
            return self._bundle
        rate = 1000.0 * self._settings.update.kilobytes_per_second
        return Fetcher(self._settings.hosting, FetchLimits(maximum_rate=rate))
