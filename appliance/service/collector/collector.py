"""The collector: puts plan, scans, store and hosting server together. Its control socket and its process are elsewhere."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo
from typing import Any

import structlog

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import ControlError, DataFolderError, SettingsError
from appliance.common.message import Message, message_of, sentences, with_messages
from appliance.common.network.traffic import Traffic
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.discovery.icmp import icmp_mode
from appliance.privacy.in_words import masks_in_words
from appliance.privacy.known_devices import KnownDevices
from appliance.privacy.outgoing import Masking
from appliance.reading.definitions.definitions import Definitions
from appliance.service.collector import plan as times
from appliance.service.collector.background import BackgroundTasks
from appliance.service.collector.collector_notes import CollectorNotes
from appliance.service.collector.contact_trial import ContactTrial
from appliance.service.collector.due_scans import DueScans
from appliance.service.collector.findings import Findings
from appliance.service.collector.hosting_requests import HostingRequests
from appliance.service.collector.plan import Plan
from appliance.service.collector.problems import Problems
from appliance.service.collector.site_state_source import SiteStateSource
from appliance.service.collector.store_check import StoreCheck
from appliance.service.collector.support_bundle import Support
from appliance.service.collector.threads import StoreThread
from appliance.service.collector.update_refresh import UpdateRefresh
from appliance.service.hosting.commands import HostingCommands
from appliance.service.hosting.connection import HostingConnection, way_to_server
from appliance.service.hosting.mask_choice import HELD, MaskChoice
from appliance.service.hosting.signed_configuration import Signed, read_signed
from appliance.service.hosting.traffic_writer import TrafficWriter
from appliance.service.scans.progress import Scan
from appliance.service.scans.reading_writer import ReadingWriter
from appliance.service.scans.scan_service import ScanService
from appliance.service.scans.scan_slot import ScanSlot
from appliance.settings.first_scan import first_scan_waits, first_scan_was_asked_for
from appliance.settings.layers import Effective, warnings_of
from appliance.settings.model import Settings
from appliance.settings.rows import By
from appliance.settings.scan_targets import wanted_targets
from appliance.settings.store import SettingsStore
from appliance.store.store import Store
from appliance.transmission.answers import CheckInAnswer
from appliance.transmission.enrolment import knows_devices
from appliance.transmission.upload import Sent

FIRST_SCAN_WAITS = Message('Nothing is scanned before somebody asks for the first scan: press "Scan now" in the web UI.')

log = structlog.get_logger()


class Collector:
    """All that the collector does. `start` returns when it serves; `stop` within seconds, whatever is under way."""

    def __init__(self, paths: Paths, settings_store: SettingsStore, settings: Settings, zone: tzinfo = UTC) -> None:
        """`zone` is the time zone of the site."""
        self._settings_store = settings_store
        self._settings = settings
        self._paths = paths
        self._started_at = utc_now()
        self._problems = Problems()
        self._store = StoreThread(paths.readings)
        self._collector_notes = CollectorNotes(self._store, self._problems)
        self._known_devices = KnownDevices()
        self._reading_writer = ReadingWriter(self._store, self._problems, self._masking)
        self._scanning = ScanService(settings, self._reading_writer, self._collector_notes, self._scan_ended, zone)
        self._connection = HostingConnection(paths.trust, settings_store, self._store, self._problems, self._reading_writer.masking)
        self._mask_choice = MaskChoice(settings_store, self._collector_notes, self._reading_writer.masking)
        self._site_state = SiteStateSource(paths, settings_store, self._collector_notes, self._masking, zone)
        self._traffic_writer = TrafficWriter(self._collector_notes, self._connection.traffic)
        self._store_check = StoreCheck(self._store, self._problems)
        self._plan = Plan()
        self._background = BackgroundTasks()
        self._due_scans = DueScans(self._scanning, self._plan, self._problems, self._background)
        self.findings = Findings(
            settings_store, self._scanning, self._collector_notes, self._problems, background=self._background, reload=self.reload
        )
        self._contact_trial = ContactTrial(
            self._connection,
            self._background,
            check_in=lambda: self._check_in(now=True),
            upload=lambda: self._upload(now=True),
            waiting=self._collector_notes.waiting,
        )
        self._hosting_requests = HostingRequests(
            lambda: self._settings,
            HostingCommands(self._collector_notes),
            UpdateRefresh(paths.supervisor_socket, self._problems),
            Support(paths, settings_store, self._connection, self._collector_notes),
            due_scans=self._due_scans,
            background=self._background,
        )

    async def start(self) -> None:
        """Open the store, go on where the last process ended, and begin the periodic work."""
        self._take_signed(*await asyncio.to_thread(self._read_signed))
        await self._know_devices()
        await self._scanning.recall()
        await self.findings.recall()
        self._connection.open()
        self._take_choice()
        self._make_plan()
        if self._scanning.history.resume_point:
            self._plan.postpone("sweep", times.SWEEP_SETTLE_SECONDS)
        self._background.spawn(self._tick())
        self._background.spawn(self._enrol_by_environment())

    async def stop(self) -> None:
        """Abandon the scan and the calls to the hosting server, write what was read, close the store."""
        self._connection.stop()
        self._background.cancel()
        await self.scans.stop()
        await self._reading_writer.stop()
        self._connection.close()
        await self._traffic_writer.keep()
        await self._store.close()

    @property
    def scans(self) -> ScanSlot:
        """The scan that runs and the last one."""
        return self._scanning.scans

    def summary(self) -> str:
        """Return in a few words what goes on."""
        return self.scans.current.text() if self.scans.current else Message("idle")

    async def status(self) -> dict[str, Any]:
        """Return the answer of `GET /v1/status`."""
        devices, outbox = await self._collector_notes.counts()
        scan = self.scans.current
        return {
            "component": "collector",
            "version": installed_version(),
            "pid": os.getpid(),
            "started_at": to_rfc3339(self._started_at),
            "state": "idle" if scan is None else "reading" if scan.kind == "read" else "scanning",
            "scan": scan.as_json() if scan else None,
            "last_scan": self.scans.last,
            "next_sweep_at": _text(self._plan.next_at("sweep")),
            "first_scan_waits": self._due_scans.first_scan_waits,
            "next_read_at": _text(self._plan.next_at("read")),
            "quiet_until": _text(self._scanning.quiet_until()),
            "devices": devices,
            "found_waiting": self.findings.waiting(),
            "outbox": {"readings": outbox.readings, "oldest_at": _text(outbox.oldest_at)},
            "hosting": self._connection.as_json(),
            "masks": {"text": masks_in_words(self._settings.privacy), "chosen": not self._mask_choice.held},
            "icmp": icmp_mode() if self._settings.scan.icmp else "none",
            "problems": self._problems.as_json(),
        }

    async def traffic(self, days: int) -> dict[str, Any]:
        """Return the answer of `GET /v1/traffic`. Raises ControlError when the store is in trouble."""
        return await self._traffic_writer.report(days, self._scanning.traffic())

    def count_update(self, traffic: Traffic) -> None:
        """Count what checks for configuration have cost, which other processes make."""
        self._connection.traffic.of("update").add(traffic)

    async def health(self) -> dict[str, Any]:
        """Return the answer of `GET /v1/health`: whether the database can be written, and whether the plan is followed."""
        late = self._plan.is_late
        plan = Message("The periodic work of the collector has stopped.") if late else Message("the periodic work is done")
        checks = [await self._store_check.run(), {"name": "plan", "ok": not late, "text": plan}]
        return {"ok": all(check["ok"] for check in checks), "checks": checks}

    def start_sweep(self, targets: Sequence[str] | None = None) -> Scan:
        """Begin the sweep a person asks for, of `targets`, by default of all that the settings name.

        Raises ControlError, SettingsError.
        """
        return self._asked_for(self._scanning.start_sweep(targets, in_full=True))

    def start_look(self) -> Scan:
        """Begin the look beside the ranges that a person asks for. Raises ControlError, SettingsError."""
        return self._asked_for(self.findings.look(in_full=True))

    def _asked_for(self, scan: Scan) -> Scan:
        if self._due_scans.first_scan_waits:
            self._background.spawn(self._let_scans_begin())
        return scan

    async def _let_scans_begin(self) -> None:
        """From now on scans begin by themselves: somebody has asked for the first one."""
        try:
            await asyncio.to_thread(first_scan_was_asked_for, self._settings_store)
        except (SettingsError, DataFolderError) as error:
            self._problems.report("settings", message_of(error))
            return
        self._due_scans.first_scan_waits = False
        self._make_plan()

    def cancel_scan(self) -> None:
        """Abandon the scan that runs. Raises ControlError when none does."""
        self._due_scans.drop_wanted()
        self._scanning.cancel()

    def start_upload(self) -> None:
        """Send what waits, now. Raises ControlError when the site is not enrolled, or was turned away."""
        self._require_enrolment()
        if quiet := self._connection.quiet:
            raise ControlError(quiet.sentence())
        self._background.spawn(self._upload(now=True))

    async def check_in_now(self) -> dict[str, Any]:
        """Check in because a person asks for it; return `{"text"}`. Raises ControlError with the reason when it failed."""
        self._require_enrolment()
        if not await self._check_in(now=True):
            raise ControlError(self._connection.last_error or Message("The check-in was not made: `dca status` says more."))
        return {"text": Message("The hosting server has answered.")}

    def contact(self) -> dict[str, Any]:
        """Return whether this process gets to the hosting server, and try what has not worked yet."""
        return self._contact_trial.look()

    def _require_enrolment(self) -> None:
        if not self._connection.enrolled:
            raise ControlError(
                Message("The appliance is not enrolled at a hosting server. Use `dca enrol`, or the page Setup of the web UI.")
            )
        if self._connection.held:
            raise ControlError(HELD)

    async def reload(self) -> None:
        """Read the settings again. Raises SettingsError when they cannot be used: the old ones stay in force then."""
        try:
            signed, definitions = await asyncio.to_thread(self._read_signed, must_be_of_use=True)
        except (SettingsError, DataFolderError) as error:
            self._problems.report("settings", f"The settings cannot be used, the former ones stay in force: {error}")
            raise
        self._problems.clear("settings")
        self._take_signed(signed, definitions)
        self._apply(signed.effective.settings)
        held = self._connection.held
        self._take_choice()
        if held and not self._connection.held:
            self._background.spawn(self._check_in())
            self._background.spawn(self._upload())
        log.info("settings were read again")

    def definitions(self) -> dict[str, Any]:
        """Return the answer of `GET /v1/definitions`."""
        return self._scanning.definitions()

    async def try_known(self) -> dict[str, Any]:
        """Read a few known devices by what is in force now; return the answer of `POST /v1/trial`. Raises SettingsError."""
        answer: dict[str, Any] = with_messages(asdict(await self._scanning.try_known()))
        return answer

    def _read_signed(self, *, must_be_of_use: bool = False) -> tuple[Signed, Definitions]:
        self._mask_choice.look()
        self._due_scans.first_scan_waits = first_scan_waits(self._settings_store)
        signed = read_signed(self._settings_store, self._paths.received_definitions)
        if must_be_of_use:
            signed.require_use()
        return signed, signed.all_definitions(self._paths.definitions)

    def _take_signed(self, signed: Signed, definitions: Definitions) -> None:
        """Take the vendor definitions; one that cannot be used is a problem, and the others stay in force."""
        self._problems.set("configuration", signed.problem())
        self._tell_of(signed.effective)
        self._problems.set("definitions", self._scanning.take_definitions(definitions))

    def _tell_of(self, effective: Effective) -> None:
        """Make a problem of what people should know of the settings in force."""
        self._problems.set("settings_meaning", sentences(*warnings_of(effective, utc_now().date())) or None)

    async def enrol(self, text: str, by: By, authority: str = "") -> dict[str, Any]:
        """Enrol at a hosting server; return `{"site_id", "url"}`. Raises the sentence that says why not.

        A server that knows none of the devices of this site is told of them at once.
        """
        before = self._connection.registration
        made = await self._connection.enrol(text, by=by, authority=authority)
        masking = None if knows_devices(made, before) else self._reading_writer.masking()
        if masking and (told := await self._collector_notes.ask(lambda store: store.tell_anew(masking))):
            log.info("the new hosting server is told of the known devices", devices=told)
        await self._look_for_choice()
        self._background.spawn(self._check_in())
        self._background.spawn(self._upload(now=True))
        return {"site_id": made.site_id, "url": made.url}

    async def _look_for_choice(self) -> None:
        await asyncio.to_thread(self._mask_choice.look)
        self._take_choice()

    def _take_choice(self) -> None:
        """Hold back everything until the masks are chosen."""
        self._connection.held = self._mask_choice.held
        self._problems.set("masks", HELD if self._connection.enrolled and self._connection.held else None)

    def _masking(self) -> Masking:
        return Masking.of(self._settings.privacy, self._paths.trust, self._known_devices)

    async def _know_devices(self) -> None:
        """Know what the texts of one device must not tell of another one."""
        for device in await self._collector_notes.ask(Store.device_names) or []:
            self._known_devices.add(device)
        for target in wanted_targets(self._settings):
            self._known_devices.add_name(target)

    def _make_plan(self) -> None:
        def starting(work: Callable[[], Coroutine[Any, Any, object]]) -> Callable[[], None]:
            return lambda: self._background.spawn(work())

        work = times.Work(
            sweep=starting(self._due_scans.sweep),
            read=starting(self._due_scans.read),
            check_in=starting(self._check_in),
            upload=starting(self._upload),
            traffic=starting(self._traffic_writer.keep),
            retention=starting(self._retention),
            find=lambda: None if self._due_scans.first_scan_waits else self.findings.look_when_due(self._plan),
        )
        history = self._scanning.history
        wanted, waits = wanted_targets(self._settings), self._due_scans.first_scan_waits
        self._problems.set("first_scan", FIRST_SCAN_WAITS if wanted and waits else None)
        last = {"last_sweep": history.last_sweep_at, "last_read": history.last_read_at, "last_look": self.findings.last_look_at}
        self._plan.declare(self._settings, work, () if waits else wanted, **last)

    async def _tick(self) -> None:
        while True:
            self._plan.tick()
            await asyncio.sleep(times.TICK_SECONDS)

    def _scan_ended(self, scan: Scan) -> None:
        self._due_scans.ended(scan)
        self.findings.ended(scan)

    async def _upload(self, *, now: bool = False) -> Sent:
        masked = self._connection.enrolled and await self._mask_choice.mask_what_waits()
        sent = await self._connection.upload(now=now) if masked else Sent()
        self._collector_notes.recount()
        return sent

    async def _retention(self) -> None:
        if removed := await self._collector_notes.ask(lambda store: store.retention(self._settings.store.keep_days)):
            log.info("old readings removed", readings=removed.readings, events=removed.events, thinned=removed.thinned)

    async def _enrol_by_environment(self) -> None:
        if not self._connection.enrolled and await self._connection.enrol_by_environment():
            await self._look_for_choice()
            await self._check_in()

    async def _check_in(self, *, now: bool = False) -> bool:
        """Check in when it is due, or `now`; do what the answer says. False when there was none."""
        if not self._connection.enrolled or not (now or self._connection.check_in_due):
            return False
        turned_away = self._connection.quiet is not None
        answer = await self._connection.check_in(await self._site_state.state(self._settings, await self.status()), now=now)
        if answer is None:
            return False
        await self._hosting_requests.heed(answer)
        await self._take_intervals(answer)
        if await self._site_state.told():
            self._background.spawn(self._check_in())
        if turned_away:
            self._background.spawn(self._upload())
        return True

    async def _take_intervals(self, answer: CheckInAnswer) -> None:
        """Take the intervals the server asks for, as its settings layer, unless the site lets it change nothing."""
        wanted = answer.intervals.model_dump(exclude_none=True)
        if not wanted or self._settings.update.level == "off":
            return
        try:
            effective = await asyncio.to_thread(self._settings_store.take_intervals, wanted)
        except (SettingsError, DataFolderError) as error:
            self._problems.report("hosting_settings", f"What the hosting server sets cannot be used and was refused: {error}")
            return
        self._problems.clear("hosting_settings")
        if effective is not None:
            self._apply(effective.settings)
            self._tell_of(effective)

    def _apply(self, settings: Settings) -> None:
        """Put new settings into force, without a restart."""
        before, self._settings = self._settings, settings
        self._scanning.settings = settings
        if way_to_server(settings) != way_to_server(before):
            self._connection.open()
        self._make_plan()
        # A sweep may find what the last one did not.
        if self._scanning.finds_more():
            self._plan.postpone("sweep", times.SWEEP_SETTLE_SECONDS)


def _text(moment: datetime | None) -> str | None:
    return to_rfc3339(moment) if moment else None
