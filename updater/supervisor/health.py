"""The health check: looks for trouble; switched on it repairs what it finds, switched off it only reports."""

from collections.abc import Callable

import structlog

from updater.checks.base import Check, Situation
from updater.components.component import ComponentState
from updater.components.issues import Finding, IssueBook

log = structlog.get_logger()


class HealthCheck:
    """Makes a check, and sees to what it finds."""

    def __init__(self, issues: IssueBook, situation: Callable[[], Situation], repair: Callable[[Finding], None]) -> None:
        self._issues = issues
        self._situation = situation
        self._repair = repair

    async def look(self, check: Check) -> None:
        """Make a check, keep the issues it opens and closes, and repair what it finds where that is switched on."""
        try:
            findings = await check.find(self._situation())
        except Exception:  # a fault in one check must not end the others; it is logged with its trace
            log.exception("A check could not be made.", check=check.slug)
            return
        situation = self._situation()
        running = {component.name for component in situation.components if component.state is ComponentState.RUNNING}
        opened, fixed = self._issues.update(check.slug, findings, running)
        enabled = situation.settings.health_check.enabled
        for finding in opened:
            log.warning(finding.text, check=finding.check, about=finding.component, repaired=enabled and finding.fix is not None)
        for finding in fixed:
            log.info("An issue is fixed.", issue=finding.text, check=finding.check, about=finding.component)
        if enabled:
            for finding in findings:
                if finding.fix:
                    self._repair(finding)
