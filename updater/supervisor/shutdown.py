"""The end of an appliance: asked for by a signal, or decided by the health check."""

import asyncio
import signal
from collections.abc import Callable

import structlog

log = structlog.get_logger()

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Shutdown:
    """Knows whether the appliance is to end, and with which exit code."""

    def __init__(self, kill: Callable[[], None]) -> None:
        """`kill` kills the components of an appliance that is asked to stop again."""
        self._kill = kill
        self._exit_code = 0
        self._begun = asyncio.Event()

    @property
    def has_begun(self) -> bool:
        """Whether the appliance is to end."""
        return self._begun.is_set()

    def handle_signals(self) -> None:
        """Let a signal to stop begin the end."""
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._asked_to_stop, number)

    def begin(self, exit_code: int) -> None:
        """Let the appliance end with this code."""
        self._exit_code = exit_code
        self._begun.set()

    async def wait(self) -> int:
        """Return the exit code, as soon as the appliance is to end."""
        await self._begun.wait()
        return self._exit_code

    def _asked_to_stop(self, number: signal.Signals) -> None:
        if self.has_begun:
            log.warning("Asked to stop again: the components are killed.", signal=number.name)
            self._kill()
            return
        log.info("The appliance stops, because it was asked to.", signal=number.name)
        self.begin(0)
