"""What the hosting team signed, fetched and verified: the one TUF client, and the only importer of `tuf`.

The protocol is python-tuf's. Around it stands what it leaves to its user: limits of size and time (`updater.trust.http_source`),
files that are whole after a power cut, a clock that cannot be right, one process at a time, and errors with a reason.
Short-lived processes
only:

    with TrustClient(folder, RepositoryUrls.below(address), bootstrap=root, source=Fetcher(settings)) as client:
        repository = client.refresh()
        file = repository.download("config/site/17.json", targets)

- Trust begins with the bootstrap root, each time: every later root is verified from it, whatever has become of the folder.
- `refresh` makes a new Updater: python-tuf's own refreshes once, and is not to be used after an error.
- What was trusted before stays as it was when anything is refused.
"""

import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadHTTPError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, Root, Signed, TargetFile, Targets
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from appliance.common.files import sync_folder
from appliance.common.message import Message, message_of
from updater.errors import FetchError, Reason, TrustError, TrustFolderError, UntrustedError
from updater.trust.failures import refusal
from updater.trust.folder import EARLIEST, METADATA_BYTES, ROOT_BYTES, TrustFolder, folder_errors, locked
from updater.trust.source import Source

TARGET_BYTES = 64 << 20
"""The largest target that is fetched. Images come another way."""
FREE_BYTES = 16 << 20
"""What a target has to leave free on its disk."""
UNFINISHED = ".dca-trust-"
"""How the names of unfinished targets begin."""


@dataclass(frozen=True, slots=True)
class Target:
    """A file that somebody signed for. `length` in bytes; `hashes` by algorithm, in hexadecimal."""

    name: str
    length: int
    hashes: Mapping[str, str]
    custom: Mapping[str, Any]
    """What the role that signed it says about it."""
    url: str
    """Where it is; empty where the client was given no address of targets."""


@dataclass(frozen=True, slots=True)
class RepositoryUrls:
    """Where a repository has its files."""

    metadata: str
    targets: str = ""
    """Empty for who only needs metadata."""

    @classmethod
    def below(cls, address: str) -> Self:
        """Return the folders of a repository of ours; its address has no slash at its end."""
        return cls(f"{address}/metadata/", f"{address}/targets/")


class TrustClient:
    """The client of one repository; a context manager that holds the lock of its folder.

    Every method raises TrustError: FetchError, UntrustedError, ClockError or TrustFolderError.
    """

    def __init__(
        self,
        folder: Path,
        urls: RepositoryUrls,
        *,
        bootstrap: bytes,
        source: Source,
        not_before: datetime = EARLIEST,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`bootstrap` is the root that came another way; `not_before` a moment that is over, such as the build of this software."""
        self._folder = TrustFolder(folder)
        self._urls = urls
        self._bootstrap = bootstrap
        self._source = source
        self._not_before = not_before
        self._clock = clock
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "TrustClient":
        _silence_library()
        self._stack.callback(self._source.close)
        with self._stack:
            self._folder.prepare()
            self._stack.enter_context(locked(self._folder.path))
            self._folder.tidy()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def refresh(self, *, also_expired: bool = False) -> "Repository":
        """Return the repository as it is now: its top-level metadata fetched, verified and kept.

        `also_expired` takes what is right in all but its date, for a person who has said so.
        """
        now = self._clock()
        self._folder.require_clock(now, self._not_before)
        door = _Door(self._source)
        with self._explained(door, now):
            updater = Updater(
                str(self._folder.path),
                self._urls.metadata,
                target_base_url=self._urls.targets or None,
                fetcher=door,
                config=UpdaterConfig(
                    root_max_length=ROOT_BYTES, snapshot_max_length=METADATA_BYTES, targets_max_length=METADATA_BYTES
                ),
                bootstrap=self._bootstrap,
            )
            # The library reads the clock by itself; one moment has to do for its checks of expiry and for ours of the clock.
            updater._trusted_set.reference_time = EARLIEST if also_expired else now  # noqa: SLF001
            updater.refresh()
        if not also_expired:
            self._folder.saw(now)
        return Repository(updater, door, lambda: self._explained(door, now))

    @contextlib.contextmanager
    def _explained(self, door: "_Door", now: datetime) -> Iterator[None]:
        """Raise what the library raises as TrustError, and make durable what it has written until then."""
        try:
            with folder_errors(self._folder.path):
                yield
        except TrustError:
            raise
        except DownloadHTTPError as error:
            raise door.failure or error from None
        except Exception as error:
            # Whatever crafted metadata makes the library trip over, it is refused like any other that cannot be verified.
            raise refusal(_reason(error, door.file), door.file, message_of(error), now, self._source.server_date) from error
        finally:
            self._folder.sync()


class Repository:
    """What one refresh has verified; it stays as it was then. Every method raises TrustError."""

    def __init__(self, updater: Updater, door: "_Door", explained: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
        self._updater = updater
        self._door = door
        self._explained = explained

    def target(self, name: str) -> Target:
        """Return what was signed about a target. Raises UntrustedError (`missing`) when no role signed for it."""
        info = self._info(name)
        custom = info.custom if isinstance(info.custom, dict) else {}
        return Target(name, info.length, dict(info.hashes), custom, self._url(info))

    def signed_by(self, name: str) -> str:
        """Return for people who signed for a target that was verified: the role, and the ids of the keys it may sign with."""
        info = self._info(name)
        # The library does not tell which role a target came from.
        trusted: dict[str, Signed] = self._updater._trusted_set._trusted_set  # noqa: SLF001
        for role, signed in trusted.items():
            if isinstance(signed, Targets) and signed.targets.get(name) == info:
                keys = [key[:12] for key in _keys_of(role, trusted)]
                if len(keys) > 1:
                    return Message("%(role)s (keys %(keys)s)", role=role, keys=", ".join(keys))
                return Message("%(role)s (key %(key)s)", role=role, key="".join(keys))
        return ""

    def download(self, name: str, folder: Path) -> Path:
        """Return the file of a target in `folder`, fetched unless it is there already, whole at every moment."""
        info = self._info(name)
        file = folder / file_name(name)
        with folder_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with locked(folder), folder_errors(folder):
            if self._updater.find_cached_target(info, str(file)):
                return file
            for left in folder.glob(f"{UNFINISHED}*"):
                left.unlink()
            _require_room(info, folder)
            self._fetch(info, file)
        return file

    def _url(self, info: TargetFile) -> str:
        """Return what the library would fetch; it does not tell."""
        base: str | None = self._updater._target_base_url  # noqa: SLF001
        root = self._updater._trusted_set.root  # noqa: SLF001
        folder, slash, name = info.path.rpartition("/")
        prefix = f"{next(iter(info.hashes.values()))}." if root.consistent_snapshot else ""
        return f"{base}{folder}{slash}{prefix}{name}" if base else ""

    def _info(self, name: str) -> TargetFile:
        with self._explained():
            info = self._updater.get_targetinfo(name)
        if info is None:
            raise UntrustedError(
                Reason.MISSING,
                Message(
                    "No role of the repository signed for a target %(name)s. Check its name, or ask the hosting team "
                    "to publish it.",
                    name=name,
                ),
                file=name,
            )
        return info

    def _fetch(self, info: TargetFile, file: Path) -> None:
        descriptor, unfinished = tempfile.mkstemp(dir=file.parent, prefix=UNFINISHED)
        try:
            with self._explained():
                self._door.spool = file.parent
                self._updater.download_target(info, unfinished)
            os.fsync(descriptor)
            Path(unfinished).replace(file)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        sync_folder(file.parent)


class _Door(FetcherInterface):
    """The source as python-tuf knows it: metadata by way of memory, targets by way of a nameless file beside their place."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.file = ""
        """The name of the file fetched last."""
        self.failure: FetchError | None = None
        """The last answer of the server that was an error."""
        self.spool: Path | None = None

    def _fetch(self, url: str) -> Iterator[bytes]:
        return self._pieces(url, METADATA_BYTES)

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """Return metadata. A length that only the online keys signed does not raise the limit."""
        return b"".join(self._pieces(url, min(max_length, METADATA_BYTES)))

    @contextlib.contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """Give a target as a file that nobody else sees, and that a killed process does not leave behind."""
        with tempfile.TemporaryFile(dir=self.spool) as file:
            for piece in self._pieces(url, max_length):
                file.write(piece)
            file.seek(0)
            yield file

    def _pieces(self, url: str, max_length: int) -> Iterator[bytes]:
        self.file = url.rpartition("/")[2]
        try:
            yield from self._source.fetch(url, max_length)
        except FetchError as error:
            if error.status is None:
                raise
            self.failure = error
            # The library has to see the status: 403 or 404 for the next root means that there is none.
            raise DownloadHTTPError(message_of(error), error.status) from error


def require_root(content: bytes, origin: str) -> None:
    """Raise UntrustedError unless `content` is a root signed by its own keys."""
    _silence_library()
    try:
        root = Metadata[Root].from_bytes(content)
        root.verify_delegate(Root.type, root)
    except Exception as error:  # see `TrustClient._explained`
        raise UntrustedError(
            _reason(error, "root.json"),
            Message(
                "%(origin)s is no root of a TUF repository, signed by its own keys. Use the root.json that the "
                "hosting team gave you.",
                origin=origin,
            ),
            file=origin,
        ) from error


def file_name(target: str) -> str:
    """Return the name under which a target is kept. Raises UntrustedError when no file can have it."""
    name = quote(target, safe="")
    if name in ("", ".", "..") or name.startswith(UNFINISHED) or len(name) > 255:
        raise UntrustedError(
            Reason.INVALID,
            Message("No file can be named after the target %(target)s. Choose another.", target=repr(target[:300])),
            file=target,
        )
    return name


def _keys_of(role: str, trusted: Mapping[str, Signed]) -> list[str]:
    """Return the ids of the keys of a role of targets, by the verified role that delegates to it."""
    root = trusted.get(Root.type)
    if role == Targets.type and isinstance(root, Root):
        return sorted(root.roles[role].keyids)
    for signed in trusted.values():
        delegations = signed.delegations if isinstance(signed, Targets) else None
        if delegations and role in (delegations.roles or {}):
            return sorted((delegations.roles or {})[role].keyids)
        if delegations and delegations.succinct_roles and delegations.succinct_roles.is_delegated_role(role):
            return sorted(delegations.succinct_roles.keyids)
    return []


def _require_room(info: TargetFile, folder: Path) -> None:
    if info.length > TARGET_BYTES:
        raise UntrustedError(
            Reason.TOO_LONG,
            Message(
                "The target %(path)s has %(length)s bytes, more than the %(target_bytes)s that are taken. Ask "
                "the hosting team to publish it in another way.",
                path=info.path,
                length=info.length,
                target_bytes=TARGET_BYTES,
            ),
            file=info.path,
        )
    # Once as it comes, once verified.
    if shutil.disk_usage(folder).free < 2 * info.length + FREE_BYTES:
        raise TrustFolderError(
            Reason.DISK_FULL,
            Message(
                "There is no room in %(folder)s for the target %(path)s of %(length)s bytes. Free some space on its disk.",
                folder=folder,
                path=info.path,
                length=info.length,
            ),
            file=str(folder),
        )


def _reason(error: Exception, file: str) -> Reason:
    if isinstance(error, BadVersionNumberError):
        # A timestamp is only ever compared with its older self; a snapshot that is not the announced one is no older one.
        older = file == "timestamp.json" or (file.endswith("snapshot.json") and "Expected snapshot version" not in str(error))
        return Reason.ROLLBACK if older else Reason.MISMATCH
    kinds = {
        ExpiredMetadataError: Reason.EXPIRED,
        UnsignedMetadataError: Reason.SIGNATURES,
        LengthOrHashMismatchError: Reason.MISMATCH,
    }
    return next((reason for kind, reason in kinds.items() if isinstance(error, kind)), Reason.INVALID)


def _silence_library() -> None:
    # On import it adds a handler that writes to standard error; what it has to say comes as an error, too.
    library = logging.getLogger("securesystemslib")
    library.handlers.clear()
    library.setLevel(logging.CRITICAL)
