"""One way to write a file so that a power cut leaves either the old content or the new, and one way to write JSON."""

import json
import os
import tempfile
from pathlib import Path


def to_json(value: object) -> bytes:
    """Return `value` as compact UTF-8 JSON with keys in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace the file at `path` by `content`: temporary file, fsync, rename, fsync of the folder.

    Raises OSError and leaves the old file as it was when the disk is full or the folder is not writable.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
