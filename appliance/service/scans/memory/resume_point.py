"""A sweep of the service that was cut off by the end of the process: what the next one needs to go on with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from appliance.common.clock import from_rfc3339, to_rfc3339
from appliance.discovery.sweep.progress import Checkpoint

NOTE_SECONDS = 5.0
"""How often a running sweep is noted."""
WITHIN = timedelta(hours=24)
"""An older note is of no use: too much may have changed at the addresses that were done."""


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """How far a sweep of all targets was."""

    targets: tuple[str, ...]
    started_at: datetime
    noted_at: datetime
    thorough: bool
    checkpoint: Checkpoint
    unread: tuple[str, ...]
    """Addresses of devices that were found and not read yet."""
    decided: Mapping[str, Any] = field(default_factory=dict)
    """What decided the sweep, as `Deciding` notes it."""

    def fits(self, targets: tuple[str, ...], now: datetime) -> bool:
        """Return whether a sweep of `targets` may go on from here."""
        return self.targets == targets and timedelta() <= now - self.noted_at <= WITHIN

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "targets": list(self.targets),
            "started_at": to_rfc3339(self.started_at),
            "noted_at": to_rfc3339(self.noted_at),
            "thorough": self.thorough,
            "checkpoint": self.checkpoint.as_json(),
            "unread": list(self.unread),
            "decided": dict(self.decided),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "ResumePoint | None":
        """Return what was noted, None when it makes no sense: then the sweep starts anew."""
        try:
            return cls(
                targets=tuple(map(str, kept["targets"])),
                started_at=from_rfc3339(str(kept["started_at"])),
                noted_at=from_rfc3339(str(kept["noted_at"])),
                thorough=bool(kept["thorough"]),
                checkpoint=Checkpoint.from_json(kept["checkpoint"]),
                unread=tuple(map(str, kept["unread"])),
                decided=dict(kept.get("decided") or {}),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            return None
