"""What image updates are possible here, learned now and then by a short-lived process that may load the engine's package."""

import os
from collections.abc import Callable, Sequence

import structlog

from appliance.common.message import Message, message_of
from updater.components.children import Children
from updater.engine.capability import NOT_YET_KNOWN, ImageUpdates

log = structlog.get_logger()

TIMEOUT_SECONDS = 30.0


class EngineWatch:
    """Asks the engine."""

    def __init__(self, children: Children, command: Sequence[str], learned: Callable[[], None]) -> None:
        """`learned` is called after each answer."""
        self.found = NOT_YET_KNOWN
        self._children = children
        self._command = command
        self._learned = learned

    async def ask(self) -> None:
        """Ask, and tell that there is an answer."""
        self.found = await self._ask()
        self._learned()

    async def _ask(self) -> ImageUpdates:
        try:
            answer = await self._children.ask(self._command, os.environ, TIMEOUT_SECONDS)
            return ImageUpdates.from_json(answer)
        except TimeoutError:
            reason: str = Message("it gave no answer within %(seconds)s s", seconds=round(TIMEOUT_SECONDS))
        except (OSError, ValueError) as error:
            reason = message_of(error)
        log.warning("What image updates are possible could not be found out.", reason=reason)
        return ImageUpdates(
            "unknown", Message("What image updates are possible could not be found out: %(reason)s.", reason=reason)
        )
