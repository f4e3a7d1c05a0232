"""`dca-hosting enrolment-code`: make a one-time enrolment string for a site."""

import argparse
import ipaddress
import sys
from pathlib import Path
from urllib.parse import urlsplit

from hosting.commands.preparation import open_existing
from hosting.config import check_public_url, read_secret_file
from hosting.db import site_names, sites
from hosting.enrolment import enrolment_string
from hosting.errors import ConfigurationError

WITHOUT_ROOT = (
    "This string has no &root=, since no repository is published here: a site that enrols with it sends readings, but never "
    "takes configuration or versions from here. Found the repository first (dca-hosting repository init, and see the key "
    "ceremony), then make the string anew."
)
WITHOUT_ENCRYPTION = (
    "The address begins with http:// and is not of this machine: the site will enrol, and warn from then on that its readings go "
    "there without encryption, so that anyone on the way can read them. Give an https:// address."
)


def run(options: argparse.Namespace) -> int:
    """Print the enrolment string, or one a line for all sites that are named in a file."""
    url, names = check_public_url(options.url), _names(options)
    if not 1 <= options.days <= 365:
        raise ConfigurationError("--days is no number from 1 to 365.")
    config, database = open_existing(options)
    with database, database.writing() as connection:
        made = []
        for name in names:
            _, code = sites.make_enrolment_code(connection, name, days=options.days, actor="command line")
            made.append(enrolment_string(config, url, code))
    if url.startswith("http://") and not _is_loopback(urlsplit(url).hostname or ""):
        print(f"dca-hosting: warning: {WITHOUT_ENCRYPTION}", file=sys.stderr, flush=True)
    if "&root=" not in made[0]:
        print(f"dca-hosting: warning: {WITHOUT_ROOT}", file=sys.stderr, flush=True)
    print(*made, sep="\n")
    return 0


def _names(options: argparse.Namespace) -> list[str]:
    """Return the names of the sites. Raises ConfigurationError for one that cannot be used, and for none."""
    if options.names is None:
        source, names = "--site", [options.site.strip()]
    else:
        source, lines = f"--names {options.names}", read_secret_file(Path(options.names), "--names").splitlines()
        names = [line.strip() for line in lines if line.strip()]
    for name in names or [""]:
        if site_names.is_name(name):
            continue
        fault = "one that cannot be shown, or a site id"
        if not name:
            fault = "empty"
        elif len(name) > site_names.LONGEST_NAME:
            fault = f"longer than {site_names.LONGEST_NAME} characters"
        raise ConfigurationError(f"{source}: a name is {fault}.")
    return names


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
