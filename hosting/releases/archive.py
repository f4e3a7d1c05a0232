"""An image archive, as `docker save` writes one, packed by gzip: which image is in it. Read in one pass, never whole in memory."""

import gzip
import hashlib
import json
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from hosting.errors import ConfigurationError

SMALL_BYTES = 1 << 20
"""What is larger is no description of an image, but a layer."""
SMALL_FILES = 500
CHUNK = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
PLATFORMS = ("linux/amd64", "linux/arm64")
"""What an appliance runs on."""


@dataclass(frozen=True, slots=True)
class ImageArchive:
    """The image in an archive. Digests as registries write them, `size` in bytes unpacked."""

    file: Path
    platform: str
    config: str
    size: int
    manifest: str | None
    """Of the image in this archive, where the archive has manifests; that of a registry may be another."""


@dataclass(slots=True)
class _Contents:
    """What was found: small files whole, the unpacked size of the others."""

    small: dict[str, bytes] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)


def read_archive(file: Path) -> ImageArchive:
    """Return which image an archive holds. Raises ConfigurationError for what is no archive of one image."""
    try:
        with file.open("rb") as stream:
            if stream.read(2) != GZIP_MAGIC:
                raise ConfigurationError(f"{file} is not packed with gzip. Make it so: docker save IMAGE | gzip > FILE.tar.gz")
        with gzip.open(file) as packed:
            with tarfile.open(fileobj=packed, mode="r|") as archive:
                contents = _read(archive)
            while packed.read(CHUNK):
                pass  # the checksum stands at the end
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ConfigurationError(f"{file} is damaged, or no image archive: {error}. Make it anew.") from error
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror or error}.") from error
    return _image(file, contents)


def _read(archive: tarfile.TarFile) -> _Contents:
    contents = _Contents()
    for member in archive:
        stream = archive.extractfile(member) if member.isreg() else None
        if stream is None:
            continue
        name = member.name.removeprefix("./")
        if member.size <= SMALL_BYTES and len(contents.small) < SMALL_FILES:
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


def _image(file: Path, contents: _Contents) -> ImageArchive:
    listed = _json(contents, "manifest.json")
    if not isinstance(listed, list) or len(listed) != 1 or not isinstance(listed[0], dict):
        raise ConfigurationError(f"{file} has no manifest.json of one image. Make it of one image: docker save IMAGE | gzip")
    config_name, layers = str(listed[0].get("Config")), listed[0].get("Layers")
    config = _json(contents, config_name)
    if not isinstance(config, dict) or not isinstance(layers, list) or not layers:
        raise ConfigurationError(f"{file} lacks the configuration or the layers of its image. Make it anew.")
    digest = _digest(contents.small[config_name])
    manifest = next((name for name in _manifests(contents) if _config_of(contents, name) == digest), None)
    return ImageArchive(
        file=file,
        platform=platform_of(config, str(file)),
        config=digest,
        size=max(1, sum(contents.sizes.get(str(layer), 0) for layer in layers)),
        manifest=manifest,
    )


def platform_of(config: Mapping[str, Any], where: str) -> str:
    """Return for which machines an image is, by its configuration: `linux/amd64`. Raises ConfigurationError for others."""
    platform = f"{config.get('os')}/{config.get('architecture')}"
    if platform not in PLATFORMS:
        raise ConfigurationError(f"The image in {where} is for {platform[:60]}. An appliance runs on {' or '.join(PLATFORMS)}.")
    return platform


def _manifests(contents: _Contents) -> list[str]:
    """Return the digests of manifests: those the index names, and those in the indexes it names."""
    tops = _descriptors(contents, "index.json")
    return [*tops, *(below for top in tops for below in _descriptors(contents, _blob(top)))]


def _descriptors(contents: _Contents, name: str) -> list[str]:
    index = _json(contents, name)
    listed = index.get("manifests") if isinstance(index, dict) else None
    return [str(one.get("digest")) for one in listed or () if isinstance(one, dict)]


def _config_of(contents: _Contents, manifest: str) -> str | None:
    found = _json(contents, _blob(manifest))
    config = found.get("config") if isinstance(found, dict) else None
    return config.get("digest") if isinstance(config, dict) else None


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(contents: _Contents, name: str) -> Any:
    try:
        return json.loads(contents.small.get(name, b"null"))
    except (ValueError, RecursionError):
        return None
