"""One main process per data folder, whatever the container engine does."""

import contextlib
import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType

from appliance.common.errors import DataFolderError, DataFolderInUseError


class MainLock:
    """An exclusive flock on the data folder, held for the life of the process; a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def __enter__(self) -> "MainLock":
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataFolderError(
                f"The lock {self._path} cannot be opened: {error.strerror}. Check that the data folder exists and that user "
                f"{os.getuid()} may write to it, or name another one in DCA_DATA_DIR."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                os.close(descriptor)
                raise DataFolderError(
                    f"The file system of {self._path.parent} knows no locks ({error.strerror}). Put it on a local disk."
                ) from error
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise DataFolderInUseError(
                f"The data folder {self._path.parent} is in use by another appliance (process {holder}). Stop that one "
                "first, or name another folder in DCA_DATA_DIR."
            ) from error
        with contextlib.suppress(OSError):  # on a full disk the lock holds without the number, which is only for people
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
