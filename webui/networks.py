"""The networks to suggest for a first scan, and how many addresses a list of targets has."""

import ipaddress
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from appliance.common.message import Message
from appliance.settings.ipp_targets import is_ipp_target

ROUTES = Path("/proc/net/route")
IN_CONTAINER = Path("/.dockerenv")
VIRTUAL_INTERFACES = ("lo", "docker", "br-", "veth", "virbr", "cni", "flannel", "tun", "wg")
SMALLEST_PREFIX = 16
"""Larger networks are not suggested: a person who has one knows which part of it holds the printers."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A network a person may want to scan, and why it is suggested."""

    network: str
    addresses: int
    origin: str


def count_addresses(targets: Iterable[str]) -> int:
    """Return how many addresses canonical targets name together; overlaps count twice, a host name or a printer counts once."""
    return sum(_size(target) for target in targets)


def _size(target: str) -> int:
    if is_ipp_target(target):
        return 1
    if "/" in target:
        network = ipaddress.ip_network(target, strict=False)
        ends = 2 if network.version == 4 and network.prefixlen < 31 else 0
        return network.num_addresses - ends
    first, dash, last = target.partition("-")
    try:
        return int(ipaddress.ip_address(last)) - int(ipaddress.ip_address(first)) + 1 if dash else 1
    except ValueError:  # a host name with a dash in it
        return 1


def suggest(client_ip: str, routes: Path = ROUTES, in_container: bool | None = None) -> list[Suggestion]:
    """Return the networks this machine is in, and the one the browser at `client_ip` seems to be in. Nothing is contacted."""
    inside = IN_CONTAINER.exists() if in_container is None else in_container
    own = _own_networks(routes)
    # Within a container the own network is usually the engine's private one, where no printer is.
    container, machine = Message("the network of the container; printers are seldom in it"), Message("the network of this machine")
    origin = container if inside else machine
    found = [Suggestion(str(network), _size(str(network)), origin) for network in own]
    try:
        client = ipaddress.ip_address(client_ip)
    except ValueError:
        return found
    if client.version == 4 and client.is_private and not client.is_loopback and not any(client in network for network in own):
        network = ipaddress.ip_network((client, 24), strict=False)
        found.insert(0, Suggestion(str(network), _size(str(network)), Message("around the computer you are using now")))
    return found


def _own_networks(routes: Path) -> list[ipaddress.IPv4Network]:
    """Return the on-link IPv4 networks of the kernel's routing table (proc(5): little-endian hexadecimal words)."""
    try:
        lines = routes.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return []
    networks = []
    for line in lines:
        interface, destination, gateway, *_, mask, _mtu, _window, _irtt = line.split()
        if gateway != "00000000" or interface.startswith(VIRTUAL_INTERFACES):
            continue
        network = ipaddress.IPv4Network((_address(destination), _address(mask)))
        if network.prefixlen >= SMALLEST_PREFIX and network.prefixlen < 31 and network.is_private and not network.is_link_local:
            networks.append(network)
    return sorted(set(networks))


def _address(word: str) -> str:
    return socket.inet_ntoa(struct.pack("<L", int(word, 16)))
