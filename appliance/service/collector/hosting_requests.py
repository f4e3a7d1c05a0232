"""What the hosting server asks for when it answers a check-in."""

from collections.abc import Callable

import structlog

from appliance.service.collector.background import BackgroundTasks
from appliance.service.collector.due_scans import DueScans
from appliance.service.collector.support_bundle import Support
from appliance.service.collector.update_refresh import UpdateRefresh
from appliance.service.hosting.commands import HostingCommands
from appliance.settings.model import Settings
from appliance.transmission.answers import CheckInAnswer

log = structlog.get_logger()


class HostingRequests:
    """Does what the hosting server asks for, as far as the site lets it."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        commands: HostingCommands,
        update_refresh: UpdateRefresh,
        support: Support,
        *,
        due_scans: DueScans,
        background: BackgroundTasks,
    ) -> None:
        """`settings` returns those in force."""
        self._settings = settings
        self._commands = commands
        self._update_refresh = update_refresh
        self._support = support
        self._due_scans = due_scans
        self._background = background

    async def heed(self, answer: CheckInAnswer) -> None:
        """Begin the commands of an answer that are new, and have it looked for what this site has not dealt with."""
        for command in await self._commands.fresh(answer.commands):
            self._obey(command)
        await self._update_refresh.heed(answer, self._settings().update.level)

    def _obey(self, command: str) -> None:
        log.info("the hosting server asks for something", command=command)
        settings = self._settings()
        if command == "scan_now":
            self._due_scans.sweep_for_hosting()
        elif command == "check_now":
            self._background.spawn(self._update_refresh.look(settings.update.level))
        elif command == "send_support_bundle":
            self._background.spawn(self._support.send(allowed=settings.privacy.support_bundle))
        else:
            log.warning("this command is not known here", command=command)
