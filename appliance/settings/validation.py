"""Whether values are settings, in words for a person. Pure; the hosting server says the same of what it publishes."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from appliance.common.errors import SettingsError
from appliance.common.faults import fault_words
from appliance.common.message import Message, sentences
from appliance.settings.model import CREDENTIAL_KINDS, Settings

_UNKNOWN = Message("there is no such setting")


def validate(values: Mapping[str, Any], variables: Mapping[str, str] | None = None) -> Settings:
    """Return the settings made of `values` and defaults. Raises SettingsError, one sentence for each value that is not valid.

    `variables` names for a path the variable of the environment that set it: that is where it has to be changed.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        found = []
        for path, message in problems(error):
            variable = (variables or {}).get(".".join(path.split(".")[:2]))
            name = Message("%(path)s (set by %(variable)s)", path=path, variable=variable) if variable else path
            found.append(_about(name or Message("The settings"), message))
        raise SettingsError(sentences(*found)) from error


def validate_section(section: str, values: Mapping[str, Any]) -> None:
    """Raise SettingsError, one sentence for each value, unless `values` are fields of a section with values it may have."""
    model = Settings.model_fields[section].annotation if section in Settings.model_fields else None
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise SettingsError(_about(section[:60], _UNKNOWN))
    try:
        model.model_validate(values)
    except ValidationError as error:
        found = (_about(f"{section}.{path[:200]}", message) for path, message in problems(error)[:10])
        raise SettingsError(sentences(*found)) from error


def problems(error: ValidationError) -> list[tuple[str, str]]:
    """Return `(section.field, message)` for each problem, in words for a person; values are left out, for some are secret."""
    found = []
    for item in error.errors(include_url=False, include_input=False):
        path = ".".join(str(part) for part in item["loc"] if part not in CREDENTIAL_KINDS)
        found.append((path, fault_words(item, _UNKNOWN)))
    return found


def _about(name: str, message: str) -> Message:
    return Message("%(name)s: %(problem)s", name=name, problem=ended(message))


def ended(message: str) -> str:
    """Return a message as a sentence: with a full stop at its end."""
    return message if message.endswith(".") else Message("%(message)s.", message=message)
