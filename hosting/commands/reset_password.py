"""`dca-hosting reset-password`: give an account a new password."""

import argparse
import secrets

from hosting.commands.preparation import open_existing, password_from
from hosting.db import accounts
from hosting.errors import ConfigurationError
from web.passwords import Passwords


def run(options: argparse.Namespace) -> int:
    """Set the password and end all sessions of the account."""
    given = password_from(options.password_file, "--password-file")
    password = given or secrets.token_urlsafe(15)
    _, database = open_existing(options)
    with database, database.writing() as connection:
        done = accounts.set_password(connection, options.account, Passwords().hash(password))
    if not done:
        raise ConfigurationError(f"There is no account called {options.account!r}.")
    print(f"The password of {options.account} is set and its sessions are ended." + ("" if given else f" Password: {password}"))
    return 0
