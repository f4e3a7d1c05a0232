"""What is asked over HTTP: what SNMP leaves open, of devices that are awake; all that there is, where SNMP brings nothing.

- What lasts (serial numbers, firmware) is asked once a day, and again when a supply was replaced.
- What changes (the total, levels) is asked at each reading, but only of devices that had it the last time.
- A port that refused is left alone for a day, one that was silent for an hour.
- Nothing here fails a reading that SNMP has brought.
- Web documents that a definition prefers come before IPP, the others after it: for what IPP leaves open.
- Without SNMP a printer is who answers IPP as one, or has a web document that says which device it is. An address where none did is
  left alone for a week.
- A printer that the site names by where it serves IPP is asked there and nowhere else.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import structlog

from appliance.common.network.traffic import Traffic
from appliance.http.endpoints import IPP_PORT, Endpoint, Endpoints
from appliance.http.errors import HttpError, NotAllowedError, RefusedError, SilentError
from appliance.http.place import Place
from appliance.http.ports import AllowedPorts
from appliance.http.questions import ask_ipp, ask_named
from appliance.http.shut_ports import DAY, HOUR, ShutPorts
from appliance.http.visit import HttpLimits, Visit
from appliance.http.web_documents import WebDocuments, documents_for
from appliance.reading.definitions.definitions import Definitions, builtin_definitions
from appliance.reading.definitions.document_schema import WebDocumentSpec
from appliance.reading.parts import OpenItems, Parts, needs_supplement, says_who_it_is
from appliance.reading.sources.ipp import PATHS
from appliance.reading.supplement import supplement
from appliance.report import Reading
from appliance.snmp.values import Oid

WEB_PORTS = (80, 443)

WEEK = 604_800.0
AT_ONCE = 16
_REMEMBERED = 20_000
"""Devices and ports at most; beyond, what is remembered starts anew."""

Build = Callable[[Parts], Reading]
"""Makes a reading of what a device has said over IPP, or in a web document."""
Question = Callable[[OpenItems], Awaitable[list[Parts]]]
"""Asks a device for what is open."""


class Visits(Protocol):
    """Makes a visit to the device at an address, which `traffic` counts."""

    def __call__(self, address: str, *, traffic: Traffic) -> AbstractAsyncContextManager[Visit]:
        """Return the visit."""
        ...


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
        visits: Visits | None = None,
    ) -> None:
        """`visits` are those of recordings; all else but the defaults is for tests, whose servers listen elsewhere."""
        self._ports = ports or AllowedPorts()
        self._visits = visits
        self._limits = limits or HttpLimits()
        self._ipp_port = ipp_port
        self._web_ports = tuple(web_ports)
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._search_slots = asyncio.Semaphore(AT_ONCE)
        self._shut = ShutPorts(clock)
        self._documents = WebDocuments(self._shut, clock)
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
        self._endpoints.expect(address, Endpoint(port, path if path in PATHS else PATHS[0], tls))

    async def complete(
        self,
        reading: Reading,
        traffic: Traffic,
        definitions: Definitions | None = None,
        object_id: Callable[[], Oid | None] | None = None,
    ) -> Reading:
        """Return `reading` with what it lacks and the device says over HTTP; `traffic` counts what that cost. Never raises.

        `definitions` are those in force, the built-in ones by default: they say which web documents a device may have; `object_id`
        returns its sysObjectID, and is called only where it is needed.
        """
        place, known = self._place(reading.device.ip or ""), definitions or builtin_definitions()
        return await self._complete(reading, traffic, place, known, without_snmp=False, object_id=object_id)

    async def read_named(
        self, uri: str, address: str, endpoint: Endpoint, build: Build, traffic: Traffic, *, definitions: Definitions | None = None
    ) -> Reading | None:
        """Return what the printer at `endpoint` of `address` says over IPP, None where none answers there. Raises HttpError.

        `uri` is what the site names it by. Where the path is one of printers, not of a print server, its web documents are asked
        at the same port.
        """
        web_ports = (endpoint.port,) if endpoint.path in PATHS else ()
        ports = self._ports.only(endpoint.port, tls=endpoint.tls)
        return await self._read_at(Place(uri, address, ports, web_ports, endpoint), build, traffic, definitions)

    async def read(self, address: str, build: Build, traffic: Traffic, definitions: Definitions | None = None) -> Reading | None:
        """Return what the printer at `address` says over IPP and in its web documents; None where no printer answers there.

        Raises HttpError when it cannot be asked.
        """
        return await self._read_at(self._place(address), build, traffic, definitions)

    async def search(
        self,
        address: str,
        build: Build,
        traffic: Traffic,
        permit: Callable[[], Awaitable[None]],
        definitions: Definitions | None = None,
    ) -> Reading | None:
        """Return the same of an address of which nothing is known, None also where that cannot be asked.

        `permit` is awaited before anything is sent.
        """
        place, known = self._place(address), definitions or builtin_definitions()
        async with self._search_slots:
            await permit()
            try:
                reading = await self._read(place, build, traffic, known)
            except HttpError as error:
                if self._names_addresses:
                    log.debug("no printer was found over IPP", address=address, reason=str(error))
                reading = None
        if reading is None:
            self.leave_alone(address)
            return None
        return _settled(await self._complete(reading, traffic, place, known, without_snmp=True))

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

    def _place(self, address: str) -> Place:
        return Place(address, address, self._ports, self._web_ports)

    def _visit(self, place: Place, traffic: Traffic) -> AbstractAsyncContextManager[Visit]:
        if self._visits is not None:
            return self._visits(place.address, traffic=traffic)
        return Visit(place.address, place.ports, self._limits, traffic)

    async def _read_at(self, place: Place, build: Build, traffic: Traffic, definitions: Definitions | None) -> Reading | None:
        known = definitions or builtin_definitions()
        async with self._slots:
            reading = await self._read(place, build, traffic, known)
        return reading and _settled(await self._complete(reading, traffic, place, known, without_snmp=True))

    async def _read(self, place: Place, build: Build, traffic: Traffic, definitions: Definitions) -> Reading | None:
        address = place.address
        try:
            async with self._visit(place, traffic) as visit:
                parts = await self._who_it_is(visit, place, definitions)
            return build(parts) if parts else None
        except HttpError:
            raise
        except Exception as error:
            # An answer nobody foresaw must not cost the readings of other devices.
            if self._names_addresses:
                log.exception("a device could not be read over HTTP", address=address)
            else:
                log.error("an answer over HTTP could not be understood", fault=type(error).__name__)
            raise HttpError(f"What {address} answers cannot be understood.") from error

    async def _who_it_is(self, visit: Visit, place: Place, definitions: Definitions) -> Parts | None:
        """Return what a device without SNMP says of itself: over IPP, else in a web document. Raises HttpError."""
        if place.named:
            parts = await ask_named(visit, place.named)
            return parts if parts and says_who_it_is(parts) else None
        failure: HttpError | None = None
        ipp_ports = [self._ipp_port]
        for port in self._shut.open(visit.address, ipp_ports) if self._documents.knows(place) else ipp_ports:
            try:
                parts = await self._ask_ipp(visit, port)
            except HttpError as error:
                failure = error
                if isinstance(error, RefusedError | SilentError):
                    self._shut.after(visit.address, port, error)
                continue
            if parts and says_who_it_is(parts):
                return parts
        try:
            found = await self._documents.identify(visit, place, definitions)
        except HttpError as error:
            found, failure = None, failure or error
        if found is None and failure:
            raise failure
        return found

    async def _complete(
        self,
        reading: Reading,
        traffic: Traffic,
        place: Place,
        definitions: Definitions,
        *,
        without_snmp: bool,
        object_id: Callable[[], Oid | None] | None = None,
    ) -> Reading:
        """Return `reading` with what it lacks; one that was made without SNMP has all of IPP already."""
        wanted = needs_supplement(reading)
        if not wanted or not place.address or "reading" in reading.reasons:
            return reading
        memory = self._recall(reading, place.name, without_snmp=without_snmp)
        if reading.status.printer == "sleeping" or (memory and not (wanted.changing and memory.helped)):
            for parts in memory.parts if memory else ():
                reading = supplement(reading, parts.lasting())
            return reading
        async with self._slots:
            try:
                documents = documents_for(reading, definitions, object_id() if object_id else None)
                return await self._ask(reading, wanted, traffic, place, documents, without_snmp=without_snmp)
            except Exception:
                # An answer nobody foresaw must not cost what SNMP has said.
                log.exception("a device could not be asked over HTTP", address=place.address)
                return reading

    async def _ask(
        self,
        reading: Reading,
        wanted: OpenItems,
        traffic: Traffic,
        place: Place,
        documents: Sequence[WebDocumentSpec],
        *,
        without_snmp: bool,
    ) -> Reading:
        """Ask the device, merge what it says, and remember it."""
        completed = reading
        said: list[Parts] = []
        seconds = DAY
        async with self._visit(place, traffic) as visit:
            questions: dict[str, Question] = {
                "preferred documents": partial(self._documents.complete, visit, place, documents, preferred=True),
                **({} if without_snmp else {"IPP": partial(self._ipp, visit)}),
                "documents": partial(self._documents.complete, visit, place, documents, preferred=False),
            }
            for name, ask in questions.items():
                try:
                    found = await ask(needs_supplement(completed))
                except HttpError as error:
                    seconds = HOUR
                    log.debug("a device was not asked over HTTP", address=place.address, question=name, reason=str(error))
                    continue
                for parts in found:
                    said.append(parts)
                    completed = supplement(completed, parts)
        helped = wanted.answered_by(needs_supplement(completed))
        levels = {row.index: row.percent for row in reading.supplies if row.percent is not None}
        self._remember(place.name, _Memory(self._clock() + seconds, reading.device.key, without_snmp, tuple(said), helped, levels))
        return completed

    async def _ipp(self, visit: Visit, wanted: OpenItems) -> list[Parts]:
        """Return what the printer says over IPP, when that may have what is still open."""
        if not replace(wanted, cartridge_serials=False):
            return []
        for port in self._shut.open(visit.address, [self._ipp_port]):
            try:
                parts = await self._ask_ipp(visit, port)
            except RefusedError as error:
                self._shut.after(visit.address, port, error)
                return []
            except SilentError as error:
                self._shut.after(visit.address, port, error)
                raise
            return [parts] if parts else []
        return []

    async def _ask_ipp(self, visit: Visit, port: int) -> Parts | None:
        tls_ports = [each for each in self._web_ports if each in self._ports.secure]
        return await ask_ipp(visit, port, tls_ports=tls_ports, endpoints=self._endpoints)

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


def _settled(reading: Reading) -> Reading:
    from appliance.reading.without_snmp import settled  # noqa: PLC0415 - loaded with the first device, not with the program

    return settled(reading)
