"""What a sweep and a reading of the known devices are in the service: from the settings to the store."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import structlog

from appliance.clock import utc_now
from appliance.discovery.targets import TargetSet
from appliance.errors import ControlError
from appliance.http.supplements import Supplements
from appliance.reading.definitions import builtin_definitions
from appliance.service.bookkeeping import Bookkeeping
from appliance.service.cycle import Cycle, Known, Profiles
from appliance.service.keeper import Keeper
from appliance.service.options import CycleOptions
from appliance.service.scan import Scan
from appliance.service.scans import Scans
from appliance.service.scope import devices_to_read
from appliance.service.snapshots import SnapshotKeeper
from appliance.settings.model import Settings
from appliance.snmp.client import UserSecurity
from appliance.store.store import Store
from appliance.traffic import TrafficByPurpose

log = structlog.get_logger()


class Scanning:
    """Starts scans by the settings in force, one at a time; `on_idle` is called after each."""

    def __init__(self, settings: Settings, keeper: Keeper, books: Bookkeeping, on_idle: Callable[[Scan], None]) -> None:
        self.settings = settings
        self.scans = Scans(self._ended)
        self.last_sweep_at: datetime | None = None
        self.last_read_at: datetime | None = None
        self._traffic = TrafficByPurpose()
        self._keeper = keeper
        self._books = books
        self._on_idle = on_idle
        self._missed: dict[str, str] = {}
        self._everyone = False
        self._profiles: Profiles = {}
        self._security = UserSecurity()
        self._supplements = Supplements()
        self._definitions = builtin_definitions()
        self._snapshots = SnapshotKeeper(self._definitions)

    def read_definitions(self, folder: Path) -> str | None:
        """Take the vendor definitions of the site from `folder`, for all scans from now on; return what is wrong with them."""
        self._definitions = builtin_definitions().with_folder(folder)
        self._snapshots.take(self._definitions)
        return " ".join(f"{problem} It is left out." for problem in self._definitions.problems) or None

    async def recall(self) -> None:
        """Go on where the collector before this one ended."""
        notes = await self._books.recall(list(self.settings.scan.targets))
        self.last_sweep_at, self.last_read_at, self.scans.last = notes.last_sweep_at, notes.last_read_at, notes.last_scan
        fingerprint = self._snapshots.fingerprint
        self._snapshots.recall(await self._books.ask(lambda store: store.snapshots(fingerprint)) or [])

    def start_sweep(self, targets: Sequence[str] | None = None) -> Scan:
        """Begin a sweep of `targets`, by default of all that the settings name. Raises ControlError, SettingsError."""
        scan_settings, guardrails = self.settings.scan, self.settings.guardrails
        wanted = list(scan_settings.targets if targets is None else targets)
        if not wanted:
            raise ControlError("There is nothing to scan: no targets are set. Enter the networks of the site in scan.targets.")
        chosen = TargetSet.parse(wanted, scan_settings.exclude, guardrails.networks)

        async def sweep(scan: Scan) -> None:
            self._everyone = targets is None
            known = await self.known() if targets is None else []
            await self._cycle(scan).sweep(chosen, known)
            if targets is None:
                self.last_sweep_at = self.last_read_at = utc_now()
                await self._books.remember_sweep(self.last_sweep_at, wanted, scan.addresses)

        return self.scans.start("sweep", sweep)

    def start_read(self, known: Sequence[Known]) -> Scan:
        """Begin to read the devices of `known`. Raises ControlError."""

        async def read(scan: Scan) -> None:
            self._everyone = True
            await self._cycle(scan).read(known)
            self.last_read_at = utc_now()
            await self._books.remember_read(self.last_read_at)

        return self.scans.start("read", read)

    def traffic(self) -> TrafficByPurpose:
        """Return what all scans of this process have cost, the one that runs included."""
        total = TrafficByPurpose()
        total.add(self._traffic)
        if self.scans.current:
            total.add(self.scans.current.traffic)
        return total

    async def known(self) -> list[Known]:
        """Return the devices that are read without a sweep. Raises SettingsError."""
        return await devices_to_read(await self._books.ask(Store.devices) or [], self.settings, utc_now())

    def _cycle(self, scan: Scan) -> Cycle:
        self._missed = {}
        return Cycle(
            replace(CycleOptions.from_settings(self.settings), definitions=self._definitions),
            scan,
            self._keeper.keep,
            self._miss,
            self._profiles,
            snapshots=self._snapshots.current,
            supplements=self._supplements,
            security=self._security,
        )

    async def _miss(self, known: Known, reason: str) -> None:
        if known.key:
            self._missed[known.key] = reason

    async def _ended(self, scan: Scan) -> None:
        """Write what came out of a scan, also of a cancelled one."""
        if held := await self._keeper.drain():
            log.warning("readings are held in memory until they can be written", readings=held)
        missed, self._missed = self._missed, {}
        masking = self._keeper.masking()
        snapshots = self._snapshots.unkept(utc_now())

        def write(store: Store) -> bool:
            store.keep_snapshots(snapshots)
            if masking:
                store.note_failures(missed, outgoing=masking, everyone=self._everyone and not scan.cancelled)
            store.add_traffic(scan.traffic, scan.units())
            return True

        if await self._books.ask(write):
            self._snapshots.were_kept(snapshots)
        self._traffic.add(scan.traffic)
        await self._books.remember_scan(scan.as_json())
        self._books.recount()
        self._on_idle(scan)
