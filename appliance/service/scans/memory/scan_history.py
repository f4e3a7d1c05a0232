"""What was scanned, and when: it decides what is due, and is kept over restarts by the collector."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.service.scans.memory.resume_point import ResumePoint

SILENT_SLACK = 0.9
"""Share of scan.silent_hours after which a sweep is the one that is due: sweeps are not on the minute."""


@dataclass(slots=True)
class ScanHistory:
    """The last scans, also those of the collector before this one."""

    last_sweep_at: datetime | None = None
    """When all targets were swept last; None also when the targets have changed since."""
    last_silent_pass_at: datetime | None = None
    """When what answers no ping was asked over SNMP last; None also when the targets have changed since."""
    last_read_at: datetime | None = None
    resume_point: ResumePoint | None = None
    """The sweep that the collector before this one has not finished, if it was cut off."""

    def silent_pass_is_due(self, hours: float, now: datetime) -> bool:
        """Return whether a sweep that starts now also asks over SNMP what answers no ping; `hours` is scan.silent_hours."""
        if not hours or self.last_silent_pass_at is None:
            return bool(hours)
        since = now - self.last_silent_pass_at
        return since < timedelta() or since >= timedelta(hours=hours) * SILENT_SLACK

    def forget_sweeps(self) -> None:
        """Take no sweep so far for one of all targets: what decides them has changed."""
        self.last_sweep_at = self.last_silent_pass_at = self.resume_point = None

    def swept(self, at: datetime, *, silent_pass: bool) -> None:
        """Take down that all targets were swept, and so read, at this moment."""
        self.last_sweep_at = self.last_read_at = at
        if silent_pass:
            self.last_silent_pass_at = at
