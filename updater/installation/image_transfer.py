"""How the image of a release comes into the engine: pulled from a registry by its digest, or loaded from a signed archive.

- What is pulled costs only the layers that are new; so the registry is tried first, where there is one and the site wants it.
- The archive is for sites whose engine has no way out, or no login: it comes the way that this site's configuration comes.
- Whatever the way, the image counts only if the engine calls it by a digest that was signed. An engine with the image store of
  containerd has names of its own for what it loads; then the layers are compared with those of the signed configuration.
- Nothing that runs, and no name that somebody else gave, is touched; when it fails, all is as before.
"""

import contextlib
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.common.message import Message, message_of
from appliance.release import Platform, Release
from appliance.release.saved_image import SavedImage, SavedImageError, read_saved_image
from updater.engine.container_spec import Inspected
from updater.engine.engine import Engine
from updater.engine.reference import split_reference
from updater.errors import EngineError, TransportError, TrustError
from updater.records.progress import ProgressFile

FETCHED = "fetched"
"""The tag that keeps a fetched image from `docker image prune` until it is the user's own; one image has it at a time."""
HOPELESS = ("no space", "unreachable")
"""Failures of a pull with which an archive would fare no better."""

FetchArchive = Callable[[], Path]
"""Returns the file of the archive, verified. Raises TrustError."""


def obtain(
    engine: Engine,
    release: Release,
    platform: str,
    *,
    reference: str,
    archive: FetchArchive | None,
    progress: ProgressFile,
    pull: bool = True,
) -> str:
    """Return the id of the image of `release` for `platform` (`linux/amd64`). Raises TransportError.

    `reference` is what the user calls the present image by. `archive` fetches the archive of this release, where it has one.
    """
    kept = fetched_reference(reference)
    way = _Way(engine, release, release.platforms[platform], kept, progress)
    if there := way.already_there():
        return there
    failure: TransportError | None = None
    if pull and way.can_pull:
        try:
            return way.pull()
        except TransportError as error:
            if archive is None or error.reason in HOPELESS:
                raise
            failure = error
    if archive is None:
        raise failure or TransportError(
            "no way",
            Message(
                "Version %(version)s has neither a registry to pull from nor an archive for %(platform)s.",
                version=release.version,
                platform=platform,
            ),
        )
    try:
        return way.load(archive)
    except TransportError as error:
        if failure is None:
            raise
        raise TransportError(error.reason, f"{failure} The archive, which was tried next, did not come either: {error}") from error


def fetched_reference(reference: str) -> str:
    """Return the name that a fetched image has until it takes over from the one called `reference`."""
    return f"{split_reference(reference.partition('@')[0])[0]}:{FETCHED}"


def expected_digests(release: Release, platform: str) -> tuple[str, ...]:
    """Return the digests that were signed for the image, of which the engine has to know one."""
    return _signed(release, release.platforms[platform])


def _signed(release: Release, wanted: Platform) -> tuple[str, ...]:
    return tuple(digest for digest in (wanted.config, wanted.manifest, release.index) if digest)


def discard(engine: Engine, image: str, reference: str) -> None:
    """Take a fetched image away, so that it comes anew: one that is damaged on the disk. Raises EngineError.

    One that is in use stays, and so does one that has another name: somebody else's, on a host with two appliances.
    """
    for name in (fetched_reference(reference), image):
        if name == image and (engine.image(image) or {}).get("RepoTags"):
            return
        try:
            engine.untag(name)
        except EngineError as error:
            if error.kind != "conflict":
                raise


@dataclass(frozen=True, slots=True)
class _Way:
    """The ways by which one image comes into the engine, where it is then called `kept`. Every method raises TransportError."""

    engine: Engine
    release: Release
    wanted: Platform
    kept: str
    progress: ProgressFile

    @property
    def can_pull(self) -> bool:
        return bool(self.release.repository and (self.wanted.manifest or self.release.index))

    def already_there(self) -> str | None:
        """Return the id of the image if the engine has it."""
        names = [self.wanted.config]
        if self.release.repository:
            names += [f"{self.release.repository}@{digest}" for digest in (self.wanted.manifest, self.release.index) if digest]
        with _explained():
            for name in names:
                image = self.engine.image(name)
                if image and self._is_signed(image):
                    self.engine.tag(str(image["Id"]), self.kept)
                    return str(image["Id"])
        return None

    def pull(self) -> str:
        digest = self.wanted.manifest or self.release.index
        assert self.release.repository is not None
        assert digest is not None
        with _explained():
            image_id = self.engine.pull(self.release.repository, digest, self.progress.of("downloading"))
            image = self.engine.image(image_id)
            if image is None or not self._is_signed(image):
                raise self._mismatch(f"{self.release.repository}@{digest}")
            self.engine.tag(image_id, self.kept)
        return image_id

    def load(self, archive: FetchArchive) -> str:
        try:
            file = archive()
        except TrustError as error:
            raise TransportError(error.reason, message_of(error)) from error
        self.progress.tell("loading", f"looking into {file.name}")
        held = _saved_image(file)
        if held.config != self.wanted.config:
            raise self._mismatch(file.name)
        with _explained():
            image_id = self._load(file, held)
            image = self.engine.image(image_id)
            if image is None or not (self._is_signed(image) or _layers(image) == held.layers):
                self.engine.untag(self.kept)
                raise self._mismatch(file.name)
        return image_id

    def _load(self, file: Path, held: SavedImage) -> str:
        """Load an archive, and let the names it brings mean what they meant before: they are the user's. Raises EngineError."""
        named = {tag: (self.engine.image(tag) or {}).get("Id") for tag in held.tags if tag != self.kept}
        try:
            image_id = self.engine.load(file, self.progress.of("loading"))
        except OSError as error:
            raise TransportError(
                "damaged archive",
                Message("The image archive %(file)s cannot be read: %(reason)s.", file=file, reason=error.strerror),
            ) from error
        self.engine.tag(image_id, self.kept)
        for tag, before in named.items():
            if before:
                self.engine.tag(before, tag)
            else:
                self.engine.untag(tag)
        return image_id

    def _is_signed(self, image: Inspected) -> bool:
        """Return whether the engine calls the image by one of the digests that were signed."""
        names = {str(image.get("Id")), str((image.get("Descriptor") or {}).get("digest"))}
        names |= {str(name).rpartition("@")[2] for name in image.get("RepoDigests") or ()}
        return not names.isdisjoint(_signed(self.release, self.wanted))

    def _mismatch(self, what: str) -> TransportError:
        return TransportError(
            "mismatch",
            Message(
                "%(what)s is not the image that was signed as version %(version)s, and is not used. Ask the "
                "hosting team to publish the version again.",
                what=what,
                version=self.release.version,
            ),
        )


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Raise failures of the engine as those of the transport."""
    try:
        yield
    except EngineError as error:
        raise TransportError(error.kind, message_of(error)) from error


def _saved_image(file: Path) -> SavedImage:
    """Return what is in an archive. Raises TransportError for what is no archive of one image."""
    try:
        with tarfile.open(file, mode="r|*") as archive:
            saved = read_saved_image(archive, measure=False)
    except (SavedImageError, tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise TransportError(
            "damaged archive", Message("%(name)s is no archive of one image: %(reason)s.", name=file.name, reason=message_of(error))
        ) from error
    if not saved.layers:
        raise TransportError(
            "damaged archive", Message("%(name)s is no archive of one image: its configuration names no layers.", name=file.name)
        )
    return saved


def _layers(image: Inspected) -> tuple[str, ...]:
    """Return the digests of the unpacked layers of an image in the engine."""
    return tuple((image.get("RootFS") or {}).get("Layers") or ())
