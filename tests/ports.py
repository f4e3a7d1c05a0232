"""A port for what wants a number before it listens: a container, Compose, a server in a process of its own.

Such a port must stay free until somebody listens on it. So it comes from below those that the kernel gives to connections and to
who listens on port 0 (`net.ipv4.ip_local_port_range`, from 32768), and each worker of a test run has ports of its own.
"""

import itertools
import os
import random
import socket
from typing import Final, Literal

FIRST: Final = 20_000
A_WORKER: Final = 1_500
WORKERS: Final = 8

Kind = Literal["tcp", "udp"]


def worker_number() -> int:
    """Return the number of this worker of a test run, from 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _ports_of_this_worker() -> list[int]:
    first = FIRST + worker_number() % WORKERS * A_WORKER
    ports = list(range(first, first + A_WORKER))
    # Another run beside this one begins elsewhere.
    random.shuffle(ports)
    return ports


_PORTS = itertools.cycle(_ports_of_this_worker())


def free_port(kind: Kind = "tcp", address: str = "127.0.0.1") -> int:
    """Return a port where nothing listens at `address`; not the same one again for a long time."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in itertools.islice(_PORTS, A_WORKER):
        with socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as probe:
            if kind == "tcp":
                # A connection that was there a moment ago is in nobody's way, as for a server.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return port
    raise OSError(f"none of the {kind.upper()} ports of this worker is free at {address}")
