"""The notify protocol of systemd: readiness, heartbeat and status as datagrams to `NOTIFY_SOCKET`.

The supervisor of the appliance speaks it, and so does systemd: a component runs under either. Source: sd_notify(3).
"""

import os
import socket


def notify(**fields: str | int) -> bool:
    """Send fields such as `READY=1`, `WATCHDOG=1`, `STATUS="reading 3 of 13"`; False when nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    # One field a line: a line break inside a value, say in the name of a device, must not become a field of its own.
    message = "\n".join(f"{name}={' '.join(str(value).splitlines())}" for name, value in fields.items()).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagram:
        # A supervisor that is gone, or that is stopped and reads nothing, must not take its components with it.
        datagram.setblocking(False)
        try:
            datagram.connect(address)
            datagram.send(message)
        except OSError:
            return False
    return True


def heartbeat_interval() -> float | None:
    """Return seconds between two heartbeats, half of `WATCHDOG_USEC` as sd_watchdog_enabled(3) asks, or None."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    owner = os.environ.get("WATCHDOG_PID", "")
    if not microseconds.isdigit() or (owner and owner != str(os.getpid())):
        return None
    return int(microseconds) / 2_000_000 or None
