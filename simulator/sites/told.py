"""What a simulated site tells in its check-in: the members that `docs/protocol/check-in.md` names, filled as an appliance does.

A configuration that the server names is on trial at the next check-in, and kept or refused at the one after; a rollout is installed
step by step in the same way. No document is fetched: what is in it plays no part here.
"""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from appliance.transmission.answers import CheckInAnswer
from simulator.sites.scenario import Scenario

INSTALLED = "0.1.0"
_STEPS = (("scheduled", "none"), ("download", "none"), ("proceeding", "none"), ("closed", "success"))


def text_of(seconds: float) -> str:
    """Return a moment as `2026-11-22T10:00:00Z`."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class Configuration:
    """How far a site is with what was published for it."""

    marker: str = "none"
    state: str = "none"
    outcome: dict[str, str] | None = None

    def named(self, marker: str) -> None:
        """Begin with what the server has named."""
        if marker != self.marker:
            self.marker, self.state, self.outcome = marker, "trial", None

    def goes_on(self, at: str, *, refuses: bool) -> None:
        """End a trial."""
        if self.state != "trial":
            return
        self.state = "refused" if refuses else "kept"
        refused = "scan.targets: 10.99.0.0/16 lies outside of guardrails.networks. The configuration before stays in force."
        told = ("guardrail", refused) if refuses else ("", "It was watched for 2 minutes, and all went well.")
        self.outcome = {"at": at, "what": self.state, "reason": told[0], "text": told[1]}


@dataclass(slots=True)
class Release:
    """How far a site is with the version that a rollout offers."""

    rollout: str = "none"
    step: int | None = None
    transaction: str = ""
    started_at: str = ""

    def named(self, marker: str, at: str) -> None:
        """Begin with the rollout that the server has named."""
        if marker != self.rollout:
            self.rollout, self.step, self.started_at = marker, 0, at
            self.transaction = str(uuid.uuid4())

    def goes_on(self) -> None:
        """Do the next step."""
        if self.step is not None:
            self.step = min(self.step + 1, len(_STEPS) - 1)

    def told(self, version: str, *, fails: bool) -> dict[str, Any] | None:
        """Return `update.image` of the state, None where nothing was ever offered."""
        if self.step is None:
            return None
        execution, result = _STEPS[self.step]
        ended = execution == "closed"
        failed = ended and fails
        return {
            "execution": execution,
            "result": "failure" if failed else result,
            "version": version,
            "from_version": INSTALLED,
            "transaction": self.transaction if execution != "scheduled" else "",
            "started_at": self.started_at if ended else None,
            "seconds": 42 if ended else None,
            "reason": "not_ready" if failed else "",
            "text": "The new version did not become ready; the former one runs again." if failed else "",
            "waits": [],
            "log": "",
        }


@dataclass(slots=True)
class Told:
    """What one site tells; `started_at` and `read_at` are moments by its clock."""

    scenario: Scenario
    name: str
    site: int
    started_at: float
    read_at: float | None = None
    configuration: Configuration = field(default_factory=Configuration)
    release: Release = field(default_factory=Release)

    def state(self, waiting: int, oldest_at: int | None) -> dict[str, Any]:
        """Return the state of a check-in."""
        devices = self.scenario.devices
        last = None
        if self.read_at is not None:
            last = {"kind": "read", "finished_at": text_of(self.read_at), "cancelled": False, "addresses": devices}
            last |= {"devices": devices, "read": devices, "failed": 0}
        version = self.scenario.release
        update: dict[str, Any] = {"level": "config", "support_bundle": False, "channel": "stable"}
        if version:
            image = self.release.told(version, fails=self._refuses("release", self.release.rollout))
            update |= {"level": "auto", "rollout": self.release.rollout, "image_updates": True, "image": image}
        configuration = self.configuration
        return {
            "site_name": self.name,
            "started_at": text_of(self.started_at),
            "collector": "idle",
            "devices": {"known": devices, "answering": devices},
            "outbox": {"readings": waiting, "oldest_at": None if oldest_at is None else text_of(oldest_at)},
            "last_scan": last,
            "problems": [],
            "health_check": True,
            "update": update,
            "configuration": {
                "marker": configuration.marker,
                "state": configuration.state,
                "layers": [],
                "outcome": configuration.outcome,
            },
            "privacy": {},
            "traffic": {"first_read": 3_000 * devices, "poll": 700 * devices, "upload": 40 * devices, "check_in": 90_000},
            "time_zone": "Europe/Berlin",
        }

    def heard(self, answer: CheckInAnswer, at: float) -> None:
        """Go on by what the server answered."""
        self.configuration.goes_on(text_of(at), refuses=self._refuses("configuration", self.configuration.marker))
        self.release.goes_on()
        if answer.configuration:
            self.configuration.named(answer.configuration)
        if answer.rollout and self.scenario.release:
            self.release.named(answer.rollout, text_of(at))

    def _refuses(self, what: str, marker: str) -> bool:
        return self.scenario.chance(what, marker, self.site).random() < self.scenario.refusing
