"""New versions on the page "Health and updates": what waits, what is under way, and what a person asks for."""

from typing import Any

from appliance.common.version import installed_version
from webui.forms import SectionForm
from webui.handlers.base import Page
from webui.versions import versions_view

CHANGED = "versions-changed"
"""The event by which the script learns that there is something new to read."""
HERE = "/health#versions"
SCHEDULE_FIELDS = ("window", "hold_until")


async def versions_values(page: Page) -> dict[str, Any]:
    """Return what the parts of the page about versions show."""
    supervisor = await page.services.components.supervisor("GET", "/v1/update")
    return {
        "versions": versions_view(supervisor.data, installed_version()),
        "update": supervisor.data,
        "supervisor": supervisor,
    }


class VersionsNow(Page):
    """The part that is asked for again while the page is open."""

    prolongs_session = False

    async def get(self) -> None:
        """Show it.

        A page that another version has made is loaded anew as a whole: it is how a page survives the update it has begun.
        """
        values = await versions_values(self)
        if self.get_query_argument("made_by", installed_version()) != installed_version():
            self.set_header("HX-Refresh", "true")
        elif self.get_query_argument("seen", "") != values["versions"].mark:
            self.set_header("HX-Trigger", CHANGED)
        self.page("part_versions_now.html", **values)


class VersionsRead(Page):
    """Notes, history and what is left alone, asked for again when that has changed."""

    prolongs_session = False

    async def get(self) -> None:
        """Show it."""
        self.page("part_versions_read.html", **await versions_values(self))


class _Asked(Page):
    """Something a person asks of the supervisor."""

    async def ask(self, action: str, call: str, body: dict[str, Any], done: str) -> None:
        """Ask for it in the name of who is logged in, and tell how that went."""
        assert self.current_user is not None
        answer = await self.services.components.supervisor("POST", call, body | {"by": self.current_user.user})
        self.audit(action, refused=answer.error or "", **body)
        self.notice("warn" if answer.error else "ok", answer.error or done)
        self.go(HERE)


class Install(_Asked):
    """Installing the version that is offered, now."""

    async def post(self) -> None:
        """Let the supervisor begin."""
        body = {"version": self.get_body_argument("version")}
        await self.ask(
            "install a version", "/v1/update/apply", body, self._("It is being installed. This page shows how far it is.")
        )


class RollBack(_Asked):
    """Going back to the version before."""

    async def post(self) -> None:
        """Let the supervisor begin."""
        done = self._("The version before is being put in place. This page shows how far it is.")
        await self.ask("go back to the version before", "/v1/update/rollback", {}, done)


class Allow(_Asked):
    """Letting a version be installed that was taken back."""

    async def post(self) -> None:
        """Tell the supervisor."""
        body = {"version": self.get_body_argument("version")}
        await self.ask("allow a version again", "/v1/update/allow", body, self._("It may be installed again."))


class ScheduleForm(SectionForm):
    """When versions are installed."""

    def __init__(self, page: Page) -> None:
        super().__init__("update", SCHEDULE_FIELDS, page.effective())
