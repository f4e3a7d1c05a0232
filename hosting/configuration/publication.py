"""Publish a configuration: judge it, give it the next version, sign it, and keep what was published.

One at a time on one repository. `prepare` says what would change and changes nothing; `publish` does it, unless somebody else
published in between.
"""

import fcntl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.common.clock import utc_now
from appliance.common.message import Message
from appliance.settings.risks import risks
from hosting.config import Config
from hosting.configuration.definitions import check_definitions
from hosting.configuration.difference import Change, difference
from hosting.configuration.layer_text import Wanted, document_of, wanted_of
from hosting.configuration.scope import Scope
from hosting.db import configuration, installation
from hosting.db.connection.database import Database
from hosting.errors import ConfigurationError, RepositoryError
from hosting.repository.folder import RepositoryFolder
from hosting.repository.published import PublishedState
from hosting.repository.repository import Repository

NO_REPOSITORY = Message("There is no repository yet, so nothing can be signed. Set one up: dca-hosting repository init")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be published for a scope after version `base` (0: nothing was, ever), and the difference it makes."""

    scope: Scope
    wanted: Wanted
    base: int
    changes: tuple[Change, ...]
    warnings: tuple[Message, ...] = ()
    """What values of it mean in the end at a site."""

    @property
    def version(self) -> int:
        """The version it will have."""
        return self.base + 1


@dataclass(frozen=True, slots=True)
class _Document:
    """What is to be published at a path after version `base`; None takes it away."""

    path: str
    base: int
    content: bytes | None
    title: str


class Publishing:
    """What publishes for one server: its database and its repository. All methods block."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config = config
        self._database = database

    def in_force(self, scope: Scope) -> Wanted:
        """Return what is in force for a scope."""
        return wanted_of(self.document(scope.path)[0])

    def prepare(self, scope: Scope, change: Callable[[Wanted], Wanted]) -> Proposal:
        """Return the proposal of what `change` makes of what is in force, judged as a site would.

        Raises ConfigurationError when it cannot be published.
        """
        [proposal] = self.prepare_all([(scope, change)])
        return proposal

    def prepare_all(self, changes: Sequence[tuple[Scope, Callable[[Wanted], Wanted]]]) -> list[Proposal]:
        """Return the proposals of several scopes. Raises ConfigurationError when one of them cannot be published."""
        with self._database.reading() as connection:
            known = configuration.newest_of(connection, [scope.path for scope, _ in changes])
        return [_judged(scope, *known[scope.path], change) for scope, change in changes]

    def require_repository(self) -> None:
        """Raise ConfigurationError where there is no repository to publish in."""
        self._repository()

    def publish(self, proposal: Proposal, *, actor: str) -> None:
        """Sign and publish. Raises ConfigurationError when another version was published in between, RepositoryError."""
        self.publish_all([proposal], actor=actor)

    def publish_all(self, proposals: Sequence[Proposal], *, actor: str) -> None:
        """Sign and publish all of them at once, or none. Raises as `publish`."""
        documents = []
        for each in proposals:
            content = None if each.wanted.is_empty else document_of(each.wanted, each.version, each.scope)
            title = Message("configuration for %(scope)s", scope=each.scope.title)
            documents.append(_Document(each.scope.path, each.base, content, title))
        self._publish_documents(documents, actor)

    def publish_document(self, path: str, base: int, content: bytes | None, title: str, *, actor: str) -> None:
        """Sign and publish a document after version `base`; None takes it away. `title` is what people call it.

        Raises ConfigurationError when another version was published in between, RepositoryError.
        """
        self._publish_documents([_Document(path, base, content, title)], actor)

    def _publish_documents(self, documents: Sequence[_Document], actor: str) -> None:
        repository = self._repository()
        with one_at_a_time(self._config.folder):
            self._finish_what_was_begun(repository)
            with self._database.writing() as connection:
                known = configuration.newest_of(connection, [each.path for each in documents])
                for each in documents:
                    if known[each.path][1] != each.base:
                        raise ConfigurationError(
                            Message("Somebody else published a %(document)s in the meantime. Compare again.", document=each.title)
                        )
                wanted = [(each.path, each.base + 1, each.content) for each in documents]
                configuration.intend(connection, wanted, actor=actor)
            self._publish(repository, {each.path: each.content for each in documents})

    def document(self, path: str) -> tuple[bytes | None, int]:
        """Return the content of a document that is in force, and the highest version it ever had."""
        with self._database.reading() as connection:
            return configuration.newest_of(connection, [path])[path]

    def published(self) -> PublishedState:
        """Return what the repository says. Raises RepositoryError, ConfigurationError where there is none."""
        self._repository()
        return PublishedState.look(RepositoryFolder(self._config.repository))

    def finish_what_was_begun(self) -> None:
        """Publish what a server that ended in between was about to, and rise above what sites saw before a restore.

        Raises RepositoryError.
        """
        repository = Repository.open(self._config.repository)
        if repository is not None:
            with one_at_a_time(self._config.folder):
                self._finish_what_was_begun(repository)

    def _finish_what_was_begun(self, repository: Repository) -> None:
        with self._database.reading() as connection:
            changes = configuration.unfinished(connection)
            leap = installation.here(connection).leap
        if leap:
            repository.leap(leap, utc_now())
            with self._database.writing() as connection:
                installation.has_leapt(connection)
        if changes:
            self._publish(repository, changes)

    def _publish(self, repository: Repository, changes: Mapping[str, bytes | None]) -> None:
        try:
            repository.publish_configuration(changes)
        except RepositoryError:
            with self._database.writing() as connection:
                configuration.drop_unfinished(connection)
            raise
        with self._database.writing() as connection:
            configuration.finish(connection)

    def _repository(self) -> Repository:
        repository = Repository.open(self._config.repository)
        if repository is None:
            raise ConfigurationError(NO_REPOSITORY)
        return repository


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Let nobody else publish from this data folder."""
    with (folder / "publishing.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _judged(scope: Scope, content: bytes | None, base: int, change: Callable[[Wanted], Wanted]) -> Proposal:
    before = wanted_of(content)
    wanted = change(before)
    document_of(wanted, base + 1, scope)
    warnings = tuple(warning for _, warning in risks(wanted.settings, utc_now().date()))
    proposal = Proposal(scope, wanted, base, difference(before, wanted), warnings)
    if wanted.definitions != before.definitions:
        check_definitions(wanted.definitions)
    return proposal


def in_group(group: str | None) -> Callable[[Wanted], Wanted]:
    """Return the change that puts a site into a group, or into none."""
    return lambda before: replace(before, group=group)
