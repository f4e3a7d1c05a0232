"""An image archive as `docker save` writes it: which one image is in it. Read in one pass, never whole in memory."""

import hashlib
import json
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

SMALL_BYTES = 1 << 20
"""What is larger is no description of an image, but a layer."""
SMALL_FILES = 500
CHUNK = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"


class SavedImageError(ValueError):
    """What was read is no archive of one image; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class SavedImage:
    """The one image of an archive. Digests as registries write them, sizes in bytes."""

    config: str
    """Digest of its configuration."""
    configuration: Mapping[str, Any]
    layers: tuple[str, ...]
    """Digests of its unpacked layers, as its configuration names them (`rootfs.diff_ids`); empty where it does not."""
    tags: tuple[str, ...]
    """What loading it makes the engine call it."""
    size: int
    """Of its layers, unpacked; 0 where that was not measured."""
    manifest: str | None
    """Digest of the manifest in this archive, where it has manifests; that of a registry may be another."""


@dataclass(slots=True)
class _Contents:
    """What was found: small files whole, the unpacked size of all that were measured."""

    small: dict[str, bytes] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def json(self, name: str) -> Any:
        """Return the content of a small file, None where it is missing or no JSON."""
        try:
            return json.loads(self.small.get(name, b"null"))
        except (ValueError, RecursionError):
            return None


def read_saved_image(archive: tarfile.TarFile, *, measure: bool) -> SavedImage:
    """Return the image in an archive that is read as a stream; with `measure` its layers are unpacked to learn their size.

    Raises SavedImageError for what is no archive of one image, and what tarfile and zlib raise for a damaged one.
    """
    contents = _read(archive, measure=measure)
    listed = contents.json("manifest.json")
    if not isinstance(listed, list) or len(listed) != 1 or not isinstance(listed[0], dict):
        raise SavedImageError("has no manifest.json of one image")
    name, files = str(listed[0].get("Config")), listed[0].get("Layers")
    configuration = contents.json(name)
    if not isinstance(configuration, dict) or not isinstance(files, list) or not files:
        raise SavedImageError("lacks the configuration or the layers of its image")
    root = configuration.get("rootfs")
    layers = root.get("diff_ids") if isinstance(root, dict) else None
    digest = f"sha256:{hashlib.sha256(contents.small[name]).hexdigest()}"
    tags = listed[0].get("RepoTags")
    return SavedImage(
        config=digest,
        configuration=configuration,
        layers=tuple(str(layer) for layer in layers) if isinstance(layers, list) else (),
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
        size=sum(contents.sizes.get(str(file), 0) for file in files),
        manifest=next((manifest for manifest in _manifests(contents) if _config_of(contents, manifest) == digest), None),
    )


def _read(archive: tarfile.TarFile, *, measure: bool) -> _Contents:
    contents = _Contents()
    for member in archive:
        name, small = member.name.removeprefix("./"), member.size <= SMALL_BYTES and len(contents.small) < SMALL_FILES
        stream = archive.extractfile(member) if member.isreg() and (small or measure) else None
        if stream is None:
            continue
        if small:
            contents.small[name] = stream.read()
            contents.sizes[name] = member.size
        else:
            contents.sizes[name] = _unpacked(stream, member.size)
    return contents


def _unpacked(stream: IO[bytes], size: int) -> int:
    """Return how large a layer is unpacked; the engine's newer store saves layers packed."""
    first = stream.read(CHUNK)
    if not first.startswith(GZIP_MAGIC):
        while stream.read(CHUNK):
            pass
        return size
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    count, chunk = 0, first
    while chunk and not inflater.eof:
        count += len(inflater.decompress(chunk, CHUNK))
        chunk = inflater.unconsumed_tail or stream.read(CHUNK)
    return count


def _manifests(contents: _Contents) -> list[str]:
    """Return the digests of manifests: those the index names, and those in the indexes it names."""
    tops = _descriptors(contents, "index.json")
    return [*tops, *(below for top in tops for below in _descriptors(contents, _blob(top)))]


def _descriptors(contents: _Contents, name: str) -> list[str]:
    index = contents.json(name)
    listed = index.get("manifests") if isinstance(index, dict) else None
    return [str(one.get("digest")) for one in listed or () if isinstance(one, dict)]


def _config_of(contents: _Contents, manifest: str) -> str | None:
    found = contents.json(_blob(manifest))
    config = found.get("config") if isinstance(found, dict) else None
    return config.get("digest") if isinstance(config, dict) else None


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
