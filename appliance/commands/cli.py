"""The `dca` command: declares the commands and their options. The work is in `appliance.commands`, imported when it is needed."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import get_args

from appliance.common.errors import DcaError
from appliance.common.plain import plain
from appliance.snmp.v3.usm import AuthProtocol, PrivProtocol

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
EXIT_CLOSED_PIPE = 141

OTHER_ROOMS = {
    "run": ("updater",),
    "update": ("updater", "update"),
    "trust": ("updater", "trust"),
    "admin": ("webui", "admin"),
}
"""Commands of other rooms: `python -m MODULE WORDS…` takes the place of this process, so that no room imports another for it."""

COMMUNITY_NOTE = (
    "A community given with --community can be seen by every user of this machine in its list of processes; "
    "--community-file and the environment variable DCA_SNMP_COMMUNITY (or DCA_SNMP_COMMUNITY_FILE) keep it out of there. "
    "What is not given comes from the settings of the appliance, where there are any."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 failed (one sentence on standard error), 2 wrong use."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words and words[0] in OTHER_ROOMS:
            return _other_room(OTHER_ROOMS[words[0]], words[1:])
        arguments = _parser().parse_args(words)
        code: int = importlib.import_module(arguments.module).run(arguments)
        sys.stdout.flush()
    except DcaError as error:
        print(f"dca: {plain(str(error))}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader has what it wanted; what is still buffered must not raise again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_CLOSED_PIPE
    return code


def _other_room(start: tuple[str, ...], words: list[str]) -> int:
    """Become the process of another room. -P: a folder of the same name where the command was typed is not mistaken for it."""
    os.execv(sys.executable, [sys.executable, "-P", "-m", *start, *words])  # noqa: S606 - no shell on purpose


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dca",
        description="Collects meters, supplies and status of the printers of a site and sends them to the hosting server.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, text: str, module: str = "") -> argparse.ArgumentParser:
        """Return the parser of a command; `module` of `appliance.commands` runs it, by default the one of the same name."""
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False)
        command.set_defaults(module=f"appliance.commands.{module or name}")
        return command

    add("run", "run the appliance: collector, web UI and health check")
    _scan(add("scan", "find the printers of networks, ranges, addresses or host names, and read each; nothing is stored or sent"))
    _read(add("read", "read the printers at addresses or host names, or a recording; nothing is stored or sent"))
    _capture(add("capture", "write down what a device says, for `dca read --recording` elsewhere"))
    add("status", "show what the appliance does and how it is").add_argument("--json", action="store_true", help="print JSON")
    _traffic(add("traffic", "show what the appliance costs the network: by day and purpose, and what a scan costs"))
    _found(add("found", "show which printers were found beside the ranges, and decide about them"))
    add("health", "say in one line whether the appliance is healthy; exit 0 if it is")
    add("once", "scan, read and send once, then end: for a scheduled task instead of a running service").add_argument(
        "--json", action="store_true", help="print the summary as JSON"
    )
    _enrol(add("enrol", "connect the appliance with its hosting server"))
    _settings(add("settings", "show and change the settings"))
    _definitions(add("definitions", "check vendor definitions, and try them on recordings of devices"))
    _support_bundle(
        add("support-bundle", "write status, settings, traffic and log lines to one file, for support", "support_bundle")
    )
    add("version", "print the version")
    add("update", "check for and apply updates; see `dca update --help`")
    add("trust", "fetch and verify what is published in a TUF repository; see `dca trust --help`")
    add("admin", "accounts of the web UI; see `dca admin --help`")
    return parser


def _scan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "targets",
        nargs="+",
        metavar="TARGET",
        help="10.0.0.0/24, 10.0.0.1-10.0.0.20, an address, a host name or ipp://HOST:PORT/PATH",
    )
    parser.add_argument("--rate", type=int, metavar="PPS", help="most packets the sweep sends each second")
    parser.add_argument("--thorough", action="store_true", help="also ask over SNMP what answers no ping")
    _snmp_options(parser)


def _read(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("hosts", nargs="*", metavar="HOST", help="an address, a host name or ipp://HOST:PORT/PATH")
    parser.add_argument(
        "--recording", action="append", metavar="FILE", help="read a recorded device (.snmprec, .web.json) instead of asking one"
    )
    _snmp_options(parser)


def _capture(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("host", metavar="HOST", help="an address or a host name")
    parser.add_argument("--out", required=True, metavar="FILE", help="the recording to write, for example device.snmprec")
    parser.add_argument("--mask", action="store_true", help="leave out host name, location, address and most of the MAC")
    _snmp_options(parser)


def _snmp_options(parser: argparse.ArgumentParser) -> None:
    parser.epilog = COMMUNITY_NOTE
    parser.add_argument("--community", action="append", metavar="C", help="SNMP community; several are tried in order")
    parser.add_argument("--community-file", metavar="F", help="file with one community a line")
    v3 = parser.add_argument_group(
        "SNMPv3", "Passphrases come from files, or from the environment: DCA_SNMP_V3_AUTH and DCA_SNMP_V3_PRIV (or with _FILE)."
    )
    auth, priv = get_args(AuthProtocol), get_args(PrivProtocol)
    v3.add_argument("--v3-user", metavar="U", help="name of the user; it is tried before communities")
    v3.add_argument("--v3-auth", choices=auth, metavar="P", help=f"protocol of authentication: {', '.join(auth)}")
    v3.add_argument("--v3-priv", choices=priv, metavar="P", help=f"protocol of privacy: {', '.join(priv)}")
    v3.add_argument("--v3-auth-file", metavar="F", help="file with the passphrase of authentication")
    v3.add_argument("--v3-priv-file", metavar="F", help="file with the passphrase of privacy")
    v3.add_argument("--v3-context", metavar="C", help="context name, such as Jetdirect")
    parser.add_argument("--snmp-port", type=int, metavar="N", help="UDP port of the SNMP agents")
    parser.add_argument("--no-http", action="store_true", help="do not ask over HTTP what SNMP leaves open")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--stats", action="store_true", help="also tell packets, bytes, seconds and CPU seconds")


def _traffic(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--days", type=_positive, default=7, metavar="N", help="how many days; those without traffic do not count")


def _found(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Without an action it lists what waits for a decision. It is looked for where scan.dns_sd or scan.neighbours is on; where "
        "scan.new_devices is add, nothing waits."
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action")
    for name, text in (
        ("add", "read these printers from now on, as those in the ranges"),
        ("ignore", "do not read these printers, and do not show them again"),
        ("restore", "let printers that are ignored wait for a decision again"),
    ):
        action = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        action.add_argument("addresses", nargs="+", metavar="ADDRESS", help="the address of a printer that was found")
    actions.add_parser("look", help="look for them now")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _enrol(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "An enrolment string on the command line can be seen in the list of processes while the command runs. "
        "`dca enrol -` reads it from standard input, --file from a file."
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("enrolment", nargs="?", metavar="STRING", help="what the hosting team gave you, or - for standard input")
    source.add_argument("--file", metavar="F", help="file that holds the string")
    parser.add_argument(
        "--ca",
        metavar="FILE",
        help="certificate (PEM) of the authority that vouches for the server, where it is none of the public ones; it joins those "
        "in use",
    )


def _support_bundle(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "There are no secrets in it, no readings and no texts of panels; what the privacy settings mask is masked in it."
    )
    parser.add_argument("file", metavar="FILE", help="the file to write (.tar.gz), or - for standard output")


def _definitions(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, dest="action")
    check = actions.add_parser("check", help="check definitions; an error names file, line and key")
    check.add_argument("files", nargs="+", metavar="FILE", help="a vendor definition (.toml)")
    test = actions.add_parser(
        "test",
        help="show what a definition makes of a recorded device",
        description="Show what a definition makes of a recorded device: the objects it names, what was recorded, what they give.",
    )
    test.add_argument(
        "file", metavar="FILE", help="a vendor definition (.toml); it takes the place of the built-in one of its vendor"
    )
    test.add_argument("--recording", required=True, metavar="R", help="a recorded device (.snmprec)")
    test.add_argument(
        "--document",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="a web document of the device, saved to a file, by its name in the definition; may be given several times",
    )
    test.add_argument("--json", action="store_true", help="print JSON")


def _settings(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, dest="action")
    show = actions.add_parser("show", help="print each setting, its value and who decided it; secrets are hidden")
    show.add_argument("--json", action="store_true", help="print JSON")
    change = actions.add_parser(
        "set",
        help="change settings of the site",
        description="Change settings of the site. All changes of one command are made together, or none.",
        epilog="VALUE: text, a number, on or off, a list with commas, or JSON. null goes back to the value below (hosting server "
        "or built-in). @FILE takes the value from a file, @- from standard input: secrets then stay out of the list of processes.",
    )
    change.add_argument("--yes", action="store_true", help="do not ask about ranges that reach unusually far")
    change.add_argument("changes", nargs="+", metavar="SECTION.FIELD=VALUE")
