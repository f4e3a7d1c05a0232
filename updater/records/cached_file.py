"""A file that is read again when it is another one: what is looked at often and changes seldom."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

Content = TypeVar("Content")


class CachedFile(Generic[Content]):
    """What `read` makes of a file. Files are replaced by rename here, so that another content is another inode."""

    def __init__(self, file: Path, read: Callable[[], Content]) -> None:
        self._file = file
        self._read = read
        self._seen: tuple[int, ...] | None = None
        self._content: Content | None = None

    def content(self) -> Content | None:
        """Return what the file says now, None where there is none."""
        try:
            status = self._file.stat()
        except OSError:
            self._seen = self._content = None
            return None
        seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        if seen != self._seen:
            self._seen, self._content = seen, self._read()
        return self._content
