"""The configuration documents that were published, by the path of their target: the newest version of a path is in force.

A row is written before the repository is touched, and marked as published after it: so what was published when a server ended in
between is known, and published again, which changes nothing where it had been done.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from appliance.common.clock import utc_now
from appliance.common.signed_documents import NO_MARKER
from appliance.release import ROLLOUT_PATH
from appliance.settings.document import GLOBAL_PATH, group_path, marker, site_path
from hosting.db import audit
from hosting.db.tables import configuration, site
from hosting.db.upsert import one_of

AT_ONCE = 1000
"""So many documents are looked for by one statement."""
SITE_PREFIX, GROUP_PREFIX, SUFFIX = "config/site/", "config/group/", ".json"


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of one document; `content` is None for a version that took the document away."""

    path: str
    version: int
    sha256: str | None
    content: bytes | None
    published_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group of sites; `version` is None where nothing is set for it."""

    name: str
    sites: int
    version: int | None


_COLUMNS = (
    configuration.c.path,
    configuration.c.version,
    configuration.c.sha256,
    configuration.c.content,
    configuration.c.published_at,
    configuration.c.published_by,
)
_PUBLISHED = configuration.c.published_at.is_not(None)


def in_force(connection: sa.Connection, path: str) -> Edition | None:
    """Return the document of a path that is in force, None where there is none or it was taken away."""
    newest = next(iter(history(connection, path, limit=1)), None)
    return newest if newest and newest.content is not None else None


def edition(connection: sa.Connection, path: str, version: int) -> Edition | None:
    """Return one version of a document, or None."""
    chosen = sa.select(*_COLUMNS).where(configuration.c.path == path, configuration.c.version == version, _PUBLISHED)
    row = connection.execute(chosen).first()
    return Edition(*row) if row else None


def history(connection: sa.Connection, path: str, *, limit: int = 50) -> list[Edition]:
    """Return the newest versions of a document, newest first."""
    chosen = sa.select(*_COLUMNS).where(configuration.c.path == path, _PUBLISHED)
    return [Edition(*row) for row in connection.execute(chosen.order_by(configuration.c.version.desc()).limit(limit))]


def newest_version(connection: sa.Connection, path: str) -> int:
    """Return the highest version that a path ever had, 0 where it had none."""
    chosen = sa.select(sa.func.max(configuration.c.version)).where(configuration.c.path == path)
    return connection.execute(chosen).scalar() or 0


def marker_of(connection: sa.Connection, site_id: str, group: str | None) -> str:
    """Return the marker of what one site is to have."""
    return markers_of(connection, {site_id: group})[site_id]


def markers_of(connection: sa.Connection, groups: Mapping[str, str | None]) -> dict[str, str]:
    """Return the marker of what each site is to have: the documents in force for all, for its group and for itself.

    `groups` has the sites by their ids, with the group each is in.
    """
    paths = {
        site_id: {GLOBAL_PATH, site_path(site_id), *([group_path(group)] if group else [])} for site_id, group in groups.items()
    }
    found = _newest(connection, one_of(connection, configuration.c.path, set().union(*paths.values())))
    return {site_id: marker([(path, digest) for path, _, digest in found if path in own]) for site_id, own in paths.items()}


def marker_of_rollout(connection: sa.Connection) -> str:
    """Return the marker of the rollout in force."""
    newest = _newest(connection, configuration.c.path == ROLLOUT_PATH)
    return newest[0][2][:16] if newest else NO_MARKER


def _newest(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[tuple[str, int, str]]:
    """Return (path, version, sha256) of the documents in force."""
    columns = (configuration.c.path, configuration.c.version, configuration.c.sha256)
    rows = connection.execute(sa.select(*columns).where(where, _in_force()))
    return [(row.path, row.version, row.sha256) for row in rows]


def _in_force() -> sa.ColumnElement[bool]:
    other = configuration.alias()
    published = sa.and_(other.c.path == configuration.c.path, other.c.published_at.is_not(None))
    latest = sa.select(sa.func.max(other.c.version)).where(published).scalar_subquery()
    return sa.and_(_PUBLISHED, configuration.c.content.is_not(None), configuration.c.version == latest)


def groups(connection: sa.Connection) -> list[Group]:
    """Return the groups that have a site or a document, by name."""
    named = site.c.group_name.is_not(None)
    counted = sa.select(site.c.group_name, sa.func.count().label("sites")).where(named).group_by(site.c.group_name)
    sites = {row.group_name: row.sites for row in connection.execute(counted)}
    alive = _newest(connection, configuration.c.path.startswith(GROUP_PREFIX))
    versions = {path.removeprefix(GROUP_PREFIX).removesuffix(SUFFIX): version for path, version, _ in alive}
    return [Group(name, sites.get(name, 0), versions.get(name)) for name in sorted(versions.keys() | sites.keys())]


def sites_with_own(connection: sa.Connection, *, limit: int = 50) -> tuple[list[tuple[str, str, int, datetime]], int]:
    """Return (site_id, name, version, published_at) of sites whose own document was published last, newest first, and how many."""
    theirs = sa.and_(configuration.c.path.startswith(SITE_PREFIX), _in_force())
    count = connection.execute(sa.select(sa.func.count()).select_from(configuration).where(theirs)).scalar_one()
    columns = (configuration.c.path, configuration.c.version, configuration.c.published_at)
    newest = sa.select(*columns).where(theirs).order_by(configuration.c.published_at.desc(), configuration.c.path).limit(limit)
    rows = [(_site_id(row.path), row.version, row.published_at) for row in connection.execute(newest)]
    wanted = sa.select(site.c.site_id, site.c.name).where(site.c.site_id.in_([site_id for site_id, _, _ in rows]))
    names = {row.site_id: row.name for row in connection.execute(wanted)}
    return [(site_id, names.get(site_id, site_id), version, at) for site_id, version, at in rows], count


def _site_id(path: str) -> str:
    return path.removeprefix(SITE_PREFIX).removesuffix(SUFFIX)


def newest_of(connection: sa.Connection, paths: Sequence[str]) -> dict[str, tuple[bytes | None, int]]:
    """Return by path the content that is in force (None: there is none) and the highest version that it ever had (0: none)."""
    found: dict[str, tuple[bytes | None, int]] = {}
    table = configuration.c
    for at in range(0, len(paths), AT_ONCE):
        these = table.path.in_(paths[at : at + AT_ONCE])
        highest = sa.select(table.path, sa.func.max(table.version)).where(these).group_by(table.path)
        versions = {row[0]: row[1] for row in connection.execute(highest)}
        published = sa.select(table.path, sa.func.max(table.version).label("version")).where(these, _PUBLISHED)
        latest = published.group_by(table.path).subquery()
        same = sa.and_(table.path == latest.c.path, table.version == latest.c.version)
        contents = {row[0]: row[1] for row in connection.execute(sa.select(table.path, table.content).join(latest, same))}
        found |= {path: (contents.get(path), versions.get(path, 0)) for path in paths[at : at + AT_ONCE]}
    return found


def intend(connection: sa.Connection, documents: Sequence[tuple[str, int, bytes | None]], *, actor: str) -> None:
    """Note what is about to be published: path, version and content of each."""
    now = utc_now()
    rows = [
        {
            "path": path,
            "version": version,
            "sha256": None if content is None else hashlib.sha256(content).hexdigest(),
            "content": content,
            "made_at": now,
            "published_by": actor,
        }
        for path, version, content in documents
    ]
    connection.execute(sa.insert(configuration), rows)


def unfinished(connection: sa.Connection) -> Mapping[str, bytes | None]:
    """Return the newest contents that were about to be published, by path."""
    chosen = sa.select(configuration.c.path, configuration.c.content).where(configuration.c.published_at.is_(None))
    return {row.path: row.content for row in connection.execute(chosen.order_by(configuration.c.version))}


def finish(connection: sa.Connection) -> None:
    """Note that all that was about to be published is; a site is in the group its document names."""
    waiting = configuration.c.published_at.is_(None)
    columns = (configuration.c.path, configuration.c.version, configuration.c.content, configuration.c.published_by)
    groups: dict[str, str | None] = {}
    lines = []
    for row in connection.execute(sa.select(*columns).where(waiting).order_by(configuration.c.version)).all():
        site_id = ""
        if row.path.startswith(SITE_PREFIX):
            site_id = _site_id(row.path)
            groups[site_id] = None if row.content is None else json.loads(row.content).get("group")
        what = "rollout" if row.path == ROLLOUT_PATH else "configuration"
        action = f"{what} taken away" if row.content is None else f"{what} published"
        lines.append(audit.Line(row.published_by, action, f"{row.path} version {row.version}", site_id))
    if groups:
        named = sa.update(site).where(site.c.site_id == sa.bindparam("id")).values(group_name=sa.bindparam("group"))
        connection.execute(named, [{"id": site_id, "group": group} for site_id, group in sorted(groups.items())])
    audit.note_all(connection, lines)
    connection.execute(sa.update(configuration).where(waiting).values(published_at=utc_now()))


def drop_unfinished(connection: sa.Connection) -> None:
    """Forget what was about to be published, for nothing of it was."""
    connection.execute(sa.delete(configuration).where(configuration.c.published_at.is_(None)))
