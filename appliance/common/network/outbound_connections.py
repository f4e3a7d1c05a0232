"""The connections of a client of outside servers: what each costs, and how they are ended when an exchange takes too long."""

import contextlib
import errno
import socket
import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from appliance.common.network.outbound import proxy_headers
from appliance.common.network.tcp_meter import TcpMeter, estimate_failed
from appliance.common.network.traffic import Traffic

KEPT_CONNECTIONS = 1
NOTHING_SENT = frozenset(
    (errno.EINVAL, errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPERM, errno.EACCES)
)
"""With these this machine itself refuses to connect: no packet has left it."""
LOOK_SECONDS = 0.25


class Connections:
    """Follows the connections of one client that has one request under way at a time.

    A connection is counted by a duplicate of its descriptor, which outlives it until the end of the request: an answer that ends
    with its connection is counted whole. A call left behind may still be under way in its thread when the client is closed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended = Traffic()
        """What ended since the last `collect`."""
        self._open: list[tuple[HTTPConnection, TcpMeter, socket.socket]] = []

    def pools(self) -> dict[str, type[HTTPConnectionPool]]:
        """Return the pools of a `urllib3.PoolManager` by scheme, whose connections are followed."""
        connections = self

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return connections.opened(self, super()._new_conn)

        class Encrypted(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return connections.opened(self, super()._new_conn)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        return {"http": PlainPool, "https": EncryptedPool}

    def opened(self, connection: HTTPConnection, dial: Callable[[], socket.socket]) -> socket.socket:
        """Return the socket that `dial` opens for `connection`, and follow it; one that fails is counted, too.

        For a name that is not resolved, and an address to which there is no way, nothing was sent.
        """
        with self._lock:
            self._forget(connection)
        began = time.monotonic()
        try:
            opened = dial()
        except NameResolutionError:
            raise
        except (NewConnectionError, ConnectTimeoutError) as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in NOTHING_SENT:
                raise
            family = socket.AF_INET6 if ":" in connection.host else socket.AF_INET
            refused = isinstance(error.__cause__, ConnectionRefusedError)
            estimate_failed(family, time.monotonic() - began, self._ended, refused=refused)
            raise
        kept = opened.dup()
        with self._lock:
            self._open.append((connection, TcpMeter(kept), kept))
        return opened

    def collect(self, traffic: Traffic) -> None:
        """Add to `traffic` what came about since the last time: call it when a request has ended, and when all is closed."""
        with self._lock:
            for connection, meter, _ in list(self._open):
                if connection.sock is None:
                    self._forget(connection)
                else:
                    meter.count(traffic)
            traffic.add(self._ended)
            self._ended = Traffic()

    def shut_down(self) -> None:
        """End every connection that is open, from whatever thread: who waits for it hears at once that it is over."""
        with self._lock:
            for _, _, kept in self._open:
                with contextlib.suppress(OSError):  # the server closed it already
                    kept.shutdown(socket.SHUT_RDWR)

    def _forget(self, connection: HTTPConnection) -> None:
        """Count the socket that `connection` had, which is closed now."""
        for entry in [entry for entry in self._open if entry[0] is connection]:
            _, meter, kept = entry
            meter.finish(self._ended)
            kept.close()
            self._open.remove(entry)


class Deadline:
    """The end of one exchange, from before its connection to the last byte of the answer; a context manager.

    A server that sends its answer, or the lines before it, byte by byte never makes a read time out.
    """

    def __init__(self, seconds: float, shut_down: Callable[[], None]) -> None:
        """`shut_down` ends the connections, and is called from a thread once `seconds` have passed."""
        self._seconds = seconds
        self._shut_down = shut_down
        self._ended = threading.Event()
        self.expired = False
        """Whether the connections were shut down."""

    def __enter__(self) -> "Deadline":
        threading.Thread(target=self._wait, name="deadline", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()

    def _wait(self) -> None:
        seconds = self._seconds
        while not self._ended.wait(seconds):
            self.expired = True
            self._shut_down()
            seconds = LOOK_SECONDS  # a connection that was being opened just now is ended, too


def open_pool(
    context: ssl.SSLContext,
    connections: Connections,
    timeout: urllib3.Timeout,
    *,
    proxy: str = "",
    proxy_user: str = "",
    proxy_password: str = "",
) -> urllib3.PoolManager:
    """Return the pool all requests of a client go through, whose connections are followed; nothing is tried twice.

    `proxy` is a web address, user and password are sent to it alone. Raises SettingsError when the proxy cannot be used.
    """
    pool: urllib3.PoolManager
    if proxy:
        pool = urllib3.ProxyManager(
            proxy,
            num_pools=KEPT_CONNECTIONS,
            maxsize=KEPT_CONNECTIONS,
            block=False,
            proxy_headers=proxy_headers(proxy, proxy_user, proxy_password),
            proxy_ssl_context=context,
            ssl_context=context,
            timeout=timeout,
            retries=False,
        )
    else:
        pool = urllib3.PoolManager(
            num_pools=KEPT_CONNECTIONS, maxsize=KEPT_CONNECTIONS, block=False, ssl_context=context, timeout=timeout, retries=False
        )
    pool.pool_classes_by_scheme = connections.pools()
    return pool
