"""`dca-hosting site set`: the group of sites, until when they are served, and whether they are."""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime

from appliance.common.clock import to_rfc3339
from appliance.common.plain import plain
from hosting.commands.preparation import open_existing
from hosting.commands.site.choice import Chosen, chosen_sites
from hosting.config import Config
from hosting.db import sites
from hosting.db.connection.database import Connection, Database
from hosting.db.sites import Site
from hosting.errors import ConfigurationError
from hosting.expiry import end_of_day

ACTOR = "command line"


def run(options: argparse.Namespace) -> int:
    """Set what is asked for, and print what the site is now; of several how many they are."""
    expires_at = None if options.expires is None else end_of_day(options.expires)
    ways = [options.name, options.file, options.matching or options.in_group]
    if sum(map(bool, ways)) != 1:
        raise ConfigurationError("Say which sites are meant: by NAME, or by --matching and --in-group, or by --file.")
    config, database = open_existing(options)
    with database:
        with database.reading() as connection:
            chosen = chosen_sites(connection, options)
        groups = _groups(options, chosen)
        if not groups and not _asked(options):
            raise ConfigurationError("There is nothing to set. dca-hosting site set --help lists what can be.")
        if groups:
            _set_groups(config, database, groups)
        with database.writing() as connection:
            for each in chosen:
                _set(connection, options, each.site, expires_at)
            now = sites.site_by_id(connection, chosen[0].site.site_id) if options.name else None
    print(_described(now) if now else f"{len(chosen):,} {'site is' if len(chosen) == 1 else 'sites are'} set.")
    return 0


def _asked(options: argparse.Namespace) -> bool:
    switches = (options.no_expiry, options.deactivate, options.activate, options.revoke, options.admit)
    return any(switches) or options.expires is not None


def _groups(options: argparse.Namespace, chosen: Sequence[Chosen]) -> list[tuple[Site, str | None]]:
    """Return the sites whose group is set, with it. Raises ConfigurationError where both the file and an option have one."""
    in_file = any(each.group is not None for each in chosen)
    if options.group is not None or options.no_group:
        if in_file:
            raise ConfigurationError("The file has groups of its own: leave out --group and --no-group.")
        return [(each.site, options.group) for each in chosen]
    return [(each.site, each.group or None) for each in chosen] if in_file else []


def _set_groups(config: Config, database: Database, groups: Sequence[tuple[Site, str | None]]) -> None:
    """Sign the memberships in one publication: the document of a site names its group."""
    # Loaded only where something is signed.
    from hosting.configuration.publication import Publishing, in_group  # noqa: PLC0415
    from hosting.configuration.scope import group_scope, site_scope  # noqa: PLC0415

    for group in {group for _, group in groups if group is not None}:
        group_scope(group)
    publishing = Publishing(config, database)
    publishing.require_repository()
    changes = [(site_scope(site.site_id, site.name), in_group(group)) for site, group in groups]
    proposals = [proposal for proposal in publishing.prepare_all(changes) if proposal.changes]
    if proposals:
        print("Signing and publishing.", file=sys.stderr, flush=True)
        publishing.publish_all(proposals, actor=ACTOR)


def _set(connection: Connection, options: argparse.Namespace, site: Site, expires_at: datetime | None) -> None:
    if expires_at is not None or options.no_expiry:
        sites.set_expiry(connection, site.site_id, expires_at, actor=ACTOR)
    if options.deactivate or options.activate:
        sites.set_deactivated(connection, site.site_id, options.deactivate, actor=ACTOR)
    if options.revoke or options.admit:
        sites.set_revoked(connection, site.site_id, options.revoke, actor=ACTOR)


def _described(site: Site) -> str:
    facts = [
        f"group {site.group_name}" if site.group_name else "no group",
        f"served until {to_rfc3339(site.expires_at)}" if site.expires_at else "no expiry",
        "deactivated" if site.deactivated_at else "active",
        *(["revoked"] if site.revoked_at else []),
    ]
    return plain(f"{site.name}: {', '.join(facts)}")
