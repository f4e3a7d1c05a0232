"""Devices that stop answering half-way: said so, under the key they are known by, and the credentials are not blamed."""

import asyncio
from dataclasses import replace

import pytest

from appliance.commands.asking import Gathered
from appliance.common.network.traffic import Traffic
from appliance.reading.sources import objects as mib
from appliance.service.scans.devices import DeviceAnswer, Known
from appliance.service.scans.hosts import answers_ping
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.service.scans.scan_run import ScanRun
from appliance.settings.model import Settings
from appliance.snmp.agent import SnmpOptions
from tests.appliance.reading.test_polling import PRINTER
from tests.appliance.snmp.messages import Asked
from tests.appliance.snmp.responder import Responder, responding

HERE = "127.0.0.1"
SERIAL = mib.PRT_GENERAL_SERIAL_NUMBER.instance(1)


async def read(answers: int, *, key: str | None = None, credential: str | None = None) -> tuple[list[DeviceAnswer], Scan]:
    """Read a printer without a serial number that answers so many requests and no more."""

    def dies(responder: Responder, request: Asked) -> list[bytes]:
        return [responder.rule(request)] if len(responder.asked) <= answers else []

    shown = {oid: value for oid, value in PRINTER.items() if oid != SERIAL}
    read: list[DeviceAnswer] = []
    scan = Scan("read")

    async def keep(answer: DeviceAnswer) -> None:
        read.append(answer)

    async with responding(shown, dies) as responder:
        options = replace(ScanOptions.from_settings(Settings()), port=responder.port, http=False)
        options = replace(options, snmp=SnmpOptions(timeout=0.1, retries=0, budget=2.0))
        known = Known(HERE, responder.port, key=key, credential=credential or options.credentials[0].name)
        known = known if credential is None or credential else replace(known, credential=None)
        await ScanRun(options, scan, keep).read([known])
    return read, scan


@pytest.mark.parametrize("answers", [1, 2, 3])
def test_half_an_answer_is_said_to_be_one_and_stays_under_the_key_that_is_known(answers: int) -> None:
    [answer], scan = asyncio.run(read(answers, key="serial:HP:PHBQ9012345"))
    assert answer.reading.device.key == "serial:HP:PHBQ9012345"
    assert answer.reading.device.serial is None
    assert answer.reading.reasons["device.serial"] == "not read"
    assert [failure.address for failure in scan.partial] == [HERE]
    assert "only in part" in scan.partial[0].reason
    assert not scan.failures
    assert [failure["address"] for failure in Gathered(scan).failures()] == [HERE], "the commands do not end with 0"


def test_a_device_that_answered_before_is_not_said_to_have_other_credentials() -> None:
    async def main() -> tuple[Scan, Scan, bool]:
        return (await read(0))[1], (await read(0, credential=""))[1], await answers_ping(HERE, Traffic())

    before, never, pings = asyncio.run(main())
    if not pings:
        pytest.skip("this process may not ping")
    assert "Packets may be lost" in before.failures[0].reason
    assert "--community" not in before.failures[0].reason
    assert "--community" in never.failures[0].reason
