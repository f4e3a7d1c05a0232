"""What an image archive (`docker save`, gzip or not) says it holds. One pass, and never whole in memory."""

import hashlib
import json
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from updater.errors import TransportError

SMALL_BYTES = 1 << 20
"""What is larger is a layer, and no description."""
SMALL_FILES = 500


@dataclass(frozen=True, slots=True)
class ImageArchive:
    """The one image of an archive."""

    config: str
    """Digest of its configuration."""
    layers: tuple[str, ...]
    """Digests of its unpacked layers, as its configuration names them."""
    tags: tuple[str, ...]
    """What loading it makes the engine call it."""


def read_archive(file: Path) -> ImageArchive:
    """Return what is in an archive. Raises TransportError for what is no archive of one image."""
    small: dict[str, bytes] = {}
    try:
        with tarfile.open(file, mode="r|*") as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.size <= SMALL_BYTES and len(small) < SMALL_FILES else None
                if stream:
                    small[member.name.removeprefix("./")] = stream.read()
        (listed,) = json.loads(small["manifest.json"])
        content = small[listed["Config"]]
        layers = [str(layer) for layer in json.loads(content)["rootfs"]["diff_ids"]]
        tags = [str(tag) for tag in listed.get("RepoTags") or ()]
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, LookupError, TypeError) as error:
        raise TransportError("damaged archive", f"{file.name} is no archive of one image: {error}.") from error
    return ImageArchive(f"sha256:{hashlib.sha256(content).hexdigest()}", tuple(layers), tuple(tags))


def is_that_image(archive: ImageArchive, image: dict[str, Any]) -> bool:
    """Return whether an image in the engine consists of the layers of the archive."""
    return tuple((image.get("RootFS") or {}).get("Layers") or ()) == archive.layers
