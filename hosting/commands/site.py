"""`dca-hosting site set`: the group of a site, until when it is served, and whether it is."""

import argparse
import sys
from datetime import datetime

from appliance.common.clock import to_rfc3339
from appliance.common.plain import plain
from hosting.commands.preparation import open_existing
from hosting.config import Config
from hosting.db import sites
from hosting.db.connection.database import Connection, Database
from hosting.db.sites import Site
from hosting.errors import ConfigurationError
from hosting.expiry import end_of_day

ACTOR = "command line"


def run(options: argparse.Namespace) -> int:
    """Set what is asked for, and print what the site is now."""
    expires_at = None if options.expires is None else end_of_day(options.expires)
    if not _asked(options):
        raise ConfigurationError("There is nothing to set. dca-hosting site set --help lists what can be.")
    config, database = open_existing(options)
    with database:
        site = site_called(database, options.name)
        if options.group is not None or options.no_group:
            _set_group(config, database, site, options.group)
        with database.writing() as connection:
            _set(connection, options, site, expires_at)
            now = sites.site_by_id(connection, site.site_id)
    if now is not None:
        print(_described(now))
    return 0


def site_called(database: Database, name: str) -> Site:
    """Return the site of this name or id. Raises ConfigurationError where there is none."""
    with database.reading() as connection:
        site = sites.site_named(connection, name)
    if site is None:
        raise ConfigurationError(f"There is no site called {name!r}. The command dca-hosting sites lists them.")
    return site


def _asked(options: argparse.Namespace) -> bool:
    switches = (options.no_group, options.no_expiry, options.deactivate, options.activate, options.revoke, options.admit)
    return any(switches) or options.group is not None or options.expires is not None


def _set_group(config: Config, database: Database, site: Site, group: str | None) -> None:
    """Sign the membership: the document of the site names its group."""
    # Loaded only where something is signed.
    from hosting.configuration.publication import Publishing, in_group  # noqa: PLC0415
    from hosting.configuration.scope import group_scope, site_scope  # noqa: PLC0415

    if group is not None:
        group_scope(group)
    publishing = Publishing(config, database)
    publishing.require_repository()
    proposal = publishing.prepare(site_scope(site.site_id, site.name), in_group(group))
    if proposal.changes:
        print("Signing and publishing.", file=sys.stderr, flush=True)
        publishing.publish(proposal, actor=ACTOR)


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
