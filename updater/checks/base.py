"""What every check has in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.settings.model import Settings
from updater.components.component import Component
from updater.components.issues import Finding
from updater.components.restart import RestartPolicy


@dataclass(frozen=True, slots=True)
class Situation:
    """What a check looks at."""

    components: Sequence[Component]
    settings: Settings
    data_folder: Path
    policy: RestartPolicy
    now: float
    """Seconds on the clock of the supervisor."""


class Check(ABC):
    """Looks for one kind of trouble. It only looks: the fix it names is applied by the health check, when that is switched on."""

    slug: str
    """The name of the check in the control API."""
    interval: float = 1.0
    """Seconds between two looks."""
    urgent: bool = False
    """True: also looks at every change of a component's state."""

    @abstractmethod
    async def find(self, situation: Situation) -> Sequence[Finding]:
        """Return what is wrong now, nothing when all is well."""


class Streaks:
    """Counts how often in a row a process was found wanting, for checks that do not act on a single bad look."""

    def __init__(self, needed: int) -> None:
        self._needed = needed
        self._counts: dict[int, int] = {}

    def reached(self, pid: int, bad: bool) -> bool:
        """Take one look at process `pid`; True when it was bad as often in a row as needed."""
        self._counts[pid] = self._counts.get(pid, 0) + 1 if bad else 0
        return self._counts[pid] >= self._needed

    def keep_only(self, pids: set[int]) -> None:
        """Forget the processes that are gone."""
        self._counts = {pid: count for pid, count in self._counts.items() if pid in pids}
