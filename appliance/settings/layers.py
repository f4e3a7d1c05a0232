"""From layers to the settings in force: built-in default < hosting server < site < environment. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from appliance.errors import SettingsError
from appliance.settings.model import HOSTING_MAY_SET_IN_HOSTING, SITE_ONLY, Settings

Layer = Literal["default", "hosting", "site", "environment"]
Values = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings in force, and who decided each value (`{"scan.targets": "site"}`; what is not named is a default)."""

    settings: Settings
    origins: Mapping[str, Layer]
    variables: Mapping[str, str]
    """For paths of layer `environment`: the variable that set them."""

    def layer_of(self, path: str) -> Layer:
        """Return the layer that decided the value at `section.field`."""
        return self.origins.get(path, "default")


def resolve(hosting: Values, site: Values, environment: Values, variables: Mapping[str, str] | None = None) -> Effective:
    """Return the effective settings of the three layers above the defaults.

    Raises SettingsError when the hosting layer touches what only the site may set, or a value is not valid.
    """
    for section, fields in hosting.items():
        refused = set(fields) - HOSTING_MAY_SET_IN_HOSTING if section == "hosting" else set(fields)
        if section in SITE_ONLY and refused:
            raise SettingsError(f"The hosting server may not set {section}.{min(refused)}: only the site decides that.")
    merged: dict[str, dict[str, Any]] = {}
    origins: dict[str, Layer] = {}
    layers: tuple[tuple[Layer, Values], ...] = (("hosting", hosting), ("site", site), ("environment", environment))
    for layer, values in layers:
        for section, fields in values.items():
            for field, value in fields.items():
                merged.setdefault(section, {})[field] = value
                origins[f"{section}.{field}"] = layer
    return Effective(validate(merged), origins, variables or {})


def validate(values: Mapping[str, Any]) -> Settings:
    """Return the settings made of `values` and defaults. Raises SettingsError, one sentence for each value that is not valid."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(" ".join(f"{path or 'The settings'}: {message}." for path, message in problems(error))) from error


def problems(error: ValidationError) -> list[tuple[str, str]]:
    """Return `(section.field, message)` for each problem, in words for a person; values are left out, for some are secret."""
    found = []
    for item in error.errors(include_url=False, include_input=False):
        path = ".".join(str(part) for part in item["loc"])
        found.append((path, item["msg"].removeprefix("Value error, ").rstrip(".")))
    return found
