"""When devices are asked over HTTP, what becomes of the answers, and when they are left alone."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.common.network.traffic import Traffic
from appliance.http.ports import AllowedPorts
from appliance.http.shut_ports import DAY
from appliance.http.supplements import Supplements
from appliance.http.visit import HttpLimits
from appliance.report import Meter, Reading, Status
from tests.appliance.http.documents import FULL_IPP, INTEGER, LEDM, PATHS, attribute, collection, ipp_answer
from tests.appliance.http.web import Device, Page, device, tls_context, tls_device
from tests.appliance.reading.test_supplement import reading, supply
from tests.conftest import FreePort

IPP = Page(FULL_IPP, content_type="application/ipp")
OPEN_ALL = {"device": {"serial": None, "firmware": None, "key": "mac:1"}, "meters": {}, "supplies": ()}


@dataclass(slots=True)
class Site:
    """A device with web pages and IPP, and what completes its readings."""

    web: Device
    ipp: Device
    supplements: Supplements
    now: list[float] = field(default_factory=lambda: [0.0])
    traffic: Traffic = field(default_factory=Traffic)

    async def complete(self, before: Reading) -> Reading:
        return await self.supplements.complete(before, self.traffic)

    def asked(self) -> int:
        return len(self.web.requests) + len(self.ipp.requests)


def at_site(work: Callable[[Site], object], *, limits: HttpLimits | None = None, answer: Page = IPP) -> None:
    """Await what `work` returns of a site with one device."""

    async def run() -> None:
        async with AsyncExitStack() as stack:
            pages = {path: Page(body) for path, body in LEDM.items()}
            web = await stack.enter_async_context(device(pages))
            ipp = await stack.enter_async_context(device(answer=lambda _body: answer))
            now = [0.0]
            supplements = Supplements(
                ports=AllowedPorts([web.port, ipp.port]),
                limits=limits,
                ipp_port=ipp.port,
                web_ports=[web.port],
                clock=lambda: now[0],
            )
            await work(Site(web, ipp, supplements, now))  # type: ignore[misc]

    asyncio.run(run())


def test_a_reading_is_completed_over_ipp() -> None:
    async def work(site: Site) -> None:
        after = await site.complete(reading(**OPEN_ALL))
        assert (after.device.serial, after.device.firmware, after.device.location) == ("E78098A9N123456", "ZF", "Room 7")
        assert after.meters["total"].value == 5120
        assert len(after.supplies) == 3
        assert after.sources["device.serial"] == "IPP"
        assert site.ipp.requests == ["POST /ipp/print"]
        assert site.web.requests == [], "only HP devices are asked for LEDM"
        assert site.traffic.bytes_sent > 500

    at_site(work)


def test_an_hp_device_is_asked_for_its_documents_and_for_ipp_only_what_is_open_then() -> None:
    async def work(site: Site) -> None:
        before = reading(**(OPEN_ALL | {"device": {**OPEN_ALL["device"], "manufacturer": "HP"}}))  # type: ignore[dict-item]
        after = await site.complete(before)
        assert (after.device.serial, after.meters["total"].value, len(after.supplies)) == ("VNB3K00001", 5000, 4)
        assert site.web.requests == [f"GET {path}" for path in PATHS]
        assert site.web.connections == 1
        assert after.sources["device.serial"] == "LEDM ProductConfigDyn"

    at_site(work)


def test_only_the_document_that_is_needed_is_asked_for() -> None:
    async def work(site: Site) -> None:
        after = await site.complete(reading(device={"manufacturer": "HP"}))
        assert site.web.requests == ["GET /DevMgmt/ConsumableConfigDyn.xml"]
        assert site.ipp.requests == []
        assert after.supplies[0].serial == "9012345"
        assert after.supplies[0].percent == 50, "the level of SNMP stays"

    at_site(work)


SPLIT = Page(
    ipp_answer(collection("printer-impressions-completed-col", {"monochrome": 3, "full-color": 2, "blank": 1})),
    content_type="application/ipp",
)


def test_mono_and_colour_complete_the_total_of_a_device_that_prints_colour() -> None:
    async def work(site: Site) -> None:
        before = reading(device={"color": True}, reasons={"meters.total_mono": "not reported"})
        for _ in range(2):
            after = await site.complete(before)
            assert {name: (meter.value, meter.source[:4].strip()) for name, meter in after.meters.items()} == {
                "total": (5, "SNMP"),
                "total_mono": (3, "IPP"),
                "total_color": (2, "IPP"),
                "blank_total": (1, "IPP"),
            }
            assert after.reasons == {}
        assert site.asked() == 2, "what helped is asked at each reading"

    at_site(work, answer=SPLIT)


@pytest.mark.parametrize(("member", "meter"), [("monochrome", "total_mono"), ("full-color", "total_color")])
def test_one_of_the_two_is_asked_for_at_each_reading_where_the_printer_has_no_more(member: str, meter: str) -> None:
    async def work(site: Site) -> None:
        for _ in range(2):
            assert (await site.complete(reading(device={"color": True}))).meters[meter].value == 3
        assert site.asked() == 2

    answer = ipp_answer(collection("printer-impressions-completed-col", {member: 3}))
    at_site(work, answer=Page(answer, content_type="application/ipp"))


def test_mono_and_colour_of_an_hp_device_come_from_its_documents() -> None:
    async def work(site: Site) -> None:
        after = await site.complete(
            reading(
                device={"color": True, "manufacturer": "HP"},
                meters={"total": Meter(value=4990, unit="impressions", source="SNMP")},
                supplies=(supply(percent=50, serial="1", state="ok"),),
            )
        )
        meters = [after.meters[name].value for name in ("total", "total_mono", "total_color")]
        assert meters == [4990, 3000, 2000]
        assert (site.web.requests, site.ipp.requests) == (["GET /DevMgmt/ProductUsageDyn.xml"], [])

    at_site(work)


@pytest.mark.parametrize("color", [None, False])
def test_a_device_that_prints_no_colour_is_not_asked_how_much_of_it(color: bool | None) -> None:
    async def work(site: Site) -> None:
        before = reading(device={"color": color})
        assert await site.complete(before) == before
        assert site.asked() == 0

    at_site(work, answer=SPLIT)


SCRIPT = b"<html><script>location = '/login'</script></html>"


@pytest.mark.parametrize(
    "plain",
    [
        Page(status=301, location="https://npi000000.example/DevMgmt"),
        Page(status=302, location="http://NPI000000/"),
        Page(status=403),
        Page(status=404),
        Page(status=503),
        Page(SCRIPT, content_type="text/html"),
        Page(raw=b"\x00\x01"),
    ],
    ids=["own name", "plain name", "403", "404", "503", "script", "no http"],
)
def test_documents_that_the_plain_port_does_not_have_are_read_over_tls(plain: Page, tmp_path: Path) -> None:
    async def run() -> None:
        secure = Device(pages={path: Page(body) for path, body in LEDM.items()})
        async with device(dict.fromkeys(LEDM, plain)) as web, tls_device(secure, tls_context(tmp_path)):
            ports = AllowedPorts([web.port], secure=[secure.port])
            supplements = Supplements(ports=ports, ipp_port=web.port, web_ports=[web.port, secure.port])
            before = reading(**(OPEN_ALL | {"device": {**OPEN_ALL["device"], "manufacturer": "HP"}}))  # type: ignore[dict-item]
            for times in (1, 2):
                after = await supplements.complete(before, Traffic())
                assert (after.device.serial, after.meters["total"].value, len(after.supplies)) == ("VNB3K00001", 5000, 4)
                assert secure.requests == [f"GET {path}" for path in PATHS] * times
            asked = [request for request in web.requests if request.startswith("GET")]
            assert len(asked) <= len(PATHS), "the second time it is known that it has none"

    asyncio.run(run())


def test_only_the_document_that_the_plain_port_refuses_is_read_over_tls(tmp_path: Path) -> None:
    async def run() -> None:
        secure = Device(pages={path: Page(body) for path, body in LEDM.items()})
        pages = {path: Page(body) for path, body in LEDM.items()} | {PATHS[2]: Page(status=403)}
        async with device(pages) as web, tls_device(secure, tls_context(tmp_path)):
            ports = AllowedPorts([web.port], secure=[secure.port])
            supplements = Supplements(ports=ports, ipp_port=web.port, web_ports=[web.port, secure.port])
            before = reading(**(OPEN_ALL | {"device": {**OPEN_ALL["device"], "manufacturer": "HP"}}))  # type: ignore[dict-item]
            after = await supplements.complete(before, Traffic())
            assert (after.device.serial, len(after.supplies)) == ("VNB3K00001", 4)
            assert secure.requests == [f"GET {PATHS[2]}"]

    asyncio.run(run())


def test_a_device_without_documents_is_asked_at_both_ports_once_a_day(tmp_path: Path) -> None:
    async def run() -> None:
        secure = Device()
        async with device() as web, tls_device(secure, tls_context(tmp_path)):
            ports = AllowedPorts([web.port], secure=[secure.port])
            supplements = Supplements(ports=ports, ipp_port=web.port, web_ports=[web.port, secure.port])
            before = reading(device={"manufacturer": "HP"})
            for _ in range(3):
                assert await supplements.complete(before, Traffic()) == before
            newer = "/cdm/supply/v1/suppliesPublic"
            assert web.requests == secure.requests == [f"GET {PATHS[2]}", f"GET {newer}"]

    asyncio.run(run())


@pytest.mark.parametrize(
    "before",
    [
        reading(),
        reading(**OPEN_ALL, status=Status(printer="sleeping")),
        reading(**OPEN_ALL, reasons={"reading": "its budget was spent"}),
    ],
    ids=["whole", "sleeping", "partial"],
)
def test_a_device_is_left_alone(before: Reading) -> None:
    async def work(site: Site) -> None:
        assert await site.complete(before) == before
        assert site.asked() == 0

    at_site(work)


def test_what_lasts_is_asked_once_a_day() -> None:
    async def work(site: Site) -> None:
        before = reading(device={"serial": None, "key": "mac:1"})
        for _ in range(3):
            assert (await site.complete(before)).device.serial == "E78098A9N123456"
        assert site.asked() == 1
        site.now[0] = DAY + 1
        await site.complete(before)
        assert site.asked() == 2

    at_site(work)


def test_a_device_that_sleeps_keeps_the_serial_number_it_told() -> None:
    async def work(site: Site) -> None:
        await site.complete(reading(device={"serial": None, "key": "mac:1"}))
        asleep = reading(device={"serial": None, "key": "mac:1"}, meters={}, status=Status(printer="sleeping"))
        after = await site.complete(asleep)
        assert after.device.serial == "E78098A9N123456"
        assert after.meters == {}, "a meter of another time is no meter"
        assert site.asked() == 1

    at_site(work)


def test_another_device_at_the_address_is_asked_anew() -> None:
    async def work(site: Site) -> None:
        await site.complete(reading(device={"serial": None, "key": "mac:1"}))
        await site.complete(reading(device={"serial": None, "key": "mac:2"}))
        assert site.asked() == 2

    at_site(work)


def test_a_cartridge_is_asked_for_again_when_it_was_replaced() -> None:
    async def work(site: Site) -> None:
        def at(percent: int) -> Reading:
            return reading(device={"manufacturer": "HP"}, supplies=(supply(level=percent, capacity=100, percent=percent),))

        for percent, asked in ((50, 1), (40, 1), (100, 2), (99, 2)):
            await site.complete(at(percent))
            assert site.asked() == asked

    at_site(work)


def test_what_changes_is_asked_each_time_where_it_helped() -> None:
    async def work(site: Site) -> None:
        for _ in range(3):
            assert (await site.complete(reading(meters={}))).meters["total"].value == 5120
        assert site.asked() == 3

    at_site(work)


def test_what_changes_is_asked_once_a_day_where_it_did_not_help() -> None:
    async def work(site: Site) -> None:
        for _ in range(3):
            await site.complete(reading(meters={}))
        assert site.asked() == 1

    at_site(work, answer=Page(ipp_answer(attribute(0x41, "printer-location", "x")), content_type="application/ipp"))


@pytest.mark.parametrize(
    "answer",
    [
        Page(FULL_IPP, content_type=""),
        Page(FULL_IPP, content_type="application/octet-stream"),
        Page(FULL_IPP, content_type="text/html"),
        Page(FULL_IPP[:-1], content_type="application/ipp"),
        Page(ipp_answer(attribute(INTEGER, "printer-impressions-completed", 5120), request_id=0), content_type="application/ipp"),
    ],
    ids=["no type", "octets", "wrong type", "no end", "no request id"],
)
def test_an_answer_that_bends_the_rules_is_read(answer: Page) -> None:
    async def work(site: Site) -> None:
        assert (await site.complete(reading(meters={}))).meters["total"].value == 5120
        assert site.asked() == 1

    at_site(work, answer=answer)


@pytest.mark.parametrize(
    "answer",
    [
        Page(b"garbage", content_type="application/ipp"),
        Page(b"<html>", content_type="text/html"),
        Page(status=404),
        Page(raw=b"\x00\x01"),
        Page(ipp_answer(status=0x0406), content_type="application/ipp"),
        Page(b"x" * 2_000_000, content_type="application/ipp"),
    ],
    ids=["garbage", "html", "absent", "no http", "not found", "huge"],
)
def test_a_bad_answer_costs_nothing_of_the_reading(answer: Page) -> None:
    async def work(site: Site) -> None:
        before = reading(device={"serial": None, "key": "mac:1"})
        assert await site.complete(before) == before

    at_site(work, answer=answer)


def test_a_refused_port_is_left_alone_for_a_day(free_port: FreePort) -> None:
    port, now, traffic = free_port(), [0.0], Traffic()

    async def run() -> None:
        supplements = Supplements(ports=AllowedPorts([port]), ipp_port=port, web_ports=[port], clock=lambda: now[0])
        attempts = []
        for moment in (0.0, DAY / 2, DAY - 1, DAY + 1):
            now[0] = moment
            before = traffic.packets_sent
            assert await supplements.complete(reading(meters={}), traffic) == reading(meters={})
            attempts.append(traffic.packets_sent - before)
        assert attempts == [1, 0, 0, 1]

    asyncio.run(run())


def test_a_device_that_hangs_costs_little_and_delays_nobody_else() -> None:
    async def work(site: Site) -> None:
        async def timed(before: Reading) -> float:
            await site.complete(before)
            return time.monotonic() - began

        began = time.monotonic()
        hanging = reading(**OPEN_ALL)
        whole = reading()
        slow, quick = await asyncio.gather(timed(hanging), timed(whole))
        assert quick < slow < 10
        assert quick < 0.4

    at_site(work, limits=HttpLimits(answer_seconds=0.5), answer=Page(wait=asyncio.Event()))
