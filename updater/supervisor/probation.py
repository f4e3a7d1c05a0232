"""The day after a configuration was kept: whether the collector ends by itself under it.

What a trial of two minutes cannot see, such as the sweep of the night, is seen later. Each end that nobody asked for counts: by the
health check (no heartbeat, too much memory), or by itself. After `MOST_ENDS` of them the configuration is taken back. The count
stands beside the configuration, so that it goes on where the whole appliance was started anew.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from appliance.common.clock import from_rfc3339
from appliance.settings.configuration_state import Configuration
from updater.components.component import Component, ComponentState

LENGTH = timedelta(hours=24)
MOST_ENDS = 3
"""So often the collector ends before it is the configuration: once it may be anything."""
WATCHED = "collector"
"""The component that lives by what is signed."""
_DOWN = (ComponentState.FAILED, ComponentState.BACKING_OFF)


class EndCounter:
    """Tells each end of the collector once, whatever states it goes through."""

    def __init__(self) -> None:
        self._was_down = False

    def has_ended(self, components: Sequence[Component]) -> bool:
        """Return whether the collector has ended since the last look, without having been told to."""
        component = next((each for each in components if each.name == WATCHED), None)
        is_down = component is not None and component.state in _DOWN
        ended, self._was_down = is_down and not self._was_down, is_down
        return ended


def is_on_probation(in_force: Configuration | None, now: datetime) -> bool:
    """Return whether ends of the collector count against a configuration."""
    if in_force is None or in_force.trial or not in_force.kept_at:
        return False
    kept_at = from_rfc3339(in_force.kept_at)
    return kept_at <= now < kept_at + LENGTH
