"""Make a release of images, and the next catalogue of it. Pure but for the clock it is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from appliance.release import (
    RELEASES,
    VERSION,
    Catalogue,
    HealthGateTimes,
    Platform,
    Release,
    ReleaseError,
    Switcher,
    archive_path,
)
from hosting.errors import ConfigurationError
from hosting.releases.archive import ImageArchive
from hosting.releases.images import RegistryImage


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person says about a release beside its images."""

    version: str
    notes: str = ""
    counter: int | None = None
    """None: the next one."""
    min_version: str | None = None
    min_engine_api: str = "1.41"
    allow_downgrade_from: int | None = None
    switcher: Switcher = "old"
    late_rollback: bool = False
    """Whether sites at which it proves unstable within a day after its installation go back to the version before."""
    gate: HealthGateTimes = field(default_factory=HealthGateTimes)


def make_release(wishes: Wishes, image: RegistryImage | None, archives: Sequence[ImageArchive], now: datetime) -> Release:
    """Return the release, its counter 0 where none is wished. Raises ConfigurationError where the images do not fit together."""
    if not VERSION.fullmatch(wishes.version):
        raise ConfigurationError(f"{wishes.version[:40]!r} is no version. One looks like 0.2.0 or 0.2.0rc1.")
    platforms = _of_registry(image)
    if len({archive.platform for archive in archives}) < len(archives):
        raise ConfigurationError("Two archives are for the same platform. Give one for each.")
    for archive in archives:
        known = platforms.get(archive.platform)
        if known and known.config != archive.config:
            raise ConfigurationError(
                f"{archive.file} holds another image ({archive.config[7:19]}) than the registry has for {archive.platform} "
                f"({known.config[7:19]}). Save the one that was pushed: docker save"
            )
        of_archive = Platform(archive.config, archive.size, archive.manifest)
        path = archive_path(wishes.version, archive.platform)
        platforms[archive.platform] = replace(known or of_archive, archive=path, size=archive.size)
    if not platforms:
        raise ConfigurationError("The release has no image. Give --image, --archive, or both.")
    return Release(
        version=wishes.version,
        counter=wishes.counter or 0,
        published_at=now,
        platforms=platforms,
        notes=wishes.notes,
        repository=image.repository if image else None,
        index=image.index if image else None,
        min_engine_api=wishes.min_engine_api,
        min_version=wishes.min_version,
        switcher=wishes.switcher,
        gate=wishes.gate,
        allow_downgrade_from=wishes.allow_downgrade_from,
        late_rollback=wishes.late_rollback,
    )


def archive_files(release: Release, archives: Sequence[ImageArchive]) -> Mapping[str, Path]:
    """Return the files of the archives by the targets that they become."""
    return {archive_path(release.version, archive.platform): archive.file for archive in archives}


def with_release(catalogue: Catalogue, release: Release, highest: int) -> Catalogue:
    """Return the catalogue with one more release; the oldest goes where there are too many. Raises ConfigurationError."""
    if catalogue.find(release.version):
        raise ConfigurationError(
            f"Version {release.version} is in the channel {catalogue.channel} already. Give the new one another version."
        )
    counter = release.counter or highest + 1
    if counter <= highest:
        raise ConfigurationError(
            f"The number {counter} does not rise: {catalogue.channel} had {highest} already. Give a higher --counter, or none."
        )
    return _judged(replace(catalogue, releases=(*catalogue.releases, replace(release, counter=counter))[-RELEASES:]))


def without_release(catalogue: Catalogue, version: str) -> Catalogue:
    """Return the catalogue without a release. Raises ConfigurationError where it has none of that version."""
    if catalogue.find(version) is None:
        raise ConfigurationError(f"The channel {catalogue.channel} has no release {version[:40]}. See: dca-hosting release list")
    return replace(catalogue, releases=tuple(release for release in catalogue.releases if release.version != version))


def _of_registry(image: RegistryImage | None) -> dict[str, Platform]:
    return {name: Platform(one.config, one.size, one.manifest) for name, one in image.platforms.items()} if image else {}


def _judged(catalogue: Catalogue) -> Catalogue:
    """Return the catalogue, whose newest release a site would take. Raises ConfigurationError."""
    try:
        Release.from_json(catalogue.releases[-1].to_json())
    except ReleaseError as error:
        raise ConfigurationError(str(error)) from error
    return catalogue
