"""What the repository is asked for and what came of it: a short-lived process each time, so the supervisor stays small."""

import asyncio
import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import ControlError, DcaError
from appliance.common.message import Message, message_of
from appliance.common.traffic import Traffic
from appliance.process.client import ControlClient
from appliance.settings.store import SettingsStore
from updater.components.children import Children
from updater.configuration.rules import CheckResult
from updater.errors import UpdateOffError
from updater.supervisor.plan import SupervisorPlan
from updater.trust.origin import followed

log = structlog.get_logger()

CHECK_SECONDS = 900.0
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


@dataclass(frozen=True, slots=True)
class _InVain:
    """A marker that checks did not arrive at: server and repository disagree, or the repository is not reached."""

    marker: str = ""
    times: int = 0
    until: float = 0.0
    """The moment of the loop before which it is not tried again."""


class RefreshScheduler:
    """Checks for configuration: when somebody asks, when the hosting server tells of something new, and when the plan says so."""

    def __init__(
        self,
        store: SettingsStore,
        children: Children,
        collector_socket: Path,
        level: Callable[[], str],
        *,
        changed: Callable[[], None],
        rollout: Callable[[], str],
        checked: Callable[[CheckResult], None],
        command: Sequence[str],
        plan: SupervisorPlan,
    ) -> None:
        """Hand in whom to ask and to tell.

        `level` gives the level of the intelligent update, `rollout` the marker of the rollout that was received last; `changed` is
        called when a configuration may have come into force, `checked` after each check.
        """
        self._store = store
        self._children = children
        self._collector_socket = collector_socket
        self._level = level
        self._changed = changed
        self._rollout = rollout
        self._checked = checked
        self._command = command
        self._plan = plan
        self._chance = random.SystemRandom()
        self._asked = False
        self._told = RefreshReport()
        self._in_vain = dict.fromkeys(("configuration", "rollout"), _InVain())
        self._checking = False
        self._count = self._failures = 0
        self._last: dict[str, Any] | None = None
        self._traffic = Traffic()

    def status(self) -> dict[str, Any]:
        """Return this part of `update` in `GET /v1/status`."""
        next_at = self._plan.next_at("refresh")
        return {
            "checking": self._checking or self._asked,
            "last_check": self._last,
            "next_check_at": to_rfc3339(next_at) if next_at and self._level() != "off" else None,
        }

    def ask(self, told: RefreshReport | None = None) -> None:
        """Check soon; `told` is what the hosting server says is there, None: a person asks.

        Nothing is done where that was dealt with, or a check that has just been made did not find it. Raises UpdateOffError.
        """
        if self._level() == "off":
            raise UpdateOffError(
                Message(
                    "The intelligent update is off (update.level): nothing is fetched. Switch it on at the page "
                    "Health and updates of the web UI, or with `dca settings set update.level=config`."
                )
            )
        if told and not any(marker and self._is_news(kind, marker) for kind, marker in told):
            return
        self._told = told or RefreshReport()
        self._asked = True
        self._plan.now("refresh")

    def _is_news(self, kind: str, marker: str) -> bool:
        in_vain = self._in_vain[kind]
        if marker == in_vain.marker and asyncio.get_running_loop().time() < in_vain.until:
            return False
        return marker != self._dealt_with(kind)

    def _dealt_with(self, kind: str) -> str:
        return self._store.received().marker if kind == "configuration" else self._rollout()

    async def refresh(self) -> None:
        """Check where somebody has asked for it, or a site asks by itself."""
        asked, told = self._asked, self._told
        self._asked, self._told = False, RefreshReport()
        if not (asked or self.is_due()):
            return
        self._checking = True
        try:
            result = await self._check(told)
        finally:
            self._checking = False
        self._take(result, told)
        self._checked(result)
        await self._hand_over(result.traffic)

    def is_due(self) -> bool:
        """Return whether a site asks by itself: not where that is off, or there is nobody to ask."""
        try:
            followed(self._store)
        except DcaError:
            return False
        return self._level() != "off"

    async def _check(self, told: RefreshReport) -> CheckResult:
        command = [*self._command, *(["--marker", told.configuration] if told.configuration else [])]
        try:
            answer = await self._children.ask(command, os.environ, CHECK_SECONDS)
            return CheckResult.from_json(json.loads(answer))
        except TimeoutError:
            reason: str = Message("it was not over within %(minutes)s minutes", minutes=round(CHECK_SECONDS / 60))
        except (OSError, ValueError) as error:
            reason = message_of(error)
        return CheckResult(
            "failed", Message("The check for configuration failed: %(reason)s. It is made again later.", reason=reason), "process"
        )

    def _take(self, result: CheckResult, told: RefreshReport) -> None:
        """Note how a check went; a failed one is made again."""
        before, self._count = self._last or {}, self._count + 1
        self._last = {
            "at": to_rfc3339(utc_now()),
            "ok": result.ok,
            "what": result.what,
            "reason": result.reason,
            "text": result.text,
            "number": self._count,
        }
        if result.what == "applied":
            log.info(result.text, marker=result.marker)
        elif not result.ok and before.get("text") != result.text:
            log.warning(result.text, reason=result.reason)
        if result.what in ("applied", "failed"):  # a process that was killed may have applied one before
            self._changed()
        # A refusal of what was verified is the last word on it; all else is tried again.
        arrived = result.ok or bool(result.marker)
        self._failures = 0 if arrived else self._failures + 1
        chance, retries = self._chance.random(), self._plan.times.refresh_retries
        found = {"configuration": result.marker, "rollout": self._rollout()}
        for kind, marker in told:
            if marker and found[kind] != marker:
                times = self._in_vain[kind].times + 1 if self._in_vain[kind].marker == marker else 1
                until = asyncio.get_running_loop().time() + retries.after(times, chance)
                self._in_vain[kind] = _InVain(marker, times, until)
        if not arrived and not self._asked:
            self._plan.postpone("refresh", retries.after(self._failures, chance))

    async def _hand_over(self, traffic: Traffic) -> None:
        """Let the collector count what the check has cost; while it does not run that waits here."""
        self._traffic.add(traffic)
        if not self._traffic.packets_sent:
            return
        try:
            client = ControlClient(self._collector_socket, "collector")
            await client.call("POST", "/v1/traffic", {"traffic": {"update": self._traffic.as_json()}})
        except ControlError:
            return
        self._traffic = Traffic()
