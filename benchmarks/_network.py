"""Network namespaces for benchmarks: two machines with one wire between them and no way out, and a count of what passes it.

The appliance and its peers run in one, the devices live in the other one. The kernel counts each packet at IP level (nftables), on
the side of the appliance, whoever sent it.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks._children import environment, python

NETWORK = "198.18.0.0/16"
"""Where the devices are: half of the range that RFC 2544 sets aside for benchmarks."""
OURS = "198.19.255.1"
ROUTER = "198.19.255.2"
NEEDED = ("ip", "nft")


class NoNetworkError(Exception):
    """Network namespaces cannot be made here; the text says why."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Packets and bytes at IP level, out and in."""

    packets_out: int
    bytes_out: int
    packets_in: int
    bytes_in: int

    @property
    def bytes(self) -> int:
        """Return the bytes of both directions."""
        return self.bytes_out + self.bytes_in


class Network:
    """The two machines; the network behind the router is silent but for the addresses it is given."""

    def __init__(self) -> None:
        """Make them. Raises NoNetworkError."""
        missing = [name for name in NEEDED if shutil.which(name) is None]
        if missing or os.geteuid():
            what = "root" if os.geteuid() else f"the commands {' and '.join(missing)} (Debian: iproute2, nftables)"
            raise NoNetworkError(f"network namespaces need {what}")
        name = f"dca-bench-{secrets.token_hex(3)}"
        self.here, self.there = f"{name}-a", f"{name}-b"
        self._stack = ExitStack()
        try:
            self._make()
        except subprocess.CalledProcessError as error:
            self.close()
            raise NoNetworkError(f"a network namespace cannot be made here: {error.stderr.strip()}") from error

    def _make(self) -> None:
        for namespace in (self.here, self.there):
            _do("ip", "netns", "add", namespace)
            self._stack.callback(_do, "ip", "netns", "delete", namespace, check=False)
            _do("ip", "-n", namespace, "link", "set", "lo", "up")
        _do("ip", "-n", self.here, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", self.there)
        for namespace, address in ((self.here, OURS), (self.there, ROUTER)):
            _do("ip", "-n", namespace, "address", "add", f"{address}/30", "dev", "wire")
            _do("ip", "-n", namespace, "link", "set", "wire", "up")
        _do("ip", "-n", self.here, "route", "add", "default", "via", ROUTER)
        _do("ip", "-n", self.there, "route", "add", "blackhole", NETWORK)
        _do("ip", "netns", "exec", self.there, "sysctl", "-q", "net.ipv4.ip_forward=1", "net.ipv4.icmp_ratelimit=0")
        _do("ip", "netns", "exec", self.here, "sysctl", "-q", "net.ipv4.ping_group_range=0 2147483647")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Remove both machines, and whatever still runs in them."""
        for namespace in (self.here, self.there):
            for pid in _do("ip", "netns", "pids", namespace, check=False).split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGTERM)
        self._stack.close()

    def put(self, addresses: Iterable[str]) -> None:
        """Have devices at these addresses: they answer pings from now on."""
        lines = "".join(f"address add {address}/32 dev lo\n" for address in addresses)
        _do("ip", "-n", self.there, "-batch", "-", text=lines)

    def count(self, **addresses: str) -> None:
        """Count from now on, anew: all packets, and apart those from and to the addresses of each name (an nft expression)."""
        _do("ip", "netns", "exec", self.here, "nft", "flush", "ruleset")
        names = ["all", *addresses]
        rules = {"out": "", "in": ""}
        for name in names:
            for direction, side in (("out", "daddr"), ("in", "saddr")):
                which = f"ip {side} {addresses[name]} " if name in addresses else ""
                interface = "oifname" if direction == "out" else "iifname"
                rules[direction] += f'{interface} "wire" {which}counter name {name}_{direction}\n'
        counters = "".join(f"counter {name}_{direction} {{ }}\n" for name in names for direction in rules)
        table = (
            f"table ip counting {{\n{counters}"
            f"chain output {{ type filter hook output priority 300; policy accept;\n{rules['out']}}}\n"
            f"chain input {{ type filter hook input priority -300; policy accept;\n{rules['in']}}}\n}}\n"
        )
        _do("ip", "netns", "exec", self.here, "nft", "-f", "-", text=table)

    def counted(self, name: str = "all") -> Counted:
        """Return what was counted under a name since `count`."""
        listed = _do("ip", "netns", "exec", self.here, "nft", "-j", "list", "counters", "table", "ip", "counting")
        found = {each["counter"]["name"]: each["counter"] for each in json.loads(listed)["nftables"] if "counter" in each}
        out, back = found[f"{name}_out"], found[f"{name}_in"]
        return Counted(out["packets"], out["bytes"], back["packets"], back["bytes"])

    def run(self, *words: str | int | Path, variables: dict[str, str] | None = None) -> "Ran":
        """Run a command beside the appliance and return what it took; its exit code is not judged."""
        began, before = time.monotonic(), os.times()
        command = ["ip", "netns", "exec", self.here, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables or environment())
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return Ran(done.returncode, done.stdout, done.stderr, time.monotonic() - began, cpu)

    def start(self, namespace: str, *words: str | int | Path, variables: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command in a namespace, its standard input and output as text; it ends with the network."""
        command = ["ip", "netns", "exec", namespace, *map(str, words)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=variables or environment())
        self._stack.callback(_stop, process)
        return process

    def serve(self, *fleets: str) -> list[list[str]]:
        """Have simulated printers answer, those of each `BASE[=N]`; return the addresses of each."""
        self.put(fleet.partition("=")[0] for fleet in fleets)
        process = self.start(self.there, *python("benchmarks._printers"), *fleets)
        assert process.stdout is not None
        found: list[list[str]] = json.loads(process.stdout.readline())
        self.put(address for fleet in found for address in fleet[1:])
        return found


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended; `cpu` in seconds, of it and its children."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float
    cpu: float

    def json(self) -> Any:
        """Return the JSON it has printed. Raises ValueError with what it said instead."""
        try:
            return json.loads(self.stdout)
        except ValueError as error:
            raise ValueError(f"no JSON but {self.stdout[-200:]!r} {self.stderr[-400:]!r}") from error


def _do(*words: str, text: str | None = None, check: bool = True) -> str:
    return subprocess.run(words, check=check, capture_output=True, text=True, input=text).stdout


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
