"""The control API of the supervisor (docs/protocol/control-sockets.md)."""

import re
from pathlib import Path
from typing import Any, Protocol

from tornado.web import Application, HTTPError

from appliance.process.control import ControlHandler
from updater.supervisor.refresh_scheduler import RefreshReport
from updater.supervisor.update_scheduler import UpdateScheduler
from updater.supervisor.updates import Updates

CONSOLE = "console"
LONGEST_TEXT = 4096


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


class _UpdatesHandler(ControlHandler):
    def initialize(self, updates: Updates) -> None:
        """Take what becomes of configuration and versions."""
        self.updates = updates


class UpdateHandler(_UpdatesHandler):
    """`GET /v1/update`."""

    def get(self) -> None:
        """Answer that part of the status: a check-in asks for it again and again, and needs no more."""
        self.answer(self.updates.status())


class CheckHandler(_UpdatesHandler):
    """`POST /v1/update/check`, with `marker` and `rollout` what the hosting server says is there."""

    def post(self) -> None:
        """Begin to check."""
        report = RefreshReport(self._marker("marker"), self._marker("rollout"))
        self.updates.check(report if report != RefreshReport() else None)
        self.answer({}, 202)

    def _marker(self, name: str) -> str:
        marker = self.body().get(name, "")
        if not isinstance(marker, str) or not re.fullmatch(r"[0-9a-f]{16}|none|", marker):
            raise HTTPError(400, f'"{name}" must be the marker of what is published.')
        return marker


class BackHandler(_UpdatesHandler):
    """`POST /v1/update/back`."""

    async def post(self) -> None:
        """Go back to the configuration before."""
        self.answer({"text": await self.updates.back()})


class _ImageHandler(ControlHandler):
    """Something a person wants of the versions; `by` says who."""

    def initialize(self, images: UpdateScheduler) -> None:
        """Take who watches over the versions."""
        self.images = images

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text of the body. Raises HTTPError 400."""
        value = self.body().get(name, default)
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            raise HTTPError(400, f'"{name}" must be a text.')
        return value

    @property
    def by(self) -> str:
        """Who wants it."""
        return self.text("by", CONSOLE) or CONSOLE


class ApplyHandler(_ImageHandler):
    """`POST /v1/update/apply`."""

    def post(self) -> None:
        """Begin to install what is offered."""
        self.images.apply(self.text("version", ""), self.by)
        self.answer({}, 202)


class RollBackHandler(_ImageHandler):
    """`POST /v1/update/rollback`."""

    def post(self) -> None:
        """Begin to go back to the version before."""
        self.images.roll_back(self.by)
        self.answer({}, 202)


class CancelHandler(_ImageHandler):
    """`POST /v1/update/cancel`."""

    async def post(self) -> None:
        """Give up what is under way, where nothing was switched yet."""
        self.answer({"text": await self.images.cancel(self.by)})


class BundleHandler(_ImageHandler):
    """`POST /v1/update/bundle`."""

    def post(self) -> None:
        """Begin to install from a file."""
        allow_expired = self.body().get("allow_expired", False)
        if not isinstance(allow_expired, bool):
            raise HTTPError(400, '"allow_expired" must be true or false.')
        self.images.bundle(Path(self.text("path")), self.by, allow_expired=allow_expired)
        self.answer({}, 202)


class AllowHandler(_ImageHandler):
    """`POST /v1/update/allow`."""

    def post(self) -> None:
        """Let a version be offered again."""
        self.images.allow(self.text("version"), self.by)
        self.answer({})


class UnknownHandler(ControlHandler):
    """Everything else."""

    def prepare(self) -> None:
        """Refuse."""
        raise HTTPError(404, "There is no such call.")


def control_application(supervisor: Controlled, updates: Updates) -> Application:
    """Return the control API of `supervisor` and its `updates`."""
    shared, about_updates, about_images = {"supervisor": supervisor}, {"updates": updates}, {"images": updates.images}
    return Application(
        [
            (r"/v1/status", StatusHandler, shared),
            (r"/v1/health", HealthHandler, shared),
            (r"/v1/components/([a-z]+)/restart", RestartHandler, shared),
            (r"/v1/reload", ReloadHandler, shared),
            (r"/v1/update", UpdateHandler, about_updates),
            (r"/v1/update/check", CheckHandler, about_updates),
            (r"/v1/update/back", BackHandler, about_updates),
            (r"/v1/update/apply", ApplyHandler, about_images),
            (r"/v1/update/rollback", RollBackHandler, about_images),
            (r"/v1/update/cancel", CancelHandler, about_images),
            (r"/v1/update/bundle", BundleHandler, about_images),
            (r"/v1/update/allow", AllowHandler, about_images),
        ],
        default_handler_class=UnknownHandler,
    )
