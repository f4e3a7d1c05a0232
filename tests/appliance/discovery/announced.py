"""What is heard by DNS-SD, in a network namespace of its own: `python -m tests.appliance.discovery.announced SCENE` prints JSON.

`python -m tests.appliance.discovery.announced responder ADDRESS…` announces printers as a real responder does.
"""

import asyncio
import contextlib
import ipaddress
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zeroconf import DNSAddress, DNSOutgoing, DNSPointer, DNSService, IPVersion, ServiceInfo, Zeroconf

from appliance.common.errors import ControlError
from appliance.discovery.announcements import ask_networks
from appliance.discovery.own_network import driver_of
from appliance.process.client import ControlClient
from tests.ports import free_port

LAN, LAN6, FLOODER = "192.168.77.1", "fd00:77::1", "192.168.77.2"
GROUP, GROUP6, PORT = "224.0.0.251", "ff02::fb", 5353
RESPONSE = 0x8400
SCENES: dict[str, Callable[[], dict[str, Any]]] = {}


def scene(work: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    SCENES[work.__name__] = work
    return work


def network() -> None:
    """Make the one interface there is, besides loopback."""
    for words in (
        "link set lo up",
        "link add lan0 type veth peer name veth1",
        f"address add {LAN}/24 dev lan0",
        f"address add {FLOODER}/24 dev lan0",
        f"-6 address add {LAN6}/64 dev lan0 nodad",
        "link set veth1 up",
        "link set lan0 up",
    ):
        subprocess.run(["ip", *words.split()], check=True)


def responder(addresses: list[str]) -> None:
    """Announce services at `addresses` until standard input ends."""
    packed = [ipaddress.ip_address(address).packed for address in addresses]
    services = [
        ("_ipp._tcp.local.", 631, {"rp": "ipp/print", "ty": "Acme Laser of M. Keller", "note": "Room of M. Keller"}),
        ("_ipps._tcp.local.", 443, {"rp": "ipp/print"}),
        ("_printer._tcp.local.", 515, {"rp": "auto"}),
        ("_pdl-datastream._tcp.local.", 9100, {}),
        ("_http._tcp.local.", 80, {}),
    ]
    zeroconf = Zeroconf(interfaces=[LAN], ip_version=IPVersion.V4Only)
    for kind, port, about in services:
        name = f"Printer of M. Keller.{kind}"
        info = ServiceInfo(kind, name, addresses=packed, port=port, properties=about, server="keller-printer.local.")
        zeroconf.register_service(info)
    print("announced", flush=True)
    sys.stdin.read()
    zeroconf.close()


@contextmanager
def announcing(*addresses: str) -> Iterator[None]:
    words = [sys.executable, "-m", "tests.appliance.discovery.announced", "responder", *addresses]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "announced\n"
        yield
        child.terminate()


def answer(number: int, address: str) -> DNSOutgoing:
    """Return an announcement of one more printer."""
    out = DNSOutgoing(RESPONSE)
    name, host = f"p{number}._ipp._tcp.local.", f"h{number}.local."
    out.add_answer_at_time(DNSPointer("_ipp._tcp.local.", 12, 1, 120, name), 0)
    out.add_answer_at_time(DNSService(name, 33, 1, 120, 0, 0, 631, host), 0)
    packed = ipaddress.ip_address(address).packed
    out.add_answer_at_time(DNSAddress(host, 1 if len(packed) == 4 else 28, 1, 120, packed), 0)
    return out


def heard() -> dict[str, Any]:
    """Ask as the collector does; return what came of it."""
    began = time.monotonic()
    told = asyncio.run(ask_networks())
    return {
        "services": [[[str(address) for address in each.addresses], each.port, each.path, each.tls] for each in told.services],
        "whole": told.whole,
        "traffic": told.traffic.as_json(),
        "seconds": time.monotonic() - began,
    }


@contextmanager
def sending(packets: Callable[[], Iterator[bytes]], family: socket.AddressFamily = socket.AF_INET) -> Iterator[None]:
    """Send packets over and over from another process, to the group."""
    child = os.fork()
    if child == 0:
        with socket.socket(family, socket.SOCK_DGRAM) as sender, contextlib.suppress(OSError):
            if family == socket.AF_INET6:
                sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("lan0"))
            else:
                sender.bind((FLOODER, 0))
                sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LAN))
            while True:
                for packet in packets():
                    sender.sendto(packet, (GROUP6 if family == socket.AF_INET6 else GROUP, PORT))
                time.sleep(0.2)
        os._exit(0)
    try:
        yield
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


@scene
def printers() -> dict[str, Any]:
    """A printer announces itself with an address of each version of IP."""
    with announcing("192.168.77.20", "fd00:77::20"):
        return heard()


@scene
def flood() -> dict[str, Any]:
    """One sender announces 10,000 names, while a printer announces itself."""
    made = [packet for number in range(10_000) for packet in answer(number, f"10.{number >> 8}.{number & 255}.9").packets()]

    def all_in_a_second() -> Iterator[bytes]:
        for number, packet in enumerate(made):
            if not number % 100:
                time.sleep(0.01)  # faster, and the kernel itself loses what others send
            yield packet

    with announcing("192.168.77.20"), sending(all_in_a_second):
        return heard()


@scene
def garbage() -> dict[str, Any]:
    """Somebody sends what is no DNS, while a printer announces itself."""
    whole = answer(1, "10.0.0.1").packets()[0]
    loop = b"\0\0\x84\0\0\0\0\1\0\0\0\0\xc0\x0c\0\x0c\0\1\0\0\0\x78\0\2\xc0\x0c"
    bad = [b"", b"\0", os.urandom(900), whole[:-3], loop, whole[:12] + b"\xff" * 200, b"\0\0\x84\0\xff\xff\xff\xff\xff\xff\xff\xff"]
    with announcing("192.168.77.20"), sending(lambda: iter(bad)):
        return heard()


@scene
def over_ipv6() -> dict[str, Any]:
    """A printer announces itself over IPv6 alone."""
    packets = answer(1, "fd00:77::30").packets()
    with sending(lambda: iter(packets), socket.AF_INET6):
        return heard()


@scene
def no_network() -> dict[str, Any]:
    """There is no interface but loopback."""
    subprocess.run(["ip", "link", "delete", "lan0"], check=True)
    try:
        return heard()
    except ControlError as error:
        return {"error": str(error)}


@scene
def drivers() -> dict[str, Any]:
    """What the kernel tells of the interfaces of this network, which is one that somebody has made up."""
    return {"lan0": driver_of("lan0"), "lo": driver_of("lo"), "nothing": driver_of("nothing")}


@scene
def collector() -> dict[str, Any]:
    """A collector that may ask finds the printer that announces itself, and nothing of what that says is believed."""
    port, address = free_port("udp"), "127.92.31.1"
    with tempfile.TemporaryDirectory() as folder, announcing(address, "192.168.77.66"):
        ready = Path(folder, "ready.json")
        serve = ["simulator", "serve", "--fleet", "1", "--base", address, "--port", str(port), "--ready-file", str(ready)]
        environment = os.environ | {
            "DCA_DATA_DIR": folder,
            "DCA_RUN_DIR": f"{folder}/run",
            "DCA_SNMP_PORT": str(port),
            "DCA_SNMP_TIMEOUT_SECONDS": "0.3",
            "DCA_DNS_SD": "on",
            "DCA_GUARDRAIL_NETWORKS": "127.0.0.0/8",
            "DCA_LOG_LEVEL": "DEBUG",
        }
        with Path(folder, "log").open("wb") as log:
            children = [
                subprocess.Popen([sys.executable, "-m", *words], env=environment, stdout=log, stderr=log)
                for words in (serve, ["appliance"])
            ]
            try:
                found = asyncio.run(_looked(ControlClient(Path(folder, "run", "collector.sock"), "collector"), ready))
            finally:
                for child in children:
                    child.terminate()
                    child.wait(20)
        kept = b"".join(path.read_bytes() for path in Path(folder).rglob("*") if path.is_file())
    return found | {"leaked": [word for word in ("Keller", "keller", "192.168.77.66") if word.encode() in kept]}


async def _looked(client: ControlClient, ready: Path) -> dict[str, Any]:
    while True:
        with contextlib.suppress(ControlError):
            if ready.exists() and await client.call("POST", "/v1/found/look", {}):
                break
        await asyncio.sleep(0.1)
    while not (found := await client.call("GET", "/v1/found"))["looked_at"]:
        await asyncio.sleep(0.1)
    return found | {"traffic": (await client.call("GET", "/v1/traffic"))["since_start"]}


def main(name: str, words: list[str]) -> None:
    if name == "responder":
        responder(words)
    else:
        network()
        print(json.dumps(SCENES[name]()))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
