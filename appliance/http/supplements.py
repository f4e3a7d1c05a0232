"""What is asked over HTTP: what SNMP leaves open, of devices that are awake; all that there is, where SNMP brings nothing.

- What lasts (serial numbers, firmware) is asked once a day, and again when a supply was replaced.
- What changes (the total, levels) is asked at each reading, but only of devices that had it the last time.
- A port that refused is left alone for a day, one that was silent for an hour.
- Nothing here fails a reading that SNMP has brought.
- Without SNMP a printer is who answers IPP as one. An address where none did is left alone for a week.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from appliance.common.traffic import Traffic
from appliance.http.endpoints import IPP_PORT, Endpoint, Endpoints
from appliance.http.errors import HttpError, NotAllowedError, RefusedError, SilentError
from appliance.http.ports import AllowedPorts
from appliance.http.questions import ask_ipp, ask_ledm, ledm_documents
from appliance.http.visit import HttpLimits, Visit
from appliance.reading.parts import OpenItems, Parts, needs_supplement
from appliance.reading.sources import ipp
from appliance.reading.supplement import supplement
from appliance.reading.without_snmp import says_who_it_is, settled
from appliance.report import Reading

WEB_PORTS = (80, 443)

WEEK, DAY, HOUR = 604_800.0, 86_400.0, 3_600.0
AT_ONCE = 16
_REMEMBERED = 20_000
"""Devices and ports at most; beyond, what is remembered starts anew."""

Build = Callable[[Parts], Reading]
"""Makes a reading of what a device has said over IPP."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Memory:
    """What a device said over HTTP last time."""

    until: float
    key: str
    without_snmp: bool
    """Whether it was asked for what IPP had left open, not SNMP."""
    parts: tuple[Parts, ...]
    helped: bool
    """Whether it had something that changes and that SNMP lacks."""
    levels: dict[str, float]
    """Percentages by index of the supplies then, as SNMP told them."""


class Supplements:
    """Completes readings. Made once, it remembers over scans which devices have nothing to add."""

    def __init__(
        self,
        *,
        ports: AllowedPorts | None = None,
        limits: HttpLimits | None = None,
        ipp_port: int = IPP_PORT,
        web_ports: Sequence[int] = WEB_PORTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """All but the defaults is for tests, whose servers listen elsewhere."""
        self._ports = ports or AllowedPorts()
        self._limits = limits or HttpLimits()
        self._ipp_port = ipp_port
        self._web_ports = tuple(web_ports)
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._search_slots = asyncio.Semaphore(AT_ONCE)
        self._shut: dict[tuple[str, int], float] = {}
        self._memories: dict[str, _Memory] = {}
        self._endpoints = Endpoints()
        self._no_printers: dict[str, float] = {}
        self._names_addresses = True

    def apart(self) -> "Supplements":
        """Return one that asks in the same way, knows nothing and shares nothing: for addresses that are nobody's business.

        What it learns of an address without a printer stays in memory, and is not in the log.
        """
        made = Supplements(
            ports=self._ports, limits=self._limits, ipp_port=self._ipp_port, web_ports=self._web_ports, clock=self._clock
        )
        made._names_addresses = False
        return made

    def expect(self, address: str, port: int, path: str, *, tls: bool) -> None:
        """Ask at `port` first for IPP, as the printer at `address` is said to: at a path that is known, else at the usual one."""
        try:
            self._ports.check(port)
        except NotAllowedError:
            return
        self._endpoints.expect(address, Endpoint(port, path if path in ipp.PATHS else ipp.PATHS[0], tls))

    async def complete(self, reading: Reading, traffic: Traffic) -> Reading:
        """Return `reading` with what it lacks and the device says over HTTP; `traffic` counts what that cost. Never raises."""
        return await self._complete(reading, traffic, without_snmp=False)

    async def read(self, address: str, build: Build, traffic: Traffic) -> Reading | None:
        """Return what the printer at `address` says over IPP, and HP's in its documents; None where no printer answers there.

        Raises HttpError when it cannot be asked.
        """
        async with self._slots:
            reading = await self._read(address, build, traffic)
        return reading and settled(await self._complete(reading, traffic, without_snmp=True))

    async def search(self, address: str, build: Build, traffic: Traffic, permit: Callable[[], Awaitable[None]]) -> Reading | None:
        """Return the same of an address of which nothing is known, None also where that cannot be asked.

        `permit` is awaited before anything is sent.
        """
        async with self._search_slots:
            await permit()
            try:
                reading = await self._read(address, build, traffic)
            except HttpError as error:
                if self._names_addresses:
                    log.debug("no printer was found over IPP", address=address, reason=str(error))
                reading = None
        if reading is None:
            self.leave_alone(address)
            return None
        return settled(await self._complete(reading, traffic, without_snmp=True))

    def leave_alone(self, address: str) -> None:
        """Let `address` not be searched for a week."""
        if len(self._no_printers) >= _REMEMBERED:
            self._no_printers.clear()
        self._no_printers[address] = self._clock() + WEEK

    def left_alone(self) -> dict[str, float]:
        """Return for how many seconds which addresses are still left alone."""
        now = self._clock()
        return {address: until - now for address, until in self._no_printers.items() if until > now}

    def recall_left_alone(self, seconds: Mapping[str, float]) -> None:
        """Take what `left_alone` has returned in the process before this one."""
        now = self._clock()
        self._no_printers |= {address: now + left for address, left in seconds.items()}

    def is_worth_a_search(self, address: str) -> bool:
        """Return whether `address` is not to be left alone."""
        return self._no_printers.get(address, 0.0) <= self._clock()

    async def _read(self, address: str, build: Build, traffic: Traffic) -> Reading | None:
        try:
            async with Visit(address, self._ports, self._limits, traffic) as visit:
                parts = await self._ask_ipp(visit, self._ipp_port)
            return build(parts) if parts and says_who_it_is(parts) else None
        except HttpError:
            raise
        except Exception as error:
            # An answer nobody foresaw must not cost the readings of other devices.
            if self._names_addresses:
                log.exception("a device could not be read over HTTP", address=address)
            else:
                log.error("an answer over HTTP could not be understood", fault=type(error).__name__)
            raise HttpError(f"What {address} answers cannot be understood.") from error

    async def _complete(self, reading: Reading, traffic: Traffic, *, without_snmp: bool) -> Reading:
        """Return `reading` with what it lacks; one that was made without SNMP has all of IPP already."""
        wanted, address = needs_supplement(reading), reading.device.ip
        if not wanted or not address or "reading" in reading.reasons:
            return reading
        memory = self._recall(reading, address, without_snmp=without_snmp)
        if reading.status.printer == "sleeping" or (memory and not (wanted.changing and memory.helped)):
            for parts in memory.parts if memory else ():
                reading = supplement(reading, parts.lasting())
            return reading
        async with self._slots:
            try:
                return await self._ask(reading, wanted, traffic, without_snmp=without_snmp)
            except Exception:
                # An answer nobody foresaw must not cost what SNMP has said.
                log.exception("a device could not be asked over HTTP", address=address)
                return reading

    async def _ask(self, reading: Reading, wanted: OpenItems, traffic: Traffic, *, without_snmp: bool) -> Reading:
        """Ask the device, merge what it says, and remember it."""
        completed, address = reading, reading.device.ip or ""
        said: list[Parts] = []
        seconds = DAY
        async with Visit(address, self._ports, self._limits, traffic) as visit:
            for ask in (self._hp,) if without_snmp else (self._hp, self._ipp):
                open_now = needs_supplement(completed)
                try:
                    found = await ask(visit, reading, open_now)
                except HttpError as error:
                    seconds = HOUR
                    log.debug("a device was not asked over HTTP", address=address, reason=str(error))
                    continue
                for parts in found:
                    said.append(parts)
                    completed = supplement(completed, parts)
        helped = wanted.answered_by(needs_supplement(completed))
        levels = {row.index: row.percent for row in reading.supplies if row.percent is not None}
        self._remember(address, _Memory(self._clock() + seconds, reading.device.key, without_snmp, tuple(said), helped, levels))
        return completed

    async def _hp(self, visit: Visit, reading: Reading, wanted: OpenItems) -> list[Parts]:
        """Return what the documents of LEDM say, of an HP device; what one port does not have, the next one may."""
        if reading.device.manufacturer != "HP" or not wanted:
            return []
        missing = ledm_documents(wanted)
        found: list[Parts] = []
        failure: HttpError | None = None
        without: list[int] = []
        for port in self._open_ports(visit.address, self._web_ports):
            try:
                said = await ask_ledm(visit, missing, port)
            except (RefusedError, SilentError) as error:
                self._shut_after(visit.address, port, error)
                failure = error if isinstance(error, SilentError) else failure
                continue
            except HttpError as error:
                failure, said = error, {}
            if not said:
                without.append(port)
            found += said.values()
            missing = [document for document in missing if document not in said]
            if not missing:
                break
        if found:
            for port in without:
                self._shut_for(visit.address, port, DAY)
        elif failure:
            raise failure
        return found

    async def _ipp(self, visit: Visit, _reading: Reading, wanted: OpenItems) -> list[Parts]:
        """Return what the printer says over IPP, when that may have what is still open."""
        if not replace(wanted, cartridge_serials=False):
            return []
        for port in self._open_ports(visit.address, [self._ipp_port]):
            try:
                parts = await self._ask_ipp(visit, port)
            except RefusedError as error:
                self._shut_after(visit.address, port, error)
                return []
            except SilentError as error:
                self._shut_after(visit.address, port, error)
                raise
            return [parts] if parts else []
        return []

    async def _ask_ipp(self, visit: Visit, port: int) -> Parts | None:
        tls_ports = [each for each in self._web_ports if each in self._ports.secure]
        return await ask_ipp(visit, port, tls_ports=tls_ports, endpoints=self._endpoints)

    def _open_ports(self, address: str, ports: Sequence[int]) -> list[int]:
        return [port for port in ports if self._shut.get((address, port), 0.0) <= self._clock()]

    def _shut_after(self, address: str, port: int, error: HttpError) -> None:
        self._shut_for(address, port, DAY if isinstance(error, RefusedError) else HOUR)

    def _shut_for(self, address: str, port: int, seconds: float) -> None:
        if len(self._shut) >= _REMEMBERED:
            self._shut.clear()
        self._shut[address, port] = self._clock() + seconds

    def _recall(self, reading: Reading, address: str, *, without_snmp: bool) -> _Memory | None:
        """Return what the device said, while it still holds: it is the same one, and no supply has been replaced since."""
        memory = self._memories.get(address)
        if memory is None or memory.until <= self._clock() or memory.key != reading.device.key:
            return None
        if memory.without_snmp is not without_snmp:
            return None
        risen = any(row.percent is not None and row.percent > memory.levels.get(row.index, 100.0) for row in reading.supplies)
        return None if risen else memory

    def _remember(self, address: str, memory: _Memory) -> None:
        if len(self._memories) >= _REMEMBERED:
            self._memories.clear()
        self._memories[address] = memory
