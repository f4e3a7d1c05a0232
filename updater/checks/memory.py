"""A component that grows."""

from collections.abc import Sequence

from appliance.common.message import Message
from updater.checks.base import Check, Situation, Streaks
from updater.components.issues import Finding, Fix, Remedy
from updater.components.memory import MEBIBYTE, above


class Memory(Check):
    """Finds a component above `health_check.memory_ceiling_mb` (PSS) at several looks in a row; it is stopped and started again."""

    slug = "memory"

    def __init__(self, *, interval: float = 5.0, looks: int = 2) -> None:
        self.interval = interval
        self._streaks = Streaks(looks)

    async def find(self, situation: Situation) -> Sequence[Finding]:
        """Return the components above the ceiling."""
        ceiling = situation.settings.health_check.memory_ceiling_mb
        findings = []
        for component in situation.components:
            if (pid := component.pid) is None:
                continue
            used = above(pid, ceiling * MEBIBYTE)
            if self._streaks.reached(pid, used is not None) and used is not None:
                findings.append(
                    Finding(
                        self.slug,
                        Message(
                            "The %(name)s uses %(used)s MB of memory, above the ceiling of %(ceiling)s MB "
                            "(health_check.memory_ceiling_mb).",
                            name=component.name,
                            used=round(used / MEBIBYTE),
                            ceiling=ceiling,
                        ),
                        component.name,
                        pid,
                        Fix(Remedy.STOP_AND_START, Message("Stop the %(name)s and start it again.", name=component.name)),
                    )
                )
        self._streaks.keep_only({component.pid for component in situation.components if component.pid is not None})
        return findings
