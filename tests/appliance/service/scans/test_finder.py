"""A look beside the ranges, with agents that the test decides: IPv6, routers that are silent, sources that fail."""

import asyncio
import ipaddress
import time
from contextlib import AsyncExitStack
from datetime import UTC
from typing import Any

from appliance.common.errors import ControlError
from appliance.discovery.announcements import Announced, Announcements
from appliance.discovery.neighbours import IP_NET_TO_PHYSICAL_TYPE
from appliance.service.scans.devices import DeviceAnswer
from appliance.service.scans.finder import Finder, Look, Source
from appliance.service.scans.memory.scan_memory import ScanMemory
from appliance.service.scans.options import ScanOptions, printer_credentials, router_credentials
from appliance.service.scans.progress import Scan
from appliance.service.scans.quiet_gate import QuietGate
from appliance.settings.address_ranges import Address
from appliance.settings.model import Settings
from appliance.snmp.values import Oid, Value
from tests.appliance.definitions.device import DEVICE_DESCR, SERIAL, SYS_DESCR, SYS_OBJECT_ID, objects, oid_value
from tests.appliance.snmp.messages import integer
from tests.appliance.snmp.responder import Responder, responding
from tests.ports import free_port

ROUTER, SILENT_ROUTER = "127.0.0.1", "127.92.41.1"
PRINTER = objects(
    {
        SYS_DESCR: "Acme Laser",
        SYS_OBJECT_ID: oid_value("1.3.6.1.4.1.2435.2.3.9.1"),
        DEVICE_DESCR: "Brother HL-L9999",
        "1.3.6.1.2.1.25.3.2.1.2.1": oid_value("1.3.6.1.2.1.25.3.1.5"),
        "1.3.6.1.2.1.25.3.5.1.1.1": 3,
        SERIAL: "E12345X6N789012",
    }
)
OF_IPV6: tuple[Oid, Value] = ((*IP_NET_TO_PHYSICAL_TYPE.oid, 2, 2, 16, *(0,) * 15, 1), integer(3))


def settings(port: int, **scan: Any) -> Settings:
    """Return the settings of a site with a credential for routers."""
    credentials = [{"name": "printers", "community": "public"}, {"name": "routers", "community": "public"}]
    return Settings.model_validate(
        {
            "scan": {"neighbours": True, "routers": [ROUTER], "router_credential": "routers", "http": False, **scan},
            "snmp": {"credentials": credentials, "port": port, "timeout_seconds": 0.3, "retries": 0},
            "guardrails": {"networks": ["127.0.0.0/8", "::1"]},
        }
    )


async def nothing() -> Announcements:
    return Announcements()


async def looked(wanted: Settings, ask: Any = nothing) -> tuple[list[tuple[str, Source]], list[str], Scan]:
    """Return what was found, the notes and the scan."""
    found: list[tuple[str, Source]] = []

    async def take(answer: DeviceAnswer, by: Source) -> None:
        found.append((answer.agent.address, by))

    scan = Scan("find")
    finder = Finder(ScanMemory(), QuietGate(UTC), time.monotonic, ask)
    notes = await finder.look(Look(wanted, ScanOptions.from_settings(wanted), scan, (), set(), take))
    return found, notes, scan


async def serve(stack: AsyncExitStack, port: int) -> tuple[Responder, Responder]:
    """Serve a router that knows one neighbour by IPv6, and the printer there."""
    router = await stack.enter_async_context(responding(dict([OF_IPV6]), port=port))
    printer = await stack.enter_async_context(responding(PRINTER, host="::1", port=port))
    return router, printer


def test_a_printer_that_a_router_knows_by_ipv6_is_found() -> None:
    async def main() -> tuple[list[tuple[str, Source]], list[str], Scan]:
        port = free_port("udp")
        async with AsyncExitStack() as stack:
            await serve(stack, port)
            return await looked(settings(port))

    found, notes, scan = asyncio.run(main())
    assert (found, notes) == ([("::1", "neighbours")], [])
    assert [purpose for purpose, _ in scan.traffic] == ["neighbours"]
    assert (scan.devices, scan.addresses) == (1, 1)


def test_a_router_that_is_silent_is_named_and_the_others_are_asked() -> None:
    async def main() -> tuple[list[tuple[str, Source]], list[str], Scan]:
        port = free_port("udp")
        async with AsyncExitStack() as stack:
            await serve(stack, port)
            return await looked(settings(port, routers=[SILENT_ROUTER, ROUTER]))

    found, notes, _ = asyncio.run(main())
    assert found == [("::1", "neighbours")]
    assert len(notes) == 1
    assert f"The neighbours of {SILENT_ROUTER} are not known" in notes[0]


def test_where_asking_by_multicast_fails_that_is_told_and_the_routers_are_asked() -> None:
    async def failing() -> Announcements:
        raise ControlError("Asking by DNS-SD has failed: no interface of this machine takes part in multicast")

    async def main() -> tuple[list[tuple[str, Source]], list[str], Scan]:
        port = free_port("udp")
        async with AsyncExitStack() as stack:
            await serve(stack, port)
            return await looked(settings(port, dns_sd=True), failing)

    found, notes, _ = asyncio.run(main())
    assert found == [("::1", "neighbours")]
    assert "takes part in multicast" in notes[0]


def test_what_both_name_is_asked_once() -> None:
    async def announcing() -> Announcements:
        addresses: tuple[Address, ...] = (ipaddress.ip_address("::1"),)
        return Announcements((Announced(addresses, 631, "/ipp/print", tls=False),))

    async def main() -> tuple[list[tuple[str, Source]], Scan]:
        port = free_port("udp")
        async with AsyncExitStack() as stack:
            await serve(stack, port)
            found, _, scan = await looked(settings(port, dns_sd=True), announcing)
            return found, scan

    found, scan = asyncio.run(main())
    assert found == [("::1", "dns_sd")]
    assert scan.addresses == 1


def test_the_credential_of_routers_is_taken_from_all_others() -> None:
    wanted = settings(161)
    assert [each.name for each in printer_credentials(wanted)] == ["printers"]
    assert [each.name for each in router_credentials(wanted)] == ["routers"]
    unset = settings(161, router_credential="")
    assert [each.name for each in printer_credentials(unset)] == ["printers", "routers"]
    assert router_credentials(unset) == ()
