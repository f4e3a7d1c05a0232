"""Settings as people see them: each with the layer that decided it, secrets hidden."""

from collections.abc import Iterator
from typing import Any

from appliance.common.log import HIDDEN, is_secret
from appliance.settings.layers import Effective


def visible(effective: Effective) -> Iterator[tuple[str, Any, str, str | None]]:
    """Yield path, value, layer and (for the layer environment) variable of each setting, secrets hidden."""
    for section, fields in effective.settings.model_dump(mode="json").items():
        for name, value in fields.items():
            path = f"{section}.{name}"
            layer = effective.layer_of(path)
            variable = effective.variables.get(path) if layer == "environment" else None
            yield path, _without_secrets(name, value), layer, variable


def in_words(value: Any) -> str:
    """Return a value of a setting in one line."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(in_words(item) for item in value) or "-"
    if isinstance(value, dict):
        return " ".join(f"{key}={item}" for key, item in value.items() if item != "")
    return "-" if value in ("", None) else str(value)


def difference(before: Effective, after: Effective) -> list[tuple[str, str, str]]:
    """Return `(path, value before, value after)` in words for each setting whose value is another one."""
    old = {path: value for path, value, _, _ in visible(before)}
    return [(path, in_words(old[path]), in_words(value)) for path, value, _, _ in visible(after) if value != old[path]]


def _without_secrets(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_secrets(name, inner) for inner in value]
    return HIDDEN if value and is_secret(name) else value
