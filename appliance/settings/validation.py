"""Whether values are settings, in words for a person. Pure; the hosting server says the same of what it publishes."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from appliance.common.errors import SettingsError
from appliance.settings.model import CREDENTIAL_KINDS, Settings


def validate(values: Mapping[str, Any], variables: Mapping[str, str] | None = None) -> Settings:
    """Return the settings made of `values` and defaults. Raises SettingsError, one sentence for each value that is not valid.

    `variables` names for a path the variable of the environment that set it: that is where it has to be changed.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        sentences = []
        for path, message in problems(error):
            variable = (variables or {}).get(".".join(path.split(".")[:2]))
            name = f"{path} (set by {variable})" if variable else path or "The settings"
            sentences.append(f"{name}: {message}.")
        raise SettingsError(" ".join(sentences)) from error


def validate_section(section: str, values: Mapping[str, Any]) -> None:
    """Raise SettingsError, one sentence for each value, unless `values` are fields of a section with values it may have."""
    model = Settings.model_fields[section].annotation if section in Settings.model_fields else None
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise SettingsError(f"{section[:60]}: there is no such setting.")
    try:
        model.model_validate(values)
    except ValidationError as error:
        raise SettingsError(" ".join(f"{section}.{path[:200]}: {message}." for path, message in problems(error)[:10])) from error


def problems(error: ValidationError) -> list[tuple[str, str]]:
    """Return `(section.field, message)` for each problem, in words for a person; values are left out, for some are secret."""
    found = []
    for item in error.errors(include_url=False, include_input=False):
        path = ".".join(str(part) for part in item["loc"] if part not in CREDENTIAL_KINDS)
        message = "there is no such setting" if item["type"] == "extra_forbidden" else item["msg"].removeprefix("Value error, ")
        found.append((path, message.rstrip(".")))
    return found
