"""The listening side of the notify protocol. The kernel says which process sent a datagram. Sources: sd_notify(3), unix(7)."""

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from updater.errors import RunFolderError

CREDENTIALS = struct.Struct("iII")  # struct ucred: pid, uid, gid
DATAGRAM_BYTES = 4096

Receiver = Callable[[int, Mapping[str, str]], None]


def parse_notification(datagram: bytes) -> dict[str, str]:
    """Return the fields of a datagram, one `NAME=value` a line; lines that are none are left out."""
    fields = {}
    for line in datagram.decode(errors="replace").split("\n"):
        name, equals, value = line.partition("=")
        if equals and name:
            fields[name] = value
    return fields


class NotifySocket:
    """A datagram socket in the run folder; a context manager that hands each message and its sender's pid to `receiver`."""

    def __init__(self, path: Path, receiver: Receiver) -> None:
        self.path = path
        self._receiver = receiver
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)

    def __enter__(self) -> "NotifySocket":
        self.path.unlink(missing_ok=True)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            self._socket.bind(str(self.path))
        except OSError as error:
            self._socket.close()
            raise RunFolderError(
                f"The socket {self.path} cannot be made: {error.strerror or error}. Name another, shorter folder in DCA_RUN_DIR."
            ) from error
        self.path.chmod(0o600)
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self.path.unlink(missing_ok=True)

    def _read(self) -> None:
        """Take every waiting datagram, so that no heartbeat still waits when the heartbeats are judged."""
        while True:
            try:
                # There is room for the credentials only: the kernel drops file descriptors that somebody attached.
                datagram, ancillary, flags, _ = self._socket.recvmsg(DATAGRAM_BYTES, socket.CMSG_SPACE(CREDENTIALS.size))
            except BlockingIOError:
                return
            if flags & socket.MSG_TRUNC:
                continue
            pid = _sender(ancillary)
            if pid is not None:
                self._receiver(pid, parse_notification(datagram))


def _sender(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    """Return the pid of the sender when it is this user's or root's process."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS and len(data) >= CREDENTIALS.size:
            pid, uid, _ = CREDENTIALS.unpack(data[: CREDENTIALS.size])
            return int(pid) if uid in (0, os.getuid()) else None
    return None
