"""Bundles to test with: a tar of what a repository publishes, or of anything else."""

import io
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, content: bytes = b"", **fields: object) -> Member:
    """Return an entry of a tar; `fields` are those of TarInfo."""
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    for field, value in fields.items():
        setattr(entry, field, value)
    return entry, content


def members_of(files: Mapping[str, bytes]) -> list[Member]:
    """Return what the hosting server writes: metadata first, the archive last; nothing of single sites."""
    names = [name for name in files if "/site-" not in name and "config/site" not in name]
    return [member(name, files[name]) for name in sorted(names, key=lambda name: (name.endswith(".tar.gz"), name))]


def write_tar(file: Path, members: Iterable[Member], *, mode: str = "w", end: int | None = None) -> Path:
    """Write a tar; with `end`, cut off after so many bytes."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode, format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        for entry, data in members:
            archive.addfile(entry, io.BytesIO(data))
    file.write_bytes(content.getvalue()[:end])
    return file
