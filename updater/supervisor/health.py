"""The health check: looks for trouble all the time; switched on it repairs what it finds, switched off it only reports."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from updater.checks.base import Check, Situation
from updater.components.component import ComponentState
from updater.components.issues import Finding, IssueBook

log = structlog.get_logger()


class HealthCheck:
    """Runs each check at its own interval."""

    def __init__(
        self, checks: Sequence[Check], issues: IssueBook, situation: Callable[[], Situation], repair: Callable[[Finding], None]
    ) -> None:
        self._wakers = {check: asyncio.Event() for check in checks}
        self._issues = issues
        self._situation = situation
        self._repair = repair

    def wake(self) -> None:
        """Let the urgent checks look now: something has changed."""
        for check, waker in self._wakers.items():
            if check.urgent:
                waker.set()

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            for check, waker in self._wakers.items():
                group.create_task(self._repeat(check, waker), name=f"check {check.slug}")

    async def _repeat(self, check: Check, waker: asyncio.Event) -> None:
        while True:
            await self._look(check)
            try:
                async with asyncio.timeout(check.interval):
                    await waker.wait()
            except TimeoutError:
                pass
            waker.clear()

    async def _look(self, check: Check) -> None:
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
