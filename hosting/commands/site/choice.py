"""Which sites a command is about: one by its name, all that match, or those of a CSV file with what is set for each."""

import argparse
import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.common.plain import plain
from hosting.commands.preparation import open_existing
from hosting.configuration.scope import group_scope
from hosting.db import sites
from hosting.db.connection.database import Connection, Database
from hosting.db.sites import Site
from hosting.errors import ConfigurationError

COLUMNS = ("site", "group")
NAMED = 20
"""So many sites are named that do not match; a file with more of them is the wrong file."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A site, and the group that its line in a file has for it: empty for none, None where the file says nothing of groups."""

    site: Site
    group: str | None = None


def chosen_sites(connection: Connection, options: argparse.Namespace) -> list[Chosen]:
    """Return the sites that are meant. Raises ConfigurationError where there are none, or some that a file names are none."""
    if options.file:
        return list(_of_file(connection, Path(options.file)))
    if options.matching or options.in_group:
        where = [sites.in_group(options.in_group)] if options.in_group else []
        found = sites.sites_where(connection, (options.matching or "").split(), where)
        if not found:
            raise ConfigurationError("No site matches. The command dca-hosting sites lists all.")
        return [Chosen(site) for site in found]
    return [Chosen(_site_called(connection, options.name))]


@contextmanager
def site_of(options: argparse.Namespace) -> Iterator[tuple[Database, Site]]:
    """Yield the database and the site that is named by its name or id. Raises ConfigurationError where there is none."""
    _, database = open_existing(options)
    with database:
        with database.reading() as connection:
            site = _site_called(connection, options.name)
        yield database, site


def _site_called(connection: Connection, name: str) -> Site:
    site = sites.site_named(connection, name)
    if site is None:
        raise ConfigurationError(f"There is no site called {name!r}. The command dca-hosting sites lists them.")
    return site


def _of_file(connection: Connection, file: Path) -> Iterator[Chosen]:
    lines = _lines(file)
    found = sites.sites_named(connection, [name for name, _ in lines])
    unknown = [name for name, _ in lines if name not in found]
    if unknown:
        named = ", ".join(repr(plain(name)) for name in unknown[:NAMED])
        more = f" and {len(unknown) - NAMED:,} more" if len(unknown) > NAMED else ""
        raise ConfigurationError(
            f"{len(unknown):,} of the {len(lines):,} lines of {file} name no site, so nothing was set: {named}{more}. Correct or "
            "remove them; the command dca-hosting sites lists all."
        )
    groups: dict[str, str | None] = {}
    for name, group in lines:
        site = found[name]
        if groups.setdefault(site.site_id, group) != group:
            raise ConfigurationError(f"{file} has two groups for the site {plain(site.name)!r}, so nothing was set.")
    by_id = {site.site_id: site for site in found.values()}
    for site_id, group in groups.items():
        yield Chosen(by_id[site_id], group)


def _lines(file: Path) -> Sequence[tuple[str, str | None]]:
    """Return (site, group) of the lines. Raises ConfigurationError where it is no such file."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, strict=True)
            columns = tuple(rows.fieldnames or ())
            if "site" not in columns or not set(columns) <= set(COLUMNS):
                raise ConfigurationError(f"The first line of {file} has to be `site` or `site,group`: the names of its columns.")
            lines = []
            for row in rows:
                if None in row or None in row.values():
                    raise ConfigurationError(f"Line {rows.line_num} of {file} has not as many values as the first line.")
                group = row.get("group")
                if group:
                    group_scope(group)
                lines.append((row["site"], group))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"The file {file} cannot be read as CSV in UTF-8: {error}.") from error
    if not lines:
        raise ConfigurationError(f"The file {file} names no site.")
    return lines
