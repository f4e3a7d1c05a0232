"""TLS sessions, to be resumed by the next connection (RFC 8446 section 2.2): fewer bytes, and no certificates again.

They are kept in memory alone: a ticket on the disk would let whoever copies it read along.
"""

import socket
import ssl
from typing import Any
from weakref import WeakValueDictionary


class ResumingContext(ssl.SSLContext):
    """A client context that offers each server, by its name, the session last had with it."""

    _sessions: dict[str, ssl.SSLSession]
    _open: WeakValueDictionary[str, ssl.SSLSocket]

    def __new__(cls, *arguments: Any) -> "ResumingContext":
        """Return a context, which SSLContext makes here and not in `__init__`."""
        made = super().__new__(cls, *arguments)
        made._sessions, made._open = {}, WeakValueDictionary()
        return made

    def wrap_socket(  # type: ignore[override]  # what urllib3 passes, and no more
        self, sock: socket.socket, server_hostname: str | None = None, **options: Any
    ) -> ssl.SSLSocket:
        """Return the encrypted socket. A server that does not know the session any more makes a new one."""
        name = server_hostname or ""
        session = self._sessions.get(name)
        encrypted = super().wrap_socket(sock, server_hostname=server_hostname, session=session, **options)
        self._open[name] = encrypted
        return encrypted

    def remember(self) -> None:
        """Keep the sessions of open connections on which something was received: with TLS 1.3 that is when tickets come."""
        for name, connected in self._open.items():
            if session := connected.session:
                self._sessions[name] = session
