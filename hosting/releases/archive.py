"""An image archive as the hosting team hands it in: `docker save`, packed by gzip, whole and for a machine an appliance runs on."""

import gzip
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.release.saved_image import CHUNK, GZIP_MAGIC, SavedImageError, read_saved_image
from hosting.errors import ConfigurationError

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


def read_archive(file: Path) -> ImageArchive:
    """Return which image an archive holds. Raises ConfigurationError for what is no archive of one image."""
    try:
        with file.open("rb") as stream:
            if stream.read(2) != GZIP_MAGIC:
                raise ConfigurationError(f"{file} is not packed with gzip. Make it so: docker save IMAGE | gzip > FILE.tar.gz")
        with gzip.open(file) as packed:
            with tarfile.open(fileobj=packed, mode="r|") as archive:
                saved = read_saved_image(archive, measure=True)
            while packed.read(CHUNK):
                pass  # the checksum stands at the end
    except SavedImageError as error:
        raise ConfigurationError(f"{file} {error}. Make it of one image: docker save IMAGE | gzip > FILE.tar.gz") from error
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ConfigurationError(f"{file} is damaged, or no image archive: {error}. Make it anew.") from error
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror or error}.") from error
    platform = platform_of(saved.configuration, str(file))
    return ImageArchive(file, platform, saved.config, max(1, saved.size), saved.manifest)


def platform_of(config: Mapping[str, Any], where: str) -> str:
    """Return for which machines an image is, by its configuration: `linux/amd64`. Raises ConfigurationError for others."""
    platform = f"{config.get('os')}/{config.get('architecture')}"
    if platform not in PLATFORMS:
        raise ConfigurationError(f"The image in {where} is for {platform[:60]}. An appliance runs on {' or '.join(PLATFORMS)}.")
    return platform
