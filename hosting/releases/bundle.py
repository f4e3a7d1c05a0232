"""The offline bundle: a tar of what a site would fetch for one release, by the names it has at the server below `/tuf/`."""

import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.common.files import whole_file
from appliance.release import ROLLOUT_PATH, Catalogue, ChannelRollout, Release, Rollout, catalogue_path, offer_for
from hosting.errors import ConfigurationError, RepositoryError
from hosting.repository.folder import RepositoryFolder
from hosting.repository.published import PublishedState
from hosting.repository.roles import GLOBAL, RELEASE, ROOT, SNAPSHOT, TARGETS, TIMESTAMP

ROLES = (TIMESTAMP, SNAPSHOT, TARGETS, GLOBAL, RELEASE)


@dataclass(frozen=True, slots=True)
class BundleFile:
    """What was written: the release, for which sites, how many bytes, and until when these take it without being told to."""

    version: str
    takers: str
    size: int
    valid_until: datetime


def write_bundle(folder: RepositoryFolder, channel: str, version: str | None, platform: str, out: Path) -> BundleFile:
    """Write the bundle of a release to `out`; None: the release that all sites are offered, else the newest.

    Raises ConfigurationError where it has no archive for the platform, or no site would take it, RepositoryError, OSError.
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
    takers = _takers(published.rollout(), channel, release)
    files = list(_files(published, channel, at.archive))
    _write(folder.path, files, out)
    ends = [folder.read_plain(published.files[role])["signed"]["expires"] for role in ROLES]
    return BundleFile(release.version, takers, out.stat().st_size, min(datetime.fromisoformat(end) for end in ends))


def _chosen(published: PublishedState, catalogue: Catalogue, version: str | None) -> Release:
    rollout = published.rollout()
    offered = offer_for(rollout, catalogue.channel, None, "") if rollout else None
    wanted = version or (offered.version if offered else catalogue.releases[-1].version)
    found = catalogue.find(wanted)
    if found is None:
        raise ConfigurationError(f"The channel {catalogue.channel} has no release {wanted[:40]}. See: dca-hosting release list")
    return found


def _takers(rollout: Rollout | None, channel: str, release: Release) -> str:
    """Return in words which sites are offered the release: from a bundle, too, a site takes only what the rollout in it offers.

    Whoever brings it needs to wait neither for the cohort of a site nor for a day. Raises ConfigurationError where nobody is.
    """
    offers = rollout.channels.get(channel, ChannelRollout()) if rollout else ChannelRollout()
    found = {"all sites": offers.default}
    found |= {f"the sites of the group {name}": offer for name, offer in offers.groups.items()}
    found |= {f"the site {name}": offer for name, offer in offers.sites.items()}
    wanted = (release.version, release.counter)
    meant = {name: offer for name, offer in found.items() if offer and (offer.version, offer.counter) == wanted}
    advice = f"dca-hosting release rollout --channel {channel} --version {release.version}"
    if not meant:
        raise ConfigurationError(
            f"Release {release.version} is offered to nobody, so no site would take it from a bundle. Offer it first; "
            f"0 % of all sites are enough for those that get it in a bundle: {advice} --percent 0"
        )
    takers = [name for name, offer in meant.items() if not offer.paused]
    if not takers:
        raise ConfigurationError(
            f"Release {release.version} is paused, so no site would take it from a bundle. Resume it first: {advice} --resume"
        )
    return ", ".join(takers)


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
    """Write the tar whole or not at all; of the files it tells name and content, not whose they are. Raises ConfigurationError."""
    if out.is_dir():
        raise ConfigurationError(f"{out} is a folder. Name a file in it with --out.")
    try:
        _write_tar(base, files, out)
    except OSError as error:
        if error.filename and Path(os.fsdecode(error.filename)).is_relative_to(base):
            raise
        raise ConfigurationError(f"{out} cannot be written: {error.strerror or error}. Name another file with --out.") from error


def _write_tar(base: Path, files: list[Path], out: Path) -> None:
    with whole_file(out) as stream, tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in files:
            member = tarfile.TarInfo(str(path.relative_to(base)))
            member.size, member.mode, member.mtime = path.stat().st_size, 0o644, int(path.stat().st_mtime)
            with path.open("rb") as content:
                archive.addfile(member, content)
