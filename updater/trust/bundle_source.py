"""An offline bundle: a tar of what a site would fetch for one version, by the names it has at the server below `/tuf/`.

Nothing of it is unpacked. The TUF client asks for files by name, and they are read where they lie in the tar; what nobody asks for
is never looked at. So a tar of somebody else's making can do no more than be refused.
"""

import json
import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from appliance.common.message import Message, message_of
from updater.errors import BundleError, FetchError, Reason
from updater.trust.folder import METADATA_BYTES, folder_errors

BASE = "bundle://"
"""What the addresses of files in a bundle begin with."""
ENTRIES = 400
"""Files in a bundle at most: every root there ever was, four other roles, two documents, one archive for each platform."""
HEADER_BYTES = 1 << 20
"""The largest header that is read: longer names and attributes are nothing that we write."""
PIECE_BYTES = 1 << 20

_NAME = re.compile(r"metadata/[a-z0-9.-]{1,80}\.json|targets/(?:release|config/global)/[0-9a-f]{64,128}\.[a-z0-9.-]{1,120}")
_ARCHIVE = re.compile(r"targets/release/[0-9a-f]{64,128}\.([0-9a-z.]{1,60})-(linux)-([a-z0-9]{1,16})\.tar\.gz")
_TIMESTAMP = "metadata/timestamp.json"


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a file lies in the tar, in bytes."""

    offset: int
    size: int


class BundleSource:
    """The files of a bundle, as a source of the TUF client; a context manager."""

    server_date: datetime | None = None

    def __init__(self, file: Path, trusted: Path) -> None:
        """`trusted` is the folder of metadata that this site trusts.

        Where that has heard of something newer than the bundle, it decides, and the bundle only brings the image. Raises
        BundleError when the file is no bundle, TrustFolderError when it cannot be read.
        """
        self._file = file
        self._trusted = trusted
        with folder_errors(file):
            self._stream = file.open("rb")
        try:
            with folder_errors(file):
                self._entries = _index(self._stream, file.stat().st_size)
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stream.close()

    def close(self) -> None:
        """Do nothing: there is no connection, and the file stays open to the end of the block."""

    def version_for(self, platform: str) -> str:
        """Return the version that it brings for `linux/amd64` and the like. Raises BundleError unless it is one."""
        found = [match for match in map(_ARCHIVE.fullmatch, self._entries) if match]
        versions = [match[1] for match in found if f"{match[2]}/{match[3]}" == platform]
        if len(versions) == 1:
            return versions[0]
        if versions:
            raise BundleError("invalid", Message("The bundle holds %(count)s versions, and it has to be one.", count=len(versions)))
        others = ", ".join(sorted(f"{match[2]}/{match[3]}" for match in found)) or "none"
        raise BundleError(
            "platform",
            Message(
                "The bundle has no image for this machine, which is %(platform)s (it has: %(others)s). Ask the "
                "hosting team for one with `dca-hosting bundle --platform %(platform)s`.",
                platform=platform,
                others=others,
            ),
        )

    def require_root(self, root: bytes) -> None:
        """Raise BundleError unless the bundle is of the repository that this site follows; `root` is what it was enrolled with."""
        try:
            version = int(json.loads(root)["signed"]["version"])
        except (ValueError, LookupError, TypeError) as error:
            raise BundleError("root", Message("The root of trust of this site cannot be read. Enrol the site again.")) from error
        if self._content(f"metadata/{version}.root.json") != root:
            raise BundleError(
                "root",
                Message(
                    "The bundle is not of the hosting team that this site follows: it begins with another root of "
                    "trust. Use one of the hosting server where this site is enrolled."
                ),
            )

    def fetch(
        self,
        url: str,
        max_bytes: int,
        *,
        offset: int = 0,
        validator: str = "",  # noqa: ARG002 - a file that is open does not become another one
        begins: Callable[[int, str], None] = lambda _offset, _validator: None,
    ) -> Iterator[bytes]:
        """Yield what follows `offset` of a file. Raises FetchError."""
        name = url.removeprefix(f"{BASE}/")
        if name == _TIMESTAMP and (newer := self._newer_timestamp()):
            yield newer
            return
        entry = self._entries.get(name)
        if entry is None:
            raise FetchError(
                Reason.ANSWER,
                Message(
                    "The bundle does not have %(name)s: it is not whole, or this site has heard of something newer "
                    "since it was written. Ask the hosting team for a new one.",
                    name=name,
                ),
                file=name,
                status=404,
            )
        if entry.size > max_bytes:
            raise FetchError(
                Reason.TOO_LONG,
                Message(
                    "%(name)s in the bundle is longer than the %(max_bytes)s bytes it may have.", name=name, max_bytes=max_bytes
                ),
                file=name,
            )
        begins(offset, "")
        yield from self._pieces(name, entry, offset)

    def _newer_timestamp(self) -> bytes | None:
        """Return the timestamp that is trusted here where it is newer than that of the bundle."""
        with folder_errors(self._trusted):
            try:
                ours = (self._trusted / "timestamp.json").read_bytes()
            except FileNotFoundError:
                return None
        return ours if _version(ours) > _version(self._content(_TIMESTAMP) or b"") else None

    def _content(self, name: str) -> bytes | None:
        entry = self._entries.get(name)
        if entry is None or entry.size > METADATA_BYTES:
            return None
        return b"".join(self._pieces(name, entry, 0))

    def _pieces(self, name: str, entry: _Entry, offset: int) -> Iterator[bytes]:
        left = entry.size - offset
        while left > 0:
            with folder_errors(self._file):
                self._stream.seek(entry.offset + entry.size - left)
                piece = self._stream.read(min(PIECE_BYTES, left))
            if not piece:
                raise FetchError(
                    Reason.UNREACHABLE, Message("The bundle ends in the middle of %(name)s. Copy it again.", name=name), file=name
                )
            left -= len(piece)
            yield piece


class _Headers:
    """A tar as `tarfile` reads it: header by header, so that no header takes all of the memory."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.tell = stream.tell
        self.seek = stream.seek
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= HEADER_BYTES:
            raise tarfile.ReadError("a header is too long")
        return self._stream.read(size)


def _index(stream: IO[bytes], size: int) -> dict[str, _Entry]:
    """Return where each file lies. Raises BundleError, OSError."""
    entries: dict[str, _Entry] = {}
    try:
        with tarfile.open(fileobj=_Headers(stream), mode="r:") as archive:  # type: ignore[call-overload]
            while member := archive.next():
                archive.members.clear()  # it would keep them all
                _require_plain(member, entries, size)
                entries[member.name] = _Entry(member.offset_data, member.size)
    except (OSError, BundleError):
        raise
    except Exception as error:
        # Whatever a crafted tar makes the library trip over, it is no bundle.
        raise BundleError(
            "invalid",
            Message(
                "The file is no bundle, or damaged: %(reason)s. Copy it again, or ask for a new one.", reason=message_of(error)
            ),
        ) from error
    return entries


def _require_plain(member: tarfile.TarInfo, entries: dict[str, _Entry], size: int) -> None:
    """Raise BundleError for an entry that no bundle has."""
    shown = member.name[:100]
    problem = ""
    if len(entries) >= ENTRIES:
        problem = f"more than {ENTRIES} files"
    elif not _NAME.fullmatch(member.name) or ".." in member.name:
        problem = f"a file {shown!r}, which does not belong there"
    elif not member.isreg() or member.issparse():
        problem = f"{shown!r} that is no plain file"
    elif member.name in entries:
        problem = f"{shown!r} twice"
    elif member.size < 0 or member.offset_data + member.size > size:
        problem = f"only a part of {shown!r}"
    if problem:
        raise BundleError(
            "invalid",
            Message("The file is no bundle of the hosting team: it has %(reason)s. Ask for a new one.", reason=problem),
        )


def _version(timestamp: bytes) -> int:
    """Return the version that metadata says it has, 0 where it says none; nothing is verified yet."""
    try:
        version = json.loads(timestamp)["signed"]["version"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return 0
    return version if isinstance(version, int) else 0
