"""What the repository is asked for and what came of it: a short-lived process each time, so the supervisor stays small."""

import asyncio
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import ControlError, DcaError
from appliance.common.files import from_json
from appliance.common.message import Message, message_of
from appliance.common.network.traffic import Traffic
from appliance.process.client import ControlClient
from updater.components.children import Children
from updater.configuration.rules import CheckResult
from updater.errors import UpdateOffError
from updater.supervisor.plan import Retries, SupervisorPlan
from updater.supervisor.site import Site
from updater.trust.origin import followed

log = structlog.get_logger()

REFRESH_SECONDS = 900.0
"""Longest time of one check, on a line that is just fast enough."""


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What the hosting server says is there: the markers of a configuration and of a rollout, each empty where it names none."""

    configuration: str = ""
    rollout: str = ""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield what each marker is of, and the marker."""
        yield "configuration", self.configuration
        yield "rollout", self.rollout


class RefreshProcess:
    """The short-lived process that asks the repository."""

    def __init__(self, children: Children, command: Sequence[str]) -> None:
        self._children = children
        self._command = command

    async def run(self, report: RefreshReport) -> CheckResult:
        """Return what came of one check."""
        command = [*self._command, *(["--marker", report.configuration] if report.configuration else [])]
        try:
            answer = await self._children.ask(command, os.environ, REFRESH_SECONDS)
            return CheckResult.from_json(from_json(answer))
        except TimeoutError:
            reason: str = Message("it was not over within %(minutes)s minutes", minutes=round(REFRESH_SECONDS / 60))
        except (OSError, ValueError) as error:
            reason = message_of(error)
        return CheckResult(
            "failed", Message("The check for configuration failed: %(reason)s. It is made again later.", reason=reason), "process"
        )


@dataclass(frozen=True, slots=True)
class _MissedMarker:
    """A marker that checks did not arrive at: server and repository disagree, or the repository is not reached."""

    marker: str = ""
    times: int = 0
    until: float = 0.0
    """The moment of the loop before which it is not tried again."""


class _MissedMarkers:
    """The newest such marker of each kind."""

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self._missed = dict.fromkeys(("configuration", "rollout"), _MissedMarker())

    def has_pause(self, kind: str, marker: str) -> bool:
        """Return whether it is too early to try to arrive at this marker again."""
        missed = self._missed[kind]
        return marker == missed.marker and asyncio.get_running_loop().time() < missed.until

    def add(self, kind: str, marker: str, chance: float) -> None:
        """Note that a check has not arrived at a marker."""
        times = self._missed[kind].times + 1 if self._missed[kind].marker == marker else 1
        until = asyncio.get_running_loop().time() + self._retries.after(times, chance)
        self._missed[kind] = _MissedMarker(marker, times, until)


class RefreshScheduler:
    """Checks for configuration: when somebody asks, when the hosting server tells of something new, and when the plan says so."""

    def __init__(
        self,
        site: Site,
        process: RefreshProcess,
        plan: SupervisorPlan,
        *,
        rollout: Callable[[], str],
        refreshed: Callable[[CheckResult], None],
    ) -> None:
        """`rollout` gives the marker of the rollout that was received last; `refreshed` is called after each check."""
        self._site = site
        self._process = process
        self._plan = plan
        self._rollout = rollout
        self._refreshed = refreshed
        self._chance = random.SystemRandom()
        self._request: RefreshReport | None = None
        """What a check was asked for with; empty where it was a person who asked."""
        self._refreshing = False
        self._missed = _MissedMarkers(plan.times.refresh_retries)
        self._failures = 0
        self._last: dict[str, Any] | None = None
        self._traffic = Traffic()

    def status(self) -> dict[str, Any]:
        """Return this part of `update` in `GET /v1/status`."""
        next_at = self._plan.next_at("refresh")
        return {
            "checking": self._refreshing or self._request is not None,
            "last_check": self._last,
            "next_check_at": to_rfc3339(next_at) if next_at and self._site.settings.update.level != "off" else None,
        }

    def ask(self, report: RefreshReport | None = None) -> None:
        """Check soon; `report` is what the hosting server says is there, None: a person asks.

        Nothing is done where that was dealt with, or a check that has just been made did not find it. Raises UpdateOffError.
        """
        if self._site.settings.update.level == "off":
            raise UpdateOffError(
                Message(
                    "The intelligent update is off (update.level): nothing is fetched. Switch it on at the page "
                    "Health and updates of the web UI, or with `dca settings set update.level=config`."
                )
            )
        if report and not any(marker and self._is_news(kind, marker) for kind, marker in report):
            return
        self._request = report or RefreshReport()
        self._plan.now("refresh")

    def _is_news(self, kind: str, marker: str) -> bool:
        return not self._missed.has_pause(kind, marker) and marker != self._dealt_with(kind)

    def _dealt_with(self, kind: str) -> str:
        return self._site.store.received().marker if kind == "configuration" else self._rollout()

    async def refresh(self) -> None:
        """Check where somebody has asked for it, or a site asks by itself."""
        request, self._request = self._request, None
        if request is None and not self.is_due():
            return
        report = request or RefreshReport()
        self._refreshing = True
        try:
            result = await self._process.run(report)
        finally:
            self._refreshing = False
        self._note(result)
        self._plan_retries(result, report)
        self._refreshed(result)
        await self._hand_over(result.traffic)

    def is_due(self) -> bool:
        """Return whether a site asks by itself: not where that is off, or there is nobody to ask."""
        try:
            followed(self._site.store)
        except DcaError:
            return False
        return self._site.settings.update.level != "off"

    def _note(self, result: CheckResult) -> None:
        """Keep how a check went."""
        before = self._last or {}
        self._last = {
            "at": to_rfc3339(utc_now()),
            "ok": result.ok,
            "what": result.what,
            "reason": result.reason,
            "text": result.text,
            "number": before["number"] + 1 if before else 1,
        }
        if result.what == "applied":
            log.info(result.text, marker=result.marker)
        elif not result.ok and before.get("text") != result.text:
            log.warning(result.text, reason=result.reason)

    def _plan_retries(self, result: CheckResult, report: RefreshReport) -> None:
        """Have a failed check made again. A refusal of what was verified is the last word on it; all else is tried again."""
        arrived, chance = result.ok or bool(result.marker), self._chance.random()
        self._failures = 0 if arrived else self._failures + 1
        found = {"configuration": result.marker, "rollout": self._rollout()}
        for kind, marker in report:
            if marker and found[kind] != marker:
                self._missed.add(kind, marker, chance)
        if not arrived and self._request is None:
            self._plan.postpone("refresh", self._plan.times.refresh_retries.after(self._failures, chance))

    async def _hand_over(self, traffic: Traffic) -> None:
        """Let the collector count what the check has cost; while it does not run that waits here."""
        self._traffic.add(traffic)
        if not self._traffic.packets_sent:
            return
        try:
            client = ControlClient(self._site.paths.collector_socket, "collector")
            await client.call("POST", "/v1/traffic", {"traffic": {"update": self._traffic.as_json()}})
        except ControlError:
            return
        self._traffic = Traffic()
