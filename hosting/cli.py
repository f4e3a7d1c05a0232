"""The `dca-hosting` command: declares the commands and their options. The work is in `hosting.commands`, loaded when needed."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from hosting.errors import HostingServerError
from hosting.version import installed_version


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 failed with one sentence on standard error, 2 wrong use."""
    options = _parser().parse_args(arguments)
    os.umask(0o077)  # the database and its journal are nobody else's business
    try:
        code: int = importlib.import_module(options.module).run(options)
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

    init = _command(commands, "init", "set up the data folder: database, account admin, certificate")
    init.add_argument("--name", action="append", default=[], metavar="HOST", help="host name or address in the certificate")
    init.add_argument("--private-ca", action="store_true", help="make a private certificate authority and a certificate by it")
    init.add_argument(
        "--admin-password-file", metavar="F", help="file with the password of admin; without it one is made and shown"
    )

    serving = _command(commands, "serve", "run the server")
    serving.add_argument("--port", type=int, default=8443, help="default: 8443; 0 takes any free one")
    serving.add_argument("--bind", metavar="ADDR", help="default: all addresses")
    serving.add_argument("--cert", metavar="F", help="PEM certificate chain; default: server.pem of the data folder")
    serving.add_argument("--key", metavar="F", help="PEM key of the certificate; default: server.key of the data folder")
    serving.add_argument("--http", action="store_true", help="plain HTTP, behind a proxy that speaks HTTPS")
    serving.add_argument("--public-url", action="append", default=[], metavar="URL", help="address of the proxy in front")

    code = _command(commands, "enrolment-code", "make a one-time enrolment string for a site")
    code.add_argument("--site", required=True, metavar="NAME", help="name of the site; made when there is none of that name")
    code.add_argument("--url", required=True, metavar="URL", help="address of this server as the site reaches it")
    code.add_argument("--days", type=int, default=7, help="days until the code expires, default: 7")

    token = _command(commands, "token", "make a token for reading sites and devices over the API")
    token.add_argument("--name", required=True, metavar="NAME", help="what the token is for")

    password = _command(commands, "reset-password", "set a new password and end all sessions of an account")
    password.add_argument("--account", default="admin", metavar="NAME", help="default: admin")
    password.add_argument("--password-file", metavar="F", help="file with the new password; without it one is made and shown")

    for name, text in (("sites", "list the sites"), ("devices", "list the devices")):
        listing = _command(commands, name, text)
        listing.add_argument("--json", action="store_true", help="as JSON")
    return parser


def _command(commands: Any, name: str, text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.add_argument("--data", metavar="DIR", help="data folder; default: DCA_HOSTING_DATA_DIR")
    command.set_defaults(module=f"hosting.commands.{name.replace('-', '_')}")
    return command
