"""Visits of a scan to SNMP agents: what a device is asked, what is remembered of its agent, and whether it is who it was."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from appliance.common.clock import utc_now
from appliance.common.errors import SnmpError
from appliance.common.message import Message
from appliance.discovery.pacing import PacketBucket
from appliance.discovery.sweep.sweep import Found
from appliance.privacy.people import scrub
from appliance.report import Reading
from appliance.report.device_keys import are_of_one_serial, device_key
from appliance.service.scans.devices import DeviceAnswer, Known
from appliance.service.scans.memory.scan_memory import ScanMemory
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.snmp.agent import AgentProfile
from appliance.snmp.client import Agent, SnmpClient
from appliance.snmp.values import Objects

if TYPE_CHECKING:
    from appliance.reading.device import PollResult

LEARN_AGAIN = timedelta(days=30)
"""Firmware is updated, and packets get lost at the wrong moment: what was held against an agent is tried again after this."""


class AgentVisits:
    """The visits of one scan. What they learn of agents and devices goes into `memory`, for the scans that follow."""

    def __init__(self, options: ScanOptions, scan: Scan, memory: ScanMemory, bucket: PacketBucket) -> None:
        self._options = options
        self._scan = scan
        self._memory = memory
        self._bucket = bucket

    def recall(self, known: Iterable[Known]) -> None:
        """Take what earlier visits have learned about agents this process has not visited yet."""
        for device in known:
            if device.profile:
                self._memory.profiles.setdefault((device.address, device.port), device.profile)

    async def visit(self, client: SnmpClient, agent: Agent, device: Known, *, probed: Objects | None = None) -> Reading:
        """Ask for what changes where that is enough, else for everything; `probed` is what a sweep has been told just now."""
        from appliance.reading.device import visit_device  # noqa: PLC0415 - loaded with the first device, not with the program

        said = await self._poll(client, agent, device)
        if said is None:
            with self._scan.counting("first_read", "first_read") as traffic:
                session = client.session(
                    agent, traffic, profile=self.profile(agent), pace=self._bucket.permit, was_heard=probed is not None
                )
                said = await visit_device(
                    session, taken_at=utc_now(), hostname=device.hostname, definitions=self._options.definitions, probed=probed
                )
        place = agent.address, agent.port
        if said.snapshot is None:
            self._memory.snapshots.pop(place, None)
        else:
            self._memory.snapshots[place] = said.snapshot
        # Names of documents and people go no further than this, whatever becomes of the reading.
        return scrub(said.reading)

    def was_full(self, answer: DeviceAnswer) -> bool:
        """Return whether an answer came of asking for everything."""
        snapshot = self._memory.snapshots.get((answer.agent.address, answer.agent.port))
        return snapshot is None or snapshot.full_at == answer.reading.taken_at

    async def _poll(self, client: SnmpClient, agent: Agent, device: Known) -> "PollResult | None":
        """Return what the device said to a poll, None where it has to be read in full."""
        from appliance.reading.device import poll_device  # noqa: PLC0415 - loaded with the first device, not with the program
        from appliance.reading.polling import is_due  # noqa: PLC0415

        snapshot = self._memory.snapshots.get((agent.address, agent.port))
        if snapshot is None or self._options.in_full or is_due(agent.address, snapshot.full_at, utc_now()):
            return None
        with self._scan.counting("poll", "poll") as traffic:
            session = client.session(agent, traffic, profile=self.profile(agent), pace=self._bucket.permit)
            return await poll_device(
                session, snapshot, taken_at=utc_now(), hostname=device.hostname, definitions=self._options.definitions
            )

    def learn(self, found: Found) -> None:
        """Spare the visit the trials of the sweep: above all the silence of an agent that speaks SNMPv1 alone."""
        known = self._memory.profiles.setdefault((found.address, found.agent.port), found.profile)
        known.version = found.profile.version
        known.max_varbinds = min(known.max_varbinds, found.profile.max_varbinds)

    def forget_version(self, agent: Agent) -> None:
        """Try all versions at the next visit: a device that speaks SNMPv1 alone may have been replaced by one that never does."""
        self.profile(agent).version = None

    def profile(self, agent: Agent) -> AgentProfile:
        """Return what is known of an agent, kept for the next visits; only its table lengths where that was learnt long ago."""
        profile = self._memory.profiles.setdefault((agent.address, agent.port), AgentProfile())
        if utc_now() - profile.learned_at > LEARN_AGAIN:
            profile = self._memory.profiles[agent.address, agent.port] = AgentProfile(rows=profile.rows)
        return profile

    async def visit_known(self, client: SnmpClient, agent: Agent, device: Known) -> Reading:
        """Read what should be a known device; something that is no printer may have taken its address."""
        reading = await self.visit(client, agent, device)
        known, told = device.key, reading.device.key
        by_mac = device_key(None, None, reading.device.mac, agent.address) if reading.device.mac else told
        another = known is not None and known not in (told, by_mac) and not are_of_one_serial(told, known)
        if another and "reading" in reading.reasons and reading.device.serial is None:
            # Half an answer tells nothing of another device: it is the one that was known here.
            return reading.model_copy(update={"device": reading.device.model_copy(update={"key": device.key})})
        if another:
            self._memory.profiles[agent.address, agent.port] = AgentProfile(version=self.profile(agent).version)
        if another and reading.status.printer == "unknown" and not (reading.meters or reading.supplies or reading.trays):
            raise SnmpError(
                Message(
                    "Another device answers SNMP at %(address)s now, and it is no imaging device. The next sweep "
                    "finds where this one has gone.",
                    address=agent.address,
                )
            )
        return reading
