"""What most commands begin with: the configuration, the database with its schema up to date, a password from a file."""

import argparse
from pathlib import Path

from hosting.config import Config, data_folder, make_config, read_secret_file
from hosting.credentials import MINIMUM_PASSWORD
from hosting.db import accounts
from hosting.db.connection.database import Database, database_url
from hosting.db.migrate import migrate
from hosting.errors import ConfigurationError, DataError


def open_database(config: Config) -> Database:
    """Return the database, its schema up to date. Raises DataError with one sentence."""
    database = Database(database_url(config.database_url, config.folder))
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def open_existing(options: argparse.Namespace) -> tuple[Config, Database]:
    """Return the configuration and the database of a folder `init` has set up."""
    config = make_config(data_folder(options.data), public_urls=getattr(options, "public_url", ()))
    advice = (
        f"Run: dca-hosting init --data {config.folder}, and with --private-ca --name HOST where no public authority gives it a "
        "certificate."
    )
    if not config.folder.is_dir():
        raise DataError(f"The data folder {config.folder} does not exist. {advice}")
    if config.database_url is None and not (config.folder / "hosting.db").exists():
        raise DataError(f"The data folder {config.folder} is not set up. {advice}")
    database = open_database(config)
    with database.reading() as connection:
        ready = accounts.has_account(connection)
    if not ready:
        database.close()
        raise DataError(f"The database has no account yet. {advice}")
    return config, database


def password_from(file: str | None, option: str) -> str | None:
    """Return the password in a file, None without one. Raises ConfigurationError when it is too short."""
    if file is None:
        return None
    password = read_secret_file(Path(file), option)
    if len(password) < MINIMUM_PASSWORD:
        raise ConfigurationError(f"The password in {file} is shorter than {MINIMUM_PASSWORD} characters. Choose a longer one.")
    return password
