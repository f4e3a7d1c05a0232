"""The commands of the hosting server: each id is done once, also after a restart and when it is handed out again."""

import asyncio
import json
from collections.abc import Iterable

from appliance.service.collector.collector_notes import CollectorNotes
from appliance.transmission.answers import Command

KEPT_IDS = 500
"""Ids remembered. A server hands a command out again for minutes, and at most a hundred at a time."""
NOTE = "done_commands"


class HostingCommands:
    """Knows which commands were begun. They are noted before they are: one that a power cut ends is not begun twice."""

    def __init__(self, notes: CollectorNotes) -> None:
        self._notes = notes
        self._done: dict[str, None] | None = None
        self._one = asyncio.Lock()

    async def fresh(self, commands: Iterable[Command]) -> list[str]:
        """Return the names of those of `commands` that were never begun, in their order, and note them as begun."""
        wanted = {command.id: command.name for command in commands}
        if not wanted:
            return []
        async with self._one:
            done = await self._recalled()
            fresh = [number for number in wanted if number not in done]
            if fresh:
                self._done = dict.fromkeys([*done, *fresh][-KEPT_IDS:])
                await self._notes.remember({NOTE: json.dumps(list(self._done))})
        return [wanted[number] for number in fresh]

    async def _recalled(self) -> dict[str, None]:
        """Return the ids in the order in which they came."""
        if self._done is None:
            self._done = dict.fromkeys(await self._notes.noted_texts(NOTE))
        return self._done
