"""`python -m updater`: run the appliance, say what updates are possible here, or speak to a TUF repository."""

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence

from appliance.common.errors import DcaError, SettingsLostError
from appliance.common.paths import Paths

EXIT_TRY_AGAIN = 75  # EX_TEMPFAIL
EXIT_INTERRUPTED = 130
RESCUE = ("-m", "webui", "rescue")
CHILDREN = {
    "probe": ("engine.probe", "Say whether the appliance can replace its own container here."),
    "receive": ("configuration.refresh", "Check for signed configuration, once."),
    "install": ("installation.command", "Install a version, up to the hand-over to the switcher."),
    "selftest": ("installation.selftest", "Say whether this version can take over here."),
    "switch": ("replacement.command", "Carry out the update that the journal tells of."),
    "cancel": ("replacement.cancellation", "Give up an update of which nothing was switched yet."),
    "tidy": ("replacement.cleanup", "End what was cut off, and remove what updates have left behind."),
}
"""What the appliance starts for itself: module and description of each."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return the exit code: 0 done, 1 failed with one sentence, 2 wrong use, 75 restart budget spent."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words[:1] == ["trust"]:
            return _trust(words[1:])
        if words[:1] == ["update"]:
            return _update(words[1:])
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
    from updater.trust import command  # noqa: PLC0415

    parser = argparse.ArgumentParser(
        prog="dca trust", description="Fetch and verify what is published in a TUF repository.", allow_abbrev=False
    )
    command.declare(parser)
    options = parser.parse_args(words)
    if lacking := command.missing(options):
        parser.error(f"the following arguments are required: {lacking}")
    return int(options.run(options))


def _update(words: Sequence[str]) -> int:
    from updater.commands import update  # noqa: PLC0415 - what the other commands do without

    parser = argparse.ArgumentParser(prog="dca update", description="About new configuration and versions.", allow_abbrev=False)
    update.declare(parser)
    options = parser.parse_args(words)
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
    commands.add_parser("update", help="about new configuration and versions; see `dca update --help`")
    return parser


def _run(_options: argparse.Namespace) -> int:
    from appliance.common.log import configure_logging  # noqa: PLC0415 - `update status` is short-lived and does without
    from updater.supervisor.main_lock import WaitedInVainError, hold_main_lock  # noqa: PLC0415
    from updater.supervisor.supervisor import run_appliance  # noqa: PLC0415

    paths = Paths.from_environment()
    paths.prepare()
    level = os.environ.get("DCA_LOG_LEVEL", "INFO").upper()
    if level not in logging.getLevelNamesMapping():
        raise DcaError(f"DCA_LOG_LEVEL is {level!r}. Use DEBUG, INFO, WARNING or ERROR.")
    configure_logging("supervisor", level=level, folder=paths.logs)
    try:
        with hold_main_lock(paths):
            return run_appliance(paths)
    except SettingsLostError as error:
        # With no settings there is nobody to log in; a page that says so takes the place of this process, until it is mended.
        print(f"dca: {error}", file=sys.stderr, flush=True)
        os.execv(sys.executable, [sys.executable, "-P", *RESCUE])  # noqa: S606 - no shell on purpose
    except WaitedInVainError as error:
        print(f"dca: {error}", file=sys.stderr)
        return EXIT_TRY_AGAIN
