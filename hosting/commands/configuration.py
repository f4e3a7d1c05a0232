"""`dca-hosting config`: show and set what is signed for all sites, a group of them, or one."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from appliance.common.clock import to_rfc3339
from appliance.common.plain import plain
from hosting.commands.confirmation import confirmed
from hosting.commands.preparation import open_existing
from hosting.configuration.layer_text import Wanted, read_wanted, shown
from hosting.configuration.publication import Proposal, Publishing
from hosting.configuration.scope import EVERYBODY, Scope, group_scope, site_scope
from hosting.db import configuration, sites
from hosting.db.connection.database import Database
from hosting.errors import ConfigurationError

ACTOR = "command line"


def run(options: argparse.Namespace) -> int:
    """Do what the action says."""
    config, database = open_existing(options)
    with database:
        scope = _scope(options, database)
        publishing = Publishing(config, database)
        return _show(database, publishing, scope) if options.action == "show" else _set(options, publishing, scope)


def _scope(options: argparse.Namespace, database: Database) -> Scope:
    if options.everybody:
        return EVERYBODY
    if options.group:
        return group_scope(options.group)
    with database.reading() as connection:
        site = sites.site_named(connection, options.site)
    if site is None:
        raise ConfigurationError(f"There is no site called {options.site!r}. The command dca-hosting sites lists them.")
    return site_scope(site.site_id, site.name)


def _show(database: Database, publishing: Publishing, scope: Scope) -> int:
    """Print what is in force in the form `set` reads, and on standard error who published it."""
    with database.reading() as connection:
        document = configuration.in_force(connection, scope.path)
    if document is None:
        _tell(f"Nothing is set for {scope.title}.")
    else:
        _tell(f"{scope.path}, version {document.version}, published {to_rfc3339(document.published_at)} by {document.published_by}")
    print(shown(publishing.in_force(scope)))
    return 0


def _set(options: argparse.Namespace, publishing: Publishing, scope: Scope) -> int:
    """Show the difference, ask, publish. 1 when the answer is no."""
    if options.file is None and not options.definition and not options.no_definition:
        raise ConfigurationError("There is nothing to set. Give a FILE, - for standard input, or --definition FILE.")
    publishing.require_repository()
    text = None if options.file is None else _read(options.file)
    _tell(f"Checking the configuration for {scope.title}.")
    proposal = publishing.prepare(scope, lambda before: _wanted(options, text, before))
    if not proposal.changes:
        print(plain(f"Nothing is different: the configuration for {scope.title} stays as it is."))
        return 0
    print(*_lines(proposal), sep="\n", flush=True)
    if not options.yes and not confirmed(answerable=options.file != "-"):
        print("Nothing was published.")
        return 1
    _tell("Signing and publishing.")
    publishing.publish(proposal, actor=ACTOR)
    print(f"Published {scope.path}, version {proposal.version}. Sites learn of it at their next check-in.")
    return 0


def _wanted(options: argparse.Namespace, text: str | None, before: Wanted) -> Wanted:
    wanted = before if text is None else read_wanted(text, before)
    definitions = dict(wanted.definitions)
    for name in options.no_definition:
        if definitions.pop(name, None) is None:
            raise ConfigurationError(f"There is no definition {name!r} in this configuration.")
    definitions |= {Path(file).name: _read(file) for file in options.definition}
    return replace(wanted, definitions=definitions)


def _lines(proposal: Proposal) -> list[str]:
    """Return the difference in lines: `setting: before -> after`, and the text of definitions."""
    lines = [f"Configuration for {proposal.scope.title}, version {proposal.version}:"]
    for change in proposal.changes:
        lines.append(f"  {change.name}: {change.before} -> {change.after}")
        lines += [f"    {line}" for line in change.lines]
    return [plain(line) for line in (*lines, *(f"Warning: {warning}" for warning in proposal.warnings))]


def _read(file: str) -> str:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file} is not UTF-8 text: byte {error.start} cannot be read.") from error


def _tell(sentence: str) -> None:
    print(plain(sentence), file=sys.stderr, flush=True)
