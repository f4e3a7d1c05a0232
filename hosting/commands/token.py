"""`dca-hosting token`: make a token for reading sites and devices over the API."""

import argparse

from hosting.commands.preparation import open_existing
from hosting.db import accounts
from hosting.errors import ConfigurationError


def run(options: argparse.Namespace) -> int:
    """Print the token, which is shown only once."""
    name = options.name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise ConfigurationError("--name is empty, longer than 100 characters, or has characters that cannot be shown.")
    _, database = open_existing(options)
    with database, database.writing() as connection:
        secret = accounts.add_token(connection, name)
    if secret is None:
        raise ConfigurationError(f"There is a token called {name!r} already, and it is shown only once. Choose another name.")
    print(secret)
    return 0
