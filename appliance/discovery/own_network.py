"""Whether this machine's network is one that a container engine has made for it: multicast of the host's network does not get in.

Told by what there is: the file by which engines mark a container, and the drivers of its interfaces. A container that has the
network of its host, or an interface of its own in it (macvlan, ipvlan), has other drivers than a pair of virtual ends.
"""

import array
import fcntl
import socket
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

MARKS: Final = (Path("/.dockerenv"), Path("/run/.containerenv"))
"""What Docker and Podman put into each container."""
MADE_UP: Final = frozenset({"veth", "tun"})
"""Drivers of interfaces whose other end the engine holds."""

_INTERFACES = Path("/sys/class/net")
_UP, _LOOPBACK = 0x1, 0x8
_SIOCETHTOOL, _ETHTOOL_GDRVINFO, _DRVINFO_BYTES = 0x8946, 0x3, 196


def is_engines_network() -> bool:
    """Return whether this process is in a container, in a network that the engine has made for it."""
    return any(mark.exists() for mark in MARKS) and is_made_up(driver_of(name) for name in _at_work())


def is_made_up(drivers: Iterable[str]) -> bool:
    """Return whether these are the drivers of a network that an engine has made; one that is not known is none of them."""
    return all(driver in MADE_UP for driver in drivers)


def _at_work() -> Iterator[str]:
    """Yield the interfaces that are up, without loopback."""
    for _, name in socket.if_nameindex():
        try:
            flags = int((_INTERFACES / name / "flags").read_text(), 16)
        except (OSError, ValueError):
            flags = _UP
        if flags & _UP and not flags & _LOOPBACK:
            yield name


def driver_of(interface: str) -> str:
    """Return the driver of an interface (ethtool's ETHTOOL_GDRVINFO), empty where the kernel does not tell."""
    info = array.array("B", struct.pack(f"=I{_DRVINFO_BYTES - 4}x", _ETHTOOL_GDRVINFO))
    request = struct.pack("16sP", interface.encode(), info.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            fcntl.ioctl(probe, _SIOCETHTOOL, request)
        except OSError:
            return ""
    return info.tobytes()[4:36].partition(b"\0")[0].decode(errors="replace")
