"""`dca-hosting release rollout`: say which release sites are offered. It is signed by the server, at once."""

import argparse
import sys

from appliance.common.plain import plain
from hosting.commands.confirmation import confirmed
from hosting.commands.preparation import open_existing
from hosting.configuration.publication import Publishing
from hosting.db import sites
from hosting.db.connection.database import Database
from hosting.errors import ConfigurationError
from hosting.releases.publication import Rollouts
from hosting.releases.rollout import Action, Audience, Wish

ACTOR = "command line"


def run(options: argparse.Namespace) -> int:
    """Show the difference, ask, publish. 1 when the answer is no."""
    wish = _wish(options)
    if wish.is_empty:
        raise ConfigurationError("There is nothing to change. dca-hosting release rollout --help lists what can be.")
    config, database = open_existing(options)
    with database:
        audience, names = _audience(options, database)
        rollouts = Rollouts(Publishing(config, database))
        proposal = rollouts.prepare(audience, wish, names)
        if not proposal.changes:
            print("Nothing is different: the rollout stays as it is.")
            return 0
        for change in proposal.changes:
            print(plain(f"{change.name}: {change.before} -> {change.after}"), flush=True)
        if not options.yes and not confirmed():
            print("Nothing was published.")
            return 1
        print("Signing and publishing.", file=sys.stderr, flush=True)
        rollouts.publish(proposal, actor=ACTOR)
    print(f"Published the rollout, version {proposal.rollout.version}. Sites learn of it at their next check-in.")
    return 0


def _wish(options: argparse.Namespace) -> Wish:
    action: Action = "hold" if options.hold else "unpin" if options.unpin else "offer"
    wish = Wish(
        action=action,
        version=options.version,
        percent=options.percent,
        not_before=options.not_before,
        paused=True if options.pause else False if options.resume else None,
    )
    if action != "offer" and wish != Wish(action=action):
        raise ConfigurationError(f"--{action} says all there is to say. Leave --version, --percent and --not-before out.")
    return wish


def _audience(options: argparse.Namespace, database: Database) -> tuple[Audience, dict[str, str]]:
    """Return whom it is about, and the name of the site by its id where it is one."""
    if not options.site:
        return Audience(options.channel, group=options.group), {}
    with database.reading() as connection:
        site = sites.site_named(connection, options.site)
    if site is None:
        raise ConfigurationError(f"There is no site called {options.site!r}. The command dca-hosting sites lists them.")
    return Audience(options.channel, site_id=site.site_id), {site.site_id: site.name}
