"""A component that is there and does nothing any more."""

from collections.abc import Sequence

from updater.checks.base import Check, Situation
from updater.components.component import ComponentState
from updater.components.issues import Finding, Fix, Remedy


class Heartbeat(Check):
    """Finds a running component without WATCHDOG=1 for longer than its watchdog time.

    It is killed at once, for a process that hangs or is stopped takes no SIGTERM.
    """

    slug = "heartbeat"
    interval = 0.5

    async def find(self, situation: Situation) -> Sequence[Finding]:
        """Return the components that fell silent."""
        return [
            Finding(
                self.slug,
                f"The {component.name} has sent no heartbeat for {component.heartbeat_age:.0f} s "
                f"(allowed: {component.spec.watchdog_seconds:.0f} s).",
                component.name,
                component.pid,
                Fix(Remedy.KILL_AND_START, f"Kill the {component.name} and start it again."),
            )
            for component in situation.components
            if component.state is ComponentState.RUNNING and component.heartbeat_age > component.spec.watchdog_seconds
        ]
