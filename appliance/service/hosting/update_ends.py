"""Which ends of updates the hosting server was told: each is told once, in its order, whatever happens meanwhile."""

import json
from collections.abc import Mapping
from typing import Any

from appliance.service.collector.collector_notes import CollectorNotes
from appliance.service.hosting.image_state import untold_ends

KEPT = 100
NOTE = "told_updates"


class UpdateEnds:
    """Remembers over a restart what was told."""

    def __init__(self, notes: CollectorNotes) -> None:
        self._notes = notes
        self._told: list[str] | None = None
        self._waiting: list[str] = []

    def nothing(self) -> None:
        """Note that the state that is made now tells of no end, until `next` is asked."""
        self._waiting = []

    async def next(self, image: Mapping[str, Any]) -> str:
        """Return the mark of the end that is to be told now, empty where all were. `image` is that of the supervisor's status."""
        self._waiting = untold_ends(image, await self._recalled())
        return self._waiting[0] if self._waiting else ""

    async def told(self) -> bool:
        """Note that the end that was given last has been told; return whether others wait."""
        if not self._waiting:
            return False
        self._told = [*await self._recalled(), self._waiting.pop(0)][-KEPT:]
        await self._notes.remember({NOTE: json.dumps(self._told)})
        return bool(self._waiting)

    async def _recalled(self) -> list[str]:
        if self._told is None:
            self._told = await self._notes.noted_texts(NOTE)
        return self._told
