"""The page of the repository: what is signed, by how many, until when."""

import hashlib

from hosting.console.base import ConsoleHandler
from hosting.repository.repository import Repository


class RepositoryPage(ConsoleHandler):
    """`/repository`: the roles of the repository, or how to set one up."""

    async def get(self) -> None:
        """Show it."""

        def look() -> str | None:
            repository = Repository.open(self.config.repository)
            return hashlib.sha256(repository.trusted_root()).hexdigest() if repository else None

        self.page("repository.html", root=await self.services.database.run(look), folder=self.config.repository)
