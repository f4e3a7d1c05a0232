"""The pages on which configuration is looked at, changed and published."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tornado.web import HTTPError

from appliance.common.clock import utc_now
from appliance.common.message import Message, message_of
from hosting.configuration.difference import Change, difference
from hosting.configuration.layer_text import Wanted, read_wanted, settings_text, wanted_of
from hosting.configuration.publication import Proposal, Publishing
from hosting.configuration.scope import EVERYBODY, Scope, group_scope, site_scope
from hosting.console import texts
from hosting.console.base import ConsoleHandler
from hosting.db import configuration, sites
from hosting.db.configuration import Edition
from hosting.db.connection.database import Condition, Connection
from hosting.db.sites import every_site, in_configuration_state, in_group, this_site
from hosting.errors import ConfigurationError, RepositoryError
from hosting.repository.folder import RepositoryFolder
from web import quantities

HISTORY = 50
SITES_SHOWN = 50
STATES = ("kept", "trial", "refused", "failed", "held")


class ConfigurationPage(ConsoleHandler):
    """`/configuration`: what is set for whom."""

    async def get(self) -> None:
        """Show the documents; `?group=NAME` opens the page of a group, which need not be there yet."""
        asked = self.open_group("/configuration")
        if asked is None:
            return

        def look(connection: Connection) -> dict[str, Any]:
            own, own_count = configuration.sites_with_own(connection, limit=SITES_SHOWN)
            return {
                "everybody": configuration.in_force(connection, EVERYBODY.path),
                "groups": configuration.groups(connection),
                "own": own,
                "own_count": own_count,
                "states": _states(connection, every_site()),
            }

        found = await self.services.pages.read(look)
        ready = RepositoryFolder(self.config.repository).is_published
        self.page("configuration.html", ready=ready, asked=asked, **_words(), **found)


def _words() -> dict[str, Any]:
    return {"number": quantities.number, "configuration_state": texts.configuration_state, "counted_sites": texts.counted_sites}


def _states(connection: Connection, where: Condition) -> dict[str, int]:
    """Return how many of the sites said each state of their configuration."""
    return sites.count_sites(connection, {word: in_configuration_state(where, word) for word in STATES})


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose configuration a page is about: its scope, which sites that is, and the id where it is one site."""

    scope: Scope
    where: Condition
    site_id: str | None = None


class EditPage(ConsoleHandler):
    """`/configuration/global`, `/configuration/group/NAME`, `/configuration/site/ID`: look, change, compare, publish.

    `?version=N` fills the form from an earlier version and shows what publishing it again would change.
    """

    async def get(self, *words: str) -> None:
        """Show what is in force, or what an earlier version would change."""
        subject = await self._subject(*words)
        version = self.number_argument("version", 0) if self.get_query_argument("version", "") else 0
        wanted, changes = None, None
        if version:
            earlier = await self.services.pages.read(
                lambda connection: configuration.edition(connection, subject.scope.path, version)
            )
            if earlier is None:
                raise HTTPError(404)
            wanted = wanted_of(earlier.content)
            before = await self.services.publish(lambda publishing: publishing.in_force(subject.scope))
            wanted = replace(wanted, group=before.group)
            changes = difference(before, wanted)
        await self._show(subject, wanted=wanted, changes=changes, again=version)

    async def post(self, *words: str) -> None:
        """Compare what the form says with what is in force, or publish it as it was compared."""
        subject, actor = await self._subject(*words), self.actor
        scope, change = subject.scope, self._change()
        base = self.get_body_argument("base", "")
        publishes = self.get_body_argument("action", "compare") == "publish"

        def work(publishing: Publishing) -> Proposal:
            proposal = publishing.prepare(scope, change)
            if publishes and proposal.changes:
                if base != str(proposal.base):
                    raise ConfigurationError(Message("Somebody else published in the meantime. Compare again."))
                publishing.publish(proposal, actor=actor)
            return proposal

        try:
            proposal = await self.services.publish(work)
        except (ConfigurationError, RepositoryError) as error:
            self.set_status(422 if isinstance(error, ConfigurationError) else 503)
            await self._show(subject, fault=message_of(error), **self._typed())
            return
        if publishes:
            self.redirect(self.url(self.request.path, done="published" if proposal.changes else "same"))
            return
        await self._show(subject, wanted=proposal.wanted, changes=proposal.changes, warnings=proposal.warnings)

    async def _subject(self, kind: str, name: str = "") -> _Subject:
        """Return what the address names. Raises HTTPError 404."""
        if kind == "global":
            return _Subject(EVERYBODY, every_site())
        if kind == "group":
            return _Subject(group_scope(name), in_group(name))
        site = await self.services.pages.read(lambda connection: sites.site_by_id(connection, name))
        if site is None:
            raise HTTPError(404)
        return _Subject(site_scope(site.site_id, site.name), this_site(name), site.site_id)

    def _change(self) -> Callable[[Wanted], Wanted]:
        """Return what the form makes of what is in force."""
        typed = self._typed()
        definitions = {name: text for name, text in typed["typed_definitions"] if name and text.strip()}
        return lambda before: replace(read_wanted(typed["typed"] or "{}", before), definitions=definitions)

    def _typed(self) -> dict[str, Any]:
        """Return what the form says, as it was typed; a browser sends each line end as CR and LF."""
        names = self.get_body_arguments("definition_name")
        contents = [text.replace("\r\n", "\n") for text in self.get_body_arguments("definition_text", strip=False)]
        typed = self.get_body_argument("settings", "").replace("\r\n", "\n")
        return {"typed": typed, "typed_definitions": list(zip(names, contents, strict=False))}

    async def _show(
        self,
        subject: _Subject,
        *,
        wanted: Wanted | None = None,
        changes: tuple[Change, ...] | None = None,
        **values: Any,
    ) -> None:
        def look(connection: Connection) -> tuple[Edition | None, list[Edition], int, dict[str, int], int]:
            path = subject.scope.path
            document = configuration.in_force(connection, path)
            base = configuration.newest_version(connection, path)
            counts = sites.count_sites(connection, {"all": subject.where})
            history = configuration.history(connection, path, limit=HISTORY)
            return document, history, base, _states(connection, subject.where), counts["all"]

        document, history, base, states, count = await self.services.pages.read(look)
        shown = wanted or wanted_of(document.content if document else None)
        values = {
            "fault": "",
            "warnings": (),
            "again": 0,
            "typed": settings_text(shown),
            "typed_definitions": list(shown.definitions.items()),
        } | values
        self.page(
            "configuration_edit.html",
            subject=subject,
            scope=subject.scope,
            document=document,
            history=history,
            base=base,
            states=states,
            count=count,
            changes=changes,
            ready=RepositoryFolder(self.config.repository).is_published,
            now=utc_now(),
            **_words(),
            **values,
        )
