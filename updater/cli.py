"""`python -m updater`: run the appliance, say what updates are possible here, or speak to a TUF repository."""

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence

from appliance.errors import DcaError
from appliance.paths import Paths

EXIT_INTERRUPTED = 130
CHILDREN = {
    "receive": ("receiving", "Check for signed configuration, once."),
    "selftest": ("selftest", "Say whether this version can take over here."),
    "switch": ("switcher", "Carry out the update that the journal tells of."),
    "tidy": ("tidying", "End what was cut off, and remove what updates have left behind."),
}
"""What the appliance starts for itself: module and description of each."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return the exit code: 0 done, 1 failed with one sentence, 2 wrong use, 75 restart budget spent."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words[:1] == ["trust"]:
            return _trust(words[1:])
        if words[:1] and words[0] in CHILDREN:
            return _child(words[0], words[1:])
        options = _parser().parse_args(words)
        return int(options.run(options))
    except DcaError as error:
        print(f"dca: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _trust(words: Sequence[str]) -> int:
    # Only this command loads the TUF library; the supervisor stays small.
    from updater import trust_command  # noqa: PLC0415

    parser = argparse.ArgumentParser(
        prog="dca trust", description="Fetch and verify what is published in a TUF repository.", allow_abbrev=False
    )
    trust_command.declare(parser)
    options = parser.parse_args(words)
    if lacking := trust_command.missing(options):
        parser.error(f"the following arguments are required: {lacking}")
    return int(options.run(options))


def _child(name: str, words: Sequence[str]) -> int:
    # Each loads what only it needs: the TUF library, that of the engine, all modules.
    module = importlib.import_module(f"updater.{CHILDREN[name][0]}")
    parser = argparse.ArgumentParser(prog=f"python -m updater {name}", description=CHILDREN[name][1])
    module.declare(parser)
    options = parser.parse_args(words)
    return int(options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dca", description="Run the appliance: the collector, the web UI and their supervisor.")
    parser.set_defaults(run=_run)
    commands = parser.add_subparsers(title="commands", metavar="")
    commands.add_parser("run", help="run the appliance (without a command: the same)").set_defaults(run=_run)
    commands.add_parser("trust", help="fetch and verify what is published in a TUF repository; see `dca trust --help`")
    update = commands.add_parser("update", help="about new configuration and versions").add_subparsers(
        required=True, metavar="COMMAND"
    )
    status = update.add_parser("status", help="say whether the appliance can replace its own container here")
    status.add_argument("--json", action="store_true", help="for programs")
    status.set_defaults(run=_update_status)
    update.add_parser("check", help="fetch and verify new configuration of the hosting server, if there is any").set_defaults(
        run=_update_check
    )
    update.add_parser("back", help="go back to the configuration before").set_defaults(run=_update_back)
    return parser


def _run(_options: argparse.Namespace) -> int:
    from appliance.log import configure_logging  # noqa: PLC0415 - `update status` is short-lived and does without
    from appliance.process.lock import MainLock  # noqa: PLC0415
    from updater.supervisor import run_appliance  # noqa: PLC0415

    paths = Paths.from_environment()
    paths.prepare()
    level = os.environ.get("DCA_LOG_LEVEL", "INFO").upper()
    if level not in logging.getLevelNamesMapping():
        raise DcaError(f"DCA_LOG_LEVEL is {level!r}. Use DEBUG, INFO, WARNING or ERROR.")
    configure_logging("supervisor", level=level, folder=paths.logs)
    with MainLock(paths.main_lock):
        return run_appliance(paths)


def _update_check(options: argparse.Namespace) -> int:
    from updater import update_commands  # noqa: PLC0415

    return update_commands.check(options)


def _update_back(options: argparse.Namespace) -> int:
    from updater import update_commands  # noqa: PLC0415

    return update_commands.back(options)


def _update_status(options: argparse.Namespace) -> int:
    from appliance.files import to_json  # noqa: PLC0415
    from updater.probe import probe  # noqa: PLC0415

    answer = probe()
    if options.json:
        print(to_json(answer.to_json()).decode())
    else:
        print(f"Image updates: {answer.state}. {answer.text}")
    return 0
