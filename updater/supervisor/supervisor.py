"""The supervisor process: starts the components, listens to their heartbeats, lets the health check work, stops them in order."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import DcaError
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.process.control import serve_control
from appliance.process.notify import heartbeat_interval, notify
from appliance.settings.store import SettingsStore
from updater.checks import Check, Situation, standard_checks
from updater.components.awake_clock import AwakeClock
from updater.components.children import Children
from updater.components.component import Component, ComponentState, Surroundings
from updater.components.fork import load_beforehand
from updater.components.issues import Finding, IssueBook, Remedy
from updater.components.kernel import become_subreaper
from updater.components.notify_socket import NotifySocket
from updater.components.restart import RestartPolicy
from updater.components.specs import Declaration, ForkedModule, declare_components
from updater.configuration.rules import CheckResult
from updater.errors import RunFolderError, UpdateOffError
from updater.records.journal import Transaction
from updater.releases.decision import ImageDecision
from updater.supervisor.acknowledger import Acknowledging
from updater.supervisor.configuration_trial import TRIAL_SECONDS, ConfigurationTrial
from updater.supervisor.control_api import control_application
from updater.supervisor.engine_watch import EngineWatch
from updater.supervisor.health import HealthCheck
from updater.supervisor.plan import URGENT, PlanTimes, SupervisorPlan, SupervisorWork
from updater.supervisor.refresh_scheduler import RefreshReport, RefreshScheduler
from updater.supervisor.stability_watch import StabilityWatch
from updater.supervisor.status import component_status, health_line
from updater.supervisor.update_scheduler import ImageCommands, UpdateScheduler

log = structlog.get_logger()

EXIT_BUDGET_SPENT = 75  # EX_TEMPFAIL
STOP_SECONDS = 6.0
"""How long all components together may take to stop; then they are killed."""
STOP_HEAD_START_SECONDS = 1.0
"""How long each component may take to stop before the next one is told to."""
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Supervisor:
    """One appliance, from its start to its end."""

    def __init__(
        self,
        paths: Paths,
        declare: Declaration = declare_components,
        *,
        policy: RestartPolicy | None = None,
        checks: Sequence[Check] | None = None,
        engine_command: Sequence[str] = (sys.executable, "-P", "-m", "updater", "probe"),
        receive_command: Sequence[str] = (sys.executable, "-P", "-m", "updater", "receive"),
        image_commands: ImageCommands | None = None,
        times: PlanTimes | None = None,
        trial_seconds: float = TRIAL_SECONDS,
    ) -> None:
        """Read the settings. Raises SettingsError or DataFolderError. The folders have to be there, and the lock held."""
        self._paths = paths
        self._declare = declare
        self._policy = policy or RestartPolicy()
        self._store = SettingsStore(paths.settings)
        self._settings = self._store.effective().settings
        self._clock = AwakeClock()
        self._children = Children()
        self._issues = IssueBook()
        self._plan = SupervisorPlan(times or PlanTimes())
        surroundings = Surroundings(self._children, self._clock, self._policy, paths.run / "notify.sock", self._changed)
        self._components = [Component(spec, surroundings) for spec in declare(self._settings, paths)]
        self._health_check = HealthCheck(self._issues, self._situation, self._repair)
        self._watch = ConfigurationTrial(
            self._store, self._components, self._issues, self._clock, self.reload, seconds=trial_seconds
        )
        self._stability = StabilityWatch(paths.update)
        decision = ImageDecision(paths, self._store, lambda: self._settings, lambda: self._engine.found)
        self.images = UpdateScheduler(
            paths,
            self._children,
            decision,
            self._stability,
            commands=image_commands or ImageCommands(),
            plan=self._plan,
        )
        self._engine = EngineWatch(self._children, engine_command, self.images.look)
        self._checks = RefreshScheduler(
            self._store,
            self._children,
            paths.collector_socket,
            lambda: self._settings.update.level,
            changed=self._watch.look,
            rollout=lambda: self.images.rollout,
            checked=self._checked,
            command=receive_command,
            plan=self._plan,
        )
        self._acknowledging = Acknowledging(
            paths,
            self._components,
            self._plan,
            ask=self._checks.ask,
            asks=self._checks.is_due,
            ended=self._replacement_ended,
        )
        work = SupervisorWork(
            engine=self._engine.ask,
            refresh=self._checks.refresh,
            install=self.images.install,
            tidy=self.images.tidy,
            follow=self._acknowledging.follow,
            check=self._health_check.look,
            heartbeat=self._report_upwards,
        )
        self._plan.declare(work, standard_checks() if checks is None else checks, _heartbeat_seconds())
        self._started_at = utc_now()
        self._told_ready = False
        self._moved = asyncio.Event()
        """Set at each change of a component's state."""
        self._exit: asyncio.Future[int] | None = None

    def load_components(self) -> None:
        """Load what the components will need, once for all of them."""
        programs = (component.spec.program for component in self._components)
        load_beforehand(program for program in programs if isinstance(program, ForkedModule))

    async def run(self) -> int:
        """Run until a signal or the end of the restart budget; return the exit code. Raises RunFolderError."""
        self._exit = asyncio.get_running_loop().create_future()
        become_subreaper()
        with contextlib.ExitStack() as stack:
            self._listen(stack)
            self._handle_signals()
            stack.callback(self._children.kill_all)
            self._stability.started()
            log.info("The appliance starts.", version=installed_version(), pid=os.getpid(), data_folder=str(self._paths.data))
            for component in self._components:
                component.start()
            background = asyncio.create_task(self._background())
            await asyncio.wait((background, self._exit), return_when=asyncio.FIRST_COMPLETED)
            if background.done():  # it only ends by a fault of ours: show the trace, and let the engine start us afresh
                log.error("The supervisor failed.", exc_info=background.exception())
                code = 1
            else:
                code = self._exit.result()
                background.cancel()
                await asyncio.wait((background,))
            await self._stop_components()
        log.info("The appliance has stopped.", exit_code=code)
        return code

    # What the control API asks for.

    def status(self) -> dict[str, Any]:
        """Return the answer of `GET /v1/status`."""
        return {
            "component": "supervisor",
            "version": installed_version(),
            "pid": os.getpid(),
            "started_at": to_rfc3339(self._started_at),
            "health_check": self._settings.health_check.enabled,
            "update": self.update(),
            "components": [component_status(component) for component in self._components],
            "issues": self._issues.to_json(),
        }

    def update(self) -> dict[str, Any]:
        """Return the answer of `GET /v1/update`: what becomes of configuration and versions."""
        settings = self._settings.update
        hold = {"hold_until": settings.hold_until.isoformat() if settings.hold_until else None, "window": settings.window}
        return {
            "level": settings.level,
            "image_updates": self._engine.found.state,
            "text": self._engine.found.text,
            **self._checks.status(),
            **self._watch.status(),
            "image": self.images.status() | hold,
        }

    def health(self) -> tuple[bool, str]:
        """Return whether all is well, and one line."""
        return health_line(self._components, self._issues)

    def restart(self, name: str) -> bool:
        """Restart a component; False when there is none of that name. Raises ComponentError while the appliance stops."""
        for component in self._components:
            if component.name == name:
                log.info("A component is restarted, because somebody asked for it.", about=name)
                component.restart()
                return True
        return False

    def reload(self) -> None:
        """Read the settings again. Raises SettingsError, and changes nothing, when they cannot be used."""
        settings = self._store.effective().settings
        specs = {spec.name: spec for spec in self._declare(settings, self._paths)}
        was_enabled, enabled = self._settings.health_check.enabled, settings.health_check.enabled
        before, self._settings = self._settings.update, settings
        for component in self._components:
            component.next_spec = specs[component.name]
            if not enabled:
                component.hold()
        if was_enabled != enabled:
            log.info("The health check is switched.", enabled=enabled)
        self._plan.now(URGENT)
        self._plan.now("engine")
        self.images.look()
        if (settings.update.level, settings.update.channel) != (before.level, before.channel):
            with contextlib.suppress(UpdateOffError):  # what is published has not changed, but what of it is for this site
                self.check(None)

    def check(self, told: RefreshReport | None) -> None:
        """Check for what is new soon; `told` is what the hosting server says is there, if it was it. Raises UpdateOffError."""
        self._checks.ask(told)

    async def back(self) -> str:
        """Go back to the configuration before; return a sentence. Raises NothingToGoBackError."""
        return await self._watch.back()

    # The inside.

    def _listen(self, stack: contextlib.ExitStack) -> None:
        """Open both sockets. Raises RunFolderError."""
        path = self._paths.supervisor_socket
        if _somebody_listens(str(path)):
            raise RunFolderError(
                f"The folder {self._paths.run} is in use by another appliance. Stop that one first, or name another folder in "
                "DCA_RUN_DIR."
            )
        stack.enter_context(NotifySocket(self._paths.run / "notify.sock", self._notified))
        try:
            server = serve_control(control_application(self, self.images), path)
        except OSError as error:
            raise RunFolderError(
                f"The socket {path} cannot be made: {error.strerror or error}. Name another, shorter folder in DCA_RUN_DIR."
            ) from error
        stack.callback(path.unlink, missing_ok=True)
        stack.callback(server.stop)

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._children.reap)
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._asked_to_stop, number)

    def _asked_to_stop(self, number: signal.Signals) -> None:
        assert self._exit is not None
        if self._exit.done():
            log.warning("Asked to stop again: the components are killed.", signal=number.name)
            self._children.kill_all()
            return
        log.info("The appliance stops, because it was asked to.", signal=number.name)
        self._exit.set_result(0)

    async def _background(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._plan.run())
            group.create_task(self._watch.run())

    async def _stop_components(self) -> None:
        """Stop the last component first, with a head start before the next; kill what still runs when the time is over."""
        notify(STOPPING=1, STATUS="stopping")
        self._stability.stopped()
        deadline = asyncio.get_running_loop().time() + STOP_SECONDS
        for component in reversed(self._components):
            component.stop()
            await self._wait_stopped((component,), STOP_HEAD_START_SECONDS)
        if not await self._wait_stopped(self._components, deadline - asyncio.get_running_loop().time()):
            self._children.kill_all()
            await self._wait_stopped(self._components, 1.0)

    async def _wait_stopped(self, components: Sequence[Component], seconds: float) -> bool:
        """Return whether these components are stopped, at the latest after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while any(component.state is not ComponentState.STOPPED for component in components):
                    self._moved.clear()
                    await self._moved.wait()
        return all(component.state is ComponentState.STOPPED for component in components)

    def _situation(self) -> Situation:
        return Situation(self._components, self._settings, self._paths.data, self._policy, self._clock.now())

    def _notified(self, pid: int, fields: Mapping[str, str]) -> None:
        for component in self._components:
            if component.pid == pid:
                component.notified(fields)

    def _changed(self) -> None:
        self._moved.set()
        self._watch.changed()
        self._stability.look(self._components)
        self._plan.now(URGENT)
        if not self._told_ready and all(component.state is ComponentState.RUNNING for component in self._components):
            self._told_ready = True
            notify(READY=1, STATUS=self.health()[1])
            log.info("The appliance is ready.")

    def _repair(self, finding: Finding) -> None:
        """Apply the fix of a finding, unless things have moved on since the check looked."""
        assert finding.fix is not None
        assert self._exit is not None
        if self._exit.done():
            return
        if finding.fix.remedy is Remedy.GIVE_UP:
            log.error("The restart budget is spent: the appliance stops.", about=finding.component, reason=finding.text)
            self._exit.set_result(EXIT_BUDGET_SPENT)
            return
        component = next(component for component in self._components if component.name == finding.component)
        if finding.fix.remedy is Remedy.START:
            if component.state is ComponentState.FAILED:
                component.back_off()
        elif component.pid == finding.pid and component.state in (ComponentState.STARTING, ComponentState.RUNNING):
            component.repair(kill=finding.fix.remedy is Remedy.KILL_AND_START)

    def _checked(self, result: CheckResult) -> None:
        self._acknowledging.checked(result)
        self.images.look()

    def _replacement_ended(self, transaction: Transaction) -> None:
        """Clean up after a replacement; a version that was just installed has a day to prove itself further."""
        if transaction.phase == "done" and transaction.to_version == installed_version():
            self._stability.begin(bool(transaction.to_release.get("late_rollback")))
        self._plan.now("tidy")

    async def _report_upwards(self) -> None:
        """Send a heartbeat and the status to systemd."""
        notify(WATCHDOG=1, STATUS=self.health()[1])


def _heartbeat_seconds() -> float | None:
    """Return how often systemd is told, None where the supervisor does not run under it."""
    return (heartbeat_interval() or 10.0) if "NOTIFY_SOCKET" in os.environ else None


def _somebody_listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(path)
        except OSError:
            return False
    return True


def run_appliance(paths: Paths) -> int:
    """Run the appliance of these folders until it is stopped; return the exit code. Raises DcaError with one sentence."""

    async def run() -> int:
        supervisor = Supervisor(paths)
        supervisor.load_components()
        return await supervisor.run()

    try:
        return asyncio.run(run())
    except OSError as error:
        raise DcaError(f"The appliance cannot go on: {error}.") from error
