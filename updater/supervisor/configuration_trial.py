"""The trial of a new configuration: it is watched, then kept, or the one before is put in its place.

- A few known devices are read by it; one that is silent may be off, but a collector that ends over it, or that cannot understand
  what it reads, condemns it. The day after, ends of the collector count against it (`probation`).
- Watched is whether every component runs without a failure, no check of the health check finds anything new about one, and the
  collector takes the settings. What was down or found before is no fault of the configuration; but at the end all has to be well.
- A trial that was cut short (power cut, restart of the appliance) begins anew, a few times; then the one before is restored, for
  it may be the configuration that does it.
- Each switch is one write of the settings file; afterwards the components read their settings again.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from appliance.common.clock import from_rfc3339, to_rfc3339, utc_now
from appliance.common.errors import ControlError, DcaError
from appliance.common.message import Message, message_of, sentences
from appliance.process.client import ControlClient
from appliance.settings.configuration_state import Configuration, ReceivedChange
from appliance.settings.store import SettingsStore
from updater.checks.deep import Deep
from updater.components.awake_clock import AwakeClock
from updater.components.component import Component, ComponentState
from updater.components.issues import IssueBook
from updater.components.specs import ControlEndpoint
from updater.configuration.rules import describe
from updater.errors import ComponentError, NothingToGoBackError
from updater.supervisor.probation import MOST_ENDS, WATCHED, EndCounter, is_on_probation

log = structlog.get_logger()

TRIAL_SECONDS = 120.0
BEGINNINGS = 3
"""How often a trial is begun: once, and again after what cut it short."""
LOOK_SECONDS = 0.25
LAST_WORDS_SECONDS = 0.5
ASKS = 3
"""How often the deep check is made at the end, until all is well."""
READING_SECONDS = 60.0
"""For how long known devices are waited for, longer than the collector itself waits."""
DISK_SECONDS = 30.0
"""After so long a switch is tried again that could not be written."""
DOWN = (ComponentState.FAILED, ComponentState.BACKING_OFF)
SEEN_BY_STATE = frozenset({"exited", "restart_budget"})
"""Checks of the health check that tell what the states of the components tell already."""
ON_ITS_WAY = (ComponentState.STARTING, ComponentState.STOPPING)
"""Whoever starts or restarts is waited for; the health check says when that takes too long."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a configuration is not kept."""

    reason: str
    text: str
    component: str | None = None
    """The one to start afresh once the configuration before is in force."""


class ConfigurationTrial:
    """Watches over the configuration in force, and switches back."""

    def __init__(
        self,
        store: SettingsStore,
        components: Sequence[Component],
        issues: IssueBook,
        clock: AwakeClock,
        reload: Callable[[], None],
        *,
        seconds: float = TRIAL_SECONDS,
    ) -> None:
        """`reload` lets the supervisor read its settings again; `seconds` is the length of a trial."""
        self._store = store
        self._components = components
        self._issues = issues
        self._clock = clock
        self._reload = reload
        self._seconds = seconds
        self._deep = Deep()
        self._begin = asyncio.Event()
        self._begin.set()  # there may be a trial that was cut short
        self._watched: str | None = None
        """The marker of the configuration on trial."""
        self._until: datetime | None = None
        self._was_down: set[str] = set()
        self._failed: Trouble | None = None
        self._devices = self._read = 0
        """How many known devices were asked in the trial, and how many were read."""
        self._ends = EndCounter()

    def status(self) -> dict[str, Any]:
        """Return this part of `update` in `GET /v1/status`."""
        return {"trial_until": to_rfc3339(self._until) if self._until else None}

    def look(self) -> None:
        """Watch the configuration that has come into force, if one has: one that is being watched goes on."""
        with contextlib.suppress(DcaError):
            in_force = self._store.received().in_force
            if in_force is not None and in_force.marker == self._watched:
                return
        self._begin.set()

    def changed(self) -> None:
        """Take note of a change of a component's state."""
        if self._ends.has_ended(self._components) and self._watched is None:
            self._count_end()
        for component in self._components:
            if component.state is ComponentState.RUNNING:
                self._was_down.discard(component.name)
            elif component.state in DOWN and component.name not in self._was_down and self._failed is None:
                ended = (component.last_exit or "is down").rstrip(".")
                self._failed = Trouble("component", f"the {component.name} {ended}", component.name)

    def _count_end(self) -> None:
        """Count an end of the collector against what was kept not long ago; with the last that is borne it is taken back."""
        now = utc_now()
        with contextlib.suppress(DcaError):  # a full disk: what cannot be written is not counted
            received = self._store.change_received(
                lambda received: received.ended() if is_on_probation(received.in_force, now) else received
            )
            if received.in_force is not None and received.in_force.ends >= MOST_ENDS:
                self._begin.set()

    async def back(self) -> str:
        """Put the configuration before into force, and say so in a sentence. Raises NothingToGoBackError, DcaError."""
        received = self._store.received()
        if received.in_force is None:
            raise NothingToGoBackError(
                Message("No configuration of the hosting server is in force: there is nothing to go back from.")
            )
        left, before = received.in_force, received.earlier[0] if received.earlier else None
        text = Message(
            "The configuration before (%(before)s) is in force again, in place of %(left)s. It is "
            "held until the hosting server publishes another one.",
            before=describe(before),
            left=describe(left),
        )
        now = utc_now()
        self._store.change_received(lambda received: received.gone_back(text, now) if received.in_force == left else received)
        log.warning(text)
        self._begin.set()
        await self._take_settings()
        return text

    async def run(self) -> None:
        """Watch whatever comes, until cancelled. A configuration that follows during a trial takes the place of the former."""
        while True:
            await self._begin.wait()
            self._begin.clear()
            watching, followed = asyncio.create_task(self._watch()), asyncio.create_task(self._begin.wait())
            try:
                await asyncio.wait((watching, followed), return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._until = self._watched = None
                for task in (watching, followed):
                    task.cancel()
                await asyncio.wait((watching, followed))
            if not watching.cancelled() and (error := watching.exception()):
                raise error

    async def _watch(self) -> None:
        while True:
            try:
                await self._watch_in_force()
            except DcaError as error:
                log.error("The configuration could not be watched; it is tried again.", reason=str(error))
                await asyncio.sleep(DISK_SECONDS)
            else:
                return

    async def _watch_in_force(self) -> None:
        in_force = self._store.received().in_force
        if in_force is not None and not in_force.trial and in_force.ends >= MOST_ENDS:
            ended = Message("the collector ended by itself %(count)d times since it was kept", count=in_force.ends)
            since = (utc_now() - from_rfc3339(in_force.kept_at)).total_seconds()
            await self._restore(in_force, Trouble("ends", ended, WATCHED), since)
        if in_force is None or not in_force.trial:
            return
        began, self._watched = self._clock.now(), in_force.marker
        if in_force.watches >= BEGINNINGS:
            text = f"its trial was cut short {BEGINNINGS} times by the end of the appliance"
            trouble: Trouble | None = Trouble("cut short", text)
        else:
            await self._write(lambda received: received.watched() if received.in_force == in_force else received)
            trouble = await self._judge()
        if trouble is None:
            await self._keep(in_force)
        else:
            await self._restore(in_force, trouble, self._clock.now() - began)

    async def _judge(self) -> Trouble | None:
        """Return what goes wrong within the time of the trial, as soon as it does."""
        self._was_down = {component.name for component in self._components if component.state in DOWN}
        self._failed = None
        known = {issue.finding.key for issue in self._issues.open()}
        self._until = utc_now() + timedelta(seconds=self._seconds)
        end = self._clock.now() + self._seconds
        with contextlib.suppress(DcaError):  # what the settings of the site lack is not the fault of the configuration
            self._reload()
        return await self._look_on(known, end)

    async def _look_on(self, known: set[tuple[str, str | None]], end: float) -> Trouble | None:
        """Return what goes wrong until `end`, or until the known devices are read where that is later."""
        reading: asyncio.Task[Trouble | None] | None = None
        while True:
            if trouble := self._found(known) or self._failed:
                return trouble
            running = all(component.state is ComponentState.RUNNING for component in self._components)
            if running and reading is None:
                if trouble := await self._let_components_reload():
                    return trouble
                reading = asyncio.create_task(self._read_known())
            elif reading is not None and reading.done() and (trouble := reading.result()):
                return trouble
            elif self._clock.now() >= end and not any(component.state in ON_ITS_WAY for component in self._components):
                if not running:
                    return self._not_running()
                if reading is not None and reading.done():
                    return await self._ask_all()
            await asyncio.sleep(LOOK_SECONDS)

    def _found(self, known: set[tuple[str, str | None]]) -> Trouble | None:
        """Return what the health check has found about a component since the trial began."""
        for issue in self._issues.open():
            finding = issue.finding
            if finding.component is not None and finding.key not in known and finding.check not in SEEN_BY_STATE:
                text = finding.text.rstrip(".")
                return Trouble(finding.check, text[:1].lower() + text[1:], finding.component)
        return None

    def _not_running(self) -> Trouble | None:
        for component in self._components:
            if component.state is not ComponentState.RUNNING:
                return Trouble("component", f"the {component.name} does not run", component.name)
        return None

    async def _let_components_reload(self) -> Trouble | None:
        """Let the components that can be told read their settings again; return which cannot use them."""
        for component in self._components:
            if isinstance(component.spec.endpoint, ControlEndpoint):
                client = ControlClient(component.spec.endpoint.socket_file, component.name)
                try:
                    await client.call("POST", "/v1/reload")
                except ControlError as error:
                    # One that has died over it says why in its last words, which are here in a moment.
                    await asyncio.sleep(LAST_WORDS_SECONDS)
                    text = Message("the %(name)s cannot use it: %(reason)s", name=component.name, reason=message_of(error))
                    return self._failed or Trouble("reload", text, component.name)
        return None

    async def _read_known(self) -> Trouble | None:
        """Have the collector read a few known devices by what is on trial; return why it cannot."""
        self._devices = self._read = 0
        component = next((each for each in self._components if each.name == WATCHED), None)
        if component is None or not isinstance(component.spec.endpoint, ControlEndpoint):
            return None
        client = ControlClient(component.spec.endpoint.socket_file, component.name, timeout=READING_SECONDS)
        try:
            answer = await client.call("POST", "/v1/trial", {})
        except ControlError as error:
            await asyncio.sleep(LAST_WORDS_SECONDS)
            text = Message("the %(name)s could not read known devices: %(reason)s", name=component.name, reason=message_of(error))
            return self._failed or Trouble("reading", text, component.name)
        self._devices, self._read = int(answer.get("devices", 0)), int(answer.get("read", 0))
        return Trouble("reading", str(answer["trouble"]).rstrip("."), component.name) if answer.get("trouble") else None

    async def _ask_all(self) -> Trouble | None:
        for attempt in range(1, ASKS + 1):
            answers = await asyncio.gather(*(self._deep.ask(component.spec) for component in self._components))
            troubles = [(component, text) for component, text in zip(self._components, answers, strict=True) if text]
            if not troubles:
                return self._failed or self._not_running()
            if attempt < ASKS:
                await asyncio.sleep(1.0)
        component, text = troubles[0]
        return Trouble("deep", f"the {component.name} runs and does not work: {text.rstrip('.')}", component.name)

    async def _keep(self, watched: Configuration) -> None:
        kept = Message(
            "The configuration (%(configuration)s) was watched for %(seconds)s s and is kept.",
            configuration=describe(watched),
            seconds=round(self._seconds),
        )
        read = Message("Of %(devices)d known devices %(read)d were read by it.", devices=self._devices, read=self._read)
        text = sentences(kept, read) if self._devices else kept
        now = utc_now()
        await self._write(lambda received: received.kept(text, now) if _is_trial(received.in_force, watched) else received)
        log.info(text)

    async def _restore(self, watched: Configuration, trouble: Trouble, seconds: float) -> None:
        received = self._store.received()
        before = received.earlier[0] if received.earlier else None
        text = Message(
            "The configuration (%(configuration)s) was taken back after %(seconds)s s, because %(text)s. The one "
            "before (%(before)s) is in force again.",
            configuration=describe(watched),
            seconds=round(seconds),
            text=trouble.text,
            before=describe(before),
        )
        now = utc_now()
        await self._write(
            lambda received: received.restored(trouble.reason, text, now) if _is_same(received.in_force, watched) else received
        )
        log.error(text, reason=trouble.reason)
        await self._take_settings(trouble.component)

    async def _take_settings(self, failed: str | None = None) -> None:
        """Let everybody read the settings again. What is down, and what has `failed`, starts afresh: the update broke it.

        So it is also where the health check is off.
        """
        with contextlib.suppress(DcaError):
            self._reload()
        for component in self._components:
            if component.state in DOWN or (component.name == failed and not await self._takes_reload(component)):
                with contextlib.suppress(ComponentError):  # the appliance is being stopped
                    component.restart()
            elif component.name != failed:
                await self._takes_reload(component)

    async def _takes_reload(self, component: Component) -> bool:
        """Return whether a component has read its settings again, and works."""
        if not isinstance(component.spec.endpoint, ControlEndpoint):
            return False
        client = ControlClient(component.spec.endpoint.socket_file, component.name)
        try:
            await client.call("POST", "/v1/reload")
        except ControlError as error:
            log.warning("A component has not read its settings again.", about=component.name, reason=str(error))
            return False
        return await self._deep.ask(component.spec) is None

    async def _write(self, change: ReceivedChange) -> None:
        """Change what was received, as soon as the disk takes it."""
        while True:
            try:
                self._store.change_received(change)
            except DcaError as error:
                log.error("The configuration could not be switched; it is tried again.", reason=str(error))
                await asyncio.sleep(DISK_SECONDS)
            else:
                return


def _is_same(in_force: Configuration | None, watched: Configuration) -> bool:
    """Return whether the configuration in force is still the one that was watched."""
    return in_force is not None and in_force.marker == watched.marker


def _is_trial(in_force: Configuration | None, watched: Configuration) -> bool:
    """Return whether it is still that, and on trial."""
    return in_force is not None and in_force.trial and _is_same(in_force, watched)
