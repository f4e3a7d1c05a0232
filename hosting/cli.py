"""The `dca-hosting` command: declares the commands and their options. The work is in `hosting.commands`, loaded when needed."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from appliance.common.plain import plain
from appliance.common.version import installed_version
from appliance.release import HealthGateTimes
from hosting.errors import HostingServerError

SIGN = (
    "Compare a draft with what this machine trusts, show all that is different, ask, add one signature, and show who is still "
    "lacking. Needs no data folder."
)
TOKEN_SCOPES = ("read:devices", "read:meters", "read:sites")
"""As `hosting.db.tokens` has them, which takes too long to load for what is no token."""
TRUST = "folder with what this machine trusts; default: `trust` beside the key file"


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
    print(f"dca-hosting: {plain(sentence)}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dca-hosting", description="The hosting server of the DCA appliance.")
    parser.add_argument("--version", action="version", version=f"dca-hosting {installed_version()}")
    parser.add_argument("--log-level", default="info", choices=("debug", "info", "warning", "error"), help="default: info")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    init = _command(commands, "init", "set up the data folder: database, account admin, certificate")
    init.add_argument("--name", action="append", default=[], metavar="HOST", help="host name or address in the certificate")
    init.add_argument("--citus", action="store_true", help="split the tables of sites among the workers of a Citus cluster")
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

    code = _command(commands, "enrolment-code", "make one-time enrolment strings for sites")
    named = code.add_mutually_exclusive_group(required=True)
    named.add_argument("--site", metavar="NAME", help="name of the site; made when there is none of that name")
    named.add_argument("--names", metavar="FILE", help="file with names of many sites, one a line; a string for each is printed")
    code.add_argument("--url", required=True, metavar="URL", help="address of this server as the site reaches it")
    code.add_argument("--days", type=int, default=7, help="days until the code expires, default: 7")

    _declare_tokens(commands)
    password = _command(commands, "reset-password", "set a new password and end all sessions of an account")
    password.add_argument("--account", default="admin", metavar="NAME", help="default: admin")
    password.add_argument("--password-file", metavar="F", help="file with the new password; without it one is made and shown")

    _declare_lists(commands)
    _declare_care(commands)
    _declare_configuration(commands)
    _declare_signing(commands)
    _declare_repository(commands)
    _declare_releases(commands)
    return parser


def _declare_lists(commands: Any) -> None:
    for name, text in (("sites", "list the sites"), ("devices", "list the devices")):
        listing = _command(commands, name, text)
        listing.add_argument("--json", action="store_true", help="as JSON")
    jobs = _command(commands, "jobs", "list what the server does by itself: last run, rows, seconds, next run")
    jobs.add_argument("--json", action="store_true", help="as JSON")
    again = "run one now, unless a server is at it; may be given again"
    jobs.add_argument("--run", action="append", default=[], metavar="NAME", help=again)


def _declare_care(commands: Any) -> None:
    doctor = _command(commands, "doctor", "say what is wrong with this installation and how to mend it; ends with 1 where it is")
    doctor.add_argument("--json", action="store_true", help="as JSON")
    doctor.add_argument("--cert", metavar="F", help="certificate, where serve is given another than that of the data folder")
    doctor.add_argument("--key", metavar="F", help="its key")
    doctor.add_argument("--public-url", action="append", default=[], metavar="URL", help="as given to serve")
    backup = _command(commands, "backup", "write all that the server needs to be itself into one file, while it runs")
    backup.add_argument("file", metavar="FILE", help="file to write; - is standard output")
    restore = _command(commands, "restore", "make a server of a backup, in an empty data folder and an empty database")
    restore.add_argument("file", metavar="FILE", help="file that dca-hosting backup has written")


def _declare_tokens(commands: Any) -> None:
    actions = commands.add_parser("token", help="tokens, with which programs read over the API").add_subparsers(
        required=True, metavar="ACTION"
    )
    create = _command(actions, "create", "make a token and print it, which is done this once")
    create.add_argument("--name", required=True, metavar="NAME", help="what the token is for")
    create.add_argument(
        "--scope", action="append", default=[], choices=TOKEN_SCOPES, help="what it opens; may be given again; default: all"
    )
    create.add_argument("--expires", metavar="DATE", help="the last day it is good for; default: it never ends")
    listing = _command(actions, "list", "list the tokens: state, end, last use, what they open, name")
    listing.add_argument("--json", action="store_true", help="as JSON")
    revoke = _command(actions, "revoke", "let a token open nothing any more")
    revoke.add_argument("name", metavar="NAME", help="name of the token")
    for action, parser in (("create", create), ("list", listing), ("revoke", revoke)):
        parser.set_defaults(module="hosting.commands.token", action=action)


def _declare_configuration(commands: Any) -> None:
    actions = commands.add_parser("config", help="what the hosting team sets for sites, signed").add_subparsers(
        required=True, metavar="ACTION"
    )
    show = _command(actions, "show", "show what is set, in the form that config set reads")
    setting = _command(actions, "set", "show the difference, sign and publish it")
    for action, parser in (("show", show), ("set", setting)):
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument("--site", metavar="NAME", help="one site, by its name or id")
        whom.add_argument("--group", metavar="GROUP", help="the sites of a group")
        whom.add_argument("--global", action="store_true", dest="everybody", help="all sites")
        parser.set_defaults(module="hosting.commands.configuration", action=action)
    setting.add_argument("file", nargs="?", metavar="FILE", help="JSON {section: {field: value}}; - is standard input")
    setting.add_argument("--definition", action="append", default=[], metavar="F", help="add or replace a vendor definition")
    setting.add_argument("--no-definition", action="append", default=[], metavar="NAME", help="take a vendor definition away")
    setting.add_argument("--yes", action="store_true", help="publish without a question")

    about = commands.add_parser("site", help="what a site is here").add_subparsers(required=True, metavar="ACTION")
    site = _command(about, "set", "set the group of sites, until when they are served, and whether they are")
    site.set_defaults(module="hosting.commands.site.settings")
    site.add_argument("name", metavar="NAME", nargs="?", help="name or id of the site")
    site.add_argument("--matching", metavar="WORDS", help="instead: all sites whose name has these words in it")
    site.add_argument("--in-group", metavar="GROUP", help="instead, or of those: all sites of a group")
    site.add_argument("--file", metavar="CSV", help="instead: the sites of a file with the columns site (name or id) and group")
    for pair in (
        (("--group", "put it into a group"), ("--no-group", "take it out of its group")),
        (("--expires", "serve it until the end of a day"), ("--no-expiry", "serve it for ever")),
        (("--deactivate", "turn it away until it is activated"), ("--activate", "serve it again")),
        (("--revoke", "refuse its key"), ("--admit", "accept its key again")),
    ):
        either = site.add_mutually_exclusive_group()
        for option, text in pair:
            metavar = {"--group": "GROUP", "--expires": "DATE"}.get(option)
            if metavar:
                either.add_argument(option, metavar=metavar, help=text)
            else:
                either.add_argument(option, action="store_true", help=text)

    _declare_removal(about)


def _declare_removal(about: Any) -> None:
    actions = {
        "export": "write all that a site has sent into a ZIP file",
        "rename": "give a site another name",
        "remove": "turn a site away and remove it, or one of its devices, after some days",
        "keep": "call a removal off",
    }
    parsers = {action: _command(about, action, text) for action, text in actions.items()}
    for action, parser in parsers.items():
        module = "export" if action == "export" else "removal"
        parser.set_defaults(module=f"hosting.commands.site.{module}", action=action)
        parser.add_argument("name", metavar="NAME", help="name or id of the site")
    parsers["export"].add_argument("file", metavar="FILE", help="file to write")
    parsers["rename"].add_argument("new", metavar="NEW", help="name it is to have")
    for action in ("remove", "keep"):
        parsers[action].add_argument("--device", metavar="KEY", help="this device of the site alone")
    parsers["remove"].add_argument("--days", type=int, default=30, help="days until then, default: 30")
    parsers["remove"].add_argument("--export", metavar="FILE", help="write all that the site has sent into a ZIP file before")
    parsers["remove"].add_argument("--yes", action="store_true", help="plan it without a question")


def _declare_signing(commands: Any) -> None:
    about_keys = commands.add_parser("keys", help="make a key for somebody who signs, and say which root they trust")
    keys = about_keys.add_subparsers(required=True, metavar="ACTION")
    new = keys.add_parser("new", help="make NAME.key, encrypted with a passphrase, and NAME.pub")
    new.add_argument("name", metavar="NAME", help="name of the files")
    new.add_argument("--out", required=True, metavar="DIR", help="folder for both files")
    new.add_argument("--passphrase-file", metavar="F", help="file with the passphrase; without it, it is asked")
    new.set_defaults(module="hosting.commands.keys", action="new")
    trust = keys.add_parser("trust", help="trust a published root that somebody else who signs has brought")
    trust.add_argument("root", metavar="ROOT", help="root.json, from the folder `trust` beside their key")
    trust.add_argument("--key", metavar="FILE", help="key file; its folder gets the folder `trust`")
    trust.add_argument("--trust", metavar="DIR", help=TRUST)
    trust.add_argument("--sha256", metavar="HASH", help="SHA-256 that the file has to have; then nothing is asked")
    trust.add_argument("--yes", action="store_true", help="trust it without a question")
    trust.set_defaults(module="hosting.commands.keys", action="trust")

    sign = commands.add_parser("sign", help="add a signature to a draft of the repository", description=SIGN)
    sign.add_argument("draft", metavar="DRAFT", help="file of the folder drafts of the repository, or a copy of it")
    sign.add_argument(
        "--key", required=True, metavar="FILE|URI", help="key file, or URI of a key in an HSM or KMS (hsm:, awskms:, …)"
    )
    sign.add_argument("--passphrase-file", metavar="F", help="file with the passphrase; without it, it is asked")
    sign.add_argument("--trust", metavar="DIR", help=TRUST)
    sign.add_argument("--root-sha256", metavar="HASH", help="where nothing is trusted yet: SHA-256 of a published root")
    sign.add_argument("--yes", action="store_true", help="sign without a question")
    sign.set_defaults(module="hosting.commands.sign")


def _declare_repository(commands: Any) -> None:
    about = commands.add_parser("repository", help="the TUF repository, from which sites get what was signed")
    actions = about.add_subparsers(required=True, metavar="ACTION")
    init = _action(actions, "init", "make the keys of the server, and drafts that wait for signatures")
    for role in ("root", "targets", "release"):
        init.add_argument(f"--{role}-key", action="append", default=[], metavar="PUB", help=f"public key of one who signs {role}")
    init.add_argument("--threshold", type=int, default=2, metavar="N", help="how many of them have to sign, default: 2")
    init.add_argument(
        "--online-key", action="append", default=[], metavar="ROLE=PUB", help="key of the server in an HSM or KMS; default: a file"
    )
    init.add_argument("--local-keys", metavar="DIR", help="make all keys in DIR, sign and publish at once")
    init.add_argument("--passphrase-file", metavar="F", help="file with the passphrase of --local-keys; without it, it is asked")
    _action(actions, "publish", "publish the drafts that enough people have signed")
    renew = _action(actions, "renew", "make a draft that prolongs what people signed")
    renew.add_argument("role", choices=("root", "targets", "release"), help="the role to prolong")
    rotate = _action(actions, "rotate", "make drafts that put other keys into force; name all keys of a role, also those that stay")
    for role in ("root", "targets", "release"):
        rotate.add_argument(f"--{role}-key", action="append", default=[], metavar="PUB", help=f"public key of one who signs {role}")
    rotate.add_argument("--threshold", type=int, metavar="N", help="how many of them have to sign; default: as before")
    rotate.add_argument(
        "--online",
        action="append",
        default=[],
        metavar="ROLE",
        choices=("snapshot", "timestamp", "config"),
        help="new key of the server",
    )
    rotate.add_argument(
        "--online-key", action="append", default=[], metavar="ROLE=PUB", help="new key of the server in an HSM or KMS"
    )
    rotate.add_argument("--lost", action="store_true", help="the former keys of targets cannot sign any more")
    status = _action(actions, "status", "show each role: until when it is valid, and who signed it; ends with 1 when one is late")
    status.add_argument("--json", action="store_true", help="as JSON, each bin of sites by itself")


def _declare_releases(commands: Any) -> None:
    about = commands.add_parser("release", help="versions of the appliance, and which sites are offered which")
    actions = about.add_subparsers(required=True, metavar="ACTION")
    add = _action(actions, "add", "make a draft with one more release, for people to sign", "release")
    add.add_argument("version", metavar="VERSION", help="for example 0.2.0")
    add.add_argument("--archive", action="append", default=[], metavar="F", help="docker save IMAGE | gzip; one for each platform")
    add.add_argument("--image", metavar="REPO:TAG", help="image in a registry, by a tag or REPO@sha256:…")
    add.add_argument("--credentials", metavar="F", help="file with the login for the registry: USER:PASSWORD, or of docker login")
    add.add_argument("--notes", metavar="F", help="file with what is new, for the admins of sites")
    add.add_argument("--counter", type=int, metavar="N", help="rises with each release; default: the next")
    add.add_argument("--min-version", metavar="VERSION", help="oldest version that may move to it")
    add.add_argument("--min-engine-api", default="1.41", metavar="N.N", help="oldest API of an engine, default: 1.41")
    add.add_argument("--allow-downgrade-from", type=int, metavar="N", help="sites up to this number may go down to it")
    add.add_argument(
        "--late-rollback", action="store_true", help="sites at which it proves unstable within a day go back to the version before"
    )
    add.add_argument("--switcher", choices=("old", "new"), default="old", help="image that does the switch, default: old")
    usual = HealthGateTimes()
    deadline, steady = usual.deadline_seconds, usual.steady_seconds
    until, so_long = f"until it has to be good, default: {deadline}", f"so long it has to stay good, default: {steady}"
    add.add_argument("--deadline", type=int, default=deadline, metavar="SECONDS", help=until)
    add.add_argument("--steady", type=int, default=steady, metavar="SECONDS", help=so_long)
    withdraw = _action(actions, "withdraw", "make a draft without a release, for people to sign", "release")
    withdraw.add_argument("version", metavar="VERSION", help="version that no site is to move to any more")
    listing = _action(actions, "list", "list the releases of a channel", "release")
    listing.add_argument("--json", action="store_true", help="as JSON")
    rollout = _action(actions, "rollout", "say which release sites are offered: shows the difference, asks, publishes", "release")
    whom = rollout.add_mutually_exclusive_group()
    whom.add_argument("--group", metavar="GROUP", help="only the sites of a group")
    whom.add_argument("--site", metavar="NAME", help="only one site, by its name or id")
    rollout.add_argument("--version", metavar="VERSION", help="release to offer")
    rollout.add_argument("--percent", type=int, metavar="N", help="share of the sites, always the same ones first")
    rollout.add_argument("--not-before", metavar="TIME", help="such as 2027-01-31T22:00Z; none takes it away")
    what = rollout.add_mutually_exclusive_group()
    for name, text in (
        ("pause", "nothing is begun until --resume"),
        ("resume", "go on"),
        ("hold", "keep them where they are, whatever others are offered"),
        ("unpin", "offer them again what others are offered"),
    ):
        what.add_argument(f"--{name}", action="store_true", help=text)
    rollout.add_argument("--yes", action="store_true", help="publish without a question")
    for parser in (add, withdraw, listing, rollout):
        parser.add_argument("--channel", default="stable", metavar="NAME", help="default: stable")
    bundle = _command(commands, "bundle", "write a release into a file, for sites without a way to this server")
    bundle.add_argument("--channel", default="stable", metavar="NAME", help="default: stable")
    bundle.add_argument("--version", metavar="VERSION", help="release; default: the one that all sites are offered")
    bundle.add_argument("--platform", default="linux/amd64", metavar="NAME", help="linux/amd64 (default) or linux/arm64")
    bundle.add_argument("--out", required=True, metavar="FILE", help="file to write, for example dca-0.2.0.tar")


def _action(actions: Any, name: str, text: str, module: str = "repository") -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    action.add_argument("--data", metavar="DIR", help="data folder; default: DCA_HOSTING_DATA_DIR")
    action.set_defaults(module=f"hosting.commands.{module}", action=name)
    return action


def _command(commands: Any, name: str, text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.add_argument("--data", metavar="DIR", help="data folder; default: DCA_HOSTING_DATA_DIR")
    command.set_defaults(module=f"hosting.commands.{name.replace('-', '_')}")
    return command
