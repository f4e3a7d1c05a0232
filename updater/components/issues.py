"""What the checks found, and since when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from appliance.common.clock import to_rfc3339, utc_now

FIXED_KEPT = 20
FIXED_KEPT_FOR = timedelta(days=1)


class Remedy(StrEnum):
    """What the supervisor can do about a finding."""

    START = "start"
    """Start a component that is down, as the restart policy says."""
    STOP_AND_START = "stop_and_start"
    """SIGTERM, then start again as the restart policy says."""
    KILL_AND_START = "kill_and_start"
    """SIGKILL, then start again as the restart policy says."""
    GIVE_UP = "give_up"
    """Stop the appliance, so that the container engine starts it afresh."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What helps, for the supervisor and in words."""

    remedy: Remedy
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a check found wrong."""

    check: str
    text: str
    component: str | None = None
    pid: int | None = None
    """The process that was judged: the fix is not for the one that followed it."""
    fix: Fix | None = None

    @property
    def key(self) -> tuple[str, str | None]:
        """What makes two findings the same issue."""
        return self.check, self.component


@dataclass(slots=True)
class Issue:
    """A finding over time."""

    finding: Finding
    since: datetime
    fixed_at: datetime | None = None

    def to_json(self) -> dict[str, object]:
        """Return the issue as the control API gives it."""
        fix = self.finding.fix
        return {
            "check": self.finding.check,
            "component": self.finding.component,
            "text": self.finding.text,
            "since": to_rfc3339(self.since),
            "fix": fix.text if fix else None,
            "fixed": self.fixed_at is not None,
        }


class IssueBook:
    """All issues: the open ones, and for a day the last ones that were fixed."""

    def __init__(self) -> None:
        self._issues: dict[tuple[str, str | None], Issue] = {}

    def update(self, check: str, findings: Iterable[Finding], settled: set[str]) -> tuple[list[Finding], list[Finding]]:
        """Take the findings of one look of `check`; return what is new, and what is fixed since.

        An issue of a component that is no longer found is fixed once the component is among the `settled` ones, which run.
        """
        found = {finding.key: finding for finding in findings}
        opened, fixed = [], []
        for key, finding in found.items():
            known = self._issues.get(key)
            if known is None or known.fixed_at is not None:
                self._issues.pop(key, None)
                self._issues[key] = Issue(finding, utc_now())
                opened.append(finding)
            else:
                known.finding = finding
        for key, issue in self._issues.items():
            gone = key[0] == check and key not in found and (key[1] is None or key[1] in settled)
            if gone and issue.fixed_at is None:
                issue.fixed_at = utc_now()
                fixed.append(issue.finding)
        self._forget()
        return opened, fixed

    def open(self, component: str | None = None) -> list[Issue]:
        """Return the issues that are not fixed, oldest first; with `component` only that one's."""
        return [
            issue
            for issue in self._issues.values()
            if issue.fixed_at is None and (component is None or issue.finding.component == component)
        ]

    def to_json(self) -> list[dict[str, object]]:
        """Return all issues, the open ones first."""
        return [issue.to_json() for issue in sorted(self._issues.values(), key=lambda issue: issue.fixed_at is not None)]

    def _forget(self) -> None:
        fixed = [(issue.fixed_at, key) for key, issue in self._issues.items() if issue.fixed_at is not None]
        fixed.sort(key=lambda item: item[0], reverse=True)
        for place, (moment, key) in enumerate(fixed):
            if place >= FIXED_KEPT or moment < utc_now() - FIXED_KEPT_FOR:
                del self._issues[key]
