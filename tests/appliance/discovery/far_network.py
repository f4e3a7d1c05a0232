"""A network behind a router, in namespaces of its own without a way out: what a test in `tests.appliance.discovery.routed` runs in.

This process is the near side: `near` has 10.77.0.1/20, and 10.78.0.0/16 is behind the router 10.77.0.2. The far side is another
namespace: what it calls its own answers pings, everything else is swallowed.
"""

import socket
import struct
import subprocess
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

NEAR, ROUTER, LINK, BEHIND = "10.77.0.1", "10.77.0.2", "10.77.0.0/20", "10.78.0.0/16"
ICMP, UDP, ARP = "icmp", "udp", "arp"
_PROTOCOLS = {1: ICMP, 17: UDP}
ETH_P_ALL, ETH_P_IP, ETH_P_ARP = 0x0003, 0x0800, 0x0806
SOL_PACKET, PACKET_STATISTICS, PACKET_OUTGOING = 263, 6, 4
SO_TIMESTAMPNS = 35


def run(*words: str) -> None:
    """Run a command; its errors are those of the test."""
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


@dataclass
class Far:
    """The far side."""

    process: int
    """The process whose namespace it is."""
    children: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self, *words: str) -> None:
        """Run a command there."""
        run("nsenter", "--target", str(self.process), "--net", *words)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a process there that ends with the network; return it when it has written its first line."""
        child = subprocess.Popen(
            ["nsenter", "--target", str(self.process), "--net", *words], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
        )
        self.children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline()
        return child

    def owns(self, *networks: str) -> None:
        """Have the far side answer for these networks."""
        for network in networks:
            self.run("ip", "route", "add", "local", network, "dev", "lo")

    def rule(self, chain: str, *rule: str) -> None:
        """Add a rule of nftables to `input` or `output` there."""
        self.run("nft", "add", "rule", "ip", "test", chain, *rule)


def filtering(*prefix: str) -> None:
    """Make the chains `input` and `output` of the table `test`."""
    run(*prefix, "nft", "add", "table", "ip", "test")
    for chain in ("input", "output"):
        run(*prefix, "nft", "add", "chain", "ip", "test", chain, f"{{ type filter hook {chain} priority 0; }}")


@contextmanager
def far_network() -> Iterator[Far]:
    """Yield the far side; this process has to be alone in its namespace."""
    far: Far | None = None
    holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, text=True)
    try:
        own = Path("/proc/self/ns/net").readlink()
        while Path(f"/proc/{holder.pid}/ns/net").readlink() == own:
            time.sleep(0.01)
        far = Far(holder.pid)
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(holder.pid))
        run("ip", "address", "add", f"{NEAR}/20", "dev", "near")
        run("ip", "link", "set", "near", "up")
        far.run("ip", "link", "set", "lo", "up")
        far.run("ip", "address", "add", f"{ROUTER}/20", "dev", "far")
        far.run("ip", "link", "set", "far", "up")
        far.run("ip", "route", "add", "blackhole", BEHIND)
        run("ip", "route", "add", BEHIND, "via", ROUTER)
        filtering()
        filtering("nsenter", "--target", str(holder.pid), "--net")
        yield far
    finally:
        for child in far.children if far else ():
            child.terminate()
            child.wait()
        holder.kill()
        holder.wait()


@dataclass(frozen=True)
class Packet:
    """A packet that was seen on the wire."""

    at: float
    protocol: str
    sent: bool
    size: int
    """Bytes at IP level; of ARP those of the frame."""
    destination: str


@contextmanager
def captured() -> Iterator[list[Packet]]:
    """Capture all packets at `near` with the kernel's time of each (packet(7)); the list is filled at the end."""
    packets: list[Packet] = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as capture:
        capture.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        capture.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        capture.bind(("near", 0))
        capture.settimeout(0.1)
        ending = threading.Event()
        reader = threading.Thread(target=lambda: packets.extend(_read(capture, ending)))
        reader.start()
        try:
            yield packets
        finally:
            ending.set()
            reader.join()
        _, dropped = struct.unpack("=II", capture.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        assert dropped == 0, "the capture is not whole"


def _read(capture: socket.socket, ending: threading.Event) -> Iterator[Packet]:
    ended_at = 0.0
    while True:
        try:
            frame, ancillary, _, source = capture.recvmsg(2048, 256)
        except TimeoutError:
            if ending.is_set():
                return
            continue
        if ending.is_set() and time.monotonic() > ended_at:
            return
        ended_at = ended_at if ending.is_set() else time.monotonic() + 0.2
        seconds, nanoseconds = struct.unpack("=qq", ancillary[0][2][:16])
        moment, sent = seconds + nanoseconds / 1e9, source[2] == PACKET_OUTGOING
        kind = int.from_bytes(frame[12:14], "big")
        if kind == ETH_P_ARP:
            yield Packet(moment, ARP, sent, len(frame), socket.inet_ntoa(frame[38:42]))
        elif kind == ETH_P_IP:
            size = int.from_bytes(frame[16:18], "big")
            yield Packet(moment, _PROTOCOLS.get(frame[23], "other"), sent, size, socket.inet_ntoa(frame[30:34]))


def busiest_second(moments: list[float]) -> int:
    """Return the most moments in any window of one second."""
    ordered = sorted(moments)
    return max((bisect_left(ordered, moment + 1.0) - number for number, moment in enumerate(ordered)), default=0)
