"""A component that grows."""

from collections.abc import Sequence

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
                        f"The {component.name} uses {used / MEBIBYTE:.0f} MB of memory, above the ceiling of {ceiling} MB "
                        "(health_check.memory_ceiling_mb).",
                        component.name,
                        pid,
                        Fix(Remedy.STOP_AND_START, f"Stop the {component.name} and start it again."),
                    )
                )
        self._streaks.keep_only({component.pid for component in situation.components if component.pid is not None})
        return findings
