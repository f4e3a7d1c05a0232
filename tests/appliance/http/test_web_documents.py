"""Web documents over real sockets: which are asked for, when, what a reading becomes of them, and what hostile devices cost."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import pytest

from appliance.common.network.traffic import Traffic
from appliance.http.errors import HttpError
from appliance.http.ports import AllowedPorts
from appliance.http.shut_ports import DAY
from appliance.http.supplements import Supplements
from appliance.http.visit import HttpLimits
from appliance.reading.definitions.definitions import Definitions, builtin_definitions, parse
from appliance.reading.without_snmp import reading_of_parts
from appliance.report import Reading
from appliance.report.proof import unproven_in
from tests.appliance.http.documents import CONFIG, LEDM
from tests.appliance.http.web import Device, Page, device
from tests.appliance.http.web_pages import CDM, LOGIN, MNT_INFO, SYNCTHRU
from tests.appliance.reading.test_supplement import reading
from tests.conftest import FreePort

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIMITS = HttpLimits(connect_seconds=1.0, answer_seconds=0.5, visit_seconds=3.0)
NO_PRINTER = Page(status=404)


def bare(manufacturer: str, **device: object) -> Reading:
    """Return a reading by SNMP of a device that has told no more than its maker."""
    lacking = {"serial": None, "firmware": None, "key": "mac:1", "manufacturer": manufacturer}
    return reading(device=lacking | device, meters={}, supplies=())


@dataclass(slots=True)
class Site:
    """A device with web documents, and what completes its readings."""

    web: Device
    supplements: Supplements
    now: list[float] = field(default_factory=lambda: [0.0])

    async def complete(self, before: Reading, definitions: Definitions | None = None) -> Reading:
        return await self.supplements.complete(before, Traffic(), definitions)

    async def search(self) -> Reading | None:
        build = partial(reading_of_parts, address="127.0.0.1", taken_at=NOON)
        return await self.supplements.search("127.0.0.1", build, Traffic(), permit)

    async def read(self) -> Reading | None:
        build = partial(reading_of_parts, address="127.0.0.1", taken_at=NOON)
        return await self.supplements.read("127.0.0.1", build, Traffic())

    def got(self) -> list[str]:
        return [request.removeprefix("GET ") for request in self.web.requests]


async def permit() -> None:
    pass


def at_site(work: Callable[[Site], Awaitable[None]], pages: Mapping[str, Page | bytes], ipp_port: int) -> None:
    """Await `work` at a device with these pages, which does not answer IPP."""

    async def run() -> None:
        async with AsyncExitStack() as stack:
            served = {path: page if isinstance(page, Page) else Page(page) for path, page in pages.items()}
            web = await stack.enter_async_context(device(served))
            now = [0.0]
            ports = AllowedPorts([web.port, ipp_port])
            supplements = Supplements(ports=ports, limits=LIMITS, ipp_port=ipp_port, web_ports=[web.port], clock=lambda: now[0])
            await work(Site(web, supplements, now))

    asyncio.run(run())


def test_a_newer_hp_device_is_read_by_its_own_documents(free_port: FreePort) -> None:
    async def work(site: Site) -> None:
        before = bare("HP")
        after = await site.complete(before)
        assert (after.device.serial, after.device.firmware) == ("TH0AB1C2D3", "20250314")
        assert {name: after.meters[name].value for name in ("total", "total_mono", "total_color", "copy_total")} == {
            "total": 2320,
            "total_mono": 1300,
            "total_color": 1020,
            "copy_total": 300,
        }
        assert after.sources["device.serial"] == "CDM identity"
        assert site.got() == [*list(LEDM)[:2], *CDM], "two that are not there tell that the others are not, either"
        assert {"device.serial", "meters.total", "meters.copy_total", "supplies.1"} <= unproven_in(after)
        again = await site.complete(before)
        assert again.meters["total"].value == 2320
        assert site.got()[5:] == list(CDM), "what is nowhere is left alone"
        site.now[0] = DAY + 1
        await site.complete(before)
        assert site.got()[8:] == list(CDM), "the family that has answered is asked first"

    at_site(work, CDM, free_port())


def test_a_device_that_is_replaced_by_one_with_other_documents_is_read_again(free_port: FreePort) -> None:
    async def work(site: Site) -> None:
        await site.complete(bare("HP", key="mac:1"))
        site.web.pages = {path: Page(body) for path, body in LEDM.items()}
        for _ in range(2):
            site.now[0] += DAY + 1
            after = await site.complete(bare("HP", key="mac:2"))
        assert after.device.serial == "VNB3K00001"

    at_site(work, CDM, free_port())


def test_a_brother_device_is_asked_for_its_table_and_nothing_else(free_port: FreePort) -> None:
    async def work(site: Site) -> None:
        after = await site.complete(bare("Brother"))
        assert (after.device.serial, after.meters["total"].value, len(after.supplies)) == ("E70000A0N000001", 14154, 2)
        assert site.got() == ["/etc/mnt_info.csv"]
        assert "m.keller" not in after.to_json()

    at_site(work, {"/etc/mnt_info.csv": MNT_INFO}, free_port())


def test_a_samsung_device_is_read_by_its_documents(free_port: FreePort) -> None:
    async def work(site: Site) -> None:
        after = await site.complete(bare("Samsung"))
        assert (after.device.serial, after.meters["print_total"].value) == ("ZFAYB8KG000001A", 80000)
        assert after.supplies[0].serial == "CRUM-000123"
        assert "m.keller" not in after.to_json()
        assert "5550100" not in after.to_json()

    at_site(work, SYNCTHRU, free_port())


def test_what_snmp_says_stays_and_is_no_reason_to_ask(free_port: FreePort) -> None:
    async def work(site: Site) -> None:
        before = reading(device={"manufacturer": "Samsung"})
        assert await site.complete(before) == before
        assert site.got() == []
        after = await site.complete(reading(device={"manufacturer": "Samsung", "firmware": "1", "serial": None}))
        assert (after.device.serial, after.meters["total"].value) == ("ZFAYB8KG000001A", 5)
        assert unproven_in(after) >= {"device.serial"}
        assert "meters.total" not in unproven_in(after)

    at_site(work, SYNCTHRU, free_port())


def test_what_a_device_has_answered_as_its_sys_object_id_decides(free_port: FreePort) -> None:
    async def work(site: Site) -> None:
        before = bare("Nobody")
        assert await site.complete(before) == before
        after = await site.supplements.complete(
            bare("Nobody", key="mac:2"), Traffic(), None, lambda: (1, 3, 6, 1, 4, 1, 2435, 2, 3, 9, 1)
        )
        assert after.device.serial == "E70000A0N000001"

    at_site(work, {"/etc/mnt_info.csv": MNT_INFO}, free_port())


def test_a_definition_somebody_has_added_reads_a_new_model(free_port: FreePort) -> None:
    text = """
schema = 1
vendor = "Acme"
[[brand]]
name = "Acme"
enterprises = [32473]
[[web_document]]
name = "acmeUsage"
family = "acme"
path = "/usage/counters"
format = "json"
evidence = "A"
model = 'Jet 9\\d'
field = [{ at = "/pages", gives = "meters.total" }]
"""
    known = builtin_definitions()
    definitions = Definitions((*known.definitions, parse(text, "acme.toml")))

    async def work(site: Site) -> None:
        after = await site.complete(bare("Acme", model="Jet 95"), definitions)
        assert (after.meters["total"].value, unproven_in(after)) == (321, frozenset())
        for other in (bare("Acme", model="Jet 85", key="mac:2"), bare("Canon", model="Jet 95", key="mac:3")):
            assert await site.complete(other, definitions) == other
        assert site.got() == ["/usage/counters"]

    at_site(work, {"/usage/counters": b'{"pages": 321}'}, free_port())


BROTHER = {"/etc/mnt_info.csv": MNT_INFO, "/general/status.html": b"<html>"}
FIRST_PAGES = {
    "HP": Page(b"<html></html>", content_type="text/html", server="HP HTTP Server; HP Smart Tank 580"),
    "Brother": Page(status=301, location="/general/status.html"),
    "Samsung": Page(b"<title>SyncThru Web Service</title>", content_type="text/html"),
}


@pytest.mark.parametrize(
    ("maker", "pages", "key", "model"),
    [
        ("HP", CDM, "serial:HP:TH0AB1C2D3", "Smart Tank 580-590"),
        ("HP", LEDM, "serial:HP:VNB3K00001", "Color LaserJet M255dw"),
        ("Brother", BROTHER, "serial:BROTHER:E70000A0N000001", "HL-L9999DW"),
        ("Samsung", SYNCTHRU, "serial:SAMSUNG:ZFAYB8KG000001A", "M2070"),
    ],
    ids=["CDM", "LEDM", "Brother", "Samsung"],
)
def test_a_device_is_read_by_documents_alone(
    maker: str, pages: Mapping[str, bytes], key: str, model: str, free_port: FreePort
) -> None:
    async def work(site: Site) -> None:
        found = await site.search()
        assert found is not None
        assert (found.device.key, found.device.manufacturer) == (key, maker)
        assert (found.device.model or "").startswith(model)
        assert found.meters["total"].value > 0
        assert found.supplies
        asked = len(site.web.requests)
        again = await site.read()
        assert again is not None
        assert again.device.key == key
        assert "/" not in site.got()[asked:], "by what it was known is remembered"

    at_site(work, {"/": FIRST_PAGES[maker], **pages}, free_port())


@pytest.mark.parametrize(
    "page",
    [Page(b"<title>It works!</title>"), Page(status=404), Page(status=401), Page(LOGIN), Page(raw=b"SSH-2.0-x\r\n")],
    ids=["a web server", "404", "401", "login", "no http"],
)
def test_what_is_no_printer_is_asked_one_thing(page: Page, free_port: FreePort) -> None:
    async def work(site: Site) -> None:
        assert await site.search() is None
        assert len(set(site.got())) == len(site.got()) == 1
        assert not site.supplements.is_worth_a_search("127.0.0.1")

    at_site(work, {"/": page, **CDM}, free_port())


def test_who_looks_like_a_printer_and_has_no_document_is_none(free_port: FreePort) -> None:
    async def work(site: Site) -> None:
        assert await site.search() is None
        assert len(site.got()) == 3

    at_site(work, {"/": FIRST_PAGES["HP"], "/DevMgmt/ProductConfigDyn.xml": LOGIN, "/cdm/system/v1/identity": b"{}"}, free_port())


BOMB = gzip.compress(b" " * 50_000_000)
BAD_PAGES: dict[str, Page] = {
    "login": Page(LOGIN, content_type="text/html"),
    "another's": Page(MNT_INFO, content_type="text/csv"),
    "bomb": Page(raw=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(BOMB), BOMB)),
    "elsewhere": Page(status=302, location="http://192.0.2.1/cdm/system/v1/identity"),
    "name": Page(status=302, location="https://printer.example/"),
    "port of printing": Page(status=302, location="http://127.0.0.1:9100/"),
    "circle": Page(status=302, location="/sws/app/information/home/home.json"),
    "wrong set": Page(b"\xff\xfe\x00\xd8", content_type="application/json; charset=klingon"),
    "entities": Page(b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'),
    "forbidden": Page(status=401),
    "busy": Page(status=503),
    "teapot": Page(b'{"serialNumber": "S1"}', status=418),
    "half": Page(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"),
}


@pytest.mark.parametrize("case", BAD_PAGES)
def test_a_bad_document_costs_nothing_of_the_others(case: str, free_port: FreePort) -> None:
    async def work(site: Site) -> None:
        after = await site.complete(bare("Samsung"))
        assert after.device.serial is None
        assert after.meters["total"].value == 93552
        assert after.supplies[0].serial == "CRUM-000123"
        assert all(request.startswith("GET /sws/app/information/") for request in site.web.requests)

    at_site(work, {**SYNCTHRU, "/sws/app/information/home/home.json": BAD_PAGES[case]}, free_port())


@asynccontextmanager
async def endless(head: bytes, chunk: bytes, pause: float) -> AsyncIterator[tuple[int, list[int]]]:
    """Serve what never ends; yield the port, and how many octets each visitor has taken."""
    taken: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        position = len(taken)
        taken.append(0)
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head)
            while True:
                writer.write(chunk)
                await writer.drain()
                taken[position] += len(chunk)
                await asyncio.sleep(pause)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], taken
    finally:
        server.close()


@pytest.mark.parametrize(
    ("head", "chunk", "pause"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", b"x" * 65536, 0.0),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536, 0.0),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n", 0.0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" ", 0.05),
        (b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n", 0.05),
    ],
    ids=["1 GB", "without end", "chunks without end", "slow", "slow head"],
)
def test_what_never_ends_is_ended(head: bytes, chunk: bytes, pause: float, free_port: FreePort) -> None:
    async def run() -> None:
        async with endless(head, chunk, pause) as (port, taken):
            ipp_port = free_port()
            supplements = Supplements(ports=AllowedPorts([port, ipp_port]), limits=LIMITS, ipp_port=ipp_port, web_ports=[port])
            before = bare("Brother")
            async with asyncio.timeout(LIMITS.visit_seconds + 2):
                assert await supplements.complete(before, Traffic()) == before
            assert sum(taken) < 8 << 20

    asyncio.run(run())


def test_a_device_that_cannot_be_asked_is_told_apart_from_one_that_is_none(free_port: FreePort) -> None:
    async def run() -> None:
        ports = [free_port(), free_port()]
        supplements = Supplements(ports=AllowedPorts(ports), limits=LIMITS, ipp_port=ports[0], web_ports=ports[1:])
        with pytest.raises(HttpError):
            await supplements.read("127.0.0.1", partial(reading_of_parts, address="127.0.0.1", taken_at=NOON), Traffic())

    asyncio.run(run())


def test_a_document_of_ledm_names_its_source(free_port: FreePort) -> None:
    async def work(site: Site) -> None:
        after = await site.complete(bare("HP"))
        assert after.sources["device.serial"] == "LEDM ProductConfigDyn"
        assert after.device.description == "HP Color LaserJet M255dw"

    at_site(work, {"/DevMgmt/ProductConfigDyn.xml": CONFIG}, free_port())
