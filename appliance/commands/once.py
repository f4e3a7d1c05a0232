"""`dca once`: one round of scan, read and upload, for sites that prefer a scheduled task to a running service."""

import argparse
import asyncio
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field

from appliance.common.clock import site_zone, utc_now
from appliance.common.errors import DataFolderError, DcaError, StoreError
from appliance.common.log import configure_logging
from appliance.common.message import sentences
from appliance.common.paths import Paths
from appliance.common.plain import plain, plain_json
from appliance.privacy.known_devices import KnownDevices
from appliance.privacy.outgoing import Masking
from appliance.process.lock import MainLock
from appliance.service.collector.collector_notes import CollectorNotes
from appliance.service.collector.problems import Problems
from appliance.service.collector.threads import StoreThread
from appliance.service.hosting.connection import HostingConnection
from appliance.service.hosting.mask_choice import HELD, MaskChoice
from appliance.service.hosting.signed_configuration import read_signed
from appliance.service.scans.progress import Scan
from appliance.service.scans.reading_writer import ReadingWriter
from appliance.service.scans.scan_service import ScanService
from appliance.settings.environment import ENROLMENT_VARIABLE, read_variable
from appliance.settings.layers import warnings_of
from appliance.settings.model import Settings
from appliance.settings.quiet_times import time_of_week
from appliance.settings.store import SettingsStore
from appliance.store.store import Store


@dataclass(slots=True)
class Summary:
    """What one round came to."""

    found: int = 0
    """Devices found or known."""
    read: int = 0
    failed: int = 0
    partial: int = 0
    """Devices that stopped answering half-way."""
    sent: int = 0
    waiting: int = 0
    """Readings that are kept and not sent."""
    failures: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether all that is known was read, and everything was sent."""
        return not (self.failed or self.partial or self.waiting or self.problems)


def run(arguments: argparse.Namespace) -> int:
    """Do one round and print its summary; 0 only when all that is known was read and everything was sent."""
    configure_logging("once", level="ERROR", stream=sys.stderr)
    paths = Paths.from_environment()
    paths.prepare()
    with ExitStack() as locks:
        locks.enter_context(MainLock(paths.main_lock))
        locks.enter_context(MainLock(paths.collector_lock))
        settings_store = SettingsStore(paths.settings)
        summary = asyncio.run(_run_once(paths, settings_store, settings_store.effective().settings))
    if arguments.json:
        print(plain_json({**asdict(summary), "complete": summary.complete}, indent=2))
    else:
        print(
            f"{summary.found} devices found, {summary.read} read, {summary.failed} failed; {summary.sent} readings sent, "
            f"{summary.waiting} waiting."
        )
        if summary.partial:
            print(f"{summary.partial} read only in part.")
        for failure in summary.failures:
            print(plain(f"{failure['address']}: {failure['reason']}"), file=sys.stderr)
        for problem in summary.problems:
            print(f"dca: {plain(problem)}", file=sys.stderr)
    return 0 if summary.complete else 1


async def _run_once(paths: Paths, settings_store: SettingsStore, settings: Settings) -> Summary:
    problems, summary = Problems(), Summary()
    store = StoreThread(paths.readings)
    notes = CollectorNotes(store, problems)
    known = KnownDevices(await notes.ask(Store.device_names) or [])
    writer = ReadingWriter(store, problems, lambda: Masking.of(settings.privacy, paths.trust, known))
    scanning = ScanService(settings, writer, notes, lambda _scan: None, site_zone())
    signed = read_signed(settings_store, paths.received_definitions)
    problems.set("configuration", signed.problem())
    problems.set("settings_meaning", sentences(*warnings_of(signed.effective, utc_now().date())) or None)
    problems.set("definitions", scanning.take_definitions(signed.all_definitions(paths.definitions)))
    connection = HostingConnection(paths.trust, settings_store, store, problems, writer.masking)
    try:
        await store.call(lambda _store: None)
        await scanning.recall()
        await _scan(scanning, summary)
        await writer.stop()
        await _send(connection, MaskChoice(settings_store, notes, writer.masking), summary)
        connection.close()
        await store.call(lambda opened: opened.add_traffic(connection.traffic))
        summary.waiting = (await store.call(Store.outbox_state)).readings
        await store.call(lambda opened: opened.retention(settings.store.keep_days))
    except (DataFolderError, StoreError) as error:
        summary.problems.append(str(error))
    finally:
        await scanning.scans.stop()
        connection.close()
        await store.close()
    _add_problems(problems, summary)
    return summary


async def _scan(scanning: ScanService, summary: Summary) -> None:
    """Sweep all targets; in a quiet time that is left out, and the summary says so."""
    if until := scanning.quiet_until():
        summary.problems.append(f"It is quiet time until {time_of_week(until)} (scan.quiet_times): nothing was scanned.")
        return
    scan = scanning.start_sweep()
    await scanning.scans.wait()
    _tell(scan, summary)


def _tell(scan: Scan, summary: Summary) -> None:
    summary.found, summary.read = scan.devices, scan.read
    summary.failed, summary.partial = len(scan.failures), len(scan.partial)
    summary.failures = scan.as_json()["failures"] + [{"address": each.address, "reason": each.reason} for each in scan.partial]
    if scan.trouble:
        summary.problems.append(scan.trouble)


async def _send(connection: HostingConnection, choice: MaskChoice, summary: Summary) -> None:
    """Enrol by the environment where that is still to be done, and send what waits."""
    connection.open()
    try:
        text = read_variable(ENROLMENT_VARIABLE)
        if not connection.enrolled and text:
            await connection.enrol(text, by="environment")
        await asyncio.to_thread(choice.look)
    except DcaError as error:
        summary.problems.append(str(error))
        return
    if connection.enrolled and choice.held:
        summary.problems.append(HELD)
    elif connection.enrolled and await choice.mask_what_waits():
        sent = await connection.upload(now=True)
        summary.sent = sent.accepted + sent.duplicate
    elif not connection.enrolled:
        summary.problems.append(
            f"The appliance is not enrolled at a hosting server: nothing was sent. Use `dca enrol`, or set {ENROLMENT_VARIABLE}."
        )


def _add_problems(problems: Problems, summary: Summary) -> None:
    for problem in problems.as_json():
        if problem["name"] == "insecure_hosting":
            print(f"dca: warning: {problem['text']}", file=sys.stderr)
        elif problem["text"] not in summary.problems:
            summary.problems.append(problem["text"])
