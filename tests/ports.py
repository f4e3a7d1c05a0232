"""A port for what wants a number before it listens: a container, Compose, a server in a process of its own."""

import socket


def free_tcp_port() -> int:
    """Return a TCP port that was free on loopback a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
