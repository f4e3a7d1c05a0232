"""The life of one component: started, ready, failed, waiting to be started again, stopped."""

import asyncio
import os
import random
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import structlog

from appliance.common.clock import utc_now
from appliance.common.message import Message
from appliance.process.notify import status_of
from updater.components.awake_clock import AwakeClock
from updater.components.children import Child, Children
from updater.components.restart import RestartHistory, RestartPolicy, next_restart
from updater.components.specs import ComponentSpec
from updater.errors import ComponentError

log = structlog.get_logger()

STATUS_LENGTH = 200
OWN_NOTIFY_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class ComponentState(StrEnum):
    """The states of a component, as the control API names them."""

    STARTING = "starting"
    RUNNING = "running"
    BACKING_OFF = "backing_off"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"


class Goal(StrEnum):
    """What follows when a component that is being stopped has ended."""

    STAY_DOWN = "stay down"
    START_NOW = "start now"
    BACK_OFF = "back off"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all components of one supervisor share."""

    children: Children
    clock: AwakeClock
    policy: RestartPolicy
    notify_path: Path
    changed: Callable[[], None]
    """Called after each change of state."""


class Component:
    """One component: its process now, if it has one, and what is known of the ones before."""

    def __init__(self, spec: ComponentSpec, surroundings: Surroundings) -> None:
        self.spec = spec
        """How the running process was started."""
        self.next_spec = spec
        """How the next one will be."""
        self.state = ComponentState.STOPPED
        self.restarts = 0
        self.history = RestartHistory()
        self.budget_spent = False
        self.last_exit: str | None = None
        self.status = ""
        self.started_at: datetime | None = None
        self.changed_at = utc_now()
        self.last_heartbeat_at: datetime | None = None
        self._around = surroundings
        self._child: Child | None = None
        self._goal = Goal.STAY_DOWN
        self._timer: asyncio.TimerHandle | None = None
        self._started = self._ready_until = self._heartbeat = 0.0
        self._chance = random.SystemRandom()

    @property
    def name(self) -> str:
        """The name of the component."""
        return self.spec.name

    @property
    def pid(self) -> int | None:
        """The process id, None when there is no process."""
        return self._child.pid if self._child else None

    @property
    def heartbeat_age(self) -> float:
        """Seconds since the last heartbeat of a running component."""
        return self._around.clock.now() - self._heartbeat

    @property
    def startup_overdue(self) -> bool:
        """True when a starting component has had its time."""
        return self.state is ComponentState.STARTING and self._around.clock.now() > self._ready_until

    def start(self) -> None:
        """Start the process. When that is not possible the component has failed, with the reason in `last_exit`."""
        self._cancel_timer()
        self.spec = self.next_spec
        now = self._around.clock.now()
        self._started, self._ready_until = now, now + self.spec.startup_seconds
        self.started_at, self.last_heartbeat_at, self.status = utc_now(), None, ""
        try:
            self._child = self._around.children.start(self.spec.program, self._environment(os.environ), self._ended)
        except OSError as error:
            self.last_exit = f"could not be started: {error.strerror or error}"
            self._enter(ComponentState.FAILED)
            return
        log.info("A component is started.", about=self.name, pid=self.pid)
        self._enter(ComponentState.STARTING)

    def back_off(self) -> float | None:
        """Start again after the delay that the policy gives, and return that delay; None when the budget is spent."""
        now = self._around.clock.now()
        self.history, delay = next_restart(
            self._around.policy, self.history, now=now, ran_for=now - self._started, chance=self._chance.random()
        )
        if delay is None:
            self.budget_spent = True
            self._enter(ComponentState.FAILED)
            return None
        log.warning("A component is started again soon.", about=self.name, seconds=round(delay, 1), last_exit=self.last_exit)
        self._timer = asyncio.get_running_loop().call_later(delay, self._again)
        self._enter(ComponentState.BACKING_OFF)
        return delay

    def hold(self) -> None:
        """Give up a start that waits for its time: the health check was switched off."""
        if self.state is ComponentState.BACKING_OFF:
            self._cancel_timer()
            self._enter(ComponentState.FAILED)

    def restart(self) -> None:
        """Start the component afresh because somebody asked for it. Raises ComponentError while the appliance stops."""
        if self.state is ComponentState.STOPPING and self._goal is Goal.STAY_DOWN:
            raise ComponentError(
                Message("The %(name)s is being stopped, because the appliance is. Start the appliance again.", name=self.name)
            )
        self.budget_spent = False
        if self._child is None:
            self._again()
        else:
            self._stop(Goal.START_NOW, kill=False)

    def repair(self, *, kill: bool) -> None:
        """Stop the process, at once with `kill`, and start it again as the policy says."""
        self._stop(Goal.BACK_OFF, kill=kill)

    def stop(self) -> None:
        """Stop the component for good: SIGTERM, later SIGKILL."""
        if self._child is None:
            self._cancel_timer()
            self._enter(ComponentState.STOPPED)
        else:
            self._stop(Goal.STAY_DOWN, kill=False)

    def notified(self, fields: Mapping[str, str]) -> None:
        """Take a message of the notify protocol from the process of this component."""
        now = self._around.clock.now()
        if "STATUS" in fields:
            self.status = status_of(fields, STATUS_LENGTH)
        if self.state is ComponentState.STARTING and (more := fields.get("EXTEND_TIMEOUT_USEC", "")).isdecimal():
            self._ready_until = max(self._ready_until, now + int(more) / 1e6)
        if fields.get("WATCHDOG") == "1" or fields.get("READY") == "1":
            self._heartbeat, self.last_heartbeat_at = now, utc_now()
        if fields.get("WATCHDOG") == "trigger":
            self._heartbeat = now - self.spec.watchdog_seconds - 1
        if fields.get("READY") == "1" and self.state is ComponentState.STARTING:
            log.info("A component is ready.", about=self.name, seconds=round(now - self._started, 2))
            self._enter(ComponentState.RUNNING)

    def _again(self) -> None:
        self.restarts += 1
        self.start()

    def _stop(self, goal: Goal, *, kill: bool) -> None:
        assert self._child is not None
        self._goal = goal
        if self.state is ComponentState.STOPPING:  # the SIGTERM was sent, and the time to SIGKILL runs
            return
        if kill:
            self._child.kill()
        else:
            self._child.signal(signal.SIGTERM)
            self._child.signal(signal.SIGCONT)  # a stopped process cannot take the SIGTERM
            self._timer = asyncio.get_running_loop().call_later(self.spec.stop_seconds, self._child.kill)
        self._enter(ComponentState.STOPPING)

    def _ended(self, child: Child) -> None:
        """Called by the reaper."""
        wanted = self.state is ComponentState.STOPPING
        self._child = None
        self._cancel_timer()
        self.last_exit = child.describe_exit()
        if not wanted:
            log.error("A component ended by itself.", about=self.name, exit=self.last_exit)
            self._enter(ComponentState.FAILED)
        elif self._goal is Goal.STAY_DOWN:
            log.info("A component is stopped.", about=self.name, exit=self.last_exit)
            self._enter(ComponentState.STOPPED)
        elif self._goal is Goal.START_NOW:
            self._again()
        else:
            self.back_off()

    def _environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of the process: ours, with our own side of the notify protocol in place of systemd's."""
        kept = {name: value for name, value in environment.items() if name not in OWN_NOTIFY_VARIABLES}
        return kept | {
            "NOTIFY_SOCKET": str(self._around.notify_path),
            "WATCHDOG_USEC": str(int(self.spec.watchdog_seconds * 1e6)),
        }

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _enter(self, state: ComponentState) -> None:
        self.state = state
        self.changed_at = utc_now()
        self._around.changed()
