"""What a scan has encoded once the next scan does not encode again."""

import asyncio
from dataclasses import replace

from appliance.service.scans.devices import DeviceAnswer, Known
from appliance.service.scans.memory.scan_memory import ScanMemory
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.service.scans.scan_run import ScanRun
from appliance.settings.model import Settings
from appliance.snmp.templates import Query, Template, Templates
from tests.conftest import StartSimulator


class Encoded(Templates):
    """Counts the requests that had to be encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def get(self, query: Query) -> Template:
        before = len(self)
        template = super().get(query)
        self.count += len(self) - before
        return template


def test_a_scan_encodes_hardly_any_request_that_an_earlier_one_has_sent(start_simulator: StartSimulator) -> None:
    fleet = start_simulator("--fleet", "demo")
    templates = Encoded()
    readings: list[DeviceAnswer] = []

    async def keep(answer: DeviceAnswer) -> None:
        readings.append(answer)

    async def read() -> None:
        options = replace(ScanOptions.from_settings(Settings()), port=fleet.port, http=False)
        known = [Known(address, fleet.port) for address in fleet.addresses]
        profiles = {(answer.agent.address, answer.agent.port): answer.profile for answer in readings}
        memory = ScanMemory(profiles=profiles, templates=templates)
        await ScanRun(options, Scan("read"), keep, memory=memory).read(known)

    asyncio.run(read())
    asyncio.run(read())
    encoded = templates.count
    assert encoded > 0
    asyncio.run(read())
    assert len(readings) == 3 * len(fleet.addresses)
    # Printers print, so now and then something else is asked of one.
    assert templates.count - encoded <= encoded // 10
