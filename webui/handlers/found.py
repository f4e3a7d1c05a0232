"""Printers beside the ranges: what is looked for, and what becomes of what was found."""

from appliance.common.message import Message
from webui.handlers.base import Page
from webui.handlers.scanning import FINDING_FIELDS, MOST_FOUND, SectionSave

DECISIONS = {
    "add": Message("Added. It is read as the printers in the ranges are."),
    "ignore": Message("Ignored. It is not read, and not shown as found again."),
    "restore": Message("It waits for a decision again."),
}


class Finding(SectionSave):
    """What is looked for beside the ranges."""

    fields = FINDING_FIELDS
    form_name = "finding"
    done = Message("What is looked for is kept.")


class Decide(Page):
    """Add, ignore or bring back printers that were found."""

    async def post(self) -> None:
        """Do it to one of them, or to all that the list showed."""
        wanted = {action: self.get_body_arguments(action)[:1] for action in DECISIONS if self.get_body_argument(action, "")}
        if (action := self.get_body_argument("all", "")) in ("add", "ignore"):
            wanted = {action: self.get_body_arguments("listed")[:MOST_FOUND]}
        answer = await self.services.components.collector("POST", "/v1/found", wanted)
        if answer.error:
            self.notice("warn", answer.error)
        else:
            self.audit("decide about found printers", **{action: len(addresses) for action, addresses in wanted.items()})
            for action in wanted:
                self.notice("ok", self._(DECISIONS[action]))
        self.go("/scanning#found")


class StartLook(Page):
    """Look now."""

    async def post(self) -> None:
        """Start the look; the page shows how far it is."""
        answer = await self.services.components.collector("POST", "/v1/found/look", {})
        if answer.error:
            self.notice("warn", answer.error)
        self.go("/scanning#scan")
