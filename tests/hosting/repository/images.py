"""Image archives as engines save them, small: files of a real form with layers of a few bytes."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def config(platform: str = "linux/amd64", **changes: Any) -> bytes:
    system, machine = platform.split("/")
    return json.dumps({"os": system, "architecture": machine, "rootfs": {"type": "layers"}} | changes).encode()


def layer(text: str = "hello") -> bytes:
    """Return a layer of one file."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("file")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text.encode()))
    return stream.getvalue()


def pack(files: dict[str, bytes]) -> bytes:
    """Return a tar of files, packed by gzip."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(stream.getvalue(), 1)


def old_files(image: bytes, layers: list[bytes]) -> dict[str, bytes]:
    """Return what `docker save` of version 20.10 writes."""
    names = [f"{number}/layer.tar" for number in range(len(layers))]
    config_name = f"{digest(image)[7:]}.json"
    manifest = [{"Config": config_name, "RepoTags": ["dca/appliance:test"], "Layers": names}]
    return dict(zip(names, layers, strict=True)) | {config_name: image, "manifest.json": json.dumps(manifest).encode()}


def new_files(image: bytes, layers: list[bytes]) -> dict[str, bytes]:
    """Return what `docker save` writes since version 25: an OCI layout beside the old manifest.json."""
    blobs = {f"blobs/sha256/{digest(content)[7:]}": content for content in (image, *layers)}
    described = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"digest": digest(image), "size": len(image)},
        "layers": [{"digest": digest(content), "size": len(content)} for content in layers],
    }
    manifest = json.dumps(described).encode()
    index = {"schemaVersion": 2, "manifests": [{"digest": digest(manifest), "size": len(manifest)}]}
    names = [f"blobs/sha256/{digest(content)[7:]}" for content in layers]
    listed = [{"Config": f"blobs/sha256/{digest(image)[7:]}", "RepoTags": None, "Layers": names}]
    return blobs | {
        f"blobs/sha256/{digest(manifest)[7:]}": manifest,
        "index.json": json.dumps(index).encode(),
        "manifest.json": json.dumps(listed).encode(),
    }


def saved(folder: Path, name: str = "image.tar.gz", *, platform: str = "linux/amd64", text: str = "hello", **changes: Any) -> Path:
    """Return the file of an image of one layer."""
    file = folder / name
    file.write_bytes(pack(new_files(config(platform, **changes), [layer(text)])))
    return file
