"""The health check of the database of readings."""

import asyncio
import time
from typing import Any

from appliance.common.errors import DataFolderError, StoreError
from appliance.common.message import Message, message_of
from appliance.service.collector.problems import Problems
from appliance.service.collector.threads import StoreThread
from appliance.store.store import Store

CHECK_STORE_SECONDS = 60.0
"""The deep check writes to the disk at most this often: small boards live on memory cards."""
STORE_ANSWER_SECONDS = 4.0


class StoreCheck:
    """Whether the database can be written; trouble with it is the problem `store`."""

    def __init__(self, store: StoreThread, problems: Problems) -> None:
        self._store = store
        self._problems = problems
        self._checked_at = float("-inf")

    async def run(self) -> dict[str, Any]:
        """Return the check as JSON; within a minute of a good one it is taken for good."""
        ok = True
        text: str = Message("the database answers")
        if time.monotonic() - self._checked_at > CHECK_STORE_SECONDS:
            try:
                await asyncio.wait_for(self._store.call(Store.check), STORE_ANSWER_SECONDS)
            except TimeoutError:
                ok = False
                text = Message(
                    "The database of readings does not answer within %(seconds)s s.", seconds=round(STORE_ANSWER_SECONDS)
                )
            except DataFolderError as error:
                # A full disk or a read-only volume: a restart would not help, and would lose what waits in memory.
                text = message_of(error)
                self._problems.report("store", text)
            except StoreError as error:
                ok, text = False, message_of(error)
                self._problems.report("store", text)
            else:
                self._checked_at = time.monotonic()
                self._problems.clear("store")
        return {"name": "store", "ok": ok, "text": text}
