"""A hosting server that was restored from a backup is sent again what it had acknowledged since; so is one that comes back."""

from collections.abc import Callable

import structlog

from appliance.common.clock import to_rfc3339
from appliance.privacy.outgoing import Masking
from appliance.store.store import Store
from appliance.transmission.answers import CheckInAnswer

AT_ONCE = 5_000
"""Readings and events that are put into the outbox at once, beside what waits."""

log = structlog.get_logger()


class RestoredServer:
    """What the site does for such a server. Its methods run in the thread of a call to the server; they raise as the store does."""

    def __init__(self, masking: Callable[[], Masking | None]) -> None:
        """`masking` returns the masks in force, None when they cannot be had."""
        self._masking = masking
        self._may_wait = True

    @staticmethod
    def generation(store: Store) -> str | None:
        """Return what a check-in says of the server."""
        return store.server_generation()

    def heed(self, store: Store, answer: CheckInAnswer) -> None:
        """Take from an answer that the server is another one than before."""
        told = answer.restored
        if told is None:
            return
        if store.tell_restored(told.generation, told.since):
            self._may_wait = True
            log.warning("the hosting server was restored: readings are sent again", since=to_rfc3339(told.since))

    def let_wait(self, store: Store) -> bool:
        """Put a part of what is to be sent again into the outbox, unless much waits there; return whether there may be more."""
        if not self._may_wait or store.outbox_state().readings >= AT_ONCE:
            return False
        masking = self._masking()
        if masking is None:
            return False
        self._may_wait = store.let_wait_again(masking, AT_ONCE) > 0
        return self._may_wait
