"""A component that ended by itself."""

from collections.abc import Sequence

from appliance.common.message import Message
from updater.checks.base import Check, Situation
from updater.components.component import ComponentState
from updater.components.issues import Finding, Fix, Remedy


class Exited(Check):
    """Finds a component that is down though nobody stopped it; it is started again with growing delays."""

    slug = "exited"
    urgent = True

    async def find(self, situation: Situation) -> Sequence[Finding]:
        """Return the components that ended."""
        return [
            Finding(
                self.slug,
                Message("The %(name)s %(ending)s.", name=component.name, ending=(component.last_exit or "is down").rstrip(".")),
                component.name,
                fix=Fix(Remedy.START, Message("Start the %(name)s again.", name=component.name)),
            )
            for component in situation.components
            if component.state is ComponentState.FAILED and not component.budget_spent
        ]
