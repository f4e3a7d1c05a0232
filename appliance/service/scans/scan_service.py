"""What a sweep and a reading of the known devices are in the service: from the settings to the store."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any

import structlog

from appliance.common.clock import utc_now
from appliance.common.errors import ControlError
from appliance.common.message import Message, message_of
from appliance.common.network.traffic import TrafficByPurpose
from appliance.discovery.targets import TargetSet
from appliance.http.supplements import WEEK, Supplements
from appliance.reading.definitions.definitions import Definitions, builtin_definitions
from appliance.reading.definitions.listing import listing
from appliance.service.collector.collector_notes import CollectorNotes
from appliance.service.scans.deciding import Deciding
from appliance.service.scans.devices import DeviceAnswer, Known, Resume
from appliance.service.scans.finder import Finder, Look, Take
from appliance.service.scans.known_devices import devices_to_read, read_over_snmp
from appliance.service.scans.memory.left_alone import note_of, seconds_of
from appliance.service.scans.memory.resume_point import NOTE_SECONDS, ResumePoint
from appliance.service.scans.memory.scan_history import ScanHistory
from appliance.service.scans.memory.scan_memory import ScanMemory
from appliance.service.scans.memory.snapshots import SnapshotKeeper
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.service.scans.quiet_gate import QuietGate
from appliance.service.scans.reading_writer import ReadingWriter
from appliance.service.scans.scan_run import ScanRun
from appliance.service.scans.scan_slot import ScanSlot
from appliance.service.scans.trial_reading import TrialReading, choose, read_a_few
from appliance.settings.model import Settings
from appliance.settings.quiet_times import time_of_week
from appliance.settings.scan_targets import wanted_targets
from appliance.store.store import Store

LEFT_ALONE = "left_alone"
"""The note of the addresses no printer is looked for at."""
GATE_SECONDS = 0.5
"""How often a running scan looks whether a quiet time has begun or ended."""

log = structlog.get_logger()


class ScanService:
    """Starts scans by the settings in force, one at a time; `on_idle` is called after each."""

    def __init__(
        self,
        settings: Settings,
        writer: ReadingWriter,
        notes: CollectorNotes,
        on_idle: Callable[[Scan], None],
        zone: tzinfo = UTC,
        *,
        supplements: Supplements | None = None,
    ) -> None:
        """`zone` is the time zone of the site, in which its quiet times are written; `supplements` is for tests."""
        self.settings = settings
        self.gate = QuietGate(zone)
        self.history = ScanHistory()
        self.scans = ScanSlot(self._ended)
        self._traffic = TrafficByPurpose()
        self._writer = writer
        self._notes = notes
        self._on_idle = on_idle
        self._missed: dict[str, str] = {}
        self._everyone = False
        self._abandoned = False
        self._definitions = builtin_definitions()
        self._snapshots = SnapshotKeeper(self._definitions)
        self._decides = self._deciding()
        self._memory = ScanMemory(snapshots=self._snapshots.current, supplements=supplements or Supplements())
        self._finder = Finder(self._memory, self.gate, time.monotonic)
        self.look_notes: list[str] = []
        """What people should know of the last look beside the ranges."""

    def take_definitions(self, definitions: Definitions) -> str | None:
        """Take the vendor definitions for all scans from now on; return what is wrong with them."""
        self._definitions = definitions
        self._snapshots.take(self._definitions)
        return (
            " ".join(Message("%(reason)s It is left out.", reason=message_of(problem)) for problem in self._definitions.problems)
            or None
        )

    def definitions(self) -> dict[str, Any]:
        """Return what definitions that do not come with the program ask of which devices."""
        return listing(self._definitions)

    async def recall(self) -> None:
        """Go on where the collector before this one ended."""
        self._decides = self._deciding()
        self.history, self.scans.last = await self._notes.recall(self._decides)
        self._memory.supplements.recall_left_alone(seconds_of(await self._notes.note(LEFT_ALONE), utc_now(), WEEK))
        fingerprint = self._snapshots.fingerprint
        self._snapshots.recall(await self._notes.ask(lambda store: store.snapshots(fingerprint)) or [])

    def _deciding(self) -> Deciding:
        return Deciding.of(self.settings, self._snapshots.fingerprint)

    def finds_more(self) -> bool:
        """Return whether a sweep may find what the last one did not, for settings or definitions have changed since this was asked.

        Then nothing counts as swept, and a sweep that was cut off is not gone on with.
        """
        before, self._decides = self._decides, self._deciding()
        if not self._decides.finds_more_than(before):
            return False
        self.history.forget_sweeps()
        return True

    def start_sweep(self, targets: Sequence[str] | None = None, *, in_full: bool = False) -> Scan:
        """Begin a sweep of `targets`, by default of all that the settings name; `in_full` asks each device for everything.

        Raises ControlError, SettingsError.
        """
        scan_settings, guardrails = self.settings.scan, self.settings.guardrails
        wanted = list(wanted_targets(self.settings) if targets is None else targets)
        if not wanted:
            raise ControlError(
                Message("There is nothing to scan: no targets are set. Enter the networks of the site in scan.targets.")
            )
        chosen = TargetSet.parse(wanted, scan_settings.exclude, guardrails.networks)
        self._refuse_in_quiet_time()

        async def sweep(scan: Scan) -> None:
            self._everyone = targets is None
            run = self._scan_run(scan, in_full=in_full)
            if targets is None:
                await self._sweep_everything(scan, run, chosen)
            else:
                async with self._watching(scan):
                    await run.sweep(chosen, by_snmp=await self._read_over_snmp())

        return self.scans.start("sweep", sweep)

    async def _sweep_everything(self, scan: Scan, run: ScanRun, chosen: TargetSet) -> None:
        """Sweep all targets, from where that was cut off if it was, and note how far it is."""
        wanted = self.settings.scan.targets
        history, decides = self.history, self._deciding()
        decided = await asyncio.to_thread(decides.note)
        resume_point, history.resume_point = history.resume_point, None
        if resume_point and not (resume_point.fits(wanted, utc_now()) and not decides.finds_more_than_noted(resume_point.decided)):
            resume_point = None
        known, resume = await self.known(), None
        if resume_point:
            scan.started_at = resume_point.started_at
            resume = Resume(resume_point.checkpoint, await self._read_since(scan.started_at))
            heard = {device.address for device in known}
            known += [Known(each, self.settings.snmp.port) for each in resume_point.unread if each not in heard and each in chosen]
            known = [device for device in known if device.address not in resume.read]
        thorough = resume_point.thorough if resume_point else history.silent_pass_is_due(self.settings.scan.silent_hours, utc_now())

        async def note() -> None:
            if checkpoint := run.checkpoint():
                unread = tuple(sorted(run.unread))
                await self._notes.remember_resume_point(
                    ResumePoint(wanted, scan.started_at, utc_now(), thorough, checkpoint, unread, decided)
                )

        async with self._watching(scan, note):
            await run.sweep(chosen, known, thorough=thorough, resume=resume, by_snmp=await self._read_over_snmp())
        if self._deciding().finds_more_than(decides):  # it is made anew, by what was set meanwhile
            await self._notes.remember_resume_point(None)
            return
        swept_at = utc_now()
        history.swept(swept_at, silent_pass=scan.sweep.silent_pass or thorough)
        await self._notes.remember_sweep(swept_at, history.last_silent_pass_at, list(wanted), scan.addresses, decided)

    async def _read_over_snmp(self) -> dict[str, str]:
        return read_over_snmp(await self._notes.ask(Store.devices) or [], utc_now())

    async def _read_since(self, moment: datetime) -> frozenset[str]:
        devices = await self._notes.ask(Store.devices) or []
        return frozenset(device.address for device in devices if device.address and device.last_seen_at >= moment)

    def start_read(self, known: Sequence[Known]) -> Scan:
        """Begin to read the devices of `known`. Raises ControlError."""
        self._refuse_in_quiet_time()

        async def read(scan: Scan) -> None:
            self._everyone = True
            async with self._watching(scan):
                await self._scan_run(scan).read(known)
            self.history.last_read_at = read_at = utc_now()
            await self._notes.remember_read(read_at)

        return self.scans.start("read", read)

    def start_look(self, decided: Collection[str], keys: Collection[str], take: Take, *, in_full: bool = False) -> Scan:
        """Begin to look for printers beside the ranges; `take` gets each that is new. `in_full` spares nothing.

        `decided` are addresses, and `keys` device keys, of printers that wait or are not wanted. Raises ControlError.
        """
        self._refuse_in_quiet_time()

        async def look(scan: Scan) -> None:
            self._everyone = False
            rows = await self._notes.ask(Store.devices) or []
            known = {row.key for row in rows if row.answering} | set(keys)
            options = replace(ScanOptions.from_settings(self.settings), definitions=self._definitions, in_full=in_full)
            async with self._watching(scan):
                self.look_notes = await self._finder.look(Look(self.settings, options, scan, decided, known, take))

        return self.scans.start("find", look)

    async def keep(self, answer: DeviceAnswer) -> None:
        """Keep a reading as those of scans are."""
        await self._writer.keep(answer)

    async def try_known(self) -> TrialReading:
        """Read a few known devices by what is in force now, beside whatever runs; keep nothing. Raises SettingsError."""
        if until := self.quiet_until():
            return TrialReading(note=Message("It is quiet time until %(moment)s: no device was read.", moment=time_of_week(until)))
        makers = {brand.name for each in self._definitions.definitions if each.origin != "product" for brand in each.content.brands}
        scan = Scan("read")
        options = replace(ScanOptions.from_settings(self.settings), definitions=self._definitions, in_full=True)
        result = await read_a_few(choose(await self.known(), makers), options, scan, self.gate)
        self._traffic.add(scan.traffic)
        await self._notes.ask(lambda store: store.add_traffic(scan.traffic, scan.units()))
        return result

    def traffic(self) -> TrafficByPurpose:
        """Return what all scans of this process have cost, the one that runs included."""
        total = TrafficByPurpose()
        total.add(self._traffic)
        if self.scans.current:
            total.add(self.scans.current.traffic)
        return total

    def cancel(self) -> None:
        """Abandon the scan that runs; what it has read stays, and it is not gone on with. Raises ControlError when none runs."""
        self.scans.cancel()
        self._abandoned = True

    def quiet_until(self) -> datetime | None:
        """Return when the quiet time ends that it is now, None when it is none."""
        self.gate.look(self.settings.scan.quiet_times)
        return self.gate.until

    def _refuse_in_quiet_time(self) -> None:
        if until := self.quiet_until():
            raise ControlError(
                Message(
                    "It is quiet time until %(moment)s: no scan starts before. Change scan.quiet_times, or use `dca scan`, "
                    "which a person may do at any time.",
                    moment=time_of_week(until),
                )
            )

    @asynccontextmanager
    async def _watching(self, scan: Scan, note: Callable[[], Awaitable[None]] | None = None) -> AsyncIterator[None]:
        """Have a scan wait during quiet times; `note` is called every few seconds."""

        async def watch() -> None:
            noted_at = time.monotonic()
            while True:
                scan.paused_until = self.quiet_until()
                if note and time.monotonic() - noted_at >= NOTE_SECONDS:
                    noted_at = time.monotonic()
                    await note()
                await asyncio.sleep(GATE_SECONDS)

        watcher = asyncio.create_task(watch())
        try:
            yield
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
            scan.paused_until = None

    async def known(self) -> list[Known]:
        """Return the devices that are read without a sweep. Raises SettingsError."""
        devices = await self._notes.ask(Store.devices) or []
        return await devices_to_read(devices, self.settings, utc_now(), self._memory.names)

    def _scan_run(self, scan: Scan, *, in_full: bool = False) -> ScanRun:
        self._missed = {}
        options = replace(ScanOptions.from_settings(self.settings), definitions=self._definitions, in_full=in_full)
        return ScanRun(options, scan, self._writer.keep, self._miss, memory=self._memory, gate=self.gate)

    async def _miss(self, known: Known, reason: str) -> None:
        if known.key:
            self._missed[known.key] = reason

    async def _ended(self, scan: Scan) -> None:
        """Write what came out of a scan, also of a cancelled one."""
        if held := await self._writer.drain():
            log.warning("readings are held in memory until they can be written", readings=held)
        missed, self._missed = self._missed, {}
        masking = self._writer.masking()
        snapshots = self._snapshots.unkept(utc_now())

        def write(store: Store) -> bool:
            store.keep_snapshots(snapshots)
            if masking:
                store.note_failures(missed, outgoing=masking, everyone=self._everyone and not scan.cancelled)
            store.add_traffic(scan.traffic, scan.units())
            return True

        if await self._notes.ask(write):
            self._snapshots.were_kept(snapshots)
        self._traffic.add(scan.traffic)
        if self._abandoned or scan.trouble:
            await self._notes.remember_resume_point(None)
        self._abandoned = False
        await self._notes.remember({LEFT_ALONE: note_of(self._memory.supplements.left_alone(), utc_now())})
        if scan.kind != "find":
            await self._notes.remember_scan(scan.as_json())
        self._notes.recount()
        self._on_idle(scan)
