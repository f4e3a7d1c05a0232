"""Asking the supervisor to look for signed configuration and versions: the collector hears of them and fetches nothing itself."""

from pathlib import Path

import structlog

from appliance.common.errors import ControlError
from appliance.process.client import ControlClient
from appliance.service.collector.problems import Problems
from appliance.transmission.answers import CheckInAnswer

PROBLEM = "update_check"
LEVELS_WITH_VERSIONS = ("notify", "auto")

log = structlog.get_logger()


class UpdateRefresh:
    """Checks that the hosting server gives cause for."""

    def __init__(self, supervisor_socket: Path, problems: Problems) -> None:
        self._supervisor = ControlClient(supervisor_socket, "supervisor")
        self._problems = problems

    async def heed(self, answer: CheckInAnswer, level: str) -> None:
        """Take what a check-in was answered: the markers of what this site has not dealt with yet, if there is anything."""
        told = {"marker": answer.configuration, "rollout": answer.rollout if level in LEVELS_WITH_VERSIONS else None}
        body = {name: marker for name, marker in told.items() if marker is not None}
        if not body or level == "off":
            self._problems.clear(PROBLEM)
        else:
            await self._look(body)

    async def look(self, level: str) -> None:
        """Look now, whatever was dealt with before: the hosting server asks for it."""
        if level == "off":
            log.info("the hosting server asks to look for updates, but the site has switched them off (update.level)")
        else:
            await self._look({})

    async def _look(self, body: dict[str, str]) -> None:
        try:
            await self._supervisor.call("POST", "/v1/update/check", body)
        except ControlError as error:
            self._problems.report(PROBLEM, f"The hosting server has something new, which could not be looked for: {error}")
        else:
            self._problems.clear(PROBLEM)
