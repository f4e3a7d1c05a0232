"""The health gate, whether a new version is good: it is watched from its start, and committed or rolled back. Pure.

Moments are seconds of a clock that counts while the machine runs.

- Back at once: the container ends, crashes twice, runs out of memory, or is found unhealthy by the engine.
- Back soon: its own health command goes on saying no, or says so again and again.
- Back at the deadline: it has not said that it is ready, or is not well. Whoever tells of progress in a migration gets more time.
- Back by a control sample: it cannot reach the hosting server, and we can, twice. When neither can, it is not the update's fault.
- Committed: it has been ready and well, without any of these, for as long as the release asks. Well is what its health command
  says, and the engine where there is a health check: that says nothing else than `starting` for a minute or more.
- Superseded: it is gone, and another appliance has taken its place: an administrator's.
- A person who stops it is obeyed: nothing is decided until somebody starts it, or the version before.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from appliance.common.clock import from_rfc3339
from appliance.common.message import Message, sentences
from appliance.release import HealthGateTimes
from updater.engine.container_spec import Inspected, Json
from updater.records.acknowledgement import Acknowledgement

Decision = Literal["commit", "roll back", "superseded"]

VANISHED_SECONDS = 15.0
"""Compose removes a container before it has started the one that replaces it."""
PROGRESS_SECONDS = 60.0
"""A migration that told of progress may be silent for so long."""
LONGEST_SECONDS = 1800.0
"""More than this no progress brings, unless the release itself allows it."""
CONTROLS = 2
CONTROL_PAUSE_SECONDS = 15.0
"""Meanwhile the new version has tried again, too."""
PROBE_PAUSE_SECONDS = 2.0
UNWELL_SECONDS = 30.0
"""So long the health command may go on saying no: a component that is started again is up by then."""
LAPSES = 3
"""So often a version that was well may say no: a component may crash once."""
TOLERANCE = timedelta(seconds=2)
OVERWRITTEN_SECONDS = 30.0
"""By then a version that was started again has said something new."""
ENDED = ("exited", "dead")
NANOSECONDS = 1e9
DEFAULT_INTERVAL_SECONDS = 30.0
DEFAULT_RETRIES = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """The new container, as the engine shows it."""

    status: str
    started_at: str
    exit_code: int = 0
    out_of_memory: bool = False
    health: str = ""
    """`starting`, `healthy`, `unhealthy`, or empty without a health check."""

    @property
    def taken_away(self) -> bool:
        """Whether somebody stops or removes it: Compose does before it starts the one that replaces it."""
        return self.status == "removing" or (self.status == "exited" and self.exit_code == 0)

    @classmethod
    def from_inspect(cls, found: Inspected) -> "Candidate":
        """Return what matters of an inspection."""
        state: Json = found["State"]
        return cls(
            status=str(state["Status"]),
            started_at=str(state.get("StartedAt") or ""),
            exit_code=int(state.get("ExitCode") or 0),
            out_of_memory=bool(state.get("OOMKilled")),
            health=str((state.get("Health") or {}).get("Status") or ""),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided, with one word and a sentence for why."""

    decision: Decision
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Hand:
    """What a person has done: stopped the new container, and perhaps started the old one."""

    started_old: bool = False


@dataclass(slots=True)
class _Probe:
    """What the health command of the new version has said since its start."""

    at: float | None = None
    well: bool = False
    lapses: int = 0
    """How often it was well, and then was not."""
    since: float | None = None
    """Since when it says no."""

    def take(self, well: bool | None, now: float) -> None:
        self.at = now
        if well is False:
            self.lapses += self.well
            self.since = now if self.since is None else self.since
        else:
            self.since = None
        self.well = well is not False

    def unwell_for(self, now: float) -> float:
        return 0.0 if self.since is None else now - self.since


def longest_start(healthcheck: Json | None) -> float:
    """Return the seconds after which the engine itself would call a container unhealthy; 0 without a health check."""
    check = healthcheck or {}
    if not check.get("Test") or check["Test"][0] == "NONE":
        return 0.0

    def seconds(name: str, default: float) -> float:
        return float(check.get(name) or 0) / NANOSECONDS or default

    interval = seconds("Interval", DEFAULT_INTERVAL_SECONDS)
    once = interval + seconds("Timeout", DEFAULT_INTERVAL_SECONDS)
    return seconds("StartPeriod", 0.0) + int(check.get("Retries") or DEFAULT_RETRIES) * once + interval


class HealthGate:
    """One watch over a new container, from its start or from that of the machine."""

    def __init__(self, times: HealthGateTimes, version: str, healthcheck: Json | None, now: float) -> None:
        self._version = version
        self._steady = times.steady_seconds
        self._patience = max(times.deadline_seconds, longest_start(healthcheck))
        self._deadline = now + self._patience
        self._longest = now + max(times.deadline_seconds, LONGEST_SECONDS)
        self._probe = _Probe()
        self._held = False
        self._started_at = ""
        self._seen_since = now
        self._vanished_since: float | None = None
        self._ready_since: float | None = None
        self._said_ready = self._unreached = False
        self._progress: object = None
        self._controls: list[bool] = []
        self._control_at: float | None = None

    def wants_probe(self, now: float) -> bool:
        """Return whether it is time to run the health command of the new version: it says that it is ready."""
        return self._said_ready and (self._probe.at is None or now - self._probe.at >= PROBE_PAUSE_SECONDS)

    def probed(self, well: bool | None, now: float) -> None:
        """Take what the health command said; None where none can be run, so that only the engine's word counts."""
        self._probe.take(well, now)

    def wants_control(self, now: float) -> bool:
        """Return whether it is time to try the hosting server ourselves: the new version is ready, and cannot reach it."""
        due = self._control_at is None or now - self._control_at >= CONTROL_PAUSE_SECONDS
        return self._said_ready and self._unreached and due

    def controlled(self, reached: bool, now: float) -> None:
        """Take the result of our own try."""
        self._controls.append(reached)
        self._control_at = now

    def judge(
        self,
        now: float,
        candidate: Candidate | None,
        said: Acknowledgement | None,
        *,
        other_main: bool = False,
        hand: Hand | None = None,
    ) -> Verdict | None:
        """Return the decision, None while there is none.

        `other_main`: another appliance runs on this data folder; `hand`: what a person has done to the two containers.
        """
        if candidate is not None and hand is not None and candidate.status in ENDED:
            return self._hold(hand)
        if candidate is None or candidate.taken_away:
            return self._vanished(now, other_main)
        self._vanished_since = None
        if bad := self._bad(candidate):
            return bad
        if candidate.started_at != self._started_at:
            self._begin(candidate, now)
        said = said if said is not None and self._is_of_this_start(said, now) else None
        self._listen(now, said)
        return self._decide(now, candidate, said)

    def _begin(self, candidate: Candidate, now: float) -> None:
        """Take note of a start: what was said before it does not count."""
        self._started_at, self._seen_since, self._ready_since, self._said_ready = candidate.started_at, now, None, False
        self._probe = _Probe()
        if self._held:
            self._held, self._deadline = False, now + self._patience

    def _decide(self, now: float, candidate: Candidate, said: Acknowledgement | None) -> Verdict | None:
        is_well = self._said_ready and self._probe.well and candidate.health in ("", "healthy")
        self._ready_since = (now if self._ready_since is None else self._ready_since) if is_well else None
        if self._said_ready and (self._probe.lapses >= LAPSES or self._probe.unwell_for(now) > UNWELL_SECONDS):
            return self._unwell()
        if self._said_ready and self._unreached and self._controls.count(True) >= CONTROLS:
            return self._no_contact(said)
        if self._ready_since is not None:
            return Verdict("commit") if self._excused and now - self._ready_since >= self._steady else None
        if now > self._deadline:
            return self._unwell() if self._said_ready else Verdict("roll back", "deadline", self._not_ready(said))
        return None

    def _hold(self, hand: Hand) -> Verdict | None:
        """A person has stopped the new version: nothing is started against that, and the version before only by a person."""
        self._vanished_since, self._ready_since, self._said_ready, self._held = None, None, False, True
        if not hand.started_old:
            return None
        text = Message(
            "Version %(version)s was stopped by hand while it was being tried, and the version before started.",
            version=self._version,
        )
        return Verdict("roll back", "by hand", text)

    def _unwell(self) -> Verdict:
        text = Message("Version %(version)s says that it is ready, and is not healthy.", version=self._version)
        return Verdict("roll back", "unhealthy", text)

    def _no_contact(self, said: Acknowledgement | None) -> Verdict:
        text = Message("Version %(version)s cannot reach the hosting server, and the version before can.", version=self._version)
        return Verdict("roll back", "no contact", sentences(text, said.text if said else ""))

    @property
    def _excused(self) -> bool:
        """Whether the new version reaches the server, or nobody does."""
        return not self._unreached or (len(self._controls) >= CONTROLS and not any(self._controls[-CONTROLS:]))

    def _vanished(self, now: float, other_main: bool) -> Verdict | None:
        if other_main:
            text = Message(
                "Another appliance was started in place of version %(version)s while that was being tried, and runs.",
                version=self._version,
            )
            return Verdict("superseded", "superseded", text)
        if self._vanished_since is None:
            self._vanished_since = now
        if now - self._vanished_since < VANISHED_SECONDS:
            return None
        text = Message(
            "The container of version %(version)s was stopped or removed while it was being tried.", version=self._version
        )
        return Verdict("roll back", "vanished", text)

    def _bad(self, candidate: Candidate) -> Verdict | None:
        version = f"Version {self._version}"
        if candidate.out_of_memory:
            return Verdict("roll back", "memory", Message("%(version)s used more memory than its container may.", version=version))
        if candidate.status in ENDED:
            return Verdict(
                "roll back",
                "ended",
                Message("%(version)s ended with exit code %(exit_code)s.", version=version, exit_code=candidate.exit_code),
            )
        if candidate.health == "unhealthy":
            return Verdict(
                "roll back", "unhealthy", Message("%(version)s was found unhealthy by its health check.", version=version)
            )
        return None

    def _is_of_this_start(self, said: Acknowledgement, now: float) -> bool:
        """Return whether it was said since the container was started: after a power cut there is what was said before."""
        if said.version != self._version:
            return False
        if now - self._seen_since >= OVERWRITTEN_SECONDS:
            return True  # whatever the clock of the host has done meanwhile
        started = moment(self._started_at)
        at = moment(said.at)
        return started is None or (at is not None and at >= started - TOLERANCE)

    def _listen(self, now: float, said: Acknowledgement | None) -> None:
        self._said_ready = said is not None and said.stage == "ready" and said.collector and said.webui
        self._unreached = said is not None and bool(said.unreached)
        if not self._unreached:
            self._controls.clear()
        if said is not None and said.stage == "migrating" and (said.percent, said.at) != self._progress:
            self._progress = (said.percent, said.at)
            self._deadline = max(self._deadline, min(now + PROGRESS_SECONDS, self._longest))

    def _not_ready(self, said: Acknowledgement | None) -> str:
        if said is None:
            return Message("Version %(version)s did not say in time that it is ready; it said nothing.", version=self._version)
        return Message(
            "Version %(version)s did not say in time that it is ready. It said: %(said)s.",
            version=self._version,
            said=", ".join(filter(None, (said.stage, said.text))),
        )


def moment(text: str) -> datetime | None:
    """Return the moment the engine or the appliance wrote; engines write nanoseconds."""
    whole, dot, fraction = text.partition(".")
    zone = fraction.lstrip("0123456789") if dot else ""
    try:
        return from_rfc3339(whole + zone)
    except ValueError:
        return None
