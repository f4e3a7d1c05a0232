"""The catalogue of a channel, `release/CHANNEL.json`: the versions there are, and what each image has to be. Signed offline.

- UTF-8 JSON, at most `CATALOGUE_BYTES`, at most 20 releases with rising counters; nothing unknown but in `extra` of a release.
- Each platform has a way to the image: the registry by a digest, or an archive that is a target of the same role.
- A version that is no longer in it is withdrawn.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from appliance.common.clock import to_rfc3339
from appliance.common.strict_json import encode
from appliance.release.fields import FORMAT, Fields, ReleaseError, decode, invalid, malformed
from appliance.release.versions import VERSION

Switcher = Literal["old", "new"]

CATALOGUE_BYTES = 256 * 1024
RELEASES = 20
NOTES_CHARACTERS = 8000
PLATFORMS = 8
LARGEST_IMAGE_BYTES = 2**40
DEFAULT_CHANNEL: Final = "stable"

CHANNEL_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
PLATFORM_NAME = re.compile(r"linux/[a-z0-9]{1,16}")
REPOSITORY = re.compile(
    r"(?=.{3,255}\Z)(\[[0-9a-f:]+\]|[a-z0-9][a-z0-9.-]*)(:[0-9]{1,5})?(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)+",
)
_API_VERSION = re.compile(r"[1-9][0-9]?\.[0-9]{1,3}")
_ARCHIVE = re.compile(r"release/[0-9a-z.]{1,60}-linux-[a-z0-9]{1,16}\.tar\.gz")


@dataclass(frozen=True, slots=True)
class Platform:
    """The image for one kind of machine."""

    config: str
    """Digest of its configuration: what Docker calls the image id."""
    size: int
    """Bytes unpacked."""
    manifest: str | None = None
    archive: str | None = None
    """The target that holds what `docker save` makes of it, gzip'd."""


DEADLINE_SECONDS = (10, 3600)
"""The shortest and the longest deadline of a health gate."""
STEADY_SECONDS = (1, 1800)
"""The same, of how long it is to stay well."""


@dataclass(frozen=True, slots=True)
class HealthGateTimes:
    """The times of the health gate: how long a new version has, in seconds of a running machine, until it counts as good."""

    deadline_seconds: float = 180
    """To say that it is ready."""
    steady_seconds: float = 60
    """To stay well from then on."""


@dataclass(frozen=True, slots=True)
class Release:
    """One version."""

    version: str
    counter: int
    """Rises with each release of a channel, whatever the versions are called."""
    published_at: datetime
    platforms: Mapping[str, Platform]
    """By `linux/amd64` and the like."""
    notes: str = ""
    repository: str | None = None
    """Where the engine pulls from: `registry.example.com/dca/appliance`."""
    index: str | None = None
    """Digest of the list of manifests."""
    min_engine_api: str = "1.41"
    min_version: str | None = None
    """The oldest version that may move to this one."""
    switcher: Switcher = "old"
    """Which image the container that does the switch is made from."""
    gate: HealthGateTimes = field(default_factory=HealthGateTimes)
    allow_downgrade_from: int | None = None
    """Sites whose installed counter is at most this may go down to this release."""
    late_rollback: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, raw: object, where: str = "the release") -> "Release":
        """Return the release that `raw` describes. Raises ReleaseError."""
        return _release(raw, where)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        return {
            "version": self.version,
            "counter": self.counter,
            "published_at": to_rfc3339(self.published_at),
            "notes": self.notes,
            "repository": self.repository,
            "index": self.index,
            "platforms": {
                name: {"manifest": at.manifest, "config": at.config, "size": at.size, "archive": at.archive}
                for name, at in self.platforms.items()
            },
            "min_engine_api": self.min_engine_api,
            "min_version": self.min_version,
            "switcher": self.switcher,
            "gate": asdict(self.gate),
            "allow_downgrade_from": self.allow_downgrade_from,
            "late_rollback": self.late_rollback,
            "extra": dict(self.extra),
        }


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What there is in a channel."""

    channel: str = DEFAULT_CHANNEL
    releases: tuple[Release, ...] = ()
    """By rising counter."""

    def find(self, version: str) -> Release | None:
        """Return the release of a version, None where it was never there or is withdrawn."""
        return next((release for release in self.releases if release.version == version), None)

    def archives(self) -> set[str]:
        """Return the targets of all image archives that it names."""
        return {at.archive for release in self.releases for at in release.platforms.values() if at.archive}


def catalogue_path(channel: str) -> str:
    """Return the target that holds the catalogue of a channel."""
    return f"release/{channel}.json"


def archive_path(version: str, platform: str) -> str:
    """Return the target that holds the image archive of a version for `linux/amd64` and the like."""
    return f"release/{version}-{platform.replace('/', '-')}.tar.gz"


def write_catalogue(catalogue: Catalogue) -> bytes:
    """Return the one way to write a catalogue."""
    releases = [release.to_json() for release in catalogue.releases]
    return encode({"format": FORMAT, "channel": catalogue.channel, "releases": releases})


def parse_catalogue(content: bytes) -> Catalogue:
    """Return the catalogue in `content`. Raises ReleaseError."""
    fields = Fields(decode(content, "The catalogue", CATALOGUE_BYTES), "the catalogue", "format", "channel", "releases")
    channel = fields.matching("channel", CHANNEL_NAME, "stable")
    releases = fields.listed("releases", RELEASES, _release)
    counters = [release.counter for release in releases]
    if counters != sorted(set(counters)):
        raise invalid("the counters of the releases do not rise")
    if len({release.version for release in releases}) < len(releases):
        raise invalid("a version stands twice in the catalogue")
    return Catalogue(channel, releases)


def _release(raw: object, where: str) -> Release:
    fields = Fields(
        raw, where, "version", "counter", "published_at", "notes", "repository", "index", "platforms", "min_engine_api",
        "min_version", "switcher", "gate", "allow_downgrade_from", "late_rollback", "extra",
    )  # fmt: skip
    version = fields.matching("version", VERSION, "0.2.0")
    release = Release(
        version=version,
        counter=fields.whole("counter"),
        published_at=fields.moment("published_at"),
        platforms=fields.named("platforms", PLATFORM_NAME, PLATFORMS, _platform),
        notes=fields.text("notes", NOTES_CHARACTERS),
        repository=fields.optional("repository", lambda name: fields.matching(name, REPOSITORY, "registry.example.com/dca")),
        index=fields.optional("index", fields.digest),
        min_engine_api=fields.optional("min_engine_api", lambda name: fields.matching(name, _API_VERSION, "1.41")) or "1.41",
        min_version=fields.optional("min_version", lambda name: fields.matching(name, VERSION, "0.1.0")),
        switcher=_switcher(fields, where),
        gate=_gate(fields.object("gate"), f"gate of {where}"),
        allow_downgrade_from=fields.optional("allow_downgrade_from", fields.whole),
        late_rollback=fields.flag("late_rollback"),
        extra=_extra(fields.object("extra"), where),
    )
    _require_ways(release, where)
    return release


def _platform(raw: object, where: str) -> Platform:
    fields = Fields(raw, where, "manifest", "config", "size", "archive")
    return Platform(
        config=fields.digest("config"),
        size=fields.whole("size", 1, LARGEST_IMAGE_BYTES),
        manifest=fields.optional("manifest", fields.digest),
        archive=fields.optional("archive", lambda name: fields.matching(name, _ARCHIVE, "release/0.2.0-linux-amd64.tar.gz")),
    )


def _switcher(fields: Fields, where: str) -> Switcher:
    match fields.object("switcher"):
        case "new":
            return "new"
        case "old" | {}:
            return "old"
    raise invalid(f"switcher of {where} has to be old or new")


def _gate(raw: object, where: str) -> HealthGateTimes:
    fields = Fields(raw, where, "deadline_seconds", "steady_seconds")
    usual = HealthGateTimes()
    return HealthGateTimes(
        fields.optional("deadline_seconds", lambda name: fields.whole(name, *DEADLINE_SECONDS)) or usual.deadline_seconds,
        fields.optional("steady_seconds", lambda name: fields.whole(name, *STEADY_SECONDS)) or usual.steady_seconds,
    )


def _extra(raw: object, where: str) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise malformed(f"extra of {where} is no JSON object")
    return raw


def _require_ways(release: Release, where: str) -> None:
    """Raise ReleaseError unless each platform has a way to its image."""
    if not release.platforms:
        raise invalid(f"platforms of {where} are none")
    for name, platform in release.platforms.items():
        if platform.archive not in (None, archive_path(release.version, name)):
            raise invalid(f"archive of {name} of {where} has to be {archive_path(release.version, name)}")
        by_registry = release.repository is not None and (release.index or platform.manifest)
        if not by_registry and platform.archive is None:
            raise _no_way(name, where)


def _no_way(platform: str, where: str) -> ReleaseError:
    return invalid(f"{platform} of {where} has no way to its image: neither a repository with a digest nor an archive")
