"""`python -m webui` serves the web UI; `python -m webui admin …` looks after its accounts, whether it is running or not."""

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import Sequence

from appliance.common.errors import DcaError
from appliance.common.files import BYTE_ORDER_MARK
from appliance.common.log import configure_logging
from appliance.common.paths import Paths
from appliance.settings.store import SettingsStore
from webui.accounts import FIRST_ACCOUNT, Accounts, check_new_password
from webui.rescue import RUN, become, serve_rescue
from webui.server import serve
from webui.sessions import Sessions


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the arguments ask for and return the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        paths = Paths.from_environment()
        paths.prepare()
        if arguments.command == "admin":
            return _reset_password(paths, arguments.user)
        configure_logging("webui", level=os.environ.get("DCA_LOG_LEVEL", "INFO"), folder=paths.logs)
        if arguments.command == "rescue":
            if asyncio.run(serve_rescue(paths)):
                become(*RUN)
            return 0
        asyncio.run(serve(paths))
    except DcaError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m webui", description="The local web UI of the appliance.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("rescue", help="serve one page that says why the settings cannot be read", allow_abbrev=False)
    admin = commands.add_parser("admin", help="accounts of the web UI", description="Accounts of the web UI.", allow_abbrev=False)
    actions = admin.add_subparsers(dest="action", metavar="ACTION", required=True)
    reset = actions.add_parser(
        "reset-password",
        help="give an account a new password and end its sessions",
        description="Give an account a new password and end all its sessions. The password is asked for, or read from standard "
        "input; it is never an argument, which other users of the machine could see.",
        allow_abbrev=False,
    )
    reset.add_argument("--user", default=FIRST_ACCOUNT, help=f"name of the account (default: {FIRST_ACCOUNT})")
    return parser


def _reset_password(paths: Paths, user: str) -> int:
    store = SettingsStore(paths.settings)
    accounts = Accounts(store)
    names = accounts.names()
    if names and user not in names:
        raise DcaError(f"There is no account {user!r}. The accounts are: {', '.join(names)}.")
    if sys.stdin.isatty():
        try:
            password = getpass.getpass(f"New password for {user}: ")
            check_new_password(password, getpass.getpass("The same password again: "))
        except EOFError as error:
            raise DcaError("No password was given. Nothing was changed; run the command again.") from error
    else:
        password = sys.stdin.readline().removeprefix(BYTE_ORDER_MARK).rstrip("\r\n")
    asyncio.run(accounts.set_password(user, password))
    accounts.close()
    Sessions(store).end_all(user)
    print(f"{user} has a new password. All sessions of this account have ended.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
