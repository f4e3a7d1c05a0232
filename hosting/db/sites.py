"""Sites: enrolment codes, their keys, check-ins, commands and nonces."""

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from appliance.common.clock import to_rfc3339, utc_now
from hosting.credentials import hash_code, new_enrolment_code
from hosting.db import audit, releases
from hosting.db.connection.database import Condition
from hosting.db.lists.count import Count, count_up_to
from hosting.db.lists.keyset import FIRST, Key, Part, Place, part_of, walk_rows
from hosting.db.lists.lower_case import has_part
from hosting.db.tables import command, enrolment_code, nonce, site, site_name
from hosting.db.upsert import insert_new, one_of
from hosting.site_report import bounded

_NAME = sa.func.lower(site.c.name)
NAMED_AT_ONCE = 1000
"""So many names are looked for by one statement."""
COMMAND_LIFE = timedelta(hours=24)
COMMAND_REPEATED = timedelta(minutes=5)
"""How long a command is handed out again: the answer with it may have been lost, and a site does each id once."""


@dataclass(frozen=True, slots=True)
class Site:
    """One site as the hosting team knows it. `state` is what it said at its last check-in."""

    site_id: str
    name: str
    public_key: str | None
    created_at: datetime
    enrolled_at: datetime | None
    revoked_at: datetime | None
    last_contact_at: datetime | None
    version: str | None
    own_name: str | None
    state: dict[str, Any]
    group_name: str | None
    expires_at: datetime | None
    deactivated_at: datetime | None
    root_sha256: str | None
    configuration_state: str | None
    update_channel: str | None
    update_version: str | None
    update_execution: str | None
    update_result: str | None
    update_reason: str | None
    update_waits: str | None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What enrolling came to. `created` is false when the same key had used the same code before."""

    site_id: str
    created: bool


def _site(row: sa.Row[Any]) -> Site:
    values = dict(row._mapping)  # noqa: SLF001 - the public name of SQLAlchemy's row mapping
    # Bounded also here: a server before this one has kept what it was told.
    values["state"] = bounded(json.loads(values["state"])) if values["state"] else {}
    return Site(**values)


def site_by_id(connection: sa.Connection, site_id: str) -> Site | None:
    """Return the site, or None when there is none of this id."""
    row = connection.execute(sa.select(site).where(site.c.site_id == site_id)).first()
    return _site(row) if row else None


def sites_by_ids(connection: sa.Connection, site_ids: Collection[str]) -> dict[str, Site]:
    """Return those of the sites that there are, by their ids."""
    rows = connection.execute(sa.select(site).where(one_of(connection, site.c.site_id, site_ids)))
    return {row.site_id: _site(row) for row in rows}


def site_named(connection: sa.Connection, name: str) -> Site | None:
    """Return the site of this id, else of this name, or None."""
    if found := site_by_id(connection, name):
        return found
    row = connection.execute(sa.select(site).where(site.c.name == name)).first()
    return _site(row) if row else None


def sites_named(connection: sa.Connection, names: Sequence[str]) -> dict[str, Site]:
    """Return by what was asked for the sites of these names or ids; what names none is not in it."""
    found: dict[str, Site] = {}
    for at in range(0, len(names), NAMED_AT_ONCE):
        asked = [name for name in names[at : at + NAMED_AT_ONCE] if "\x00" not in name]  # which PostgreSQL does not compare with
        wanted = set(asked)
        rows = connection.execute(sa.select(site).where(sa.or_(site.c.name.in_(asked), site.c.site_id.in_(asked))))
        known = [_site(row) for row in rows]
        # An id goes before the name of another.
        found |= {each.name: each for each in known if each.name in wanted}
        found |= {each.site_id: each for each in known if each.site_id in wanted}
    return found


def sites_where(connection: sa.Connection, words: Sequence[str], where: Sequence[Condition]) -> list[Site]:
    """Return all sites whose name has the words in it and that meet the conditions, by name."""
    chosen = sa.select(site).where(*_named(words), *where).order_by(_NAME, site.c.site_id)
    return [_site(row) for row in connection.execute(chosen)]


def sites_after(connection: sa.Connection, *, after: str | None, limit: int) -> list[Site]:
    """Return sites in the order of their ids, from behind `after`: for programs that page through all."""
    chosen = sa.select(site).order_by(site.c.site_id).limit(limit)
    return [_site(row) for row in connection.execute(chosen.where(site.c.site_id > after) if after else chosen)]


@dataclass(frozen=True, slots=True)
class SiteQuery:
    """Which sites, in which order, and which part of them."""

    words: tuple[str, ...] = ()
    where: Sequence[Condition] = ()
    sort: str = "name"
    descending: bool = False
    place: Place = FIRST
    limit: int = 50

    @property
    def order(self) -> str:
        """The name of its order, for places."""
        return f"sites {self.sort}{' desc' if self.descending else ''}"

    @property
    def keys(self) -> tuple[Key, ...]:
        """What its order is by."""
        last = (Key(_NAME), Key(site.c.site_id))
        if self.sort == "contact":
            return (Key(sa.func.coalesce(site.c.last_contact_at, site.c.created_at), "moment"), *last)
        return (Key(sa.func.coalesce(site.c.version, "")), *last) if self.sort == "version" else last


def find_sites(connection: sa.Connection, query: SiteQuery) -> tuple[Part[Site], Count]:
    """Return the sites of a query and how many there are in all."""
    chosen = sa.select(site.c.site_id).where(*_named(query.words), *query.where)
    found = part_of(query.place, query.limit, walk_rows(connection, chosen, query.keys, descending=query.descending))
    ids = [row.site_id for row in found.rows]
    rows = {row.site_id: _site(row) for row in connection.execute(sa.select(site).where(site.c.site_id.in_(ids)))}
    part = Part([rows[each] for each in ids if each in rows], found.previous, found.next)
    return part, count_up_to(connection, chosen)


def _named(words: Sequence[str]) -> list[Condition]:
    return [has_part(site.c.name, word) for word in words]


def every_site() -> Condition:
    """Return the condition that all sites meet."""
    return sa.true()


def in_group(name: str) -> Condition:
    """Return the condition of the sites of one group."""
    return site.c.group_name == name


def this_site(site_id: str) -> Condition:
    """Return the condition of one site."""
    return site.c.site_id == site_id


def in_configuration_state(where: Condition, state: str) -> Condition:
    """Return the condition of those of `where` whose configuration is in this state, as the site says it."""
    return sa.and_(where, site.c.configuration_state == state)


def count_sites(connection: sa.Connection, conditions: Mapping[str, sa.ColumnElement[bool]]) -> dict[str, int]:
    """Return how many sites meet each condition."""
    sums = [sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0) for condition in conditions.values()]
    return dict(zip(conditions, connection.execute(sa.select(*sums).select_from(site)).one(), strict=True))


def site_names(connection: sa.Connection, *, part: str = "", limit: int) -> list[tuple[str, str]]:
    """Return (site_id, name) of the first sites by name whose name has `part` in it, in any case of letters."""
    chosen = sa.select(site.c.site_id, site.c.name).where(*_named([part] if part else []))
    return [(row.site_id, row.name) for row in connection.execute(chosen.order_by(_NAME).limit(limit))]


def sites_meant(connection: sa.Connection, text: str, *, limit: int) -> list[tuple[str, str]]:
    """Return (site_id, name) of the site with this id or just this name, else of those whose name has it in it."""
    exact = sa.or_(site.c.site_id == text, site.c.name == text)
    found = connection.execute(sa.select(site.c.site_id, site.c.name).where(exact).limit(1)).first()
    return [(found.site_id, found.name)] if found else site_names(connection, part=text, limit=limit)


def names_of(connection: sa.Connection, site_ids: Sequence[str]) -> dict[str, str]:
    """Return the names of sites by their ids."""
    chosen = sa.select(site.c.site_id, site.c.name).where(site.c.site_id.in_(site_ids))
    return {row.site_id: row.name for row in connection.execute(chosen)}


def make_enrolment_code(connection: sa.Connection, name: str, *, days: int, actor: str, address: str = "") -> tuple[str, str]:
    """Return (site_id, code): a new one-time code for the site called `name`, which is made when there is none.

    For a site that is enrolled already the code lets an appliance take its place: same site, same history, another key.
    """
    now = utc_now()
    site_id = _site_called(connection, name, now)
    code = new_enrolment_code()
    row = {
        "site_id": site_id,
        "code_hash": hash_code(code),
        "created_at": now,
        "created_by": actor,
        "expires_at": now + timedelta(days=days),
    }
    connection.execute(sa.insert(enrolment_code).values(**row))
    audit.note(connection, actor, "enrolment code made", f"valid for {days} days", site_id=site_id, address=address)
    return site_id, code


def _site_called(connection: sa.Connection, name: str, now: datetime) -> str:
    """Return the id of the site of this name, which is made when there is none."""
    known = site_name.c.name == name
    fresh = str(uuid.uuid4())
    if insert_new(connection, site_name, [{"name": name, "site_id": fresh}]) == 0:
        found: str = connection.execute(sa.select(site_name.c.site_id).where(known)).scalar_one()
        return found
    if insert_new(connection, site, [{"site_id": fresh, "name": name, "created_at": now}]):
        return fresh
    # A server of before this table, which runs beside this one, has made it.
    site_id: str = connection.execute(sa.select(site.c.site_id).where(site.c.name == name)).scalar_one()
    connection.execute(sa.update(site_name).where(known).values(site_id=site_id))
    return site_id


@dataclass(frozen=True, slots=True)
class Applicant:
    """The appliance that wants to enrol: its key, what it says of itself, the root it trusts, and where it asks from."""

    public_key: str
    site_name: str
    version: str
    root_sha256: str | None
    address: str


def enrol(connection: sa.Connection, code: str, applicant: Applicant) -> Enrolled | None:
    """Register the applicant for the site of `code`; None when the code is unknown, expired, or was used with another key."""
    public_key = applicant.public_key
    now = utc_now()
    wanted = sa.select(enrolment_code).where(enrolment_code.c.code_hash == hash_code(code))
    row = connection.execute(wanted).first()
    if row is None or (row.used_at is None and row.expires_at < now):
        return None
    this_code = sa.and_(enrolment_code.c.site_id == row.site_id, enrolment_code.c.code_hash == row.code_hash)
    mine = sa.update(enrolment_code).where(this_code, enrolment_code.c.used_at.is_(None))
    # Whoever changes the row first has the code: no lock is held before it is known which site it is for.
    if connection.execute(mine.values(used_at=now, public_key=public_key)).rowcount == 0:
        used_with = connection.execute(sa.select(enrolment_code.c.public_key).where(this_code)).scalar_one_or_none()
        known = site_by_id(connection, row.site_id)
        same = known is not None and used_with == public_key == known.public_key
        return Enrolled(row.site_id, created=False) if same else None
    values = {"public_key": public_key, "enrolled_at": now, "revoked_at": None, "root_sha256": applicant.root_sha256}
    values |= {"own_name": applicant.site_name, "version": applicant.version}
    connection.execute(sa.update(site).where(site.c.site_id == row.site_id).values(**values))
    audit.note(connection, "site", "enrolled", f"version {applicant.version}", site_id=row.site_id, address=applicant.address)
    return Enrolled(row.site_id, created=True)


def use_nonce(connection: sa.Connection, site_id: str, value: str, expires_at: datetime) -> bool:
    """Take the nonce; false when the site has used it before."""
    return insert_new(connection, nonce, [{"site_id": site_id, "nonce": value, "expires_at": expires_at}]) == 1


def to_be_handed_out(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition on the table of commands under which a check-in hands one out, or out again."""
    due = sa.and_(command.c.delivered_at.is_(None), command.c.created_at > now - COMMAND_LIFE)
    return sa.or_(due, command.c.delivered_at > now - COMMAND_REPEATED)


def check_in(connection: sa.Connection, site_id: str, *, version: str, state: dict[str, Any] | None) -> list[dict[str, str]]:
    """Keep what the site says of itself (`state` None: as before) and hand out the commands that wait for it."""
    now = utc_now()
    values: dict[str, Any] = {"last_contact_at": now, "version": version}
    if state is not None:
        word = reported_configuration(state).get("state")
        values["state"] = json.dumps(state, separators=(",", ":"))
        values["configuration_state"] = word[:16] if isinstance(word, str) else None
        values |= releases.columns_of(state)
        releases.keep(connection, site_id, state)
    connection.execute(sa.update(site).where(site.c.site_id == site_id).values(**values))
    chosen = sa.select(command).where(command.c.site_id == site_id, to_be_handed_out(now)).order_by(command.c.created_at)
    rows = connection.execute(chosen.with_for_update()).all()
    fresh = [row.command_id for row in rows if row.delivered_at is None]
    if fresh:
        handed_out = sa.and_(command.c.site_id == site_id, command.c.command_id.in_(fresh))
        connection.execute(sa.update(command).where(handed_out).values(delivered_at=now))
    return [{"id": row.command_id, "name": row.name} for row in rows]


def reported_configuration(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a state says of the signed configuration, empty where it says nothing."""
    told = state.get("configuration")
    return told if isinstance(told, dict) else {}


def refused_configuration() -> sa.ColumnElement[bool]:
    """Return the condition on the table of sites under which a site refused its configuration, or could not get it."""
    return site.c.configuration_state.in_(("refused", "failed"))


def touch(connection: sa.Connection, site_id: str) -> None:
    """Note that the site was in contact now."""
    connection.execute(sa.update(site).where(site.c.site_id == site_id).values(last_contact_at=utc_now()))


def queue_command(connection: sa.Connection, site_id: str, name: str, *, actor: str, address: str = "") -> bool:
    """Queue a command for the next check-in; false when the same one waits already."""
    now = utc_now()
    same = sa.and_(command.c.site_id == site_id, command.c.name == name, command.c.delivered_at.is_(None))
    if connection.execute(sa.select(command.c.command_id).where(same, command.c.created_at > now - COMMAND_LIFE)).first():
        return False
    row = {"site_id": site_id, "command_id": str(uuid.uuid4()), "name": name, "created_at": now, "created_by": actor}
    connection.execute(sa.insert(command).values(**row))
    audit.note(connection, actor, "command queued", name, site_id=site_id, address=address)
    return True


def set_revoked(
    connection: sa.Connection, site_id: str, revoked: bool, *, actor: str, address: str = "", at: datetime | None = None
) -> None:
    """Refuse the site from now on, or admit it again; `at` is the moment that is noted for the first, else the present one."""
    moment = (at or utc_now()) if revoked else None
    connection.execute(sa.update(site).where(site.c.site_id == site_id).values(revoked_at=moment))
    audit.note(connection, actor, "revoked" if revoked else "admitted again", "", site_id=site_id, address=address)


def set_deactivated(connection: sa.Connection, site_id: str, deactivated: bool, *, actor: str, address: str = "") -> None:
    """Turn the site away until it is activated again."""
    moment = utc_now() if deactivated else None
    connection.execute(sa.update(site).where(site.c.site_id == site_id).values(deactivated_at=moment))
    audit.note(connection, actor, "deactivated" if deactivated else "activated", "", site_id=site_id, address=address)


def set_expiry(connection: sa.Connection, site_id: str, moment: datetime | None, *, actor: str, address: str = "") -> None:
    """Turn the site away from `moment` on; None: never."""
    connection.execute(sa.update(site).where(site.c.site_id == site_id).values(expires_at=moment))
    detail = to_rfc3339(moment) or "none"
    audit.note(connection, actor, "expiry set", detail, site_id=site_id, address=address)


CODES: Final = (Key(enrolment_code.c.created_at, "moment"), Key(enrolment_code.c.code_hash))
"""What the list of codes is ordered by, the newest first."""


def open_codes(
    connection: sa.Connection, *, words: Sequence[str] = (), place: Place = FIRST, limit: int
) -> tuple[Part[sa.Row[Any]], Count]:
    """Return codes nobody has used yet, newest first, and how many there are: site_id, name, created_at, created_by, expires_at.

    `words` are all in the name of the site.
    """
    columns = (site.c.site_id, site.c.name, enrolment_code.c.created_at, enrolment_code.c.created_by, enrolment_code.c.expires_at)
    chosen = sa.select(*columns).join_from(enrolment_code, site, site.c.site_id == enrolment_code.c.site_id)
    chosen = chosen.where(enrolment_code.c.used_at.is_(None), enrolment_code.c.expires_at > utc_now(), *_named(words))
    return part_of(place, limit, walk_rows(connection, chosen, CODES, descending=True)), count_up_to(connection, chosen)


def waiting_commands(connection: sa.Connection, site_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Return (site_id, name) of the commands that wait for these sites."""
    fresh = sa.and_(command.c.delivered_at.is_(None), command.c.created_at > utc_now() - COMMAND_LIFE)
    chosen = sa.select(command.c.site_id, command.c.name).where(fresh, command.c.site_id.in_(site_ids))
    return {(row.site_id, row.name) for row in connection.execute(chosen)}
