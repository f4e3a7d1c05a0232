"""Printers that answer IPP, or with web documents, and no SNMP: found where SNMP brings nothing, and read so from then on."""

from datetime import datetime
from functools import partial

import structlog

from appliance.common.clock import utc_now
from appliance.common.message import Message
from appliance.discovery.pacing import PacketBucket
from appliance.http.errors import HttpError
from appliance.http.supplements import Build, Supplements
from appliance.privacy.people import scrub
from appliance.reading.without_snmp import reading_of_parts
from appliance.report import Reading
from appliance.service.scans.devices import DeviceAnswer, Known
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.service.scans.quiet_gate import QuietGate
from appliance.snmp.agent import Agent, AgentProfile

NO_IPP = Message(
    "It answers neither IPP nor with its web documents, by which it is read because SNMP brings nothing. Check that it is on, that "
    "IPP (TCP port 631), its web server or SNMP is enabled on it, and that no firewall stands between."
)
_PACKETS = 2
"""What silence costs: the first packet of TCP and its repetition."""

log = structlog.get_logger()


class IppReader:
    """Asks devices without SNMP, for one scan; what it costs is counted there."""

    def __init__(self, supplements: Supplements, options: ScanOptions, scan: Scan, gate: QuietGate, bucket: PacketBucket) -> None:
        self._supplements = supplements
        self._options = options
        self._scan = scan
        self._gate = gate
        self._bucket = bucket

    async def search(self, device: Known) -> DeviceAnswer | None:
        """Return what a printer says that nobody knows, None where none answers; SNMP was asked in vain just now.

        An address where none has answered is not asked again for a week, unless a person wants everything to be asked.
        """
        address = device.address
        if not (self._options.in_full or self._supplements.is_worth_a_search(address)):
            return None
        traffic = self._scan.traffic.of("ipp_search")
        reading = await self._supplements.search(address, self._build(device), traffic, self._permit, self._options.definitions)
        if reading is None:
            return None
        self._scan.reading_asked += 1
        return self._answer(device, reading, utc_now())

    def leave_alone(self, address: str) -> None:
        """Let `address` not be searched for a week."""
        self._supplements.leave_alone(address)

    async def read(self, device: Known, asked_at: datetime) -> DeviceAnswer | None:
        """Return what a device says, None where no printer answers; it was asked over SNMP in vain at `asked_at`."""
        self._scan.reading_asked += 1
        await self._permit()
        try:
            traffic, definitions = self._scan.traffic.of("http"), self._options.definitions
            reading = await self._supplements.read(device.address, self._build(device), traffic, definitions)
        except HttpError as error:
            log.debug("a device was not read by IPP", address=device.address, reason=str(error))
            return None
        return None if reading is None else self._answer(device, reading, asked_at)

    def _build(self, device: Known) -> Build:
        return partial(
            reading_of_parts,
            address=device.address,
            taken_at=utc_now(),
            hostname=device.hostname,
            definitions=self._options.definitions,
        )

    def _answer(self, device: Known, reading: Reading, asked_at: datetime) -> DeviceAnswer:
        self._scan.reading_answering += 1
        return DeviceAnswer(scrub(reading), Agent(device.address, device.port), "", AgentProfile(), asked_at, self._scan.id)

    async def _permit(self) -> None:
        await self._gate.opened()
        for _ in range(_PACKETS):
            await self._bucket.permit()
