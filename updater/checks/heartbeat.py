"""A component that is there and does nothing any more."""

from collections.abc import Sequence

from appliance.common.message import Message
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
                Message(
                    "The %(name)s has sent no heartbeat for %(heartbeat_age)s s (allowed: %(watchdog_seconds)s s).",
                    name=component.name,
                    heartbeat_age=round(component.heartbeat_age),
                    watchdog_seconds=round(component.spec.watchdog_seconds),
                ),
                component.name,
                component.pid,
                Fix(Remedy.KILL_AND_START, Message("Kill the %(name)s and start it again.", name=component.name)),
            )
            for component in situation.components
            if component.state is ComponentState.RUNNING and component.heartbeat_age > component.spec.watchdog_seconds
        ]
