"""`dca settings show` and `dca settings set`."""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from appliance.commands.tables import table
from appliance.common.clock import utc_now
from appliance.common.errors import SettingsError
from appliance.common.files import BYTE_ORDER_MARK
from appliance.common.log import configure_logging
from appliance.common.paths import Paths
from appliance.common.plain import plain_json
from appliance.privacy.choice import choice, choose
from appliance.process.reload import reload_components
from appliance.settings.environment import is_quoted
from appliance.settings.layers import Effective, warnings_of, warnings_of_change
from appliance.settings.model import Settings, SnmpCredential
from appliance.settings.presentation import in_words, visible
from appliance.settings.reach import unusual_reach
from appliance.settings.store import SettingsStore


def run(arguments: argparse.Namespace) -> int:
    """Show or change the settings."""
    configure_logging("cli", level="ERROR", stream=sys.stderr)
    paths = Paths.from_environment()
    paths.prepare()
    store = SettingsStore(paths.settings)
    if arguments.action == "show":
        _show(store.effective(), as_json=arguments.json)
    else:
        changes = parse_changes(arguments.changes)
        if not arguments.yes and not _is_meant(changes, store):
            print("Nothing was changed.", file=sys.stderr)
            return 1
        effective = store.change_site(changes)
        for warning in warnings_of_change(changes, effective, utc_now().date()):
            print(f"dca: {warning}", file=sys.stderr)
        _show_changed(effective, changes)
        asyncio.run(reload_components(paths))
        if "privacy" in changes and choice(store) is None:
            choose(store, "command", utc_now())
            asyncio.run(reload_components(paths))
    return 0


def _show(effective: Effective, *, as_json: bool) -> None:
    rows = list(visible(effective))
    if as_json:
        document = {path: {"value": value, "layer": layer, "variable": variable} for path, value, layer, variable in rows}
        print(plain_json(document, indent=2))
        return
    lines = [[path, in_words(value), f"{layer} ({variable})" if variable else layer] for path, value, layer, variable in rows]
    print(table(lines, ("SETTING", "VALUE", "SET BY")))
    if effective.left_out:
        print(f"dca: the signed configuration is not in force: {effective.left_out}", file=sys.stderr)
    for warning in warnings_of(effective, utc_now().date()):
        print(f"dca: {warning}", file=sys.stderr)


def _show_changed(effective: Effective, changes: Mapping[str, Mapping[str, Any]]) -> None:
    for path, value, layer, _ in visible(effective):
        section, _, field = path.partition(".")
        if field in changes.get(section, {}):
            print(f"{path}: {in_words(value)}" + ("" if layer == "site" else f" ({layer})"))


def _is_meant(changes: Mapping[str, Mapping[str, Any]], store: SettingsStore) -> bool:
    """Return whether ranges may be set as they are: at once as a rule, of an unusual reach when a person says so.

    Raises SettingsError where nobody can be asked.
    """
    scan = changes.get("scan", {})
    if not isinstance(scan.get("targets"), list):
        return True
    pace = str(scan.get("packets_per_second") or "")
    in_force = store.effective().settings.scan.packets_per_second
    reach = " ".join(unusual_reach(scan["targets"], int(pace) if pace.isdecimal() and int(pace) else in_force))
    if not reach:
        return True
    if not sys.stdin.isatty():
        raise SettingsError(f"{reach} If that is meant, add --yes; nothing was changed.")
    print(f"dca: {reach}", file=sys.stderr)
    try:
        return input("Is that meant? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def parse_changes(words: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the changes that `SECTION.FIELD=VALUE` words ask for. Raises SettingsError naming what is no setting."""
    changes: dict[str, dict[str, Any]] = {}
    for word in words:
        path, equals, text = word.partition("=")
        section, _, name = path.strip().partition(".")
        if not equals:
            raise SettingsError(f"{word!r} is no change of a setting. Write SECTION.FIELD=VALUE, for example scan.read_minutes=30.")
        changes.setdefault(section, {})[name] = _value(_field(section, name), _from_file(path, text))
    return changes


def _field(section: str, name: str) -> Any:
    """Return the type of a setting. Raises SettingsError when there is no such setting."""
    model = Settings.model_fields[section].annotation if section in Settings.model_fields else None
    if not (isinstance(model, type) and issubclass(model, BaseModel) and name in model.model_fields):
        raise SettingsError(f"There is no setting {section}.{name}. `dca settings show` lists all of them.")
    return model.model_fields[name].annotation


def _from_file(path: str, text: str) -> str:
    """Return the value itself, or what the file holds that `@FILE` names."""
    if not text.startswith("@"):
        return text
    try:
        content = sys.stdin.read() if text == "@-" else Path(text[1:]).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"The value of {path} cannot be read from {text[1:]}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"The value of {path} cannot be read from {text[1:]}: it is no text in UTF-8.") from error
    if is_quoted(content := content.removeprefix(BYTE_ORDER_MARK).rstrip("\r\n")):
        print(
            f"dca: what {text[1:]} holds begins and ends with a quotation mark, and both are taken as part of it.", file=sys.stderr
        )
    return content


def _value(kind: Any, text: str) -> Any:
    """Return the value that `text` means for a setting of type `kind`; what it cannot be is left to the model to refuse."""
    if text == "null":
        return None
    is_list = getattr(kind, "__origin__", None) is tuple
    if kind is bool and text.lower() in ("on", "off", "yes", "no"):
        return text.lower() in ("on", "yes")
    if is_list and text.lstrip().startswith("["):
        return _json(text)
    if is_list:
        items = [item.strip() for item in text.replace("\n", ",").split(",") if item.strip()]
        if get_args(kind)[0] == SnmpCredential:
            return [{"name": f"credential {number}", "community": item} for number, item in enumerate(items, 1)]
        return items
    return text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise SettingsError("A value that begins with [ has to be JSON, and this one is not.") from error
