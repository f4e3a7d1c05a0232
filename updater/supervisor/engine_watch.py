"""What image updates are possible here, learned now and then by a short-lived process that may load the engine's package."""

import asyncio
import os
import random
from collections.abc import Callable, Sequence

import structlog

from updater.components.children import Children
from updater.engine.capability import NOT_YET_KNOWN, ImageUpdates

log = structlog.get_logger()

FIRST_SECONDS = 3.0
AGAIN_SECONDS = 6 * 3600.0
TIMEOUT_SECONDS = 30.0


class EngineWatch:
    """Asks the engine soon after the start, every few hours, and when settings were read again."""

    def __init__(self, children: Children, command: Sequence[str], learned: Callable[[], None]) -> None:
        """`learned` is called after each answer."""
        self.found = NOT_YET_KNOWN
        self._children = children
        self._command = command
        self._learned = learned
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Ask soon."""
        self._asked.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        delay = FIRST_SECONDS
        while True:
            try:
                async with asyncio.timeout(delay):
                    await self._asked.wait()
            except TimeoutError:
                pass
            self._asked.clear()
            self.found = await self._ask()
            self._learned()
            delay = AGAIN_SECONDS * random.SystemRandom().uniform(0.9, 1.1)

    async def _ask(self) -> ImageUpdates:
        try:
            answer = await self._children.ask(self._command, os.environ, TIMEOUT_SECONDS)
            return ImageUpdates.from_json(answer)
        except TimeoutError:
            reason = f"it gave no answer within {TIMEOUT_SECONDS:.0f} s"
        except (OSError, ValueError) as error:
            reason = str(error)
        log.warning("What image updates are possible could not be found out.", reason=reason)
        return ImageUpdates("unknown", f"What image updates are possible could not be found out: {reason}.")
