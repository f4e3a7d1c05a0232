"""Which image a name in a registry stands for, on each platform an appliance runs on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hosting.errors import ConfigurationError
from hosting.releases.archive import PLATFORMS, platform_of
from hosting.releases.registry import INDEXES, Reference, Registry


@dataclass(frozen=True, slots=True)
class PlatformImage:
    """The image for one platform, by digests; `size` in bytes unpacked."""

    manifest: str
    config: str
    size: int


@dataclass(frozen=True, slots=True)
class RegistryImage:
    """What a name stands for; `index` is None where there is one image and no list of them."""

    repository: str
    index: str | None
    platforms: Mapping[str, PlatformImage]


def look_up(registry: Registry, reference: Reference) -> RegistryImage:
    """Return what a registry has under a name. Raises ConfigurationError."""
    content, digest = registry.manifest(reference)
    top = _object(content, reference)
    if top.get("mediaType") not in INDEXES and "manifests" not in top:
        platform, image = _image(registry, reference, content, digest)
        return RegistryImage(reference.repository, None, {platform: image})
    found = {}
    for entry in top.get("manifests", ()):
        told = entry.get("platform", {})
        if f"{told.get('os')}/{told.get('architecture')}" in PLATFORMS:
            below = Reference(reference.repository, str(entry.get("digest")))
            platform, image = _image(registry, below, *registry.manifest(below))
            found[platform] = image
    if not found:
        raise ConfigurationError(f"{reference} is for neither {' nor '.join(PLATFORMS)}. Build and push it for one of them.")
    return RegistryImage(reference.repository, digest, found)


def _image(registry: Registry, reference: Reference, content: bytes, digest: str) -> tuple[str, PlatformImage]:
    manifest = _object(content, reference)
    layers = manifest.get("layers")
    config = manifest.get("config")
    if not isinstance(config, dict) or not isinstance(layers, list):
        raise ConfigurationError(f"{reference} is no image that an engine runs: its manifest has no configuration or no layers.")
    told = _object(registry.blob(reference, str(config.get("digest"))), reference)
    platform = platform_of(told, str(reference))
    size = sum(registry.unpacked(reference, layer) for layer in layers)
    return platform, PlatformImage(digest, str(config["digest"]), max(1, size))


def _object(content: bytes, reference: Reference) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ConfigurationError(f"What the registry sent for {reference} is not JSON. Ask whoever runs it.")
    return found
