"""Counting what the connections of urllib3 cost, by what their requests are for."""

import socket
import threading
import time
from collections.abc import Callable

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from appliance.common.tcp_meter import TcpMeter, estimate_failed
from appliance.common.traffic import Traffic


class ConnectionCounter:
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
        counter = self

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return counter.opened(self, super()._new_conn)

        class Encrypted(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return counter.opened(self, super()._new_conn)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        return {"http": PlainPool, "https": EncryptedPool}

    def opened(self, connection: HTTPConnection, dial: Callable[[], socket.socket]) -> socket.socket:
        """Return the socket that `dial` opens for `connection`, and follow it; one that fails is counted, too."""
        with self._lock:
            self._forget(connection)
        began = time.monotonic()
        try:
            opened = dial()
        except (NewConnectionError, ConnectTimeoutError) as error:
            family = socket.AF_INET6 if ":" in connection.host else socket.AF_INET
            refused = isinstance(error.__cause__, ConnectionRefusedError)
            estimate_failed(family, time.monotonic() - began, self._ended, refused=refused)
            raise
        kept = opened.dup()
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

    def _forget(self, connection: HTTPConnection) -> None:
        """Count the socket that `connection` had, which is closed now."""
        for entry in [entry for entry in self._open if entry[0] is connection]:
            _, meter, kept = entry
            meter.finish(self._ended)
            kept.close()
            self._open.remove(entry)
