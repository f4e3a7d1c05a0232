"""The TUF repository as static files, for everybody: what it says is signed, and nothing in it is secret."""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from hosting.api.errors import retry_after_fault
from hosting.request_context import REQUEST_ID_HEADER
from hosting.web import BaseHandler
from web.security import SECURITY_HEADERS

METADATA = re.compile(r"/tuf/metadata/(timestamp\.json|[0-9]{1,10}\.[a-z0-9][a-z0-9_-]*\.json)")
TARGET = re.compile(r"/tuf/targets/((?:[A-Za-z0-9][A-Za-z0-9._-]*/){0,8}[0-9a-f]{64}\.[A-Za-z0-9][A-Za-z0-9._-]*)")
"""A target has its hash in front of its name. No name begins with a dot or is percent-encoded: no path leads out."""
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
CHUNK = 256 * 1024
FOR_EVER = "public, max-age=31536000, immutable"
ALWAYS_ASK = "no-cache"


class TufHandler(BaseHandler):
    """`/tuf/metadata/NAME` and `/tuf/targets/PATH`. Sites pay for each byte: few headers, and nothing in a 404."""

    route: ClassVar[str] = "tuf"
    SUPPORTED_METHODS: ClassVar[tuple[str, ...]] = ("GET", "HEAD")  # type: ignore[misc]

    is_usual = False
    """Whether a refusal is nothing to log: each site asks for the root that is not there yet, each time."""

    def set_default_headers(self) -> None:
        """Leave out the headers that are for pages."""
        super().set_default_headers()
        for name in (SECURITY_HEADERS.keys() - {"X-Content-Type-Options"}) | {"Cache-Control", "Content-Type", REQUEST_ID_HEADER}:
            self.clear_header(name)

    def prepare(self) -> None:
        """Leave the length of a file what it is: nothing is compressed on its way."""
        self._transforms = []

    async def get(self) -> None:
        """Send a file, or the part of one that is asked for: what was broken off goes on."""
        stream, changes = self._open()
        with stream:
            size = os.fstat(stream.fileno()).st_size
            whole = changes or self.request.method == "HEAD"
            part = None if whole else _part(self.request.headers.get("Range", ""), size)
            if part is not None:
                self._announce(part, size)
                stream.seek(part.start)
            left = size if part is None else len(part)
            self.set_header("Cache-Control", ALWAYS_ASK if changes else FOR_EVER)
            self.set_header(
                "Content-Type", "application/json" if self.request.path.endswith(".json") else "application/octet-stream"
            )
            self.set_header("Content-Length", str(left))
            if self.request.method == "HEAD":
                return
            with suppress(StreamClosedError):
                while left and (chunk := stream.read(min(CHUNK, left))):
                    left -= len(chunk)
                    self.write(chunk)
                    await self.flush()

    head = get

    def _announce(self, part: range, size: int) -> None:
        """Say which part comes, or that the file does not have it."""
        self.set_status(206 if part else 416)
        self.set_header("Content-Range", f"bytes {part.start}-{part.stop - 1}/{size}" if part else f"bytes */{size}")

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        """Answer without a body; a fault of this server is 503, and says when to ask again."""
        if status_code >= 500:
            status_code = 503
            self.set_header("Retry-After", str(retry_after_fault()))
        self.clear_header("X-Content-Type-Options")
        self.set_header("Cache-Control", ALWAYS_ASK)
        self.set_status(status_code)
        self.finish()

    def _open(self) -> tuple[BinaryIO, bool]:
        """Return the file asked for, and whether it changes. Raises HTTPError 404 when there is none that is published."""
        folder = self.config.repository
        if match := METADATA.fullmatch(self.request.path):
            path = folder / "metadata" / match[1]
        elif match := TARGET.fullmatch(self.request.path):
            path = folder / "targets" / match[1]
        else:
            raise HTTPError(404)
        self.is_usual = path.name.endswith(".root.json")
        return _opened(path), path.name == "timestamp.json"


def _part(asked: str, size: int) -> range | None:
    """Return the part that a header Range asks for (RFC 9110, 14.2), empty for none there is; None: the whole."""
    match = RANGE.fullmatch(asked)
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(min(int(first), size), size if not last else min(int(last) + 1, size))


def _opened(path: Path) -> BinaryIO:
    try:
        stream = path.open("rb")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise HTTPError(404) from error
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise HTTPError(404)
    return stream
