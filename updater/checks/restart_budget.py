"""A component that was restarted too often."""

from collections.abc import Sequence

from appliance.common.message import Message
from updater.checks.base import Check, Situation
from updater.components.component import Component
from updater.components.issues import Finding, Fix, Remedy
from updater.components.restart import within_window


class RestartBudget(Check):
    """Finds a component that has spent its restarts; the appliance is then stopped, for its container engine to start it afresh.

    It warns when half of them are gone.
    """

    slug = "restart_budget"
    urgent = True

    async def find(self, situation: Situation) -> Sequence[Finding]:
        """Return the components at the end of their budget, or half way to it."""
        return [finding for component in situation.components if (finding := self._judge(component, situation))]

    def _judge(self, component: Component, situation: Situation) -> Finding | None:
        policy = situation.policy
        minutes = policy.window / 60
        if component.budget_spent:
            return Finding(
                self.slug,
                Message(
                    "The %(name)s was restarted %(budget)d times within %(minutes)d minutes and fails still. "
                    "At the end it %(ending)s",
                    name=component.name,
                    budget=policy.budget,
                    minutes=round(minutes),
                    ending=component.last_exit,
                ),
                component.name,
                fix=Fix(
                    Remedy.GIVE_UP, Message("Stop the appliance with exit code 75, so that the container engine starts it afresh.")
                ),
            )
        count = within_window(policy, component.history, situation.now)
        if count * 2 < policy.budget:
            return None
        return Finding(
            self.slug,
            Message(
                "The %(name)s was restarted %(count)d times within %(minutes)d minutes; after %(budget)d times the appliance is "
                "stopped. At last it %(ending)s",
                name=component.name,
                count=count,
                minutes=round(minutes),
                budget=policy.budget,
                ending=component.last_exit,
            ),
            component.name,
        )
