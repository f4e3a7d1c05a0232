"""`dca-hosting enrolment-code`: make a one-time enrolment string for a site."""

import argparse

from hosting.commands.preparation import open_existing
from hosting.config import check_public_url
from hosting.db import sites
from hosting.enrolment import enrolment_string
from hosting.errors import ConfigurationError


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
    print(enrolment_string(config, url, code))
    return 0
