"""A scan completes what SNMP leaves open over HTTP, counts it, and lets no other device wait for it."""

import asyncio
from dataclasses import replace

import pytest

from appliance.common.network.traffic import UnitCost
from appliance.http.ports import AllowedPorts
from appliance.http.supplements import Supplements
from appliance.report import Reading
from appliance.service.scans.devices import DeviceAnswer, Known
from appliance.service.scans.memory.scan_memory import ScanMemory
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.service.scans.scan_run import ScanRun
from appliance.settings.model import Settings
from tests.appliance.http.documents import consumable, ledm
from tests.appliance.http.web import Device, Page, device
from tests.conftest import RunningSimulator, StartSimulator

PATH = "/DevMgmt/ConsumableConfigDyn.xml"
CARTRIDGES = ledm("ConsumableConfigDyn", consumable("K", 42, "CN9012345") + consumable("C", 96, "CN9012346"))


async def read(
    fleet: RunningSimulator, web: Device, *, http: bool = True, kept: list[Reading] | None = None, told: asyncio.Event | None = None
) -> tuple[list[Reading], Scan]:
    """Return the readings of all printers of `fleet`; the ports of the web are those of `web`."""
    readings = [] if kept is None else kept
    scan = Scan("read")
    options = replace(ScanOptions.from_settings(Settings()), port=fleet.port, http=http)
    supplements = Supplements(ports=AllowedPorts([web.port]), ipp_port=web.port, web_ports=[web.port])

    async def keep(answer: DeviceAnswer) -> None:
        readings.append(answer.reading)
        if told:
            told.set()

    await ScanRun(options, scan, keep, memory=ScanMemory(supplements=supplements)).read(
        [Known(address, fleet.port) for address in fleet.addresses]
    )
    return readings, scan


def test_an_hp_printer_gets_the_serial_numbers_of_its_cartridges(start_simulator: StartSimulator) -> None:
    fleet = start_simulator("--fleet", "1")
    assert "-hp-" in fleet.printers[0]["name"]

    async def run() -> tuple[Reading, Reading, Scan, Scan]:
        async with device({PATH: Page(CARTRIDGES)}, address=fleet.addresses[0]) as web:
            [without], plain = await read(fleet, web, http=False)
            assert web.requests == []
            [completed], scan = await read(fleet, web)
            assert f"GET {PATH}" in web.requests
        return without, completed, plain, scan

    without, completed, plain, scan = asyncio.run(run())
    serials = {row.color: row.serial for row in completed.supplies}
    assert (serials["black"], serials["cyan"], serials["magenta"]) == ("CN9012345", "CN9012346", None)
    assert not any(row.serial for row in without.supplies)
    assert [row.percent for row in completed.supplies] == [row.percent for row in without.supplies]
    assert completed.device.key == without.device.key
    assert scan.traffic.of("http").bytes_received > len(CARTRIDGES)
    assert scan.units()["first_read_http"] == UnitCost(1, scan.traffic.of("http").bytes)
    assert [purpose for purpose, _ in plain.traffic] == ["first_read"]


def test_a_web_page_that_hangs_delays_no_other_device(start_simulator: StartSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.service.scans.scan_run.READ_AT_ONCE", 1)
    fleet = start_simulator("--fleet", "4")

    async def run() -> None:
        released, told = asyncio.Event(), asyncio.Event()
        kept: list[Reading] = []
        async with device({PATH: Page(CARTRIDGES, wait=released)}, address=fleet.addresses[0]) as web:
            work = asyncio.create_task(read(fleet, web, kept=kept, told=told))
            while len(kept) < 3:
                told.clear()
                await asyncio.wait_for(told.wait(), 30)
            assert fleet.addresses[0] not in {reading.device.ip for reading in kept}
            released.set()
            await work
        assert {reading.device.ip for reading in kept} == set(fleet.addresses)

    asyncio.run(run())
