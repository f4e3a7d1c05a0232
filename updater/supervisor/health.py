"""The health check: looks for trouble; switched on it repairs what it finds, switched off it only reports."""

import structlog

from updater.checks.base import Check, Situation
from updater.components.component import ComponentState
from updater.components.component_group import ComponentGroup
from updater.components.issues import Finding, IssueBook, Remedy
from updater.supervisor.shutdown import Shutdown
from updater.supervisor.site import Site

log = structlog.get_logger()

EXIT_BUDGET_SPENT = 75  # EX_TEMPFAIL


class HealthCheck:
    """Makes a check, and sees to what it finds."""

    def __init__(self, site: Site, components: ComponentGroup, shutdown: Shutdown) -> None:
        self.issues = IssueBook()
        self._site = site
        self._components = components
        self._shutdown = shutdown

    async def look(self, check: Check) -> None:
        """Make a check, keep the issues it opens and closes, and repair what it finds where that is switched on."""
        try:
            findings = await check.find(self._situation())
        except Exception:  # a fault in one check must not end the others; it is logged with its trace
            log.exception("A check could not be made.", check=check.slug)
            return
        running = {component.name for component in self._components.members if component.state is ComponentState.RUNNING}
        opened, fixed = self.issues.update(check.slug, findings, running)
        enabled = self._site.settings.health_check.enabled
        for finding in opened:
            log.warning(finding.text, check=finding.check, about=finding.component, repaired=enabled and finding.fix is not None)
        for finding in fixed:
            log.info("An issue is fixed.", issue=finding.text, check=finding.check, about=finding.component)
        if enabled:
            for finding in findings:
                if finding.fix:
                    self._repair(finding)

    def _situation(self) -> Situation:
        components = self._components
        return Situation(components.members, self._site.settings, self._site.paths.data, components.policy, components.clock.now())

    def _repair(self, finding: Finding) -> None:
        """Apply the fix of a finding, unless things have moved on since the check looked."""
        assert finding.fix is not None
        if self._shutdown.has_begun:
            return
        if finding.fix.remedy is Remedy.GIVE_UP:
            log.error("The restart budget is spent: the appliance stops.", about=finding.component, reason=finding.text)
            self._shutdown.begin(EXIT_BUDGET_SPENT)
            return
        component = next(component for component in self._components.members if component.name == finding.component)
        if finding.fix.remedy is Remedy.START:
            if component.state is ComponentState.FAILED:
                component.back_off()
        elif component.pid == finding.pid and component.state in (ComponentState.STARTING, ComponentState.RUNNING):
            component.repair(kill=finding.fix.remedy is Remedy.KILL_AND_START)
