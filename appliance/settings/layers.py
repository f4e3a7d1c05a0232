"""From layers to the settings in force: built-in default < hosting server < site < environment. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from appliance.errors import SettingsError
from appliance.settings.model import HOSTING_MAY_SET_IN_HOSTING, SITE_ONLY, Settings, span
from appliance.settings.validation import validate

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
    return Effective(validate(merged, variables or {}), origins, variables or {})


def check_hosting_targets(effective: Effective) -> None:
    """Raise SettingsError when the hosting server wants to scan what lies outside the guardrails of the site.

    Host names are judged when they are resolved, at the scan.
    """
    guardrails = effective.settings.guardrails.networks
    if not guardrails or effective.layer_of("scan.targets") != "hosting":
        return
    allowed = [span(network) for network in guardrails]
    for target in effective.settings.scan.targets:
        wanted = span(target)
        if wanted and not any(limit and limit[0] <= wanted[0] and wanted[1] <= limit[1] for limit in allowed):
            raise SettingsError(
                f"The hosting server may not have {target} scanned: it lies outside the networks the site allows "
                "(guardrails.networks)."
            )
