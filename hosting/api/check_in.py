"""`POST /api/v1/checkin`: the state of a site in; commands, intervals and what is new out.

Where nothing changed, which is nearly always, check-ins that come within a moment are answered together: their sites are looked up,
their nonces taken and their contact noted by one statement each. Each is judged by itself.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from appliance.common.clock import to_rfc3339, utc_now
from appliance.report.changes import state_digest
from hosting.api.base import ApiAnswer
from hosting.api.body import parse
from hosting.api.errors import ApiError, replayed
from hosting.api.intervals import intervals
from hosting.api.signature import SignedRequest, Verified, claimed_key_id
from hosting.api.sites import SiteHandler, Version, Work
from hosting.db import configuration, sites
from hosting.db.connection.database import Connection
from hosting.db.intake import check_ins
from hosting.db.intake.check_ins import Nonce
from hosting.db.sites import Site
from hosting.releases.update_report import reported_versions
from hosting.repository.folder import RepositoryFolder
from hosting.site_report import bounded

STATE_BYTES = 64 * 1024
CHECK_IN_BYTES = 4 * STATE_BYTES
SHORT_BYTES = 300
"""A check-in that tells no state is shorter, and not compressed."""

LEVELS_WITH_VERSIONS = ("notify", "auto")
"""At these, a site looks for new versions."""


class CheckIn(BaseModel):
    """The body of `POST /api/v1/checkin`."""

    model_config = ConfigDict(extra="ignore")

    version: Version = ""
    state: Annotated[dict[str, Any], AfterValidator(bounded)] = Field(default_factory=dict)
    unchanged: Annotated[str, StringConstraints(max_length=100)] | None = None
    """In place of a state that is the one told before: its digest."""
    generation: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,40}$")] | None = None
    """Of this server, as the site has dealt with it last; None where no server told one."""


class CheckInHandler(SiteHandler):
    """`POST /api/v1/checkin`: the state of the site in; commands and intervals out."""

    route: ClassVar[str] = "checkin"

    @property
    def body_bytes(self) -> int:
        """The limit of the body: a state, however it is written."""
        return min(CHECK_IN_BYTES, self.config.limits.body_bytes)

    @property
    def decoded_bytes(self) -> int:
        """The limit of the body after gzip."""
        return min(CHECK_IN_BYTES, self.config.limits.decoded_bytes)

    async def respond(self, signed: SignedRequest) -> ApiAnswer:
        """Answer together with others where the site tells nothing new, else alone."""
        if len(signed.body) > SHORT_BYTES or "Content-Encoding" in signed.headers:
            return await super().respond(signed)
        answer = await self.services.check_ins.ask(_Short(self, signed), self.sender, answer_together)
        if isinstance(answer, ApiAnswer):
            return answer
        if answer is None:
            return await super().respond(signed)
        return await self.services.intake.write(answer)

    def prepare_work(self, content: bytes, site: Site) -> Work:
        """Keep the state, hand out what waits. A state this server has not as the site says is asked for, and nothing is done."""
        said = parse(CheckIn, content)
        if len(json.dumps(said.state, separators=(",", ":"))) > STATE_BYTES:
            raise ApiError(422, "does_not_fit", f"state: it is larger than {STATE_BYTES // 1024} KiB.")

        def work(connection: Connection) -> ApiAnswer:
            known = sites.site_by_id(connection, site.site_id) if said.unchanged else None
            if said.unchanged and (known is None or state_digest(known.state) != said.unchanged):
                return ApiAnswer(self.nothing_new() | {"state_needed": True})
            if known is not None:
                return self.answer_known(connection, known, said)
            commands = sites.check_in(connection, site.site_id, version=said.version, state=said.state)
            answer = self.nothing_new() | {"commands": commands} | self.news_of(connection, site, said.state)
            answer |= self.restored(connection, site, said)
            return ApiAnswer(answer | {"state_digest": state_digest(said.state)})

        return work

    def answer_known(self, connection: Connection, site: Site, said: CheckIn) -> ApiAnswer:
        """Note the contact of a site whose state is as before, and return its answer."""
        commands = sites.check_in(connection, site.site_id, version=said.version, state=None)
        answer = self.nothing_new() | {"commands": commands} | self.news_of(connection, site, site.state)
        return ApiAnswer(answer | self.restored(connection, site, said))

    def restored(self, connection: Connection, site: Site, said: CheckIn) -> dict[str, Any]:
        """Return the part of the answer for a site that has spoken with another generation of this server last; else nothing."""
        return self.services.generation.news(connection, site.site_id, said.generation)

    def nothing_new(self) -> dict[str, Any]:
        """Return an answer with nothing in it that waits for the site."""
        wanted = intervals(self.config.check_in_seconds, self.config.upload_seconds, self.services.intake.load.stretch)
        return {"server_time": to_rfc3339(utc_now()), "intervals": wanted, "commands": []}

    def news_of(self, connection: Connection, site: Site, state: Mapping[str, Any]) -> dict[str, str]:
        """Return what is new to one site that says this state."""
        return self.news(connection, {site.site_id: (site, state)})[site.site_id]

    def news(self, connection: Connection, asking: Mapping[str, tuple[Site, Mapping[str, Any]]]) -> dict[str, dict[str, str]]:
        """Return by site the markers of the configuration and the rollout that it has not dealt with, where it would fetch them.

        `asking` has the sites with their states.
        """
        found: dict[str, dict[str, str]] = {site_id: {} for site_id in asking}
        if not RepositoryFolder(self.config.repository).is_published:
            return found
        able = {site_id: state for site_id, (site, state) in asking.items() if site.root_sha256 is not None}
        told = {site_id: marker for site_id, state in able.items() if (marker := _configuration_told(state)) is not None}
        rollouts = {site_id: marker for site_id, state in able.items() if (marker := _rollout_told(state)) is not None}
        markers = configuration.markers_of(connection, {site_id: asking[site_id][0].group_name for site_id in told}) if told else {}
        rollout = configuration.marker_of_rollout(connection) if rollouts else ""
        for site_id in able:
            if site_id in told and markers[site_id] != told[site_id]:
                found[site_id]["configuration"] = markers[site_id]
            if site_id in rollouts and rollout != rollouts[site_id]:
                found[site_id]["rollout"] = rollout
        return found


def _configuration_told(state: Mapping[str, Any]) -> object:
    """Return the marker of the configuration that a site has told; None where it would fetch no other."""
    return None if reported_versions(state).get("level") == "off" else sites.reported_configuration(state).get("marker")


def _rollout_told(state: Mapping[str, Any]) -> object:
    """Return the marker of the rollout that a site has told; None where it would fetch no other."""
    update = reported_versions(state)
    return update.get("rollout") if update.get("level") in LEVELS_WITH_VERSIONS else None


@dataclass(frozen=True, slots=True)
class _Short:
    """A request that may say that nothing changed."""

    handler: CheckInHandler
    signed: SignedRequest


@dataclass(frozen=True, slots=True)
class _Admitted:
    """One that says so, of a site that may send."""

    handler: CheckInHandler
    site: Site
    verified: Verified
    said: CheckIn

    @property
    def nonce(self) -> Nonce:
        return Nonce(self.site.site_id, self.verified.nonce, self.verified.expires_at)

    def alone(self, connection: Connection) -> ApiAnswer:
        """Answer it in a transaction of its own, its nonce taken already."""
        return self.handler.answer_known(connection, self.site, self.said)


Outcome = ApiAnswer | Callable[[Connection], ApiAnswer] | None
"""An answer; what is still to be done for it in a transaction of its own; None for a request that is to be answered by itself."""


def answer_together(short: Sequence[_Short]) -> list[Outcome | Exception]:
    """Return what came of check-ins that may say that nothing changed. Runs on a thread."""
    database, seconds = short[0].handler.services.database, short[0].handler.config.limits.intake_seconds
    claimed = {site_id for one in short if (site_id := claimed_key_id(one.signed.headers))}
    with database.reading(seconds) as connection:
        known = sites.sites_by_ids(connection, claimed)
    outcomes: list[Outcome | Exception] = [None] * len(short)
    admitted: dict[int, _Admitted] = {}
    for number, one in enumerate(short):
        try:
            found = _admit(one, known.get(claimed_key_id(one.signed.headers) or ""))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one is told to that one alone
            outcomes[number] = error
        else:
            if found is not None:
                admitted[number] = found
    if admitted:
        with database.writing(seconds) as connection:
            for number, outcome in zip(admitted, _answer(connection, list(admitted.values())), strict=True):
                outcomes[number] = outcome
    return outcomes


def _admit(one: _Short, site: Site | None) -> _Admitted | None:
    """Return the request, verified; None where it says a state. Raises ApiError."""
    handler, signed = one.handler, one.signed
    known, verified = handler.admit(signed, site)
    content = handler.content(signed)
    said = parse(CheckIn, content)
    if not said.unchanged:
        return None
    handler.services.sites.take(known.site_id)
    return _Admitted(handler, known, verified, said)


def _answer(connection: Connection, admitted: Sequence[_Admitted]) -> list[Outcome | Exception]:
    fresh = check_ins.use_nonces(connection, [one.nonce for one in admitted])
    same = [is_fresh and state_digest(one.site.state) == one.said.unchanged for one, is_fresh in zip(admitted, fresh, strict=True)]
    seen = {one.site.site_id: one for one, is_same in zip(admitted, same, strict=True) if is_same}
    held = check_ins.see(connection, {site_id: one.said.version for site_id, one in seen.items()}) if seen else set()
    waited_for = check_ins.with_commands(connection, sorted(seen)) if seen else set()
    handler = admitted[0].handler
    news = handler.news(connection, {site_id: (one.site, one.site.state) for site_id, one in seen.items()}) if seen else {}
    outcomes: list[Outcome | Exception] = []
    for one, is_fresh, is_same in zip(admitted, fresh, same, strict=True):
        site_id = one.site.site_id
        if not is_fresh:
            outcomes.append(replayed())
        elif not is_same:
            outcomes.append(ApiAnswer(handler.nothing_new() | {"state_needed": True}))
        elif site_id in held or site_id in waited_for:
            outcomes.append(one.alone)
        else:
            answer = handler.nothing_new() | news[site_id] | handler.restored(connection, one.site, one.said)
            outcomes.append(ApiAnswer(answer))
    return outcomes
