"""What is on the wire while a site is scanned and read: no other port, method or path than those there are."""

import asyncio
import re
import socket
import struct
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.common.network.device_ports import HTTP_PORTS
from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.sources import ipp as ipp_source
from tests.appliance.http.documents import LEDM
from tests.appliance.http.web import Device, Page
from tests.appliance.service.scans.test_named_printers import NamingSite, print_server, queue
from tests.conftest import FreePort
from tests.ports import worker_number
from tests.requirement import missing

PRINTER, SILENT = (f"127.92.{100 + worker_number()}.{number}" for number in (1, 2))
"""Nobody else sends anything there: each worker of a test run has its own."""
ICMP, TCP, UDP = 1, 6, 17
_IPV4 = 0x0800
_REQUEST = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n")


@dataclass
class Capture:
    """The packets to some addresses: ports by protocol, and the requests of HTTP in them."""

    addresses: frozenset[str]
    ports: set[tuple[int, int]] = field(default_factory=set)
    requests: set[tuple[int, str, str]] = field(default_factory=set)
    """Port, method and path."""

    def take(self, packet: bytes) -> None:
        """Look at one packet of IPv4."""
        head = (packet[0] & 0xF) * 4
        protocol, to = packet[9], socket.inet_ntoa(packet[16:20])
        if to not in self.addresses or protocol == ICMP:
            return
        (port,) = struct.unpack(">H", packet[head + 2 : head + 4])
        if protocol == TCP and packet[head + 13] & 0x12 != 0x02 and (TCP, port) not in self.ports:
            return  # an answer to somebody else, or of this address to itself
        self.ports.add((protocol, port))
        if protocol == TCP and (found := _REQUEST.match(packet[head + (packet[head + 12] >> 4) * 4 :])):
            self.requests.add((port, found[1].decode(), found[2].decode()))


@asynccontextmanager
async def capture(*addresses: str) -> AsyncIterator[Capture]:
    """Yield what is sent to these addresses of the loopback interface."""
    try:
        sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_IPV4))
    except PermissionError:
        missing("no right to look at packets (CAP_NET_RAW)")
    seen, over = Capture(frozenset(addresses)), threading.Event()

    def look() -> None:
        while not over.is_set():
            try:
                packet, (_, _, kind, *_rest) = sniffer.recvfrom(65535)
            except TimeoutError:
                continue
            if kind != socket.PACKET_OUTGOING:
                seen.take(packet)

    with sniffer:
        sniffer.bind(("lo", _IPV4))
        sniffer.settimeout(0.1)
        looking = threading.Thread(target=look)
        looking.start()
        try:
            yield seen
        finally:
            over.set()
            await asyncio.to_thread(looking.join)


def test_a_scan_of_a_range_goes_to_the_ports_of_the_list(tmp_path: Path, free_port: FreePort) -> None:
    """The supplements are those of the product: nothing listens at their ports here, or somebody else's server does."""
    port = free_port("udp", PRINTER)

    async def run() -> None:
        async with capture(PRINTER, SILENT) as seen:
            site = NamingSite(tmp_path, port, Device(), targets=(f"{PRINTER}-{SILENT}",))
            await site.scan(in_full=True)
            await site.poll()
        assert (UDP, port) in seen.ports
        assert (TCP, 631) in seen.ports, "a printer without SNMP is looked for"
        assert seen.ports <= {(UDP, port), *((TCP, each) for each in HTTP_PORTS)}

    asyncio.run(run())


@pytest.mark.parametrize("path", ["/ipp/print", "/printers/office"])
def test_a_printer_that_is_named_is_asked_there_and_nowhere_else(tmp_path: Path, free_port: FreePort, path: str) -> None:
    snmp = free_port("udp", PRINTER)

    async def run() -> None:
        pages = dict.fromkeys(("/ipp/print", "/printers/office"), queue("HP Color LaserJet M255dw"))
        async with print_server(pages, PRINTER) as web, capture(PRINTER) as seen:
            web.pages = {each: Page(body) for each, body in LEDM.items()}
            site = NamingSite(tmp_path, snmp, web, targets=(f"ipp://{PRINTER}:{web.port}{path}",))
            assert (await site.scan(in_full=True)).read == 1
            assert (await site.poll()).read == 1
            port = web.port
        assert seen.ports == {(TCP, port)}
        paths = {each.path for named in builtin_definitions().definitions for each in named.content.web_documents}
        documents = {(port, "GET", each) for each in paths} if path in ipp_source.PATHS else set()
        asked, others = {(port, "POST", path)}, seen.requests - {(port, "POST", path)}
        assert asked <= seen.requests
        assert others <= documents
        assert bool(others) is bool(documents)

    asyncio.run(run())
