"""The control API of the supervisor (docs/architecture.md, "Control sockets")."""

import re
from typing import Any, Protocol

from tornado.web import Application, HTTPError

from appliance.process.control import ControlHandler


class Controlled(Protocol):
    """What the control API needs of the supervisor."""

    def status(self) -> dict[str, Any]:
        """Return the answer of `GET /v1/status`."""

    def health(self) -> tuple[bool, str]:
        """Return whether all is well, and one line."""

    def restart(self, name: str) -> bool:
        """Restart a component; False when there is none of that name. Raises DcaError when it cannot be."""

    def reload(self) -> None:
        """Read the settings again. Raises DcaError, and changes nothing, when they cannot be used."""

    def check(self, told: str) -> None:
        """Check for configuration soon. Raises DcaError when that is not done here."""

    async def back(self) -> str:
        """Go back to the configuration before; return a sentence. Raises DcaError when there is none."""


class _SupervisorHandler(ControlHandler):
    def initialize(self, supervisor: Controlled) -> None:
        """Take the supervisor."""
        self.supervisor = supervisor


class StatusHandler(_SupervisorHandler):
    """`GET /v1/status`."""

    def get(self) -> None:
        """Answer everything that is known."""
        self.answer(self.supervisor.status())


class HealthHandler(_SupervisorHandler):
    """`GET /v1/health`."""

    def get(self) -> None:
        """Answer from what is known, without asking anybody."""
        ok, text = self.supervisor.health()
        self.answer({"ok": ok, "text": text})


class RestartHandler(_SupervisorHandler):
    """`POST /v1/components/NAME/restart`."""

    def post(self, name: str) -> None:
        """Begin to restart a component."""
        if not self.supervisor.restart(name):
            raise HTTPError(404, "There is no component of that name.")
        self.answer({}, 202)


class ReloadHandler(_SupervisorHandler):
    """`POST /v1/reload`."""

    def post(self) -> None:
        """Read the settings again."""
        self.supervisor.reload()
        self.answer({})


class CheckHandler(_SupervisorHandler):
    """`POST /v1/update/check`, with `marker` what the hosting server says is there."""

    def post(self) -> None:
        """Begin to check."""
        told = self.body().get("marker", "")
        if not isinstance(told, str) or not re.fullmatch(r"[0-9a-f]{16}|none|", told):
            raise HTTPError(400, '"marker" must be the marker of a configuration.')
        self.supervisor.check(told)
        self.answer({}, 202)


class BackHandler(_SupervisorHandler):
    """`POST /v1/update/back`."""

    async def post(self) -> None:
        """Go back to the configuration before."""
        self.answer({"text": await self.supervisor.back()})


class UnknownHandler(ControlHandler):
    """Everything else."""

    def prepare(self) -> None:
        """Refuse."""
        raise HTTPError(404, "There is no such call.")


def control_application(supervisor: Controlled) -> Application:
    """Return the control API of `supervisor`."""
    shared = {"supervisor": supervisor}
    return Application(
        [
            (r"/v1/status", StatusHandler, shared),
            (r"/v1/health", HealthHandler, shared),
            (r"/v1/components/([a-z]+)/restart", RestartHandler, shared),
            (r"/v1/reload", ReloadHandler, shared),
            (r"/v1/update/check", CheckHandler, shared),
            (r"/v1/update/back", BackHandler, shared),
        ],
        default_handler_class=UnknownHandler,
    )
