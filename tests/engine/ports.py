"""Ports for containers: the engine and Compose want a number."""

import socket


def free_tcp_port() -> int:
    """Return a TCP port that was free on loopback a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
