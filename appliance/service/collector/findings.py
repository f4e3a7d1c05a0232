"""Printers beside the ranges: when they are looked for, what waits for a decision, and what becomes of it.

Decisions are settings of the site (`scan.added`, `scan.ignored`), so that they last and are seen where all others are.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import structlog

from appliance.common.clock import from_rfc3339, to_rfc3339, utc_now
from appliance.common.errors import ControlError, DataFolderError, SettingsError
from appliance.common.message import Message, message_of
from appliance.discovery.candidates import Permitted
from appliance.discovery.own_network import is_engines_network
from appliance.service.collector.background import BackgroundTasks
from appliance.service.collector.collector_notes import CollectorNotes
from appliance.service.collector.plan import BUSY_SECONDS, Plan
from appliance.service.collector.problems import Problems
from appliance.service.scans.devices import DeviceAnswer
from appliance.service.scans.finder import Source
from appliance.service.scans.found_devices import MOST_WAITING, FoundDevices
from appliance.service.scans.progress import Scan
from appliance.service.scans.scan_service import ScanService
from appliance.settings.address_ranges import check_address
from appliance.settings.model import ScanSettings
from appliance.settings.store import SettingsStore

WAITING, LAST_LOOK = "found_waiting", "last_look_at"
"""Names of the notes in the store."""
PROBLEM: Final = "found"

log = structlog.get_logger()


def is_on(scan: ScanSettings) -> bool:
    """Return whether anything is looked for beside the ranges."""
    return scan.dns_sd or scan.neighbours


class Findings:
    """What was found beside the ranges. `reload` has everybody read settings that were changed here."""

    def __init__(
        self,
        settings_store: SettingsStore,
        scanning: ScanService,
        notes: CollectorNotes,
        problems: Problems,
        *,
        background: BackgroundTasks,
        reload: Callable[[], Awaitable[None]],
    ) -> None:
        self.last_look_at: datetime | None = None
        self._last_look: dict[str, Any] | None = None
        self._settings_store = settings_store
        self._scanning = scanning
        self._notes = notes
        self._problems = problems
        self._background = background
        self._reload = reload
        self._found = FoundDevices()
        self._to_add: list[str] = []
        self._to_read: list[str] = []

    async def recall(self) -> None:
        """Go on where the collector before this one ended."""
        self._found.recall(await self._notes.note(WAITING))
        try:
            self.last_look_at = from_rfc3339(await self._notes.note(LAST_LOOK) or "")
        except ValueError:
            self.last_look_at = None

    @property
    def _scan(self) -> ScanSettings:
        return self._scanning.settings.scan

    def as_json(self) -> dict[str, Any]:
        """Return the answer of `GET /v1/found`."""
        scan, current = self._scan, self._scanning.scans.current
        return {
            "dns_sd": scan.dns_sd,
            "engines_network": is_engines_network(),
            "neighbours": scan.neighbours,
            "new_devices": scan.new_devices,
            "waiting": self._found.as_json(),
            "added": list(scan.added),
            "ignored": list(scan.ignored),
            "notes": [{"text": note} for note in self._all_notes()],
            "looked_at": to_rfc3339(self.last_look_at) if self.last_look_at else None,
            "last_look": self._last_look,
            "looking": current is not None and current.kind == "find",
        }

    def waiting(self) -> int:
        """Return how many wait for a decision."""
        return len(self._found.addresses())

    def _all_notes(self) -> list[str]:
        left_out = self._found.left_out
        if not left_out:
            return self._scanning.look_notes
        full = Message(
            "%(count)d more printers were found than the %(most)d that may wait. Decide about those, and look again.",
            count=left_out,
            most=MOST_WAITING,
        )
        return [*self._scanning.look_notes, full]

    def look(self, *, in_full: bool = False) -> Scan:
        """Begin a look; `in_full`: a person asks for it, and nothing is spared. Raises ControlError, SettingsError."""
        if not is_on(self._scan):
            raise ControlError(
                Message(
                    "Nothing is looked for beside the ranges: scan.dns_sd and scan.neighbours are off. Switch one on in the web "
                    "UI, or with `dca settings set scan.dns_sd=on`."
                )
            )
        self._found.left_out = 0
        waiting = self._found.addresses() if self._scan.new_devices == "add" else []
        decided = {*self._found.named(), *waiting, *self._scan.ignored}
        scan = self._scanning.start_look(decided, self._found.keys(), self._take, in_full=in_full)
        # What waited before the site said "add" waits no longer.
        self._found.drop(waiting)
        self._to_add += waiting
        self._to_read += waiting
        return scan

    def look_when_due(self, plan: Plan) -> None:
        """Begin a look, later where a scan runs or it is quiet time."""
        try:
            self.look()
        except ControlError:
            plan.postpone("find", self._scanning.gate.seconds() or BUSY_SECONDS)
        except SettingsError as error:
            self._problems.report(PROBLEM, message_of(error))

    async def _take(self, answer: DeviceAnswer, by: Source) -> None:
        """Take a printer that was found: read as the others from now on, or waiting."""
        address = answer.agent.address
        if self._scan.new_devices == "add":
            self._to_add.append(address)
            await self._scanning.keep(answer)
        else:
            self._found.take(address, answer.reading, by, utc_now())

    def ended(self, scan: Scan) -> None:
        """After a look keep what it found; after any scan what was added meanwhile can be read."""
        if scan.kind == "find":
            self._last_look = scan.as_json()
            self._background.spawn(self._keep(whole=not scan.cancelled and not scan.trouble))
        else:
            self._background.spawn(self._after_scan())

    async def _after_scan(self) -> None:
        """Let nothing wait that is swept by now, for the ranges have changed; read what was added."""
        if addresses := self._found.addresses():
            permitted = Permitted(self._scanning.settings, ())
            if swept := [address for address in addresses if not permitted.is_new(address)]:
                self._found.drop(swept)
                await self._remember()
        await self._read_added()

    async def _keep(self, *, whole: bool) -> None:
        """Keep what a look has found; `whole`: it has come to its end."""
        added, self._to_add = self._to_add, []
        if added:
            try:
                await self._change(add=added)
                self._problems.clear(PROBLEM)
            except (DataFolderError, SettingsError) as error:
                self._problems.report(PROBLEM, message_of(error))
            log.info("printers were found and added", printers=len(added))
        if whole:
            self.last_look_at = utc_now()
        await self._remember()
        await self._read_added()

    async def _remember(self) -> None:
        notes = {WAITING: self._found.note()}
        if self.last_look_at:
            notes[LAST_LOOK] = to_rfc3339(self.last_look_at)
        await self._notes.remember(notes)

    async def decide(self, *, add: Sequence[str] = (), ignore: Sequence[str] = (), restore: Sequence[str] = ()) -> dict[str, Any]:
        """Add, ignore or bring back printers by their addresses; return the answer of `POST /v1/found`.

        Raises ControlError for one that was not found, SettingsError, DataFolderError: then nothing was changed.
        """
        scan = self._scan
        add, ignore, restore = (_checked(addresses) for addresses in (add, ignore, restore))
        _require(add, {*self._found.addresses(), *scan.ignored, *scan.added})
        _require(ignore, {*self._found.addresses(), *scan.ignored, *scan.added})
        _require(restore, {*scan.ignored})
        await self._change(add=add, ignore=ignore, restore=restore)
        self._found.drop((*add, *ignore))
        self._found.bring_back((address for address in restore if address not in self._found), utc_now())
        await self._remember()
        self._to_read += add
        await self._read_added()
        return self.as_json()

    async def _change(self, *, add: Sequence[str] = (), ignore: Sequence[str] = (), restore: Sequence[str] = ()) -> None:
        def change() -> None:
            scan = self._settings_store.effective().settings.scan
            gone_added, gone_ignored = {*ignore}, {*add, *restore}
            added = [each for each in dict.fromkeys((*scan.added, *add)) if each not in gone_added]
            ignored = [each for each in dict.fromkeys((*scan.ignored, *ignore)) if each not in gone_ignored]
            self._settings_store.change_site({"scan": {"added": added, "ignored": ignored}})

        await asyncio.to_thread(change)
        await self._reload()

    async def _read_added(self) -> None:
        """Read what was added, now or after the scan that runs."""
        wanted = [address for address in self._to_read if address in self._scan.added]
        if not wanted or self._scanning.scans.current is not None:
            self._to_read = wanted
            return
        try:
            self._scanning.start_sweep(wanted, in_full=True)
        except ControlError:
            return  # it is quiet time: the next reading or sweep has them
        except SettingsError as error:
            self._problems.report(PROBLEM, message_of(error))
        self._to_read = []


def _checked(addresses: Iterable[str]) -> list[str]:
    try:
        return list(dict.fromkeys(map(check_address, addresses)))
    except ValueError as error:
        raise ControlError(message_of(error)) from error


def _require(addresses: Iterable[str], known: set[str]) -> None:
    for address in addresses:
        if address not in known:
            raise ControlError(
                Message("%(address)s is none of the printers that were found. Look at `dca found`.", address=address)
            )
