"""The components, what is wrong, the two switches, and when versions are installed."""

import asyncio
from typing import Any

from appliance.common.errors import DcaError
from appliance.common.message import Message, message_of
from appliance.common.version import installed_version
from appliance.release.incoming_bundles import room_for_bundle
from appliance.settings.layers import Effective
from webui import texts
from webui.forms import Form
from webui.handlers.base import Page
from webui.handlers.configuration import configuration_values
from webui.handlers.versions import ScheduleForm
from webui.versions import versions_view

HEALTH_CHECK = "health_check.enabled"
UPDATE_LEVEL = "update.level"

UPDATE_LEVELS: tuple[tuple[str, str, str], ...] = (
    (
        "off",
        Message("Off"),
        Message(
            "The hosting server changes nothing here. Readings are still sent, and it can still ask for a scan of your ranges."
        ),
    ),
    (
        "config",
        Message("Settings only"),
        Message("Signed settings of the hosting server are taken over, within the limits this site sets."),
    ),
    (
        "notify",
        Message("Settings, and tell about new versions"),
        Message("New versions are shown here, and a person decides when to install them."),
    ),
    (
        "auto",
        Message("Settings and new versions"),
        Message("New versions are installed by themselves, and taken back by themselves if they do not work."),
    ),
)


class SwitchesForm(Form):
    """The two switches."""

    def __init__(self, effective: Effective) -> None:
        settings = effective.settings
        super().__init__({"health_check": "on" if settings.health_check.enabled else "", "level": settings.update.level})
        for field, path in (("health_check", HEALTH_CHECK), ("level", UPDATE_LEVEL)):
            if variable := effective.variables.get(path):
                self.locks[field] = variable

    def take(self, page: Page) -> dict[str, dict[str, Any]] | None:
        """Take what was sent and return the changes, None when it cannot be used."""
        before = dict(self.values)
        changes: dict[str, dict[str, Any]] = {}
        if not self.lock("health_check"):
            self.values["health_check"] = "on" if page.get_body_argument("health_check", "") == "on" else ""
            if self.values["health_check"] != before["health_check"]:
                changes["health_check"] = {"enabled": self.values["health_check"] == "on"}
        if not self.lock("level"):
            self.values["level"] = page.get_body_argument("level", "")
            if self.values["level"] not in {value for value, _, _ in UPDATE_LEVELS}:
                self.errors["level"] = page._("Choose one of the four levels.")
                return None
            if self.values["level"] != before["level"]:
                changes["update"] = {"level": self.values["level"]}
        return changes


class HealthPage(Page):
    """What the handlers of this page share."""

    async def show(self, status: int = 200, form: SwitchesForm | None = None, schedule: ScheduleForm | None = None) -> None:
        """Show the page, with forms that were sent in place of fresh ones."""
        values, deep = await asyncio.gather(configuration_values(self), self.services.components.collector("GET", "/v1/health"))
        supervisor = values["supervisor"]
        self.page(
            "health.html",
            status,
            **values,
            components=supervisor.data.get("components", []),
            issues=supervisor.data.get("issues", []),
            deep=deep,
            versions=versions_view(values["update"], installed_version()),
            schedule=schedule or ScheduleForm(self),
            largest_bundle=room_for_bundle(self.services.paths),
            support_bundle=self.effective().settings.privacy.support_bundle,
            form=form or SwitchesForm(self.effective()),
            levels=UPDATE_LEVELS,
        )


class HealthAndUpdates(HealthPage):
    """The page."""

    async def get(self) -> None:
        """Show it."""
        await self.show()


class Switches(HealthPage):
    """Turning health check and intelligent update on and off."""

    async def post(self) -> None:
        """Keep the switches."""
        form = SwitchesForm(self.effective())
        changes = form.take(self)
        if changes is not None:
            try:
                await self.keep(changes, self._("The switches are kept."))
            except DcaError as error:
                form.errors[""] = message_of(error)
        if form.errors:
            await self.show(422, form)
        else:
            self.go("/health")


class Schedule(HealthPage):
    """When versions are installed."""

    async def post(self) -> None:
        """Keep window and hold."""
        form = ScheduleForm(self)
        changes = form.take(lambda field: self.get_body_argument(field, None))
        if changes is not None:
            try:
                await self.keep(changes, self._("It is kept when versions are installed."))
            except DcaError as error:
                form.errors[""] = message_of(error)
        if form.errors:
            await self.show(422, schedule=form)
        else:
            self.go("/health#versions")


class Restart(Page):
    """Restarting one component."""

    async def post(self, name: str) -> None:
        """Ask the supervisor for it."""
        answer = await self.services.components.supervisor("POST", f"/v1/components/{name}/restart", {})
        done = self._("%(name)s is being restarted.") % {"name": self._(texts.COMPONENTS.get(name, name))}
        self.notice("warn" if answer.error else "ok", answer.error or done)
        self.go("/health")
