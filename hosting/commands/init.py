"""`dca-hosting init`: set up the data folder."""

import argparse
import secrets

from hosting.certificates import CertificateFiles, make_authority, make_server_certificate, require_names
from hosting.commands.preparation import open_database, password_from
from hosting.config import data_folder, make_config
from hosting.db import accounts, distribution
from hosting.errors import ConfigurationError
from web.passwords import Passwords

ADMIN = "admin"


def run(options: argparse.Namespace) -> int:
    """Make the database, the account admin and the certificate, whichever is not there yet."""
    config = make_config(data_folder(options.data))
    if options.name and not options.private_ca:
        raise ConfigurationError("--name is only for the certificate of --private-ca. Give both, or neither.")
    given = password_from(options.admin_password_file, "--admin-password-file")
    files = CertificateFiles(config.folder)
    require_names(files, options.name)
    config.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    said = []
    with open_database(config) as database:
        password = given or secrets.token_urlsafe(15)
        moved = distribution.distribute(database) if options.citus else []
        with database.writing() as connection:
            made = not accounts.has_account(connection) and accounts.add_account(connection, ADMIN, Passwords().hash(password))
        if moved:
            said.append(f"Tables distributed or copied to the workers: {', '.join(moved)}")
        if made and given:
            said.append("Account: admin, with the password of the file.")
        elif made:
            said.append(f"Account: admin, password: {password} (shown this once)")
    if options.private_ca:
        if make_authority(files):
            said.append(f"Certificate authority, for sites and browsers to trust: {files.authority}")
        if make_server_certificate(files, options.name):
            said.append(f"Certificate of the server: {files.server}")
    if not said:
        print(f"{config.folder} is set up already; nothing was changed.")
        return 0
    print(f"Set up {config.folder}.", *said, sep="\n")
    return 0
