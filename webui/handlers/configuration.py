"""The signed configuration on the page "Health and updates": what is in force, looking for what is new, and going back."""

import asyncio
from typing import Any

from webui.configuration import configuration_view, definitions_view
from webui.handlers.base import Page

CHANGED = "configuration-changed"
"""The event by which the script learns that the list of what came is another one."""


async def configuration_values(page: Page) -> dict[str, Any]:
    """Return what the parts of the page about the configuration show. Raises DcaError when the settings cannot be read."""
    components, store = page.services.components, page.services.store
    (collector, supervisor), asked, received, effective = await asyncio.gather(
        components.statuses(),
        components.collector("GET", "/v1/definitions"),
        asyncio.to_thread(store.received),
        asyncio.to_thread(store.effective),
    )
    update = supervisor.data.get("update") or {}
    return {
        "configuration": configuration_view(received, effective),
        "collector": collector,
        "definitions": definitions_view(asked.data),
        "hosting": collector.data.get("hosting") or {},
        "supervisor": supervisor,
        "update": update,
        "last_check": update.get("last_check"),
    }


class ConfigurationNow(Page):
    """The part that is asked for again while the page is open."""

    prolongs_session = False

    async def get(self) -> None:
        """Show it; where something has happened since, let the script ask for the rest as well."""
        values = await configuration_values(self)
        if self.get_query_argument("seen", "") != values["configuration"].mark:
            self.set_header("HX-Trigger", CHANGED)
        self.page("part_configuration_now.html", **values)


class ConfigurationReceived(Page):
    """What came, asked for again when that has changed."""

    prolongs_session = False

    async def get(self) -> None:
        """Show it."""
        self.page("part_configuration_received.html", **await configuration_values(self))


class CheckConfiguration(Page):
    """Looking for what is new."""

    async def post(self) -> None:
        """Let the supervisor begin."""
        answer = await self.services.components.supervisor("POST", "/v1/update/check", {})
        done = self._("It is being looked for. This page shows what comes of it.")
        self.notice("warn" if answer.error else "ok", answer.error or done)
        self.go("/health#configuration")


class GoBack(Page):
    """Going back to the configuration before."""

    async def post(self) -> None:
        """Let the supervisor do it, and tell what it says."""
        answer = await self.services.components.go_back()
        self.notice("warn" if answer.error else "ok", answer.error or answer.data.get("text", ""))
        self.go("/health#configuration")
