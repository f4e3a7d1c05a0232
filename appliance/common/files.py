"""One way to write a file so that a power cut leaves either the old content or the new, and one way to write and read JSON."""

import json
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from appliance.common.errors import DataFolderError
from appliance.common.message import Message
from appliance.common.strict_json import levels

MOST_LEVELS = 100
"""Nothing of ours is nested deeper, and Python can work with it."""
LARGEST_NUMBER = 2**64
"""No number of ours, of an engine or of a device is as large; there are numbers that cannot be computed with."""
BYTE_ORDER_MARK = "\ufeff"
"""What some editors write before the first character of a file (U+FEFF)."""


def to_json(value: object) -> bytes:
    """Return `value` as compact UTF-8 JSON with keys in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(content: bytes | str) -> Any:
    """Return what a file or a process of ours says in JSON. Raises ValueError for whatever cannot be read or written again."""
    raw = content.encode(errors="surrogatepass") if isinstance(content, str) else content
    if levels(raw) > MOST_LEVELS:
        raise ValueError(f"it is nested deeper than {MOST_LEVELS} levels")
    value = json.loads(raw.decode("utf-8-sig"), parse_int=_whole, parse_float=_finite, parse_constant=_no_constant)
    if b"\\ud" in raw.lower():
        to_json(value)  # half of a character, `"\ud800"`, can be read and not be written
    return value


def _whole(text: str) -> int:
    number = int(text)
    if abs(number) >= LARGEST_NUMBER:
        raise ValueError("a number is too large")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


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
    with whole_file(path) as stream:
        os.fchmod(stream.fileno(), mode)
        stream.write(content)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a stream that becomes the file at `path`, whole and durable, for its owner alone to read; where writing fails, nothing.

    Raises OSError.
    """
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def keeping(what: Message, path: Path) -> Iterator[None]:
    """Make of what goes wrong while a file of the data folder is written a DataFolderError that says what it was."""
    try:
        yield
    except OSError as error:
        raise DataFolderError(
            Message(
                "%(what)s cannot be written to %(path)s: %(reason)s. Free some space, or make the folder writable for user "
                "%(user)s.",
                what=what,
                path=path,
                reason=error.strerror,
                user=os.getuid(),
            )
        ) from error
