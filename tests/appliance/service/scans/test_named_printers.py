"""Printers that a target names by where they serve IPP: `ipp://HOST:PORT/PATH`, behind ipp-usb, CUPS, or anywhere else."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance.discovery.names import HostNames
from appliance.discovery.targets import TargetSet
from appliance.http.supplements import Supplements
from appliance.report import Access
from appliance.report.device_keys import device_key
from appliance.service.scans.progress import Scan
from appliance.settings.ipp_targets import parse_ipp_target
from appliance.store.store import Store
from tests.appliance.http.documents import FULL_IPP, INTEGER, LEDM, TEXT, attribute, ipp_answer
from tests.appliance.http.web import Device, Page, device, tls_context, tls_device
from tests.appliance.service.scans.test_without_snmp import KEY, OTHER, SPEAKING, Site, ipp
from tests.conftest import FreePort, StartSimulator
from tests.recordings.recorded_file import write_recording

NOTHING = Page(status=404)

BROTHERS_TABLE = "GET /etc/mnt_info.csv"
"""The web document of its maker, which says what IPP leaves open."""


def queue(model: str, *, count: int = 100, serial: str = "") -> Page:
    """Return what a queue says; a print server tells no serial number of most."""
    attributes = [attribute(TEXT, "printer-make-and-model", model), attribute(INTEGER, "printer-impressions-completed", count)]
    return Page(
        ipp_answer(*attributes, *([attribute(TEXT, "printer-serial-number", serial)] if serial else [])),
        content_type="application/ipp",
    )


QUEUES: Mapping[str, Page] = {
    "/printers/office": queue("Brother HL-L2350DW series", count=100),
    "/printers/lab": queue("Brother HL-L2350DW series", count=200),
}


@dataclass
class NamingSite(Site):
    """A site that names its printers; the ports that may be dialled are those of the product."""

    def forget(self) -> None:
        """Lose what a process has in memory."""
        self.supplements = Supplements()


@asynccontextmanager
async def print_server(pages: Mapping[str, Page], address: str = "127.0.0.1") -> AsyncIterator[Device]:
    """Serve IPP by path at a free port of this machine, which is none of the list."""
    async with device(address=address) as served:
        served.answer_at = lambda path, _body: pages.get(path, NOTHING)
        yield served


def key_of(uri: str) -> str:
    return device_key(None, None, None, uri)


def named(
    tmp_path: Path,
    snmp_port: int,
    pages: Mapping[str, Page],
    work: Callable[[NamingSite], Awaitable[None]],
    *paths: str,
    host: str = "127.0.0.1",
    more: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    http: bool = True,
) -> None:
    """Await `work` with a site that names `paths` of a print server, beside `more` targets."""

    async def run() -> None:
        async with print_server(pages) as web:
            targets = (*(f"ipp://{host}:{web.port}{path}" for path in paths), *more)
            await work(NamingSite(tmp_path, snmp_port, web, targets=targets, exclude=exclude, http=http))

    asyncio.run(run())


def told(scan: Scan) -> list[str]:
    return [failure.reason for failure in scan.failures]


def test_queues_of_one_host_are_devices_of_their_own(tmp_path: Path, free_port: FreePort) -> None:
    async def work(site: NamingSite) -> None:
        scan = await site.scan()
        assert (scan.devices, scan.read, told(scan)) == (2, 2, [])
        assert {purpose for purpose, _ in scan.traffic} == {"http"}
        keys = {row.key: row.reading.meters["total"].value for row in site.devices}
        assert keys == {key_of(site.targets[0]): 100, key_of(site.targets[1]): 200}
        assert {row.address for row in site.devices} == set(site.targets)
        assert {row.reading.device.ip for row in site.devices} == {"127.0.0.1"}
        polled = await site.poll()
        assert (polled.devices, polled.read) == (2, 2)
        assert len((await site.scan()).failures) == 0
        assert len(site.devices) == 2
        assert sorted(set(site.web.requests)) == ["POST /printers/lab", "POST /printers/office"]

    named(tmp_path, free_port("udp"), QUEUES, work, *QUEUES)


def test_the_names_of_queues_stay_at_the_site(tmp_path: Path, free_port: FreePort) -> None:
    async def work(site: NamingSite) -> None:
        await site.scan()
        store = Store(site.folder / "readings.db")
        batch = store.next_batch(100)
        store.close()
        assert batch is not None
        assert b"office" not in batch.body()
        assert b"device_new" in batch.body()

    named(tmp_path, free_port("udp"), QUEUES, work, "/printers/office")


@pytest.mark.parametrize("network_first", [True, False])
def test_a_queue_of_a_printer_that_speaks_snmp_is_that_printer(
    tmp_path: Path, free_port: FreePort, start_simulator: StartSimulator, *, network_first: bool
) -> None:
    port = free_port("udp", OTHER)
    start_simulator("--recordings", write_recording(tmp_path / "speaking.snmprec", SPEAKING), "--base", OTHER, "--port", str(port))
    pages = {"/printers/office": Page(FULL_IPP, content_type="application/ipp")}

    async def work(site: NamingSite) -> None:
        queues = site.targets
        if not network_first:
            await site.scan()
            assert [(row.key, row.address) for row in site.devices] == [(KEY, queues[0])]
        site.targets = (*queues, OTHER)
        for _ in range(2):
            scan = await site.scan()
            assert (scan.devices, scan.read, told(scan)) == (1, 1, [])
            assert [(row.key, row.address) for row in site.devices] == [(KEY, OTHER)]
        assert site.devices[0].agent["version"] == "2c"

    named(tmp_path, port, pages, work, "/printers/office")


def test_one_that_tells_its_serial_number_keeps_its_history_at_another_port(tmp_path: Path, free_port: FreePort) -> None:
    """ipp-usb may give a printer another port when it is plugged in again."""
    pages = {"/ipp/print": queue("Brother HL-L2350DW series", serial="E78098A9N123456")}

    async def work(site: NamingSite) -> None:
        await site.scan()
        async with print_server(pages) as moved:
            site.targets = (f"ipp://127.0.0.1:{moved.port}/ipp/print",)
            await site.scan()
            assert [(row.key, row.address) for row in site.devices] == [(KEY, site.targets[0])]

    named(tmp_path, free_port("udp"), pages, work, "/ipp/print")


def test_a_printer_that_tells_a_serial_number_later_stays_one_device(tmp_path: Path, free_port: FreePort) -> None:
    pages = {"/ipp/print": queue("Brother HL-L2350DW series")}

    async def work(site: NamingSite) -> None:
        await site.scan()
        pages["/ipp/print"] = queue("Brother HL-L2350DW series", serial="E78098A9N123456")
        await site.poll()
        assert [row.key for row in site.devices] == [KEY]

    named(tmp_path, free_port("udp"), pages, work, "/ipp/print")


def test_nothing_but_what_is_named_is_asked(tmp_path: Path, free_port: FreePort) -> None:
    """Neither another port nor another path, wherever the printer points to; the ports of the list hear nothing."""

    async def run() -> None:
        async with AsyncExitStack() as stack:
            other = await stack.enter_async_context(print_server({"/ipp/print": queue("Brother HL-L2350DW series")}))
            pointing = {
                "/a": Page(status=301, location=f"http://127.0.0.1:{other.port}/ipp/print"),
                "/b": Page(status=301, location="/ipp/print"),
                "/c": Page(status=426),
                "/d": NOTHING,
                "/ipp/print": queue("Brother HL-L2350DW series"),
            }
            web = await stack.enter_async_context(print_server(pointing))
            targets = tuple(f"ipp://127.0.0.1:{web.port}/{letter}" for letter in "abcd")
            site = NamingSite(tmp_path, free_port("udp"), web, targets=targets)
            scan = await site.scan()
            assert (scan.read, len(scan.failures)) == (0, 4)
            assert set(web.requests) == {"POST /a", "POST /b", "POST /c", "POST /d"}
            assert other.connections == 0

    asyncio.run(run())


def test_a_printer_with_tls_is_read_over_tls_and_never_without(tmp_path: Path, free_port: FreePort) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            printer = ipp(FULL_IPP)
            plain = Device(answer=lambda _body: Page(status=426))
            web = await stack.enter_async_context(tls_device(Device(answer=printer), tls_context(tmp_path), plain=plain))
            site = NamingSite(tmp_path, free_port("udp"), web, targets=(f"ipps://localhost:{web.port}/ipp/print",))
            assert (await site.scan()).read == 1
            assert (web.requests, plain.requests) == (["POST /ipp/print", BROTHERS_TABLE], [])
            access = site.devices[0].reading.access
            assert access is not None
            assert (access.snmp, access.http) == (None, None)
            assert (access.ipp or "").startswith("TLSv1.")
            site.targets = (f"ipp://localhost:{web.port}/ipp/print",)
            assert (await site.scan()).read == 1, "it says that it wants TLS"
            assert (web.requests[2], plain.requests[0]) == ("POST /ipp/print", "POST /ipp/print")
            assert {*web.requests[3:], *plain.requests[1:]} <= {BROTHERS_TABLE}
            silent = await stack.enter_async_context(device(answer=printer))
            site.targets = (f"ipps://localhost:{silent.port}/ipp/print",)
            assert (await site.scan()).read == 0
            assert silent.requests == []

    asyncio.run(run())


def test_hps_documents_are_asked_at_the_same_port(tmp_path: Path, free_port: FreePort) -> None:
    pages = {"/ipp/print": queue("HP Color LaserJet M255dw"), "/printers/hp": queue("HP Color LaserJet M255dw")}

    async def work(site: NamingSite) -> None:
        site.web.pages = {path: Page(body) for path, body in LEDM.items()}
        await site.scan()
        first, second = site.devices
        assert {first.key, second.key} == {"serial:HP:VNB3K00001", key_of(site.targets[1])}
        assert first.reading.access == Access(ipp="http", http="http") or second.reading.access == Access(ipp="http", http="http")
        assert {request.split()[0] for request in site.web.requests} == {"POST", "GET"}
        assert (await site.poll()).read == 2

    named(tmp_path, free_port("udp"), pages, work, *pages)


def test_one_that_does_not_answer_is_told_with_what_to_check(tmp_path: Path, free_port: FreePort) -> None:
    async def work(site: NamingSite) -> None:
        await site.scan()
        nobody = f"ipp://localhost:{free_port()}/ipp/print"
        site.targets = (site.targets[0].replace("office", "gone"), nobody)
        scan = await site.scan()
        reasons = {failure.address: str(failure.reason) for failure in scan.failures}
        assert reasons.keys() == set(site.targets)
        assert reasons[site.targets[0]].startswith("No printer answers IPP where scan.targets names it. Check host, port and path")
        assert "127.0.0.1 refuses connections to port" in reasons[nobody]
        assert not any("gone" in reason for reason in reasons.values()), "a reason may leave the site, a queue's name may not"

    named(tmp_path, free_port("udp"), QUEUES, work, "/printers/office")


@pytest.mark.parametrize(
    ("exclude", "http", "reason"), [(("127.0.0.0/8",), True, "it is excluded"), ((), False, "scan.http is off")]
)
def test_what_the_site_does_not_want_is_not_asked(
    tmp_path: Path, free_port: FreePort, exclude: tuple[str, ...], reason: str, *, http: bool
) -> None:
    async def work(site: NamingSite) -> None:
        scan = await site.scan()
        assert reason in told(scan)[0]
        assert site.web.connections == 0

    named(tmp_path, free_port("udp"), QUEUES, work, "/printers/office", host="localhost", exclude=exclude, http=http)


def test_a_name_does_not_lead_to_this_machine(tmp_path: Path, free_port: FreePort, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers for a name could have the appliance ask what only its own machine is meant to reach."""
    looked_up = socket.getaddrinfo

    def resolve(host: str, *more: Any, **options: Any) -> Any:
        return looked_up("127.0.0.1" if host == "printer.example" else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    async def work(site: NamingSite) -> None:
        scan = await site.scan()
        assert "this machine itself, which is asked only where it is named so" in told(scan)[0]
        assert site.web.connections == 0

    named(tmp_path, free_port("udp"), QUEUES, work, "/printers/office", host="printer.example")


@pytest.mark.parametrize("port", [515, 9999, *range(9100, 9117)])
def test_ports_of_printing_cannot_be_named(port: int) -> None:
    with pytest.raises(ValueError, match=f"names port {port}, a port of printing"):
        parse_ipp_target(f"ipp://localhost:{port}/ipp/print")


def test_the_host_of_a_queue_is_not_the_printer() -> None:
    async def names(*targets: str) -> list[str | None]:
        chosen = TargetSet.parse(targets)
        await chosen.resolve(HostNames(lambda _name: [(2, 2, 17, "", ("192.0.2.7", 0))]))
        return [printer.host_name for printer in chosen.printers()]

    targets = ("ipp://print.example/ipp/print", "ipp://print.example/printers/office", "ipp://192.0.2.7/ipp/print")
    assert asyncio.run(names(*targets)) == ["print.example", None, None]


@pytest.mark.parametrize(("path", "asked"), [("/ipp/print", 0), ("/printers/office", 1)])
def test_a_printer_that_is_read_over_snmp_is_not_asked_once_more(
    tmp_path: Path, free_port: FreePort, start_simulator: StartSimulator, path: str, asked: int
) -> None:
    """It serves IPP itself; a print server at the same address may have queues of other printers."""
    port = free_port("udp", OTHER)
    start_simulator("--recordings", write_recording(tmp_path / "speaking.snmprec", SPEAKING), "--base", OTHER, "--port", str(port))

    async def run() -> None:
        site = NamingSite(tmp_path, port, Device(), targets=(OTHER, f"ipp://{OTHER}{path}"))
        scan = await site.scan()
        assert [row.address for row in site.devices] == [OTHER]
        assert len(scan.failures) == asked, "nothing listens at TCP port 631"

    asyncio.run(run())
