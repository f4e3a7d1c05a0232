"""The offline bundle: a tar of what a site would fetch for one release, by the names it has at the server below `/tuf/`."""

import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.common.files import sync_folder
from appliance.release import ROLLOUT_PATH, Catalogue, Release, catalogue_path, offer_for
from hosting.errors import ConfigurationError, RepositoryError
from hosting.repository.folder import RepositoryFolder
from hosting.repository.published import PublishedState
from hosting.repository.roles import GLOBAL, RELEASE, ROOT, SNAPSHOT, TARGETS, TIMESTAMP

ROLES = (TIMESTAMP, SNAPSHOT, TARGETS, GLOBAL, RELEASE)


@dataclass(frozen=True, slots=True)
class BundleFile:
    """What was written: the release, how many bytes, and until when sites take it without being told to."""

    version: str
    size: int
    valid_until: datetime


def write_bundle(folder: RepositoryFolder, channel: str, version: str | None, platform: str, out: Path) -> BundleFile:
    """Write the bundle of a release to `out`; None: the release that all sites are offered, else the newest.

    Raises ConfigurationError where it has no archive for the platform, RepositoryError, OSError.
    """
    published = PublishedState.look(folder)
    catalogue = published.catalogues().get(channel)
    if catalogue is None or not catalogue.releases:
        raise ConfigurationError(f"The channel {channel} has no release. See: dca-hosting release list")
    release = _chosen(published, catalogue, version)
    at = release.platforms.get(platform)
    if at is None or at.archive is None:
        raise ConfigurationError(
            f"Release {release.version} has no archive for {platform[:40]}: a bundle needs one. "
            "Add a release with it: dca-hosting release add VERSION --archive FILE"
        )
    files = list(_files(published, channel, at.archive))
    _write(folder.path, files, out)
    ends = [folder.read_plain(published.files[role])["signed"]["expires"] for role in ROLES]
    return BundleFile(release.version, out.stat().st_size, min(datetime.fromisoformat(end) for end in ends))


def _chosen(published: PublishedState, catalogue: Catalogue, version: str | None) -> Release:
    rollout = published.rollout()
    offered = offer_for(rollout, catalogue.channel, None, "") if rollout else None
    wanted = version or (offered.version if offered else catalogue.releases[-1].version)
    found = catalogue.find(wanted)
    if found is None:
        raise ConfigurationError(f"The channel {catalogue.channel} has no release {wanted[:40]}. See: dca-hosting release list")
    return found


def _files(published: PublishedState, channel: str, archive: str) -> Iterator[Path]:
    """Yield what goes in: metadata first, so that it can be judged before the archive has been read."""
    for version in published.folder.root_versions():
        yield published.folder.file(ROOT, version)
    for role in ROLES:
        yield published.files[role]
    release, rollout = published.targets(RELEASE), published.targets(GLOBAL).get(ROLLOUT_PATH)
    yield release[catalogue_path(channel)].file
    if rollout is not None:
        yield rollout.file
    if archive not in release:
        raise RepositoryError(f"Nobody signs for {archive}. Restore the repository from a backup.")
    yield release[archive].file


def _write(base: Path, files: list[Path], out: Path) -> None:
    """Write the tar whole or not at all; of the files it tells name and content, not whose they are."""
    descriptor, unfinished = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for path in files:
                    member = tarfile.TarInfo(str(path.relative_to(base)))
                    member.size, member.mode, member.mtime = path.stat().st_size, 0o644, int(path.stat().st_mtime)
                    with path.open("rb") as content:
                        archive.addfile(member, content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(unfinished).replace(out)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(unfinished).unlink()
        raise
    sync_folder(out.parent)
