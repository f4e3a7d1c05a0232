"""Asking the networks of this machine which printers announce themselves (DNS-SD, RFC 6763, over multicast DNS, RFC 6762).

A program of its own, `python -m appliance.discovery.dns_sd`, so that nothing of it stays in memory: it asks, listens for a few
seconds, prints one JSON object (see `appliance.discovery.announcements`) and ends.

- Of what is announced only address, port and path of IPP are kept; names stay in this process.
- Whoever floods the network is bounded: names by sender and in all, packets, octets, seconds, memory.
"""

import contextlib
import fcntl
import ipaddress
import json
import re
import resource
import select
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from zeroconf import DNSAddress, DNSIncoming, DNSOutgoing, DNSPointer, DNSQuestion, DNSRecord, DNSService, DNSText

from appliance.common.network.traffic import Traffic
from appliance.snmp.agent import IPV4_OVERHEAD, IPV6_OVERHEAD

TYPES: Final = ("_ipp._tcp.local.", "_ipps._tcp.local.", "_pdl-datastream._tcp.local.", "_printer._tcp.local.")
GROUPS: Final = {socket.AF_INET: "224.0.0.251", socket.AF_INET6: "ff02::fb"}
PORT: Final = 5353

ASK_AT: Final = (0.0, 1.0)
"""Seconds after the start at which everybody is asked; who has answered is named the second time and need not again."""
COMPLETE_AT: Final = 2.2
"""When those are asked again whose address or port is not known yet."""
SECONDS: Final = 4.0

MOST_NAMES, MOST_OF_ONE = 2_048, 256
"""Names of services in all, and of one sender: one that repeats the announcements of other networks has many."""
MOST_HOSTS, MOST_ADDRESSES = 4_096, 8
"""Hosts in all, and addresses of one."""
MOST_PACKETS, MOST_SENDERS = 2_000, 4_096
"""Packets of one sender that are read, and senders; the others are let pass unread."""
AT_ONCE: Final = 256
"""Packets that are read before the clock is looked at."""
RECEIVE_BUFFER: Final = 1 << 20
MOST_QUESTIONS: Final = 200
MEMORY: Final = 512 << 20
LARGEST: Final = 9_000

_QUERY, _PTR, _A, _TXT, _AAAA, _SRV, _IN = 0, 12, 1, 16, 28, 33, 1
_VIRTUAL: Final = re.compile(r"(?:docker|veth|virbr|cni|flannel|tun|wg).*|br-[0-9a-f]{12}")
"""Names of interfaces of container engines and tunnels: no printer is behind them."""
_UP, _LOOPBACK, _MULTICAST = 0x1, 0x8, 0x1000
_SIOCGIFFLAGS: Final = 0x8913


@dataclass(slots=True)
class Heard:
    """What was announced so far, by names in lower case."""

    names: dict[str, str] = field(default_factory=dict)
    """The type of each service."""
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Host and port of each service."""
    paths: dict[str, str] = field(default_factory=dict)
    """The key `rp` of each service that is printed to by IPP."""
    hosts: dict[str, set[str]] = field(default_factory=dict)
    """The addresses of each host."""
    names_by_sender: dict[str, int] = field(default_factory=dict)
    hosts_by_sender: dict[str, int] = field(default_factory=dict)
    packets: dict[str, int] = field(default_factory=dict)
    """How many packets each sender has sent."""
    left_out: int = 0
    """Names and packets that were one too many."""

    def may_speak(self, sender: str) -> bool:
        """Return whether a packet of `sender` is read."""
        count = self.packets.get(sender, 0)
        if count >= MOST_PACKETS or (not count and len(self.packets) >= MOST_SENDERS):
            self.left_out += 1
            return False
        self.packets[sender] = count + 1
        return True

    def take(self, record: DNSRecord, sender: str) -> None:
        """Take a record of an answer."""
        if isinstance(record, DNSPointer) and record.name.lower() in TYPES:
            self._note_name(record.alias.lower(), record.name.lower(), sender)
        elif isinstance(record, DNSService) and record.key in self.names:
            self.places[record.key] = (record.server.lower(), record.port)
        elif isinstance(record, DNSText) and record.key in self.names:
            if path := _path_in(record.text):
                self.paths[record.key] = path
        elif isinstance(record, DNSAddress) and len(record.address) in (4, 16):
            known = self.hosts.get(record.key)
            if known is None and self._has_room(len(self.hosts), MOST_HOSTS, self.hosts_by_sender, sender):
                known = self.hosts[record.key] = set()
            if known is not None and len(known) < MOST_ADDRESSES:
                known.add(str(ipaddress.ip_address(record.address)))

    def _note_name(self, name: str, kind: str, sender: str) -> None:
        if name in self.names or not name.endswith(kind):
            return
        if self._has_room(len(self.names), MOST_NAMES, self.names_by_sender, sender):
            self.names[name] = kind

    def _has_room(self, size: int, most: int, by_sender: dict[str, int], sender: str) -> bool:
        """Return whether one more is taken of `sender`, and count it."""
        count = by_sender.get(sender, 0)
        if count >= MOST_OF_ONE or size >= most:
            self.left_out += 1
            return False
        by_sender[sender] = count + 1
        return True

    def questions(self) -> list[DNSQuestion]:
        """Return what is still to be asked of the services that were named."""
        asked: dict[tuple[str, int], None] = {}
        for name in self.names:
            place = self.places.get(name)
            if place is None:
                asked |= dict.fromkeys(((name, _SRV), (name, _TXT)))
            elif place[0] not in self.hosts:
                asked |= dict.fromkeys(((place[0], _A), (place[0], _AAAA)))
        return [DNSQuestion(name, kind, _IN) for name, kind in list(asked)[:MOST_QUESTIONS]]

    def services(self) -> Iterator[dict[str, object]]:
        """Yield where services are: type, addresses, port and path."""
        for name, kind in self.names.items():
            host, port = self.places.get(name, ("", 0))
            if addresses := sorted(self.hosts.get(host, ())):
                yield {"type": kind.split(".")[0], "addresses": addresses, "port": port, "path": self.paths.get(name, "")}


def _path_in(text: bytes) -> str:
    """Return the value of `rp` in the strings of a TXT record (RFC 6763 section 6), empty where there is none."""
    at = 0
    while at < len(text):
        entry = text[at + 1 : at + 1 + text[at]]
        at += 1 + text[at]
        if entry[:3].lower() == b"rp=":
            return entry[3:67].decode("ascii", "replace")
    return ""


class Link:
    """A socket for multicast DNS over one version of IP, on all interfaces that have it."""

    def __init__(self, family: socket.AddressFamily, interfaces: Sequence[int]) -> None:
        """Raises OSError where this machine has no such network."""
        self._family = family
        self._overhead = IPV4_OVERHEAD if family == socket.AF_INET else IPV6_OVERHEAD
        self.socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            self.socket.setsockopt(socket.SOL_SOCKET, option, 1)
        if family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        else:
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.socket.bind(("", PORT))
        self._sent: set[bytes] = set()
        self.interfaces = [interface for interface in interfaces if self._joins(interface)]

    def _joins(self, interface: int) -> bool:
        group = socket.inet_pton(self._family, GROUPS[self._family])
        try:
            if self._family == socket.AF_INET6:
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("@I", interface))
            else:
                request = group + struct.pack("@4si", bytes(4), interface)
                self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
        except OSError:
            return False
        return True

    def send(self, packets: Sequence[bytes], traffic: Traffic) -> None:
        """Send to the group on each interface; one that lets nothing out is passed over."""
        for interface in self.interfaces:
            with contextlib.suppress(OSError):
                if self._family == socket.AF_INET6:
                    self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, interface)
                else:
                    self.socket.setsockopt(
                        socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("@4s4si", bytes(4), bytes(4), interface)
                    )
                self._sent.update(packets)
                for packet in packets:
                    self.socket.sendto(packet, (GROUPS[self._family], PORT))
                    traffic.packets_sent += 1
                    traffic.bytes_sent += self._overhead + len(packet)

    def receive(self, traffic: Traffic) -> tuple[bytes, str] | None:
        """Return a packet and who has sent it, None when there is none now."""
        try:
            data, sender = self.socket.recvfrom(LARGEST)
        except OSError:
            return None
        if data in self._sent:  # what this machine hears of itself was on no network
            return data, str(sender[0])
        traffic.packets_received += 1
        traffic.bytes_received += self._overhead + len(data)
        return data, str(sender[0])


def interfaces() -> list[int]:
    """Return the numbers of the interfaces by which printers may be reached."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        return [number for number, name in socket.if_nameindex() if not _VIRTUAL.fullmatch(name) and _is_of_use(probe, name)]


def _is_of_use(probe: socket.socket, name: str) -> bool:
    try:
        answer = fcntl.ioctl(probe, _SIOCGIFFLAGS, struct.pack("16sh22x", name.encode(), 0))
    except OSError:
        return False
    flags: int = struct.unpack("16sh22x", answer)[1]
    return flags & (_UP | _MULTICAST) == _UP | _MULTICAST and not flags & _LOOPBACK


def listen(links: Sequence[Link], heard: Heard, traffic: Traffic, seconds: float = SECONDS) -> bool:
    """Ask and listen. Return whether everything was heard; False where more came than is taken."""
    began = time.monotonic()
    schedule = [*((at, everybody) for at in ASK_AT), (COMPLETE_AT, heard.questions)]
    while (now := time.monotonic() - began) < seconds:
        while schedule and schedule[0][0] <= now:
            _, make = schedule.pop(0)
            _ask(links, make(), heard, traffic)
        until = min([seconds, *(at for at, _ in schedule[:1])])
        ready, _, _ = select.select([link.socket for link in links], [], [], max(0.0, until - now))
        for link in links:
            for _ in range(AT_ONCE if link.socket in ready else 0):
                if (packet := link.receive(traffic)) is None:
                    break
                if heard.may_speak(packet[1]):
                    _take(packet[0], packet[1], heard)
    return not heard.left_out


def everybody() -> list[DNSQuestion]:
    """Return what everybody is asked."""
    return [DNSQuestion(kind, _PTR, _IN) for kind in TYPES]


def _ask(links: Sequence[Link], questions: Sequence[DNSQuestion], heard: Heard, traffic: Traffic) -> None:
    if not questions:
        return
    out = DNSOutgoing(_QUERY)
    for question in questions:
        out.add_question(question)
    if questions[0].type == _PTR:
        # Who is named here need not answer again (RFC 6762 section 7.1).
        for name, kind in list(heard.names.items())[:MOST_QUESTIONS]:
            out.add_answer_at_time(DNSPointer(kind, _PTR, _IN, 4500, name), 0)
    packets = out.packets()
    for link in links:
        link.send(packets, traffic)


def _take(data: bytes, sender: str, heard: Heard) -> None:
    try:
        message = DNSIncoming(data)
        records = message.answers() if message.valid and message.is_response() else []
        for record in records:
            heard.take(record, sender)
    except Exception:  # noqa: BLE001 - whatever a stranger sends costs nothing but his packet
        return


def main() -> int:
    """Print what is announced; return 0, or 1 after a sentence where nobody can be asked."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    numbers, links = interfaces(), []
    for family in GROUPS:
        with contextlib.suppress(OSError):
            links.append(Link(family, numbers))
    links = [link for link in links if link.interfaces]
    if not links:
        print("no interface of this machine takes part in multicast", file=sys.stderr)
        return 1
    heard, traffic = Heard(), Traffic()
    whole = listen(links, heard, traffic)
    print(json.dumps({"services": list(heard.services()), "whole": whole, "traffic": traffic.as_json()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
