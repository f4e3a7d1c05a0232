"""Bringing to the store what the calls to the hosting server cost; scans bring their own."""

from appliance.common.traffic import TrafficByPurpose
from appliance.service.collector.collector_notes import CollectorNotes
from appliance.store.store import Store


class TrafficWriter:
    """Knows how much of a counter that goes on counting is in the store already."""

    def __init__(self, notes: CollectorNotes, calls: TrafficByPurpose) -> None:
        self._notes = notes
        self._calls = calls
        self._kept = TrafficByPurpose()

    async def keep(self) -> None:
        """Write what the store has not got; while it is in trouble that waits here."""
        waiting = self._calls.less(self._kept)
        if not waiting.as_json():
            return
        # Noted at once, so that nobody else writes the same while this is under way.
        self._kept.add(waiting)

        def write(store: Store) -> bool:
            store.add_traffic(waiting)
            return True

        if not await self._notes.ask(write):
            self._kept = self._kept.less(waiting)
