"""Printers that answer IPP, or with web documents, and no SNMP: found where SNMP brings nothing, and read so from then on."""

from datetime import datetime
from functools import partial

import structlog

from appliance.common.clock import utc_now
from appliance.common.message import Message, message_of, sentences
from appliance.discovery.pacing import PacketBucket
from appliance.http.endpoints import Endpoint
from appliance.http.errors import HttpError
from appliance.http.supplements import Build, Supplements
from appliance.privacy.people import scrub
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
NO_PRINTER = Message(
    "No printer answers IPP where scan.targets names it. Check host, port and path there (ipp-usb: /ipp/print at port 60000 and "
    "above, CUPS: /printers/NAME), that it is on, and that it needs no login."
)
NOT_READ = Message("It cannot be asked by IPP where scan.targets names it: check host, port and path there, and that it is on.")
NOT_ASKED = Message("It is read by IPP alone, and scan.http is off. Switch that on, or take it out of scan.targets.")
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

    async def read_named(self, device: Known) -> DeviceAnswer | str:
        """Return what a printer says where a target names it, or why it could not be read."""
        printer = device.printer
        if printer is None:
            raise ValueError(f"no target names {device.address}")
        self._scan.reading_asked += 1
        await self._permit()
        target, traffic = printer.target, self._scan.traffic.of("http")
        endpoint = Endpoint(target.port, target.path, target.tls)
        try:
            reading = await self._supplements.read_named(
                target.uri, printer.address, endpoint, self._build(device), traffic, definitions=self._options.definitions
            )
        except HttpError as error:
            return sentences(NOT_READ, message_of(error))
        return NO_PRINTER if reading is None else self._answer(device, reading, None)

    def _build(self, device: Known) -> Build:
        from appliance.reading.without_snmp import reading_of_parts  # noqa: PLC0415 - loaded with the first device, not with the program

        return partial(
            reading_of_parts,
            address=device.printer.address if device.printer else device.address,
            place=device.address,
            taken_at=utc_now(),
            hostname=device.hostname,
            definitions=self._options.definitions,
        )

    def _answer(self, device: Known, reading: Reading, asked_at: datetime | None) -> DeviceAnswer:
        self._scan.reading_answering += 1
        printer = device.printer
        agent = Agent(printer.address, self._options.port) if printer else Agent(device.address, device.port)
        uri = device.address if printer else ""
        return DeviceAnswer(scrub(reading), agent, "", AgentProfile(), asked_at, self._scan.id, uri)

    async def _permit(self) -> None:
        await self._gate.opened()
        for _ in range(_PACKETS):
            await self._bucket.permit()
