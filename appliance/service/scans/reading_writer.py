"""From the readings of a scan to the store: many in one transaction, and held in memory while the disk is full."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from appliance.common.errors import DataFolderError, SettingsError, StoreError
from appliance.common.message import message_of
from appliance.privacy.outgoing import Masking
from appliance.report import Reading
from appliance.service.collector.problems import Problems
from appliance.service.collector.threads import StoreThread
from appliance.service.scans.devices import DeviceAnswer
from appliance.service.scans.memory.agent_profile import profile_json

KEPT_TOGETHER = 50
RETRY_SECONDS = 30.0
MOST_HELD = 5_000
"""Readings held in memory while they cannot be written, at about 10 kB each; above it the oldest go."""

Profile = Mapping[str, Any]


def _of_different_devices(waiting: Iterable[tuple[Reading, Profile]]) -> Iterator[tuple[Reading, Profile]]:
    """Yield what waits up to the first reading whose key was there already: each is written with how it was come by."""
    keys: set[str] = set()
    for reading, profile in waiting:
        if reading.device.key in keys:
            return
        keys.add(reading.device.key)
        yield reading, profile


class ReadingWriter:
    """Writes readings as they come. While the store is in trouble they wait here, the problem says so, and it is tried again."""

    def __init__(self, store: StoreThread, problems: Problems, masking: Callable[[], Masking]) -> None:
        """`masking` returns the masks in force; it may raise SettingsError or DataFolderError, and nothing is written then."""
        self._store = store
        self._problems = problems
        self._masking = masking
        self._waiting: list[tuple[Reading, Profile]] = []
        self._writing: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        self._stopping = asyncio.Event()

    async def keep(self, answer: DeviceAnswer) -> None:
        """Take a reading; it is written within moments. Use `drain` to wait for that."""
        self._waiting.append((answer.reading, profile_json(answer)))
        del self._waiting[:-MOST_HELD]
        if self._writing is None or self._writing.done():
            self._tried.clear()
            self._writing = asyncio.create_task(self._write())

    async def drain(self) -> int:
        """Wait until everything taken so far is on the disk, or was tried in vain; return how many readings are not on it."""
        if self._writing and not self._writing.done():
            await self._tried.wait()
        return len(self._waiting)

    async def stop(self) -> None:
        """Write what is left, once; what cannot be written now is lost with the process."""
        self._stopping.set()
        if self._writing:
            await self._writing

    async def _write(self) -> None:
        while self._waiting:
            if await self._write_some():
                continue
            self._tried.set()
            if self._stopping.is_set():
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), RETRY_SECONDS)
        self._tried.set()

    async def _write_some(self) -> bool:
        """Write the oldest ones in one transaction; False when the store is in trouble, and nothing was written."""
        some = list(_of_different_devices(self._waiting[:KEPT_TOGETHER]))
        readings = [reading for reading, _ in some]
        profiles = {reading.device.key: profile for reading, profile in some}
        masking = self.masking()
        if masking is None:
            return False
        try:
            await self._store.call(lambda store: store.keep(readings, profiles, masking))
        except (DataFolderError, StoreError) as error:
            self._problems.report("store", message_of(error))
            return False
        written = {id(reading) for reading in readings}
        self._waiting = [item for item in self._waiting if id(item[0]) not in written]
        self._problems.clear("store")
        return True

    def masking(self) -> Masking | None:
        """Return the masks in force, or None, and the problem says so, when they cannot be had: then nothing may go out."""
        try:
            masking = self._masking()
        except (SettingsError, DataFolderError) as error:
            self._problems.report("privacy", message_of(error))
            return None
        self._problems.clear("privacy")
        return masking
