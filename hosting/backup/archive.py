"""The file of a backup: a tar whose last member is a manifest with the SHA-256 of all others. Written and read as a stream."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

from appliance.common.clock import from_rfc3339, to_rfc3339
from appliance.common.files import from_json
from hosting.db.copies import DatabaseCopy, TableCopy
from hosting.errors import DataError

PRODUCT, FORMAT = "dca-hosting", 1
MANIFEST = "manifest.json"
MANIFEST_BYTES = 256 << 20
DATABASE, FILES = "database", "data"
PIECE = 8 << 20
"""Bytes of the database in one member, before they are compressed."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the archive."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds, and what made it."""

    version: str
    made_at: datetime
    database: DatabaseCopy
    members: Mapping[str, Member]

    def to_json(self) -> bytes:
        """Return what `parse_manifest` reads."""
        told = {"product": PRODUCT, "format": FORMAT, "version": self.version, "made_at": to_rfc3339(self.made_at)}
        members = {name: asdict(member) for name, member in self.members.items()}
        return json.dumps({**told, "database": asdict(self.database), "members": members}, indent=1).encode()


def parse_manifest(content: bytes, source: Path) -> Manifest:
    """Return the manifest. Raises DataError for one of another product, or of another format."""
    try:
        raw = from_json(content)
        if (raw["product"], raw["format"]) != (PRODUCT, FORMAT):
            raise DataError(
                f"{source} is a backup of {raw['product']} in format {raw['format']}, and this program reads {PRODUCT} in format "
                f"{FORMAT}. Restore it with the version that made it."
            )
        database = DatabaseCopy(
            str(raw["database"]["engine"]),
            str(raw["database"]["schema"]),
            {str(name): TableCopy(**table) for name, table in raw["database"]["tables"].items()},
            [(str(name), str(table), str(bound)) for name, table, bound in raw["database"]["partitions"]],
        )
        members = {str(name): Member(int(one["size"]), str(one["sha256"])) for name, one in raw["members"].items()}
        return Manifest(str(raw["version"]), from_rfc3339(raw["made_at"]), database, members)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{source} is no backup of this server, or is damaged: its manifest cannot be read.") from error


class ArchiveWriter:
    """Writes the members of a backup one after the other."""

    def __init__(self, stream: IO[bytes], made_at: datetime) -> None:
        self._tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed by `finish`
        self._made_at = made_at
        self._members: dict[str, Member] = {}

    def add_file(self, name: str, path: Path) -> None:
        """Add a file with its permissions."""
        with path.open("rb") as source:
            info = self._tar.gettarinfo(arcname=name, fileobj=source)
            info.uid, info.gid, info.uname, info.gname, info.type = 0, 0, "", "", tarfile.REGTYPE
            hashing = _Hashing(source)
            self._tar.addfile(info, hashing)
            self._members[name] = Member(info.size, hashing.hexdigest())

    def add_part(self, name: str, pieces: Iterable[bytes]) -> None:
        """Add a part of the database in compressed pieces, none at all where it is empty."""
        for number, piece in enumerate(_regrouped(pieces, PIECE)):
            self._add(f"{DATABASE}/{name}/{number:06}.gz", gzip.compress(piece, compresslevel=6, mtime=0))

    def finish(self, version: str, database: DatabaseCopy) -> Manifest:
        """Write the manifest, without which the archive is none."""
        manifest = Manifest(version, self._made_at, database, dict(self._members))
        self._add(MANIFEST, manifest.to_json())
        self._tar.close()
        return manifest

    def _add(self, name: str, content: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = len(content), 0o600, round(self._made_at.timestamp())
        self._tar.addfile(info, io.BytesIO(content))
        self._members[name] = Member(len(content), hashlib.sha256(content).hexdigest())


def verified(source: Path) -> Manifest:
    """Return the manifest of a backup, after reading all of it: each member is as it was written, and none is missing.

    Raises DataError, which names what is damaged.
    """
    found: dict[str, Member] = {}
    manifest: Manifest | None = None
    with _opened(source) as tar:
        for info, stream in _members(tar, source):
            if manifest is not None:
                raise DataError(f"{source} is damaged: something stands behind its manifest.")
            if info.name == MANIFEST:
                if info.size > MANIFEST_BYTES:
                    raise DataError(f"{source} is no backup of this server: its manifest is too large.")
                manifest = parse_manifest(stream.read(), source)
                continue
            digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
            found[info.name] = Member(info.size, digest)
    if manifest is None:
        raise DataError(f"{source} is not whole: it ends before its manifest. Take another backup; nothing was changed.")
    for name in manifest.members.keys() | found.keys():
        if manifest.members.get(name) != found.get(name):
            raise DataError(f"{source} is damaged: {name} is not as it was written. Take another backup; nothing was changed.")
    return manifest


def members(source: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Yield the members of a backup, verified before, but for its manifest; each is read before the next one is asked for."""
    with _opened(source) as tar:
        for info, stream in _members(tar, source):
            if info.name != MANIFEST:
                yield info, stream


def part_of(name: str) -> str | None:
    """Return which part of the database a member belongs to, None where it is a file of the data folder."""
    words = PurePosixPath(name).parts
    return words[1] if words[0] == DATABASE else None


def decompressed(stream: IO[bytes]) -> bytes:
    """Return a piece of the database."""
    return gzip.decompress(stream.read())


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with source.open("rb") as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            yield tar
    except (tarfile.TarError, EOFError) as error:
        raise DataError(f"{source} is no backup of this server, or is damaged or cut off: {error}. Nothing was changed.") from error


def _members(tar: tarfile.TarFile, source: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    for info in tar:
        stream = tar.extractfile(info) if info.isreg() else None
        words = PurePosixPath(info.name).parts
        known = info.name == MANIFEST or (len(words) > 1 and words[0] in (DATABASE, FILES))
        if stream is None or ".." in words or not known:
            raise DataError(f"{source} is no backup of this server: it has a member {info.name[:80]!r}. Nothing was changed.")
        yield info, stream


class _Hashing:
    """Reads a file and knows the SHA-256 of what was read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        content = self._source.read(size)
        self._digest.update(content)
        return content

    def hexdigest(self) -> str:
        """Return the SHA-256 in hexadecimal."""
        return self._digest.hexdigest()


def _regrouped(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= size:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
