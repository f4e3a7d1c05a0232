"""`dca update …`: what a person asks of the appliance that runs, about configuration and versions."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import IO, Any

from appliance.common.clock import zone_fault
from appliance.common.errors import ControlError, DcaError
from appliance.common.files import to_json
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.process.client import ControlClient
from appliance.process.reload import reload_components
from appliance.release.incoming_bundles import open_bundle, room_for_bundle, settle_bundle, unfinished_bundle
from appliance.settings.store import SettingsStore, rejection_of
from updater.commands.update_texts import status_lines
from updater.errors import InstallError

LOOK_SECONDS = 0.3
CALL_SECONDS = 60.0
"""Going back waits for the components to read their settings."""
CANCEL_SECONDS = 150.0
STANDARD_INPUT = "-"
OFF = "off"


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the commands."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, text: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False)
        command.set_defaults(run=run)
        return command

    add("status", "say which version is installed and offered, why it waits, and what became of others", status).add_argument(
        "--json", action="store_true", help="for programs"
    )
    add("check", "fetch and verify what is new at the hosting server", check)
    add("apply", "install the version that is offered, now, also outside the window", apply).add_argument(
        "--version", default="", metavar="V", help="only if it is this one"
    )
    add("rollback", "go back to the version before", roll_back)
    add("cancel", "give up what is being installed, as long as nothing was switched", cancel)
    add("hold", "show or set the day until whose end no version is installed by itself", hold).add_argument(
        "until", nargs="?", metavar="DATE", help=f"2026-12-24, or {OFF}"
    )
    bundle_parser = add("bundle", "install from a bundle of the hosting team", bundle)
    bundle_parser.add_argument("file", metavar="FILE", help=f"the bundle, {STANDARD_INPUT} for standard input")
    bundle_parser.add_argument("--allow-expired", action="store_true", help="also when its signatures have expired; it is noted")
    add("allow", "let a version be installed again that was taken back", allow).add_argument("version", metavar="VERSION")
    add("back", "go back to the configuration before", back)


def status(options: argparse.Namespace) -> int:
    """Print what is known of versions; also while the appliance does not run, then less."""
    # Loads the package of the engine, for this command alone.
    from updater.engine.probe import probe  # noqa: PLC0415

    answer = probe()
    try:
        update = asyncio.run(_client().call("GET", "/v1/update"))
    except ControlError as error:
        update, reason = None, str(error)
    rejection = rejection_of(Paths.from_environment().settings)
    if options.json:
        told = {"version": installed_version(), "update": update, "configuration_rejected": rejection}
        print(to_json(answer.to_json() | told).decode())
    else:
        print("\n".join(status_lines(installed_version(), answer, update)))
        for line in filter(None, (rejection, zone_fault())):
            print(line)
        if update is None:
            print(reason)
    return 0


def check(_options: argparse.Namespace) -> int:
    """Check for what is new, wait, and print how it went in a sentence; exit code 1 when that was not well."""
    return asyncio.run(_check(_client()))


def apply(options: argparse.Namespace) -> int:
    """Install what is offered, and print how far it is until the container is replaced."""
    return asyncio.run(_order("/v1/update/apply", {"version": options.version}))


def roll_back(_options: argparse.Namespace) -> int:
    """Go back to the version before, and print how far it is until the container is replaced."""
    return asyncio.run(_order("/v1/update/rollback", {}))


def cancel(_options: argparse.Namespace) -> int:
    """Give up what is under way, and print what became of it in a sentence."""
    client = ControlClient(Paths.from_environment().supervisor_socket, "appliance", timeout=CANCEL_SECONDS)
    print(asyncio.run(client.call("POST", "/v1/update/cancel", {"by": "console"}))["text"])
    return 0


def bundle(options: argparse.Namespace) -> int:
    """Bring a bundle into the data folder where it is not there, and install from it."""
    paths = Paths.from_environment()
    file = _brought(paths, options.file)
    return asyncio.run(_order("/v1/update/bundle", {"path": str(file), "allow_expired": options.allow_expired}))


def allow(options: argparse.Namespace) -> int:
    """Let a version be offered again."""
    asyncio.run(_client().call("POST", "/v1/update/allow", {"version": options.version}))
    print(f"Version {options.version} may be installed again.")
    return 0


def back(_options: argparse.Namespace) -> int:
    """Go back to the configuration before, and print what was done in a sentence."""
    print(asyncio.run(_client().call("POST", "/v1/update/back", {}))["text"])
    return 0


def hold(options: argparse.Namespace) -> int:
    """Show the day before which no version is installed, or set it. Works while the appliance does not run."""
    paths = Paths.from_environment()
    paths.prepare()
    store = SettingsStore(paths.settings)
    if options.until:
        until = None if options.until == OFF else _day(options.until)
        store.change_site({"update": {"hold_until": until and until.isoformat()}})
        asyncio.run(reload_components(paths))
    effective = store.effective()
    held = effective.settings.update.hold_until
    by = "" if effective.layer_of("update.hold_until") in ("site", "default") else f" ({effective.layer_of('update.hold_until')})"
    print(f"No version is installed by itself until the end of {held}{by}." if held else "New versions are not held.")
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InstallError(f"{text!r} is no day. Write it as 2026-12-24, or write {OFF}.") from error


def _brought(paths: Paths, name: str) -> Path:
    """Return the bundle as a file of the data folder. Raises InstallError."""
    file = Path(name).resolve()
    if name != STANDARD_INPUT and file.is_relative_to(paths.data.resolve()):
        return file
    try:
        if name == STANDARD_INPUT:
            return _copied(sys.stdin.buffer, paths)
        with file.open("rb") as stream:
            return _copied(stream, paths)
    except OSError as error:
        unfinished_bundle(paths).unlink(missing_ok=True)
        about = error.filename or paths.bundle
        raise InstallError(f"The bundle could not be copied into the data folder: {error.strerror} ({about}).") from error


def _copied(stream: IO[bytes], paths: Paths) -> Path:
    """Copy as much as there is room for, and return the copy. Raises InstallError, OSError."""
    with open_bundle(paths) as written:
        while chunk := stream.read(1 << 20):
            if room_for_bundle(paths) == 0:
                unfinished_bundle(paths).unlink()
                raise InstallError("There is no room for the bundle in the data folder. Free some space on the host.")
            written.write(chunk)
        return settle_bundle(written, paths)


def _client() -> ControlClient:
    return ControlClient(Paths.from_environment().supervisor_socket, "appliance", timeout=CALL_SECONDS)


async def _check(client: ControlClient) -> int:
    before = (await client.call("GET", "/v1/update"))["last_check"]
    await client.call("POST", "/v1/update/check", {})
    while True:
        update = await client.call("GET", "/v1/update")
        last = update["last_check"]
        # One that was under way is followed by ours.
        if last and last != before and not update["checking"]:
            break
        await asyncio.sleep(LOOK_SECONDS)
    if not last["ok"]:
        raise ControlError(str(last["text"]))
    print(last["text"])
    decision = update["image"]["decision"]
    if decision and decision["version"]:
        print(f"Version {decision['version']} is offered. {decision['text']}")
    return 0


async def _order(call: str, body: dict[str, Any]) -> int:
    """Ask for an installation; print how far it is until the container is replaced, or why it is not. Raises ControlError."""
    client = _client()
    before = (await _image(client))["last_attempt"]
    await client.call("POST", call, body | {"by": "console"})
    told = ""
    while (image := await _image(client))["last_attempt"] == before:
        said = image["progress"] or {}
        percent = f", {said['percent']} %" if said.get("percent") is not None else ""
        if said and (line := f"{said['stage']}{percent}: {said['text']}") != told:
            told = line
            print(line, flush=True)
        await asyncio.sleep(LOOK_SECONDS)
    last = image["last_attempt"]
    if last["what"] not in ("switching", "nothing"):
        raise DcaError(str(last["text"]))
    print(last["text"])
    if last["what"] == "switching":
        print("The container is being replaced; this command ends with it. `dca update status` tells how it went.")
    return 0


async def _image(client: ControlClient) -> dict[str, Any]:
    return dict((await client.call("GET", "/v1/update"))["image"])
