"""A look for printers beside the ranges: at what announces itself by DNS-SD, and at the addresses that routers know.

- What is named so is nothing but addresses. Whether a printer is there, the ordinary discovery finds out, at the pace of the site.
- What is no printer stays in memory, for as long as it takes: it is neither stored nor logged nor told. Sentences about it count.
- A printer that answers at an address of its own already (say by IPv4) is not found once more by another one.
- Each source and each router by itself: one that floods, lies or is silent costs the others nothing.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from appliance.common.errors import ControlError, DcaError
from appliance.common.message import Message, message_of
from appliance.discovery.announcements import Announcements, ask_networks
from appliance.discovery.candidates import Candidates, Permitted
from appliance.discovery.credentials import Credential, covering
from appliance.discovery.neighbours import MOST_ROWS, NeighbourTable
from appliance.discovery.pacing import PacketBucket
from appliance.discovery.sweep.sweep import SweepProgress
from appliance.discovery.targets import TargetSet
from appliance.report.device_keys import are_alike
from appliance.service.scans.devices import DeviceAnswer
from appliance.service.scans.memory.scan_memory import ScanMemory
from appliance.service.scans.options import ScanOptions, router_credentials
from appliance.service.scans.progress import Scan
from appliance.service.scans.quiet_gate import QuietGate
from appliance.service.scans.scan_run import ScanRun
from appliance.settings.model import Settings
from appliance.snmp.client import SnmpClient, SnmpOptions

Source = Literal["dns_sd", "neighbours"]
"""How a printer was found: also the purpose under which the packets count."""
Take = Callable[[DeviceAnswer, Source], Awaitable[None]]
"""Takes a printer that was found."""
Ask = Callable[[], Awaitable[Announcements]]

MOST_OF_A_LOOK: Final = 16_384
"""Addresses that are asked in one look, whoever names them: at the usual pace that takes a few minutes."""
ROUTER_SECONDS: Final = 120.0
ROUTER_ROWS: Final = 25
"""Rows asked for in one GETBULK of a router, which has more of them than a printer."""
DNS_SD: Final = Message("DNS-SD")


@dataclass(frozen=True, slots=True)
class Look:
    """What one look is to do."""

    settings: Settings
    options: ScanOptions
    scan: Scan
    decided: Collection[str]
    """Addresses of printers that wait, or are not wanted."""
    known: set[str]
    """Keys of the devices that answer; those found are added."""
    take: Take
    asked: set[str] = field(default_factory=set)
    """Addresses that were asked: what several name is asked once."""


class Finder:
    """Looks, with what scans share; what it learns of addresses without a printer it shares with nobody."""

    def __init__(self, memory: ScanMemory, gate: QuietGate, clock: Callable[[], float], ask: Ask = ask_networks) -> None:
        """`ask` is for tests."""
        self._memory = memory
        self._gate = gate
        self._clock = clock
        self._ask = ask
        self._apart = memory.supplements.apart()

    async def look(self, look: Look) -> list[str]:
        """Look at all that the settings allow; return what people should know of it, without any address of others."""
        total, notes = SweepProgress(traffic=look.scan.traffic), list[str]()
        if look.settings.scan.dns_sd:
            notes += await self._announced(look, total)
        if look.settings.scan.neighbours:
            notes += await self._neighbours(look, total)
        look.scan.doing, look.scan.sweep, look.scan.addresses = "", total, total.addresses
        return notes

    async def _announced(self, look: Look, total: SweepProgress) -> list[str]:
        look.scan.doing = Message("asking by DNS-SD which printers announce themselves")
        await self._gate.opened()
        try:
            heard = await self._ask()
        except ControlError as error:
            return [message_of(error)]
        look.scan.traffic.of("dns_sd").add(heard.traffic)
        candidates = Candidates(Permitted(look.settings, look.decided))
        for service in sorted(heard.services, key=lambda each: each.tls):
            for address in service.addresses:
                text = candidates.take(address)
                if text and service.port:
                    self._apart.expect(text, service.port, service.path, tls=service.tls)
                    self._memory.supplements.expect(text, service.port, service.path, tls=service.tls)
        await self._check(look, "dns_sd", candidates, total)
        flood = [] if heard.whole else [Message("DNS-SD: more was announced than is taken. The rest was left out.")]
        return [*flood, *candidates.notes(DNS_SD)]

    async def _neighbours(self, look: Look, total: SweepProgress) -> list[str]:
        credentials = router_credentials(look.settings)
        if not credentials:
            return [Message("No router was asked: no credential has the name that scan.router_credential names.")]
        if not look.settings.scan.routers:
            return [Message("No router was asked: none is named in scan.routers.")]
        notes: list[str] = []
        permitted = Permitted(look.settings, look.decided)
        for router in look.settings.scan.routers:
            candidates = Candidates(permitted)
            look.scan.doing = Message("asking %(router)s for its neighbours", router=router)
            notes += await self._ask_router(look, router, credentials, candidates)
            await self._check(look, "neighbours", candidates, total)
            notes += candidates.notes(router)
        return notes

    async def _ask_router(self, look: Look, router: str, credentials: Sequence[Credential], candidates: Candidates) -> list[str]:
        """Put the neighbours of a router into `candidates`; return why they are not all of them."""
        if not may_be_asked(look.settings, router):
            return [
                Message(
                    "%(router)s was not asked: it is excluded, or outside the networks that may be scanned.",
                    router=router,
                )
            ]
        snmp = look.options.snmp
        options = SnmpOptions(snmp.timeout, snmp.retries, ROUTER_SECONDS, ROUTER_ROWS)
        bucket = PacketBucket(look.options.packets_per_second, self._clock)
        fitting = covering(credentials, router)
        reason: str = Message("no credential of that name is for it")
        async with SnmpClient(options, self._memory.security, self._memory.templates) as client:
            for credential in fitting:
                await self._gate.opened()
                try:
                    agent = credential.agent(router, look.options.port)
                    session = client.session(agent, look.scan.traffic.of("neighbours"), pace=bucket.permit)
                    table = NeighbourTable(session)
                    async for address in table.addresses():
                        candidates.take(address)
                except DcaError as error:
                    reason = message_of(error)
                    continue
                return [_partly(router, table)] if table.partial else []
        return [Message("The neighbours of %(router)s are not known: %(reason)s", router=router, reason=reason)]

    async def _check(self, look: Look, source: Source, candidates: Candidates, total: SweepProgress) -> None:
        """Find out which of `candidates` are printers, and hand those over that are new."""
        new = [address for address in candidates.addresses if address not in look.asked]
        addresses = new[: max(0, MOST_OF_A_LOOK - len(look.asked))]
        candidates.left_out += len(new) - len(addresses)
        look.asked.update(addresses)
        if not addresses:
            return
        scan, part = look.scan, Scan("sweep")
        scan.doing, scan.sweep, scan.addresses = "", part.sweep, len(addresses)

        async def keep(answer: DeviceAnswer) -> None:
            key = answer.reading.device.key
            if key in look.known or any(are_alike(key, other) for other in look.known):
                return
            look.known.add(key)
            scan.devices += 1
            scan.read += 1
            await look.take(answer, source)

        targets = TargetSet.parse(addresses, look.settings.scan.exclude, look.settings.guardrails.networks)
        with _counted(scan, part, source, total):
            run = ScanRun(look.options, part, keep, memory=self._own_memory(look), gate=self._gate)
            await run.sweep(targets, thorough=True, silent_too=source == "dns_sd")

    def _own_memory(self, look: Look) -> ScanMemory:
        """Return what the discovery may remember in: what was read at once is polled later, of others nothing is to stay."""
        if look.settings.scan.new_devices == "add":
            return replace(self._memory, supplements=self._apart)
        return ScanMemory(supplements=self._apart, security=self._memory.security, templates=self._memory.templates)


@contextmanager
def _counted(scan: Scan, part: Scan, source: Source, total: SweepProgress) -> Iterator[None]:
    """Count all that a part of a look costs under its source, and what it found out, also where it is cut off."""
    try:
        yield
    finally:
        scan.traffic.of(source).add(part.traffic.total())
        scan.failures += part.failures
        part.sweep.addresses = part.addresses
        total.include(part.sweep)


def may_be_asked(settings: Settings, router: str) -> bool:
    """Return whether a router may be contacted: a person has named it, and neither guardrails nor exclusions forbid it."""
    try:
        return router in TargetSet.parse([router], settings.scan.exclude, settings.guardrails.networks)
    except DcaError:
        return False


def _partly(router: str, table: NeighbourTable) -> Message:
    if table.rows >= table.most_rows:
        return Message(
            "The neighbour table of %(router)s has more than %(most)d rows. Those behind were left out.",
            router=router,
            most=MOST_ROWS,
        )
    return Message("The neighbour table of %(router)s was read in part: %(reason)s.", router=router, reason=table.partial)
