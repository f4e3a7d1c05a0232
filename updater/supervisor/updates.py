"""The intelligent update as the supervisor has it: the refreshes, the trial of a configuration, and the versions."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from appliance.common.version import installed_version
from appliance.settings.model import UpdateSettings
from updater.checks import Check
from updater.components.children import Children
from updater.components.component import Component
from updater.configuration.rules import CheckResult
from updater.errors import UpdateOffError
from updater.records.journal import Transaction
from updater.releases.decision import ImageDecision
from updater.supervisor.acknowledger import Acknowledger
from updater.supervisor.configuration_trial import ConfigurationTrial
from updater.supervisor.engine_watch import EngineWatch
from updater.supervisor.plan import SupervisorPlan, SupervisorWork
from updater.supervisor.refresh_scheduler import RefreshProcess, RefreshReport, RefreshScheduler
from updater.supervisor.site import Site
from updater.supervisor.stability_watch import StabilityWatch
from updater.supervisor.update_scheduler import UPDATER, ImageCommands, UpdateScheduler


@dataclass(frozen=True, slots=True)
class UpdateCommands:
    """The short-lived processes that do the work of updates."""

    probe: Sequence[str] = (*UPDATER, "probe")
    """Asks the engine what image updates are possible."""
    receive: Sequence[str] = (*UPDATER, "receive")
    """Asks the repository what is published."""
    images: ImageCommands = field(default_factory=ImageCommands)


class Updates:
    """What becomes of configuration and versions."""

    def __init__(
        self,
        site: Site,
        children: Children,
        plan: SupervisorPlan,
        *,
        components: Sequence[Component],
        trial: ConfigurationTrial,
        commands: UpdateCommands,
    ) -> None:
        """`trial` is the one of the configurations that are received here."""
        self._site = site
        self._plan = plan
        self._components = components
        self._trial = trial
        self._stability = StabilityWatch(site.paths.update)
        decision = ImageDecision(site.paths, site.store, lambda: site.settings, lambda: self._engine.found)
        self.images = UpdateScheduler(site.paths, children, decision, self._stability, commands=commands.images, plan=plan)
        self._engine = EngineWatch(children, commands.probe, self.images.look)
        self._refreshes = RefreshScheduler(
            site,
            RefreshProcess(children, commands.receive),
            plan,
            rollout=lambda: self.images.rollout,
            refreshed=self._refreshed,
        )
        self._acknowledger = Acknowledger(
            site.paths,
            components,
            plan,
            ask=self._refreshes.ask,
            asks=self._refreshes.is_due,
            ended=self._replacement_ended,
        )

    def work(self, *, check: Callable[[Check], Awaitable[None]], heartbeat: Callable[[], Awaitable[None]]) -> SupervisorWork:
        """Return the periodic work of updates, beside the rest of the supervisor's."""
        return SupervisorWork(
            engine=self._engine.ask,
            refresh=self._refreshes.refresh,
            install=self.images.install,
            tidy=self.images.tidy,
            follow=self._acknowledger.follow,
            check=check,
            heartbeat=heartbeat,
        )

    def started(self) -> None:
        """Note that the appliance starts."""
        self._stability.started()

    def stopped(self) -> None:
        """Note that the appliance ends because it was asked to."""
        self._stability.stopped()

    async def run(self) -> None:
        """Watch the configurations that are received, until cancelled."""
        await self._trial.run()

    def components_changed(self) -> None:
        """Take note of a change of a component's state."""
        self._trial.changed()
        self._stability.look(self._components)

    def settings_changed(self, before: UpdateSettings) -> None:
        """Look again at what depends on the settings; `before` are the ones that were replaced."""
        self._plan.now("engine")
        self.images.look()
        after = self._site.settings.update
        if (after.level, after.channel) != (before.level, before.channel):
            with contextlib.suppress(UpdateOffError):  # what is published has not changed, but what of it is for this site
                self.check(None)

    # What the control API asks for.

    def status(self) -> dict[str, Any]:
        """Return the answer of `GET /v1/update`."""
        settings = self._site.settings.update
        hold = {"hold_until": settings.hold_until.isoformat() if settings.hold_until else None, "window": settings.window}
        return {
            "level": settings.level,
            "image_updates": self._engine.found.state,
            "text": self._engine.found.text,
            **self._refreshes.status(),
            **self._trial.status(),
            "image": self.images.status() | hold,
        }

    def check(self, report: RefreshReport | None) -> None:
        """Check for what is new soon; `report` is what the hosting server says is there, if it was it. Raises UpdateOffError."""
        self._refreshes.ask(report)

    async def back(self) -> str:
        """Go back to the configuration before; return a sentence. Raises NothingToGoBackError."""
        return await self._trial.back()

    # The inside.

    def _refreshed(self, result: CheckResult) -> None:
        if result.what in ("applied", "failed"):  # a process that was killed may have applied one before
            self._trial.look()
        self._acknowledger.checked(result)
        self.images.look()

    def _replacement_ended(self, transaction: Transaction) -> None:
        """Clean up after a replacement; a version that was just installed has a day to prove itself further."""
        if transaction.phase == "done" and transaction.to_version == installed_version():
            self._stability.begin(bool(transaction.to_release.get("late_rollback")))
        self._plan.now("tidy")
