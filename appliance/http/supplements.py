"""What SNMP leaves open, asked over HTTP: only of devices that are awake, and no oftener than it can help.

- What lasts (serial numbers, firmware) is asked once a day, and again when a supply was replaced.
- What changes (the total, levels) is asked at each reading, but only of devices that had it the last time.
- A port that refused is left alone for a day, one that was silent for an hour.
- Nothing here fails a reading.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from appliance.common.traffic import Traffic
from appliance.http.endpoints import IPP_PORT, Endpoints
from appliance.http.errors import HttpError, RefusedError, SilentError
from appliance.http.ports import AllowedPorts
from appliance.http.questions import ask_ipp, ask_ledm, ledm_documents
from appliance.http.visit import HttpLimits, Visit
from appliance.reading.parts import OpenItems, Parts, needs_supplement
from appliance.reading.supplement import supplement
from appliance.report import Reading

WEB_PORTS = (80, 443)

DAY, HOUR = 86_400.0, 3_600.0
AT_ONCE = 16
_REMEMBERED = 20_000
"""Devices and ports at most; beyond, what is remembered starts anew."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Memory:
    """What a device said over HTTP last time."""

    until: float
    key: str
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
        self._shut: dict[tuple[str, int], float] = {}
        self._memories: dict[str, _Memory] = {}
        self._endpoints = Endpoints()

    async def complete(self, reading: Reading, traffic: Traffic) -> Reading:
        """Return `reading` with what it lacks and the device says over HTTP; `traffic` counts what that cost. Never raises."""
        wanted, address = needs_supplement(reading), reading.device.ip
        if not wanted or not address or "reading" in reading.reasons:
            return reading
        memory = self._recall(reading, address)
        if reading.status.printer == "sleeping" or (memory and not (wanted.changing and memory.helped)):
            for parts in memory.parts if memory else ():
                reading = supplement(reading, parts.lasting())
            return reading
        async with self._slots:
            try:
                return await self._ask(reading, wanted, address, traffic)
            except Exception:
                # An answer nobody foresaw must not cost what SNMP has said.
                log.exception("a device could not be asked over HTTP", address=address)
                return reading

    async def _ask(self, reading: Reading, wanted: OpenItems, address: str, traffic: Traffic) -> Reading:
        """Ask the device, merge what it says, and remember it."""
        completed = reading
        said: list[Parts] = []
        seconds = DAY
        async with Visit(address, self._ports, self._limits, traffic) as visit:
            for ask in (self._hp, self._ipp):
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
        self._remember(address, _Memory(self._clock() + seconds, reading.device.key, tuple(said), helped, levels))
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
        tls_ports = [port for port in self._web_ports if port in self._ports.secure]
        for port in self._open_ports(visit.address, [self._ipp_port]):
            try:
                parts = await ask_ipp(visit, port, tls_ports=tls_ports, endpoints=self._endpoints)
            except RefusedError as error:
                self._shut_after(visit.address, port, error)
                return []
            except SilentError as error:
                self._shut_after(visit.address, port, error)
                raise
            return [parts] if parts else []
        return []

    def _open_ports(self, address: str, ports: Sequence[int]) -> list[int]:
        return [port for port in ports if self._shut.get((address, port), 0.0) <= self._clock()]

    def _shut_after(self, address: str, port: int, error: HttpError) -> None:
        self._shut_for(address, port, DAY if isinstance(error, RefusedError) else HOUR)

    def _shut_for(self, address: str, port: int, seconds: float) -> None:
        if len(self._shut) >= _REMEMBERED:
            self._shut.clear()
        self._shut[address, port] = self._clock() + seconds

    def _recall(self, reading: Reading, address: str) -> _Memory | None:
        """Return what the device said, while it still holds: it is the same one, and no supply has been replaced since."""
        memory = self._memories.get(address)
        if memory is None or memory.until <= self._clock() or memory.key != reading.device.key:
            return None
        risen = any(row.percent is not None and row.percent > memory.levels.get(row.index, 100.0) for row in reading.supplies)
        return None if risen else memory

    def _remember(self, address: str, memory: _Memory) -> None:
        if len(self._memories) >= _REMEMBERED:
            self._memories.clear()
        self._memories[address] = memory
