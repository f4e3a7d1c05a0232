"""A printer that answers IPP and no SNMP is found, kept and read again; what is no printer is left alone."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.common.clock import utc_now
from appliance.http.ports import AllowedPorts
from appliance.http.supplements import Supplements
from appliance.privacy.known_devices import KnownDevices
from appliance.privacy.outgoing import Masking
from appliance.service.collector.collector_notes import CollectorNotes
from appliance.service.collector.problems import Problems
from appliance.service.collector.threads import StoreThread
from appliance.service.scans.devices import DeviceAnswer, Known
from appliance.service.scans.memory.scan_memory import ScanMemory
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.service.scans.reading_writer import ReadingWriter
from appliance.service.scans.scan_run import ScanRun
from appliance.service.scans.scan_service import ScanService
from appliance.settings.model import Settings
from appliance.store.rows import DeviceRow
from appliance.store.store import Store
from tests.appliance.definitions.device import DEVICE_DESCR, LIFE_COUNT, SERIAL, SYS_DESCR, SYS_OBJECT_ID, oid_value
from tests.appliance.http.documents import FULL_IPP, INTEGER, LEDM, TEXT, attribute, ipp_answer
from tests.appliance.http.web import Device, Page, device
from tests.conftest import FreePort, StartSimulator
from tests.recordings.recorded_file import Content, write_recording

PRINTER, OTHER = "127.92.8.1", "127.92.8.2"
SERIAL_NUMBER = "E78098A9N123456"
KEY = f"serial:BROTHER:{SERIAL_NUMBER}"
NO_SERIAL = ipp_answer(
    attribute(TEXT, "printer-make-and-model", "Brother HL-L2350DW series"),
    attribute(TEXT, "printer-device-id", "MFG:Brother;CMD:PJL,PCL;MDL:HL-L2350DW series;CLS:PRINTER;"),
    attribute(INTEGER, "printer-impressions-completed", 5120),
)
SPEAKING: Mapping[str, Content] = {
    SYS_DESCR: "Brother NC-8300h, Firmware Ver.1.00",
    SYS_OBJECT_ID: oid_value("1.3.6.1.4.1.2435.2.3.9.1"),
    DEVICE_DESCR: "Brother HL-L2350DW series",
    "1.3.6.1.2.1.25.3.2.1.2.1": oid_value("1.3.6.1.2.1.25.3.1.5"),
    "1.3.6.1.2.1.25.3.5.1.1.1": 3,
    SERIAL: SERIAL_NUMBER,
    LIFE_COUNT: 5130,
}
"""The same printer, over SNMP."""


def ipp(octets: bytes) -> Callable[[bytes], Page]:
    return lambda _body: Page(octets, content_type="application/ipp")


@dataclass
class Site:
    """The scan service of a collector, with its store; the ports of the web are those of `web`."""

    folder: Path
    snmp_port: int
    web: Device
    http: bool = True
    targets: tuple[str, ...] = (PRINTER, OTHER)
    exclude: tuple[str, ...] = ()
    icmp: bool = True
    community: str = "public"
    supplements: Supplements = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Lose what a process has in memory."""
        self.supplements = Supplements(ports=AllowedPorts([self.web.port]), ipp_port=self.web.port, web_ports=[self.web.port])

    @asynccontextmanager
    async def service(self) -> AsyncIterator[ScanService]:
        """Yield the service of one process."""
        credentials = [{"name": "third floor", "community": self.community}]
        snmp = {"port": self.snmp_port, "timeout_seconds": 0.5, "retries": 0, "credentials": credentials}
        scan = {"targets": self.targets, "exclude": self.exclude, "http": self.http, "icmp": self.icmp, "packets_per_second": 500}
        settings = Settings.model_validate({"scan": scan, "snmp": snmp})
        problems, store = Problems(), StoreThread(self.folder / "readings.db")
        notes = CollectorNotes(store, problems)
        masking = Masking.of(settings.privacy, self.folder / "trust", KnownDevices([]))
        writer = ReadingWriter(store, problems, lambda: masking)
        service = ScanService(settings, writer, notes, lambda _scan: None, supplements=self.supplements)
        try:
            await service.recall()
            yield service
        finally:
            await service.scans.stop()
            await writer.stop()
            await store.close()

    async def scan(self, *, in_full: bool = False) -> Scan:
        """Sweep everything, in a process of its own."""
        async with self.service() as service:
            return await _ended(service, service.start_sweep(in_full=in_full))

    async def poll(self) -> Scan:
        """Read the known devices, in a process of its own."""
        async with self.service() as service:
            return await _ended(service, service.start_read(await service.known()))

    @property
    def devices(self) -> list[DeviceRow]:
        store = Store(self.folder / "readings.db")
        try:
            return store.devices()
        finally:
            store.close()


async def _ended(service: ScanService, scan: Scan) -> Scan:
    await service.scans.wait()
    assert scan.trouble == ""
    return scan


def purposes(scan: Scan) -> set[str]:
    return {purpose for purpose, _ in scan.traffic}


def at_site(
    tmp_path: Path, port: int, answer: Callable[[bytes], Page], work: Callable[[Site], Awaitable[None]], **more: Any
) -> None:
    """Await `work` with a site whose printer answers over IPP."""

    async def run() -> None:
        async with device(answer=answer, pages=more.pop("pages", {}), address=PRINTER) as web:
            await work(Site(tmp_path, port, web, **more))

    asyncio.run(run())


def test_a_printer_without_snmp_is_found_kept_and_read_again(tmp_path: Path, free_port: FreePort) -> None:
    async def work(site: Site) -> None:
        scan = await site.scan()
        assert (scan.devices, scan.read, len(scan.failures)) == (1, 1, 0)
        assert purposes(scan) <= {"sweep", "ipp_search"}
        [kept] = site.devices
        assert (kept.key, kept.address) == (KEY, PRINTER)
        told = kept.reading.device
        assert (told.manufacturer, told.model, told.firmware, told.color) == ("Brother", "HL-L2350DW", "ZF", False)
        assert kept.reading.meters["total"].value == 5120
        assert kept.reading.sources["device.model"] == "IPP"
        assert kept.reading.reasons["device.mac"] == "not reported"
        polled = await site.poll()
        assert (polled.read, purposes(polled)) == (1, {"http"}), "SNMP is not tried at every poll"
        again = await site.scan()
        assert (again.devices, again.read) == (1, 1)
        assert [request for request in site.web.requests if request.startswith("POST")] == ["POST /ipp/print"] * 3
        others = [request for request in site.web.requests if not request.startswith("POST")]
        assert others == ["GET /etc/mnt_info.csv"], "what IPP leaves open is asked for once a day"
        assert site.devices[0].agent.keys() == {"address", "port", "snmp_asked_at"}

    at_site(tmp_path, free_port("udp", PRINTER), ipp(FULL_IPP), work)


@pytest.mark.parametrize(("first", "key"), [(FULL_IPP, KEY), (NO_SERIAL, f"address:{PRINTER}")])
def test_when_snmp_is_switched_on_it_stays_one_device(
    tmp_path: Path, free_port: FreePort, start_simulator: StartSimulator, first: bytes, key: str
) -> None:
    port = free_port("udp", PRINTER)

    async def work(site: Site) -> None:
        await site.scan()
        assert [row.key for row in site.devices] == [key]
        recording = write_recording(tmp_path / "speaking.snmprec", SPEAKING)
        await asyncio.to_thread(start_simulator, "--recordings", recording, "--base", PRINTER, "--port", str(port))
        scan = await site.scan()
        assert "first_read" in purposes(scan)
        [row] = site.devices
        assert (row.key, row.reading.meters["total"].value) == (KEY, 5130)
        assert row.agent["version"] == "2c"
        assert purposes(await site.poll()) <= {"poll", "http"}

    at_site(tmp_path, port, ipp(first), work)


COMPUTERS: Mapping[str, Callable[[bytes], Page] | None] = {
    "refuses": None,
    "a web server": lambda _body: Page(b"<html>", status=404, content_type="text/html"),
    "a print server": ipp(ipp_answer(status=0x0406)),
    "IPP without a printer": ipp(ipp_answer()),
    "points to a queue": lambda _body: Page(status=301, location="/printers/office"),
}


@pytest.mark.parametrize("answer", COMPUTERS.values(), ids=COMPUTERS.keys())
def test_a_computer_is_asked_once(tmp_path: Path, free_port: FreePort, answer: Callable[[bytes], Page] | None) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            web = await stack.enter_async_context(device(answer=answer, address=PRINTER))
            site = Site(tmp_path, free_port("udp", PRINTER), web, targets=(OTHER if answer is None else PRINTER,))
            first, second = await site.scan(), await site.scan()
            site.forget()
            restarted, by_hand = await site.scan(), await site.scan(in_full=True)
            scans = (first, second, restarted, by_hand)
            assert [scan.devices for scan in scans] == [0, 0, 0, 0]
            sent = [scan.traffic.of("ipp_search").packets_sent > 0 for scan in scans]
            assert sent == [True, False, False, True], "a person who scans wants to know"
            assert first.traffic.total().bytes_sent >= first.traffic.of("ipp_search").bytes_sent
            assert not [each for each in web.requests if "/printers/" in each]
            assert site.devices == []

    asyncio.run(run())


@pytest.mark.parametrize("more", [{"http": False}, {"exclude": (PRINTER,)}])
def test_nothing_is_asked_that_is_not_to_be_asked(tmp_path: Path, free_port: FreePort, more: dict[str, Any]) -> None:
    async def work(site: Site) -> None:
        scan = await site.scan()
        assert scan.devices == 0
        assert site.web.connections == 0

    at_site(tmp_path, free_port("udp", PRINTER), ipp(FULL_IPP), work, **more)


def test_with_http_off_a_printer_found_before_is_not_asked_by_ipp(tmp_path: Path, free_port: FreePort) -> None:
    async def work(site: Site) -> None:
        await site.scan()
        found = site.web.connections
        site.http = False
        for scan in (await site.poll(), await site.scan()):
            assert (scan.read, len(scan.failures)) == (0, 1)
        assert site.web.connections == found

    at_site(tmp_path, free_port("udp", PRINTER), ipp(FULL_IPP), work)


def test_a_device_known_over_snmp_that_is_silent_is_not_read_by_ipp(
    tmp_path: Path, free_port: FreePort, start_simulator: StartSimulator
) -> None:
    port = free_port("udp", PRINTER)
    recording = write_recording(tmp_path / "speaking.snmprec", SPEAKING)
    fleet = start_simulator("--recordings", recording, "--base", PRINTER, "--port", str(port))

    async def work(site: Site) -> None:
        await site.scan()
        [before] = site.devices
        asked = len(site.web.requests)
        await asyncio.to_thread(fleet.stop)
        async with site.service() as service:
            named = await _ended(service, service.start_sweep([PRINTER], in_full=True))
        for scan in (await site.scan(), await site.poll(), named):
            assert scan.read == 0
        assert len(site.web.requests) == asked
        [after] = site.devices
        assert (after.reading, after.agent) == (before.reading, before.agent)
        assert not after.answering

    at_site(tmp_path, port, ipp(FULL_IPP), work)


def test_a_second_address_of_a_device_that_speaks_snmp_is_no_move(
    tmp_path: Path, free_port: FreePort, start_simulator: StartSimulator
) -> None:
    port = free_port("udp", OTHER)
    recording = write_recording(tmp_path / "speaking.snmprec", SPEAKING)
    start_simulator("--recordings", recording, "--base", OTHER, "--port", str(port))

    async def work(site: Site) -> None:
        asked = []
        for _ in range(3):
            await site.scan()
            assert [(row.key, row.address) for row in site.devices] == [(KEY, OTHER)]
            asked.append(len(site.web.requests))
        assert asked[1] == asked[2], "it is not searched again and again"

    at_site(tmp_path, port, ipp(FULL_IPP), work)


def test_hps_documents_complete_what_ipp_leaves_open(tmp_path: Path, free_port: FreePort) -> None:
    answer = ipp(ipp_answer(attribute(TEXT, "printer-make-and-model", "HP Color LaserJet M255dw")))

    async def work(site: Site) -> None:
        await site.scan()
        [row] = site.devices
        assert (row.key, row.reading.device.model) == ("serial:HP:VNB3K00001", "Color LaserJet M255dw")
        assert row.reading.meters["total_color"].value == 2000
        assert row.reading.device.color is True
        assert (await site.poll()).read == 1
        assert [row.key for row in site.devices] == ["serial:HP:VNB3K00001"]

    at_site(tmp_path, free_port("udp", PRINTER), answer, work, pages={path: Page(body) for path, body in LEDM.items()})


@pytest.mark.parametrize(("targets", "found"), [((PRINTER,), 1), ((f"{PRINTER}-{OTHER}",), 0)])
def test_who_answers_no_ping_is_looked_for_where_it_is_named(tmp_path: Path, targets: tuple[str, ...], found: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((PRINTER, 0))

        async def work(site: Site) -> None:
            assert (await site.scan()).devices == found
            assert site.web.requests.count("POST /ipp/print") == found
            assert (site.web.connections > 0) is (found > 0)

        at_site(tmp_path, silent.getsockname()[1], ipp(FULL_IPP), work, targets=targets, icmp=False)


async def read(web: Device, known: Known) -> tuple[list[DeviceAnswer], Scan]:
    """Return what `known` says, asked in a scan that knows nothing else."""
    scan, answers = Scan("read"), list[DeviceAnswer]()
    settings = Settings.model_validate({"snmp": {"timeout_seconds": 0.5, "retries": 0}})
    options = replace(ScanOptions.from_settings(settings), port=known.port, icmp=False)
    supplements = Supplements(ports=AllowedPorts([web.port]), ipp_port=web.port, web_ports=[web.port])

    async def keep(answer: DeviceAnswer) -> None:
        answers.append(answer)

    await ScanRun(options, scan, keep, memory=ScanMemory(supplements=supplements)).read([known])
    return answers, scan


def test_snmp_is_tried_again_once_a_day(tmp_path: Path, start_simulator: StartSimulator) -> None:
    recording = write_recording(tmp_path / "speaking.snmprec", SPEAKING)
    port = start_simulator("--recordings", recording, "--base", PRINTER).port

    async def run() -> None:
        async with device(answer=ipp(FULL_IPP), address=PRINTER) as web:
            for hours, by_ipp in ((1, True), (25, False), (-1, False)):
                asked_at = utc_now() - timedelta(hours=hours)
                [answer], _ = await read(web, Known(PRINTER, port, KEY, by_ipp=True, snmp_asked_at=asked_at))
                assert (answer.snmp_asked_at == asked_at, answer.credential == "") == (by_ipp, by_ipp)
                assert answer.reading.device.key == KEY

    asyncio.run(run())


@pytest.mark.parametrize("octets", [FULL_IPP, b"\x01\x01\x00", ipp_answer()])
def test_a_printer_that_is_named_is_read_by_ipp_where_snmp_is_silent(free_port: FreePort, octets: bytes) -> None:
    async def run() -> None:
        async with device(answer=ipp(octets), address=PRINTER) as web:
            answers, scan = await read(web, Known(PRINTER, free_port("udp", PRINTER), by_ipp=True))
            assert [answer.reading.device.key for answer in answers] == ([KEY] if octets is FULL_IPP else [])
            assert len(scan.failures) == 1 - len(answers)

    asyncio.run(run())
