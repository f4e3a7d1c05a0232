"""What the collector remembers over a restart, and what it tells of the store: counts, and whether it can be written."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from appliance.common.clock import from_rfc3339, to_rfc3339
from appliance.common.errors import DataFolderError, StoreError
from appliance.common.files import from_json
from appliance.common.message import message_of
from appliance.service.collector.problems import Problems
from appliance.service.collector.threads import StoreThread
from appliance.service.scans.deciding import Deciding
from appliance.service.scans.memory.resume_point import ResumePoint
from appliance.service.scans.memory.scan_history import ScanHistory
from appliance.store.rows import OutboxState
from appliance.store.store import Store
from appliance.store.traffic_report import SWEPT_ADDRESSES

COUNT_SECONDS = 2.0

LAST_SWEEP, LAST_READ, LAST_SCAN, SWEPT_TARGETS = "last_sweep_at", "last_read_at", "last_scan", "swept_targets"
LAST_SILENT_PASS, RESUME_POINT, SWEPT_BY = "last_silent_pass_at", "unfinished_sweep", "swept_by"
"""Names of the notes in the store."""

Result = TypeVar("Result")


class CollectorNotes:
    """The small questions to the store. Trouble with it becomes the problem `store`, and no answer."""

    def __init__(self, store: StoreThread, problems: Problems) -> None:
        self._store = store
        self._problems = problems
        self._counts = {"known": 0, "answering": 0}
        self._outbox = OutboxState(0, None)
        self._counted_at = float("-inf")

    async def ask(self, work: Callable[[Store], Result]) -> Result | None:
        """Return what `work` returns, or None when the store is in trouble: then the problem says so."""
        try:
            return await self._store.call(work)
        except (DataFolderError, StoreError) as error:
            self._problems.report("store", message_of(error))
            return None

    async def recall(self, deciding: Deciding) -> tuple[ScanHistory, dict[str, Any] | None]:
        """Return what the collector before this one has noted, and its last scan as JSON.

        `deciding` is what would decide a sweep now.
        """
        names = (LAST_SWEEP, LAST_READ, LAST_SCAN, SWEPT_TARGETS, SWEPT_BY, LAST_SILENT_PASS, RESUME_POINT)
        kept: dict[str, str | None] = await self.ask(lambda store: {name: store.recall(name) for name in names}) or {}
        history = ScanHistory()
        same = kept.get(SWEPT_TARGETS) == json.dumps(list(deciding.targets))
        same = same and not deciding.finds_more_than_noted(_object(kept.get(SWEPT_BY)))
        if (swept := kept.get(LAST_SWEEP)) and same:
            history.last_sweep_at = _moment(swept)
            history.last_silent_pass_at = _moment(kept.get(LAST_SILENT_PASS))
        if resume_point := kept.get(RESUME_POINT):
            history.resume_point = ResumePoint.from_json(_object(resume_point))
        history.last_read_at = _moment(kept.get(LAST_READ))
        return history, _object(kept.get(LAST_SCAN)) or None

    async def remember_sweep(
        self, at: datetime, silent_pass_at: datetime | None, targets: list[str], addresses: int, decided: Mapping[str, Any]
    ) -> None:
        """Note that all of `targets`, which are so many addresses, were swept, and so read, at this moment.

        `silent_pass_at` is when that was thorough last, `decided` what decided beside the targets, as `Deciding` notes it.
        """
        await self.remember(
            {
                LAST_SWEEP: to_rfc3339(at),
                LAST_READ: to_rfc3339(at),
                LAST_SILENT_PASS: to_rfc3339(silent_pass_at) if silent_pass_at else "",
                SWEPT_TARGETS: json.dumps(targets),
                SWEPT_BY: json.dumps(decided),
                SWEPT_ADDRESSES: str(addresses),
                RESUME_POINT: "",
            }
        )

    async def remember_resume_point(self, resume_point: ResumePoint | None) -> None:
        """Note how far the running sweep of all targets is; None: there is none to go on with."""
        await self.remember({RESUME_POINT: json.dumps(resume_point.as_json()) if resume_point else ""})

    async def remember_read(self, at: datetime) -> None:
        """Note that the known devices were read at this moment."""
        await self.remember({LAST_READ: to_rfc3339(at)})

    async def remember_scan(self, scan: Mapping[str, Any]) -> None:
        """Keep the scan that ended last."""
        await self.remember({LAST_SCAN: json.dumps(scan)})

    async def note(self, name: str) -> str | None:
        """Return the note of this name, or None."""
        return await self.ask(lambda store: store.recall(name))

    async def noted_texts(self, name: str) -> list[str]:
        """Return the texts of the JSON list in a note, none where it is missing or no list."""
        try:
            value = from_json(await self.note(name) or "[]")
        except ValueError:
            return []
        return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []

    async def remember(self, notes: Mapping[str, str]) -> None:
        """Keep short notes by their names."""

        def write(store: Store) -> None:
            for name, value in notes.items():
                store.remember(name, value)

        await self.ask(write)

    def recount(self) -> None:
        """Let the next `counts` ask the store."""
        self._counted_at = float("-inf")

    async def waiting(self) -> int:
        """Return how many readings wait to be sent now; 1 while that cannot be found out."""
        outbox = await self.ask(lambda store: store.outbox_state())
        return outbox.readings if outbox else 1

    async def counts(self) -> tuple[dict[str, int], OutboxState]:
        """Return devices known and answering, and what waits to be sent; asked of the store at most every few seconds."""
        if time.monotonic() - self._counted_at > COUNT_SECONDS:
            counted = await self.ask(lambda store: (store.devices(), store.outbox_state()))
            if counted:
                devices, self._outbox = counted
                self._counts = {"known": len(devices), "answering": sum(device.answering for device in devices)}
            self._counted_at = time.monotonic()
        return self._counts, self._outbox


def _object(note: str | None) -> dict[str, Any]:
    """Return the JSON object in a note, empty for one that is missing or is none."""
    try:
        value = from_json(note or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _moment(note: str | None) -> datetime | None:
    """Return the moment in a note, None for one that is missing or is none."""
    try:
        return from_rfc3339(note) if note else None
    except ValueError:
        return None
