"""A component that does not become ready."""

from collections.abc import Sequence

from updater.checks.base import Check, Situation
from updater.components.issues import Finding, Fix, Remedy


class Startup(Check):
    """Finds a component that did not say READY=1 within its time; it is stopped and started again."""

    slug = "startup"

    async def find(self, situation: Situation) -> Sequence[Finding]:
        """Return the components whose start takes too long."""
        return [
            Finding(
                self.slug,
                f"The {component.name} was started and is not ready after {component.spec.startup_seconds:.0f} s.",
                component.name,
                component.pid,
                Fix(Remedy.STOP_AND_START, f"Stop the {component.name} and start it again."),
            )
            for component in situation.components
            if component.startup_overdue
        ]
