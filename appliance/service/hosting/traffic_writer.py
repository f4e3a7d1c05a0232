"""Bringing to the store what the calls to the hosting server cost (scans bring their own), and telling what all of it was."""

from typing import Any

from appliance.common.errors import ControlError
from appliance.common.message import Message
from appliance.common.network.traffic import TrafficByPurpose
from appliance.service.collector.collector_notes import CollectorNotes
from appliance.store.store import Store
from appliance.store.traffic_report import traffic_report


class TrafficWriter:
    """Knows how much of a counter that goes on counting is in the store already."""

    def __init__(self, notes: CollectorNotes, calls: TrafficByPurpose) -> None:
        self._notes = notes
        self._calls = calls
        self._kept = TrafficByPurpose()

    async def report(self, days: int, since_start: TrafficByPurpose) -> dict[str, Any]:
        """Return the answer of `GET /v1/traffic`; `since_start` is what the scans of this process have cost.

        Raises ControlError when the store is in trouble.
        """
        await self.keep()
        report = await self._notes.ask(lambda store: traffic_report(store, days))
        if report is None:
            raise ControlError(
                Message("The counts of the traffic cannot be read: the database is in trouble. `dca status` says more.")
            )
        since_start.add(self._calls)
        return {**report.as_json(), "since_start": since_start.as_json()}

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
