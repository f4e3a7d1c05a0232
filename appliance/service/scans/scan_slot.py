"""At most one scan at a time: start, cancel, follow."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import structlog

from appliance.common.clock import utc_now
from appliance.common.errors import ControlError, DcaError
from appliance.common.message import Message, message_of
from appliance.service.scans.progress import Kind, Scan

FOLLOW_SECONDS = 0.25

log = structlog.get_logger()

Work = Callable[[Scan], Awaitable[None]]


class ScanSlot:
    """The scan that runs, and the last one that ended. `ended` is awaited after each."""

    def __init__(self, ended: Callable[[Scan], Awaitable[None]]) -> None:
        self._ended = ended
        self._task: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self.current: Scan | None = None
        self.last: dict[str, Any] | None = None
        """The last scan that ended, as JSON; kept over restarts by the collector. A look beside the ranges is none of these."""

    def start(self, kind: Kind, work: Work) -> Scan:
        """Run `work` as a new scan and return it at once. Raises ControlError while another one runs."""
        if self.current is not None:
            doing = Message("reads the known devices") if self.current.kind == "read" else Message("is scanning")
            raise ControlError(
                Message(
                    "The collector %(doing)s right now (%(progress)s). Wait until it is done, or cancel it.",
                    doing=doing,
                    progress=self.current.text(),
                )
            )
        scan = self.current = Scan(kind)
        self._over.clear()
        self._task = asyncio.create_task(self._run(scan, work), name=f"scan {kind}")
        return scan

    def cancel(self) -> None:
        """Abandon the scan that runs; what it has read stays. Raises ControlError when none runs."""
        if self._task is None or self.current is None or self.current.done:
            raise ControlError(Message("No scan is running: there is nothing to cancel."))
        self._task.cancel()

    async def wait(self) -> None:
        """Wait until the scan that runs, if one does, has ended."""
        if self._task:
            await asyncio.wait([self._task])

    async def stop(self) -> None:
        """Abandon the scan, if one runs, and wait until it has ended."""
        if self._task and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    async def follow(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the running scan at once and at each change, the last time with `done`; without one the last scan, or nothing."""
        scan = self.current
        if scan is None:
            if self.last:
                yield self.last
            return
        told: dict[str, Any] = {}
        over = self._over
        while not over.is_set():
            state = scan.as_json()
            if state != told and not scan.done:
                told = state
                yield state
            try:
                await asyncio.wait_for(over.wait(), FOLLOW_SECONDS)
            except TimeoutError:
                continue
        yield scan.as_json()

    async def _run(self, scan: Scan, work: Work) -> None:
        log.info("scan started", scan=scan.id, kind=scan.kind)
        try:
            await work(scan)
        except asyncio.CancelledError:
            scan.cancelled = True
        except DcaError as error:
            scan.trouble = message_of(error)
        except Exception as error:
            # A fault in one scan must not end the collector: it is logged and shown.
            log.exception("the scan failed", scan=scan.id)
            scan.trouble = Message(
                "The scan ended early because of an internal fault (%(name)s); the log has the details.", name=type(error).__name__
            )
        await self._finish(scan)

    async def _finish(self, scan: Scan) -> None:
        scan.finished_at = utc_now()
        total = scan.traffic.total()
        log.info(
            "scan ended",
            scan=scan.id,
            kind=scan.kind,
            devices=scan.devices,
            read=scan.read,
            failed=len(scan.failures),
            packets_sent=total.packets_sent,
            bytes_sent=total.bytes_sent,
            result=scan.text(),
        )
        # Whoever is told that the scan is done finds everything of it in the store.
        await self._ended(scan)
        if scan.kind != "find":
            self.last = scan.as_json()
        self.current = None
        self._over.set()
        self._over = asyncio.Event()
