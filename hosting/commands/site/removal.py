"""`dca-hosting site remove|keep|rename`: a site that goes, or one of its devices, and another name."""

import argparse

from appliance.common.clock import to_rfc3339
from appliance.common.plain import plain
from hosting.commands.confirmation import confirmed
from hosting.commands.site.choice import site_of
from hosting.commands.site.export import write_export
from hosting.commands.site.settings import ACTOR
from hosting.db import fleet, removal, site_names
from hosting.db.connection.database import Database
from hosting.db.sites import Site
from hosting.errors import ConfigurationError

LONGEST_DELAY_DAYS = 3650


def run(options: argparse.Namespace) -> int:
    """Do what is asked for. Raises ConfigurationError for a device without a key: a script that has none means no site."""
    if getattr(options, "device", None) == "":
        raise ConfigurationError("--device is empty. Give the key of a device; dca-hosting devices --json lists them.")
    return {"remove": _remove, "keep": _keep, "rename": _rename}[options.action](options)


def _remove(options: argparse.Namespace) -> int:
    """Plan a removal, and say how it is called off. 1 where it was not confirmed."""
    if not 0 <= options.days <= LONGEST_DELAY_DAYS:
        raise ConfigurationError(f"--days must be between 0 and {LONGEST_DELAY_DAYS}.")
    with site_of(options) as (database, site):
        what = _what(database, site, options.device)
        goes = f"{what} and its history go" if options.device else f"{what} is turned away now, and goes with all it has sent"
        if not options.yes and not confirmed(plain(f"{goes} in {options.days} days. Plan this?"), "planned"):
            return 1
        if options.export:
            write_export(database, site, options.export)
        key = options.device or removal.WHOLE_SITE
        with database.writing() as connection:
            remove_at = removal.plan(connection, site.site_id, options.days, device_key=key, actor=ACTOR)
    device = f" --device {options.device}" if options.device else ""
    print(plain(f"{what} is removed after {to_rfc3339(remove_at)}. To keep it: dca-hosting site keep {site.site_id}{device}"))
    return 0


def _keep(options: argparse.Namespace) -> int:
    """Call a removal off. Raises ConfigurationError where nothing is planned."""
    with site_of(options) as (database, site), database.writing() as connection:
        kept = removal.call_off(connection, site.site_id, device_key=options.device or removal.WHOLE_SITE, actor=ACTOR)
    if not kept:
        raise ConfigurationError(removal.NOT_PLANNED)
    print(plain(f"{options.device or site.name} is kept."))
    return 0


def _rename(options: argparse.Namespace) -> int:
    """Give a site another name. Raises ConfigurationError for what cannot be its name."""
    with site_of(options) as (database, site), database.writing() as connection:
        site_names.rename(connection, site, options.new, actor=ACTOR)
    print(plain(f"{site.name} is called {options.new.strip()} now."))
    return 0


def _what(database: Database, site: Site, device_key: str | None) -> str:
    """Return what goes, in words. Raises ConfigurationError for a device that the site does not have."""
    if not device_key:
        return f"The site {site.name}"
    with database.reading() as connection:
        if fleet.device(connection, site.site_id, device_key) is None:
            raise ConfigurationError(
                f"{site.name} has no device with the key {device_key!r}. The command dca-hosting devices --json lists the keys."
            )
    return f"The device {device_key} of {site.name}"
