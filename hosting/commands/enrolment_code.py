"""`dca-hosting enrolment-code`: make a one-time enrolment string for a site."""

import argparse
import ipaddress
import sys
from urllib.parse import urlsplit

from hosting.commands.preparation import open_existing
from hosting.config import check_public_url
from hosting.db import sites
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
    """Print the enrolment string."""
    url, name = check_public_url(options.url), options.site.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise ConfigurationError("--site is empty, longer than 100 characters, or has characters that cannot be shown.")
    if not 1 <= options.days <= 365:
        raise ConfigurationError("--days is no number from 1 to 365.")
    config, database = open_existing(options)
    with database, database.writing() as connection:
        _, code = sites.make_enrolment_code(connection, name, days=options.days, actor="command line")
    made = enrolment_string(config, url, code)
    if url.startswith("http://") and not _is_loopback(urlsplit(url).hostname or ""):
        print(f"dca-hosting: warning: {WITHOUT_ENCRYPTION}", file=sys.stderr, flush=True)
    if "&root=" not in made:
        print(f"dca-hosting: warning: {WITHOUT_ROOT}", file=sys.stderr, flush=True)
    print(made)
    return 0


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
