"""Bytes on the wire, counted by nftables in a network namespace of this run alone, with frames as an Ethernet carries them."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks._network import NoNetworkError

INSIDE = "DCA_BENCHMARK_NAMESPACE"
SETTLED_SECONDS = 0.15
"""Longer than an acknowledgement is delayed."""
HEADER_BYTES = 52
"""IPv4 and TCP with timestamps, of each packet but the first two of a connection, which have 60."""


def inside_namespace(module: str, arguments: Sequence[str]) -> int:
    """Run `python -m benchmarks MODULE` again, in a namespace with nothing but a loopback device; return its exit code."""
    environment = os.environ | {INSIDE: "1"}
    command = [_tool("unshare"), "--map-root-user", "--net", sys.executable, "-m", "benchmarks", module, *arguments]
    return subprocess.run(command, env=environment, check=False, cwd=Path(__file__).parents[1]).returncode


def require_namespaces() -> None:
    """Raise NoNetworkError where this user can make no network namespace."""
    made = subprocess.run([_tool("unshare"), "--map-root-user", "--net", "true"], capture_output=True, check=False)
    if made.returncode:
        raise NoNetworkError("this user may make no network namespace")
    if not shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"):
        raise NoNetworkError("nftables is not installed")


def is_inside() -> bool:
    """Return whether this process is the one in the namespace."""
    return os.environ.get(INSIDE) == "1"


@dataclass(frozen=True, slots=True)
class Count:
    """Packets and their bytes at IP level, both ways."""

    packets: int
    bytes: int

    def __sub__(self, earlier: "Count") -> "Count":
        return Count(self.packets - earlier.packets, self.bytes - earlier.bytes)

    @property
    def payload(self) -> int:
        """The bytes TCP carried, on a connection that was open before."""
        return self.bytes - self.packets * HEADER_BYTES


class Wire:
    """Counts what goes to and from a TCP port of this namespace. Raises CalledProcessError where nftables cannot be used."""

    def __init__(self, port: int) -> None:
        self._nft, ip = _tool("nft"), _tool("ip")
        subprocess.run([ip, "link", "set", "lo", "up", "mtu", "1500"], check=True)
        # One packet a segment, as they leave a network card.
        subprocess.run([ip, "link", "set", "lo", "gso_max_segs", "1"], check=True)
        chain = f"type filter hook output priority 0\ntcp dport {port} counter\ntcp sport {port} counter"
        rules = f"table ip wire {{\nchain out {{\n{chain}\n}}\n}}\n"
        subprocess.run([self._nft, "--file", "-"], input=rules, text=True, check=True)

    def count(self) -> Count:
        """Return what was counted until now, once nothing more comes."""
        last, count = None, self._now()
        while count != last:
            time.sleep(SETTLED_SECONDS)
            last, count = count, self._now()
        return count

    def _now(self) -> Count:
        command = [self._nft, "--json", "list", "chain", "ip", "wire", "out"]
        listed = subprocess.run(command, check=True, capture_output=True, text=True)
        rules = [item["rule"] for item in json.loads(listed.stdout)["nftables"] if "rule" in item]
        counters = [part["counter"] for rule in rules for part in rule["expr"] if "counter" in part]
        return Count(sum(counter["packets"] for counter in counters), sum(counter["bytes"] for counter in counters))


def _tool(name: str) -> str:
    """Return where a program is. Raises SystemExit with what to install."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise SystemExit(f"The program {name} is missing: install nftables, iproute2 and util-linux.")
    return found
