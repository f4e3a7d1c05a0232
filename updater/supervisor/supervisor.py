"""The supervisor process: starts the components, listens to their heartbeats, lets the health check work, stops them in order."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import DcaError
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.process.control import serve_control
from appliance.process.notify import heartbeat_interval, notify
from updater.checks import Check, standard_checks
from updater.components.children import Children
from updater.components.component_group import ComponentGroup
from updater.components.kernel import become_subreaper
from updater.components.notify_socket import NotifySocket
from updater.components.restart import RestartPolicy
from updater.components.specs import Declaration, declare_components
from updater.errors import RunFolderError
from updater.supervisor.configuration_trial import TRIAL_SECONDS, ConfigurationTrial
from updater.supervisor.control_api import control_application
from updater.supervisor.damaged_files import tell_damaged
from updater.supervisor.health import HealthCheck
from updater.supervisor.plan import URGENT, PlanTimes, SupervisorPlan
from updater.supervisor.shutdown import Shutdown
from updater.supervisor.site import Site
from updater.supervisor.status import component_status, health_line
from updater.supervisor.updates import UpdateCommands, Updates

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SupervisorOptions:
    """What an appliance is run with, beside its settings."""

    declare: Declaration = declare_components
    policy: RestartPolicy = field(default_factory=RestartPolicy)
    checks: Sequence[Check] = field(default_factory=standard_checks)
    commands: UpdateCommands = field(default_factory=UpdateCommands)
    times: PlanTimes = field(default_factory=PlanTimes)
    trial_seconds: float = TRIAL_SECONDS


class Supervisor:
    """One appliance, from its start to its end."""

    def __init__(self, paths: Paths, options: SupervisorOptions | None = None) -> None:
        """Read the settings. Raises SettingsError or DataFolderError. The folders have to be there, and the lock held."""
        options = options or SupervisorOptions()
        self._site = site = Site(paths)
        self._declare = options.declare
        self._children = Children()
        self._plan = SupervisorPlan(options.times)
        self._shutdown = Shutdown(self._children.kill_all)
        specs = options.declare(site.settings, paths)
        self._components = ComponentGroup(specs, self._children, options.policy, paths.run / "notify.sock", self._changed)
        self._health_check = HealthCheck(site, self._components, self._shutdown)
        trial = ConfigurationTrial(
            site.store,
            self._components.members,
            self._health_check.issues,
            self._components.clock,
            self.reload,
            seconds=options.trial_seconds,
        )
        self._updates = Updates(
            site, self._children, self._plan, components=self._components.members, trial=trial, commands=options.commands
        )
        work = self._updates.work(check=self._health_check.look, heartbeat=self._report_upwards)
        self._plan.declare(work, options.checks, _heartbeat_seconds())
        self._started_at = utc_now()
        self._was_ready = False

    def load_components(self) -> None:
        """Load what the components will need, once for all of them."""
        self._components.load()

    async def run(self) -> int:
        """Run until a signal or the end of the restart budget; return the exit code. Raises RunFolderError."""
        become_subreaper()
        with contextlib.ExitStack() as stack:
            self._listen(stack)
            asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._children.reap)
            self._shutdown.handle_signals()
            stack.callback(self._children.kill_all)
            self._updates.started()
            log.info("The appliance starts.", version=installed_version(), pid=os.getpid(), data_folder=str(self._site.paths.data))
            tell_damaged(self._site.paths, self._site.store)
            self._components.start()
            code = await self._run_until_shutdown()
            notify(STOPPING=1, STATUS="stopping")
            self._updates.stopped()
            await self._components.stop()
        log.info("The appliance has stopped.", exit_code=code)
        return code

    async def _run_until_shutdown(self) -> int:
        """Do what is due until the appliance is to end; return the exit code."""
        background, shutdown = asyncio.create_task(self._background()), asyncio.create_task(self._shutdown.wait())
        await asyncio.wait((background, shutdown), return_when=asyncio.FIRST_COMPLETED)
        if background.done():  # it only ends by a fault of ours: show the trace, and let the engine start us afresh
            log.error("The supervisor failed.", exc_info=background.exception())
            shutdown.cancel()
            return 1
        background.cancel()
        await asyncio.wait((background,))
        return shutdown.result()

    # What the control API asks for.

    def status(self) -> dict[str, Any]:
        """Return the answer of `GET /v1/status`."""
        return {
            "component": "supervisor",
            "version": installed_version(),
            "pid": os.getpid(),
            "started_at": to_rfc3339(self._started_at),
            "health_check": self._site.settings.health_check.enabled,
            "update": self._updates.status(),
            "components": [component_status(component) for component in self._components.members],
            "issues": self._health_check.issues.to_json(),
        }

    def health(self) -> tuple[bool, str]:
        """Return whether all is well, and one line."""
        return health_line(self._components.members, self._health_check.issues)

    def restart(self, name: str) -> bool:
        """Restart a component; False when there is none of that name. Raises ComponentError while the appliance stops."""
        return self._components.restart(name)

    def reload(self) -> None:
        """Read the settings again. Raises SettingsError, and changes nothing, when they cannot be used."""
        settings = self._site.store.effective().settings
        specs = self._declare(settings, self._site.paths)
        before, self._site.settings = self._site.settings, settings
        self._components.change_specs(specs)
        enabled = settings.health_check.enabled
        if not enabled:
            self._components.hold()
        if enabled != before.health_check.enabled:
            log.info("The health check is switched.", enabled=enabled)
        self._plan.now(URGENT)
        self._updates.settings_changed(before.update)

    # The inside.

    def _listen(self, stack: contextlib.ExitStack) -> None:
        """Open both sockets. Raises RunFolderError."""
        run, path = self._site.paths.run, self._site.paths.supervisor_socket
        if _somebody_listens(str(path)):
            raise RunFolderError(
                f"The folder {run} is in use by another appliance. Stop that one first, or name another folder in DCA_RUN_DIR."
            )
        stack.enter_context(NotifySocket(run / "notify.sock", self._components.notified))
        try:
            server = serve_control(control_application(self, self._updates), path)
        except OSError as error:
            raise RunFolderError(
                f"The socket {path} cannot be made: {error.strerror or error}. Name another, shorter folder in DCA_RUN_DIR."
            ) from error
        stack.callback(path.unlink, missing_ok=True)
        stack.callback(server.stop)

    async def _background(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._plan.run())
            group.create_task(self._updates.run())

    def _changed(self) -> None:
        self._updates.components_changed()
        self._plan.now(URGENT)
        if not self._was_ready and self._components.are_running:
            self._was_ready = True
            notify(READY=1, STATUS=self.health()[1])
            log.info("The appliance is ready.")

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
