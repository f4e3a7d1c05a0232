"""`python -m updater selftest --preflight`: whether this version can take over here. Prints its report as JSON, exit code 0 if so.

It runs in a container of the new image that has no network, no socket and nothing of the data volume but a copy of its small state
(`updater.installation.preflight`), and asks: is each file as it was built; does every module load; does the new settings model take
the settings of this site, its environment and what was received; can the database be migrated. Nothing of it changes
anything outside.
"""

import argparse
import importlib
import os
import pkgutil
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import Any

from appliance.common.errors import DcaError
from appliance.common.files import to_json
from appliance.common.message import Message, message_of
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from updater.errors import SelfTestError
from updater.installation import manifest

ROOMS = ("appliance", "updater", "web", "webui")
REHEARSAL_SECONDS = 60.0

Check = Callable[[], str]
"""Returns what was found, in a phrase. Raises DcaError when it is not well."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--preflight", action="store_true", required=True, help="before a container of this image takes over")
    parser.add_argument(
        "--configuration-in-force", action="store_true", help="the signed configuration is in force now, and has to stay so"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    report = run(Paths.from_environment(), os.environ, configuration_in_force=options.configuration_in_force)
    print(to_json(report).decode())
    return 0 if report["ok"] else 1


def run(paths: Paths, environment: Mapping[str, str], *, configuration_in_force: bool = False) -> dict[str, Any]:
    """Return `{"version", "ok", "seconds", "checks": [{"name", "ok", "text"}]}`; all checks are made, whatever one finds."""
    began = time.monotonic()
    checks: dict[str, Check] = {
        "files": _files,
        "modules": _modules,
        "settings": lambda: _settings(paths, environment, configuration_in_force=configuration_in_force),
        "definitions": lambda: _definitions(paths),
        "readings": lambda: _readings(paths.readings),
    }
    results = [_result(name, check) for name, check in checks.items()]
    return {
        "version": installed_version(),
        "ok": all(result["ok"] for result in results),
        "seconds": round(time.monotonic() - began, 2),
        "checks": results,
    }


def _result(name: str, check: Check) -> dict[str, Any]:
    try:
        return {"name": name, "ok": True, "text": check()}
    except DcaError as error:
        return {"name": name, "ok": False, "text": message_of(error)}
    except Exception as error:  # noqa: BLE001 - a damaged or unfit image fails in any way, and that is the answer
        return {"name": name, "ok": False, "text": f"{type(error).__name__}: {error}"}


def _files() -> str:
    checked = manifest.check()
    if checked.faults:
        raise SelfTestError(Message("The image is damaged: %(text)s.", text=checked.text))
    return checked.text


def _modules() -> str:
    names = [*sorted(_outside()), *_own()]
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:
            raise SelfTestError(
                Message(
                    "The module %(name)s does not load: %(kind)s: %(reason)s.",
                    name=name,
                    kind=type(error).__name__,
                    reason=message_of(error),
                )
            ) from error
    return f"all {len(names)} modules load"


def _own() -> Iterator[str]:
    """Yield the modules of the rooms that the image carries, without those that are programs."""
    for room in ROOMS:
        package = importlib.import_module(room)
        yield room
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            if not module.name.endswith(".__main__"):
                yield module.name


def _outside() -> Iterator[str]:
    """Yield the packages of others that the product names as what it needs: some are loaded late."""
    needed = [line for line in requires("dca-appliance") or () if "extra ==" not in line]
    wanted = {re.split(r"[^\w.-]", line, maxsplit=1)[0].lower() for line in needed}
    for package, distributions in packages_distributions().items():
        # What begins with `_` is loaded by its own library, which may also have it elsewhere than it says.
        public = package.isidentifier() and not package.startswith("_")
        if public and wanted.intersection(name.lower() for name in distributions):
            yield package


def _settings(paths: Paths, environment: Mapping[str, str], *, configuration_in_force: bool) -> str:
    from appliance.settings.store import SettingsStore  # noqa: PLC0415 - where it does not load, that is what the check finds

    store = SettingsStore(paths.settings, environment)
    effective = store.effective()
    if effective.left_out and configuration_in_force:
        raise SelfTestError(f"The signed configuration that is in force would be so no longer: {effective.left_out}")
    store.received()
    return f"{len(effective.origins)} settings are taken as they are"


def _definitions(paths: Paths) -> str:
    files = [file for folder in (paths.definitions, paths.received_definitions) for file in sorted(folder.glob("*.toml"))]
    if files:
        _child(str(Path(sys.executable).with_name("dca")), "definitions", "check", *map(str, files))
    return f"{len(files)} definitions of vendors can be used" if files else "there are no definitions but the built-in ones"


def _readings(copy: Path) -> str:
    if not copy.exists():
        return "there is no database yet"
    return _child(sys.executable, "-P", "-m", "appliance.store.rehearsal", "migrate", str(copy))


def _child(*words: str) -> str:
    """Return what a program of another room says. Raises SelfTestError with its own sentence when it fails."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=REHEARSAL_SECONDS, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise SelfTestError(
            said[-1].removeprefix("dca: ")
            if said
            else Message("It ended with exit code %(returncode)s.", returncode=done.returncode)
        )
    return done.stdout.strip()
