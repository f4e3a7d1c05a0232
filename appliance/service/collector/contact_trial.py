"""Whether this very process gets to its hosting server: a check-in that is answered, and readings that are taken, if any wait.

A version on trial is asked for it. What has failed is tried again, as long as somebody asks.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from appliance.common.message import Message, sentences
from appliance.service.collector.background import BackgroundTasks
from appliance.service.hosting.connection import HostingConnection
from appliance.transmission.upload import Sent

Contact = Literal["ok", "failed", "off"]
AGAIN_SECONDS = 10.0


class ContactTrial:
    """Tries when it is asked."""

    def __init__(
        self,
        connection: HostingConnection,
        background: BackgroundTasks,
        *,
        check_in: Callable[[], Awaitable[bool]],
        upload: Callable[[], Awaitable[Sent]],
        waiting: Callable[[], Awaitable[int]],
    ) -> None:
        """`check_in` makes one and returns whether it was answered, `upload` one and what was sent.

        `waiting` returns how many readings wait to be sent.
        """
        self._connection = connection
        self._background = background
        self._check_in = check_in
        self._upload = upload
        self._waiting = waiting
        self._results: dict[str, Contact | None] = {"check_in": None, "upload": None}
        self._texts: dict[str, str] = {}
        self._trying = False
        self._not_before = 0.0

    def look(self) -> dict[str, Any]:
        """Return how far it is, `{"check_in", "upload", "text"}`, None for what is not known yet; try what is not well."""
        if not self._connection.enrolled or self._connection.held or self._connection.quiet:
            return {"check_in": "off", "upload": "off", "text": ""}
        if self._connection.sent.batches:
            self._results["upload"] = "ok"
        lacking = [way for way, result in self._results.items() if result != "ok"]
        if lacking and not self._trying and time.monotonic() >= self._not_before:
            self._trying = True
            self._background.spawn(self._try(lacking))
        return {**self._results, "text": sentences(*(self._texts.get(way, "") for way in lacking))}

    async def _try(self, ways: list[str]) -> None:
        try:
            if "check_in" in ways:
                answered = await self._check_in()
                self._keep("check_in", "ok" if answered else "failed")
            if "upload" in ways:
                await self._try_upload()
        finally:
            self._trying, self._not_before = False, time.monotonic() + AGAIN_SECONDS

    async def _try_upload(self) -> None:
        sent = await self._upload()
        if sent.batches or (not sent.calls and not await self._waiting()):
            self._keep("upload", "ok")
        elif sent.set_aside:
            self._keep("upload", "failed", Message("The hosting server takes none of the readings of this version."))
        elif sent.calls:
            self._keep("upload", "failed")

    def _keep(self, way: str, result: Contact, text: str = "") -> None:
        self._results[way] = result
        self._texts[way] = "" if result == "ok" else text or self._connection.last_error or ""
