"""Where a printer is said to answer over IPP is asked first, if it may be asked at all; addresses that are nobody's business."""

import asyncio
from functools import partial

from structlog.testing import capture_logs

from appliance.common.clock import utc_now
from appliance.common.network.traffic import Traffic
from appliance.http.ports import AllowedPorts
from appliance.http.supplements import Supplements
from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.without_snmp import reading_of_parts
from appliance.report import Reading
from tests.appliance.http.documents import FULL_IPP
from tests.appliance.http.web import Page, device
from tests.ports import free_port

ADDRESS = "127.0.0.1"
IPP = Page(FULL_IPP, content_type="application/ipp")


async def at_once() -> None:
    return


async def searched(supplements: Supplements) -> Reading | None:
    build = partial(reading_of_parts, address=ADDRESS, taken_at=utc_now(), hostname=None, definitions=builtin_definitions())
    return await supplements.search(ADDRESS, build, Traffic(), at_once)


def test_a_printer_is_found_at_the_port_it_announces() -> None:
    async def main() -> tuple[Reading | None, list[str]]:
        async with device({}, answer=lambda _body: IPP) as web:
            supplements = Supplements(ports=AllowedPorts([web.port]), ipp_port=free_port(), web_ports=[])
            supplements.expect(ADDRESS, web.port, "/ipp/port1", tls=False)
            return await searched(supplements), web.requests

    reading, requests = asyncio.run(main())
    assert reading is not None
    assert requests[0] == "POST /ipp/port1"


def test_a_queue_or_a_page_that_is_announced_is_not_asked() -> None:
    async def main() -> list[str]:
        async with device({}, answer=lambda _body: IPP) as web:
            supplements = Supplements(ports=AllowedPorts([web.port]), ipp_port=web.port, web_ports=[])
            supplements.expect(ADDRESS, web.port, "/printers/m.keller", tls=False)
            await searched(supplements)
            return web.requests

    assert asyncio.run(main()) == ["POST /ipp/print"]


def test_a_port_that_may_not_be_dialled_is_not_asked_whoever_announces_it() -> None:
    async def main() -> int:
        async with device({}, answer=lambda _body: IPP) as web:
            supplements = Supplements(ports=AllowedPorts(), ipp_port=631, web_ports=[])
            supplements.expect(ADDRESS, web.port, "/ipp/print", tls=False)
            await searched(supplements)
            return web.connections

    assert asyncio.run(main()) == 0


def test_what_is_asked_apart_is_in_no_note_and_in_no_log() -> None:
    async def main(*, apart: bool) -> tuple[set[str], str]:
        supplements = Supplements(ports=AllowedPorts(), ipp_port=free_port(), web_ports=[])
        with capture_logs() as events:
            assert await searched(supplements.apart() if apart else supplements) is None
        return set(supplements.left_alone()), str(events)

    assert asyncio.run(main(apart=True)) == (set(), "[]")
    noted, log = asyncio.run(main(apart=False))
    assert noted == {ADDRESS}
    assert ADDRESS in log
