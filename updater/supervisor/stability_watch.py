"""The day after an installation: how often the new version ended by itself.

The gate has seen a new version for a minute. What only happens later, crashes now and then, is counted for a day; above a limit the
installation is `degraded`: the hosting team is told, and where it has signed so (`late_rollback`) the version before comes back.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from appliance.common.clock import from_rfc3339, to_rfc3339, utc_now
from appliance.common.message import Message
from appliance.common.record import Count, Moment
from appliance.common.version import installed_version
from updater.components.component import Component, ComponentState
from updater.records.json_file import read_record, write_record

FILE = "stability.json"
LENGTH = timedelta(hours=24)
TOLERATED = 5
"""So often a version may end within the day: hosts lose power, and a restart is no fault of the version."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StabilityRecord:
    """One such day."""

    version: str
    since: Moment
    late_rollback: bool
    crashes: Count = 0
    running: bool = False
    """Whether a main process of this version runs, or ended without saying so."""

    def is_over(self, now: datetime) -> bool:
        """Return whether the day is over, or another version is installed."""
        since = from_rfc3339(self.since)
        return not since - LENGTH <= now < since + LENGTH or self.version != installed_version()


class StabilityWatch:
    """Counts what ends. What cannot be written on a full disk is counted in memory."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._now = self._read()
        self._failed: set[str] = set()

    @property
    def installed(self) -> str:
        """Return the version whose day it is, empty where it is none's."""
        return self._now.version if self._now else ""

    @property
    def wants_back(self) -> bool:
        """Return whether the version before is to come back by itself."""
        return self._now is not None and self._now.late_rollback and self.degraded() is not None

    def degraded(self) -> str | None:
        """Return in a sentence that the installed version ends too often, None where it does not."""
        if self._now is None or self._now.version != installed_version() or self._now.crashes <= TOLERATED:
            return None
        return Message(
            "Version %(version)s or a part of it ended by itself %(crashes)s times within a day of its installation (%(since)s).",
            version=self._now.version,
            crashes=self._now.crashes,
            since=self._now.since,
        )

    def begin(self, late_rollback: bool) -> None:
        """Begin the day of the version that runs: it has just been installed."""
        self._keep(StabilityRecord(installed_version(), to_rfc3339(utc_now()), late_rollback, running=True))

    def started(self) -> None:
        """Note that the appliance starts; the former one has crashed unless it has said that it ends."""
        if now := self._current():
            self._keep(replace(now, crashes=now.crashes + now.running, running=True))

    def look(self, components: Sequence[Component]) -> None:
        """Note which components have ended by themselves since the last look."""
        failed = {component.name for component in components if component.state is ComponentState.FAILED}
        new, self._failed = failed - self._failed, failed
        if new and (now := self._current()):
            self._keep(replace(now, crashes=now.crashes + len(new)))

    def stopped(self) -> None:
        """Note that the appliance ends because it was asked to."""
        if now := self._current():
            self._keep(replace(now, running=False))

    def _current(self) -> StabilityRecord | None:
        return self._now if self._now and not self._now.is_over(utc_now()) else None

    def _keep(self, record: StabilityRecord) -> None:
        self._now = record
        try:
            write_record(self._file, asdict(record))
        except OSError as error:
            log.warning("How often the new version ends could not be written down.", reason=error.strerror)

    def _read(self) -> StabilityRecord | None:
        try:
            return read_record(StabilityRecord, self._file)
        except (OSError, ValueError):  # none, or none that can be read: then nothing is counted
            return None
