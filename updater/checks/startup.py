"""A component that does not become ready."""

from collections.abc import Sequence

from appliance.common.message import Message
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
                Message(
                    "The %(name)s was started and is not ready after %(startup_seconds)s s.",
                    name=component.name,
                    startup_seconds=round(component.spec.startup_seconds),
                ),
                component.name,
                component.pid,
                Fix(Remedy.STOP_AND_START, Message("Stop the %(name)s and start it again.", name=component.name)),
            )
            for component in situation.components
            if component.startup_overdue
        ]
