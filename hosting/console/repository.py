"""The page of the repository: what is signed, by whom, until when, and what people have to do."""

from appliance.common.clock import utc_now
from appliance.common.message import message_of
from hosting.console import texts
from hosting.console.alarms import Waiting, alarms
from hosting.console.base import ConsoleHandler
from hosting.errors import RepositoryError
from hosting.repository.repository_status import RepositoryStatus


class RepositoryPage(ConsoleHandler):
    """`/repository`: the roles of the repository and its drafts, or how to set one up."""

    async def get(self) -> None:
        """Show it."""
        now = utc_now()
        watch = self.services.repository

        def look() -> tuple[RepositoryStatus | None, list[Waiting], str]:
            status = None
            try:
                status = watch.status(now)
                return status, [Waiting.check(draft) for draft in watch.drafts()], ""
            except RepositoryError as error:
                return status, [], message_of(error)

        status, drafts, fault = await self.services.pages.run(look)
        folder = self.config.repository
        self.page(
            "repository.html",
            status=status,
            drafts=drafts,
            fault=fault,
            folder=folder,
            alarms=list(alarms(status.roles, drafts, f"{folder}/drafts", now, self.locale)) if status else [],
            role_states=texts.ROLE_STATES,
        )
