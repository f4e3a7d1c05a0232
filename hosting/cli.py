"""The `dca-hosting` command."""

import argparse
import asyncio
import json
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

from hosting.certificates import CertificateFiles, make_authority, make_server_certificate, renew_when_due, server_context
from hosting.clock import to_rfc3339, utc_now
from hosting.config import Config, check_public_url, data_folder, make_config, read_secret_file
from hosting.contact import contact
from hosting.credentials import MINIMUM_PASSWORD, Passwords
from hosting.db import accounts, fleet, sites
from hosting.db.database import Database, database_url
from hosting.db.migrate import migrate
from hosting.errors import ConfigurationError, DataError, HostingServerError
from hosting.log import configure_logging
from hosting.server import Listening, serve
from hosting.services import make_services
from hosting.version import installed_version

ADMIN = "admin"
LISTED_AT_ONCE = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 failed with one sentence on standard error, 2 wrong use."""
    options = _parser().parse_args(arguments)
    os.umask(0o077)  # the database and its journal are nobody else's business
    try:
        configure_logging(options.log_level)
        code: int = options.run(options)
    except HostingServerError as error:
        return _failed(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _failed(f"{where}{error.strerror or error}.")
    except KeyboardInterrupt:
        return 130
    return code


def _failed(sentence: str) -> int:
    print(f"dca-hosting: {sentence}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dca-hosting", description="The hosting server of the DCA appliance.")
    parser.add_argument("--version", action="version", version=f"dca-hosting {installed_version()}")
    parser.add_argument("--log-level", default="info", choices=("debug", "info", "warning", "error"), help="default: info")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    init = _command(commands, "init", _init, "set up the data folder: database, account admin, certificate")
    init.add_argument("--name", action="append", default=[], metavar="HOST", help="host name or address in the certificate")
    init.add_argument("--private-ca", action="store_true", help="make a private certificate authority and a certificate by it")
    init.add_argument(
        "--admin-password-file", metavar="F", help="file with the password of admin; without it one is made and shown"
    )

    serving = _command(commands, "serve", _serve, "run the server")
    serving.add_argument("--port", type=int, default=8443, help="default: 8443; 0 takes any free one")
    serving.add_argument("--bind", metavar="ADDR", help="default: all addresses")
    serving.add_argument("--cert", metavar="F", help="PEM certificate chain; default: server.pem of the data folder")
    serving.add_argument("--key", metavar="F", help="PEM key of the certificate; default: server.key of the data folder")
    serving.add_argument("--http", action="store_true", help="plain HTTP, behind a proxy that speaks HTTPS")
    serving.add_argument("--public-url", action="append", default=[], metavar="URL", help="address of the proxy in front")

    code = _command(commands, "enrolment-code", _enrolment_code, "make a one-time enrolment string for a site")
    code.add_argument("--site", required=True, metavar="NAME", help="name of the site; made when there is none of that name")
    code.add_argument("--url", required=True, metavar="URL", help="address of this server as the site reaches it")
    code.add_argument("--days", type=int, default=7, help="days until the code expires, default: 7")

    token = _command(commands, "token", _token, "make a token for reading sites and devices over the API")
    token.add_argument("--name", required=True, metavar="NAME", help="what the token is for")

    password = _command(commands, "reset-password", _reset_password, "set a new password and end all sessions of an account")
    password.add_argument("--account", default=ADMIN, metavar="NAME", help="default: admin")
    password.add_argument("--password-file", metavar="F", help="file with the new password; without it one is made and shown")

    for name, run, text in (("sites", _sites, "list the sites"), ("devices", _devices, "list the devices")):
        listing = _command(commands, name, run, text)
        listing.add_argument("--json", action="store_true", help="as JSON")
    return parser


def _command(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.add_argument("--data", metavar="DIR", help="data folder; default: DCA_HOSTING_DATA_DIR")
    command.set_defaults(run=run)
    return command


def _open(config: Config) -> Database:
    """Return the database, its schema up to date. Raises DataError with one sentence."""
    database = Database(database_url(config.database_url, config.folder))
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def _open_existing(options: argparse.Namespace) -> tuple[Config, Database]:
    """Return the configuration and the database of a folder `init` has set up."""
    config = make_config(data_folder(options.data), public_urls=getattr(options, "public_url", ()))
    advice = f"Run: dca-hosting init --data {config.folder}"
    if not config.folder.is_dir():
        raise DataError(f"The data folder {config.folder} does not exist. {advice}")
    if config.database_url is None and not (config.folder / "hosting.db").exists():
        raise DataError(f"The data folder {config.folder} is not set up. {advice}")
    database = _open(config)
    with database.reading() as connection:
        ready = accounts.has_account(connection)
    if not ready:
        database.close()
        raise DataError(f"The database has no account yet. {advice}")
    return config, database


def _init(options: argparse.Namespace) -> int:
    config = make_config(data_folder(options.data))
    if options.name and not options.private_ca:
        raise ConfigurationError("--name is only for the certificate of --private-ca. Give both, or neither.")
    given = _password_from(options.admin_password_file, "--admin-password-file")
    config.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    said = []
    with _open(config) as database:
        password = given or secrets.token_urlsafe(15)
        with database.writing() as connection:
            made = not accounts.has_account(connection) and accounts.add_account(connection, ADMIN, Passwords().hash(password))
        if made and given:
            said.append("Account: admin, with the password of the file.")
        elif made:
            said.append(f"Account: admin, password: {password} (shown this once)")
    if options.private_ca:
        files = CertificateFiles(config.folder)
        if make_authority(files):
            said.append(f"Certificate authority, for sites and browsers to trust: {files.authority}")
        if make_server_certificate(files, options.name):
            said.append(f"Certificate of the server: {files.server}")
    if not said:
        print(f"{config.folder} is set up already; nothing was changed.")
        return 0
    print(f"Set up {config.folder}.", *said, sep="\n")
    return 0


def _password_from(file: str | None, option: str) -> str | None:
    if file is None:
        return None
    password = read_secret_file(Path(file), option)
    if len(password) < MINIMUM_PASSWORD:
        raise ConfigurationError(f"The password in {file} is shorter than {MINIMUM_PASSWORD} characters. Choose a longer one.")
    return password


def _serve(options: argparse.Namespace) -> int:
    if options.http and (options.cert or options.key):
        raise ConfigurationError("--http and --cert cannot both be: choose plain HTTP or HTTPS.")
    if bool(options.cert) != bool(options.key):
        raise ConfigurationError("--cert and --key belong together: give both.")
    if not 0 <= options.port <= 65535:
        raise ConfigurationError(f"--port {options.port} is no port. Choose one from 1 to 65535, or 0 for any free one.")
    config, database = _open_existing(options)
    services = make_services(config, database)
    try:
        listening = Listening(options.bind, options.port, None if options.http else _context(options, config))
        asyncio.run(serve(services, listening, lambda port: _say_ready(config, listening, port)))
    finally:
        services.close()
    return 0


def _context(options: argparse.Namespace, config: Config) -> Any:
    if options.cert:
        return server_context(Path(options.cert), Path(options.key))
    files = CertificateFiles(config.folder)
    if not files.server.exists():
        raise ConfigurationError(
            f"There is no certificate in {config.folder}. Run dca-hosting init --private-ca, or give --cert and --key, or --http."
        )
    if renew_when_due(files):
        structlog.get_logger().info("the certificate of the server was renewed", file=str(files.server))
    return server_context(files.server, files.server_key)


def _say_ready(config: Config, listening: Listening, port: int) -> None:
    scheme = "http" if listening.context is None else "https"
    if listening.context is None and not config.public_urls:
        warning = (
            "Plain HTTP: passwords and readings can be read on the way. Put a proxy with HTTPS in front, or use a certificate."
        )
        print(f"dca-hosting: warning: {warning}", file=sys.stderr, flush=True)
    host = listening.bind or "localhost"
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - compared only
    address = config.public_urls[0] if config.public_urls else f"{scheme}://{host}:{port}"
    print(f"dca-hosting {installed_version()} is ready on port {port}: {address}/", flush=True)


def _enrolment_code(options: argparse.Namespace) -> int:
    url, name = check_public_url(options.url), options.site.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise ConfigurationError("--site is empty, longer than 100 characters, or has characters that cannot be shown.")
    if not 1 <= options.days <= 365:
        raise ConfigurationError("--days is no number from 1 to 365.")
    _, database = _open_existing(options)
    with database, database.writing() as connection:
        _, code = sites.make_enrolment_code(connection, name, days=options.days, actor="command line")
    print(f"{url}#enrol={code}")
    return 0


def _token(options: argparse.Namespace) -> int:
    name = options.name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise ConfigurationError("--name is empty, longer than 100 characters, or has characters that cannot be shown.")
    _, database = _open_existing(options)
    with database, database.writing() as connection:
        secret = accounts.add_token(connection, name)
    if secret is None:
        raise ConfigurationError(f"There is a token called {name!r} already, and it is shown only once. Choose another name.")
    print(secret)
    return 0


def _reset_password(options: argparse.Namespace) -> int:
    given = _password_from(options.password_file, "--password-file")
    password = given or secrets.token_urlsafe(15)
    _, database = _open_existing(options)
    with database, database.writing() as connection:
        done = accounts.set_password(connection, options.account, Passwords().hash(password))
    if not done:
        raise ConfigurationError(f"There is no account called {options.account!r}.")
    print(f"The password of {options.account} is set and its sessions are ended." + ("" if given else f" Password: {password}"))
    return 0


def _sites(options: argparse.Namespace) -> int:
    config, database = _open_existing(options)
    rows: list[sites.Site] = []
    with database, database.reading() as connection:
        while page := sites.sites_after(connection, after=rows[-1].site_id if rows else None, limit=LISTED_AT_ONCE):
            rows += page
    rows.sort(key=lambda site: site.name.lower())
    now = utc_now()
    words = [(site, contact(site, now, config.check_in_seconds)) for site in rows]
    if options.json:
        listed = [
            {"site_id": site.site_id, "site_name": site.name, "contact": word, "last_contact_at": to_rfc3339(site.last_contact_at)}
            for site, word in words
        ]
        print(json.dumps({"sites": listed}, ensure_ascii=False))
        return 0
    for site, word in words:
        print(f"{site.site_id}  {word:8} {to_rfc3339(site.last_contact_at) or '-':20}  {site.name}")
    return 0


def _devices(options: argparse.Namespace) -> int:
    _, database = _open_existing(options)
    listed: list[fleet.LatestReading] = []
    after: tuple[str, str] | None = None
    with database, database.reading() as connection:
        while page := fleet.devices_after(connection, site_id=None, after=after, limit=LISTED_AT_ONCE):
            listed += page
            after = (page[-1].site_id, page[-1].device_key)
    readings = [json.loads(row.body) for row in listed]
    if options.json:
        pairs = zip(listed, readings, strict=True)
        rows_json = [{"site_id": row.site_id, "site_name": row.site_name, "reading": reading} for row, reading in pairs]
        print(json.dumps({"devices": rows_json}, ensure_ascii=False))
        return 0
    for row, reading in zip(listed, readings, strict=True):
        device = reading["device"]
        total = reading["meters"].get("total", {}).get("value", "-")
        print(
            f"{row.site_name:20.20}  {device['model'] or '-':40.40}  {device['serial'] or '-':20.20}  {total:>10}  {row.condition}"
        )
    return 0
