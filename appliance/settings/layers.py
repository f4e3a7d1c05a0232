"""From layers to the settings in force. Pure.

default < hosting (intervals a check-in asks for) < global < group < assigned (signed configuration) < site < environment. Each
field is decided by the highest layer that sets it, whatever that layer says about other fields of the section.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from appliance.common.errors import SettingsError
from appliance.common.message import Message, message_of
from appliance.settings.address_ranges import span
from appliance.settings.document import ReceivedLayerName
from appliance.settings.model import PRIVATE_NETWORKS, Settings, is_site_only
from appliance.settings.validation import validate

Layer = Literal["default", "hosting", "global", "group", "assigned", "site", "environment"]
Values = Mapping[str, Mapping[str, Any]]
ReceivedValues = Sequence[tuple[ReceivedLayerName, Values]]
"""What the signed documents set, in rising order."""

FROM_AFAR: Final[frozenset[Layer]] = frozenset({"hosting", "global", "group", "assigned"})
"""The layers that the guardrails of the site are for."""


class GuardrailError(SettingsError):
    """What the hosting server sets lies outside the limits of the site."""


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings in force, and who decided each value (`{"scan.targets": "site"}`; what is not named is a default)."""

    settings: Settings
    origins: Mapping[str, Layer]
    variables: Mapping[str, str]
    """For paths of layer `environment`: the variable that set them."""
    left_out: str = ""
    """Why the signed configuration is not part of it, though one was received; empty where it is, or where there is none."""

    def layer_of(self, path: str) -> Layer:
        """Return the layer that decided the value at `section.field`."""
        return self.origins.get(path, "default")


def resolve(
    hosting: Values,
    site: Values,
    environment: Values,
    variables: Mapping[str, str] | None = None,
    received: ReceivedValues = (),
) -> Effective:
    """Return the effective settings of all layers above the defaults.

    Raises SettingsError when a layer from afar touches what only the site may set, or a value is not valid.
    """
    from_afar: list[tuple[Layer, Values]] = [("hosting", hosting), *received]
    for _, values in from_afar:
        _require_permitted(values)
    merged: dict[str, dict[str, Any]] = {}
    origins: dict[str, Layer] = {}
    layers: list[tuple[Layer, Values]] = [*from_afar, ("site", site), ("environment", environment)]
    for layer, values in layers:
        for section, fields in values.items():
            for field, value in fields.items():
                merged.setdefault(section, {})[field] = value
                origins[f"{section}.{field}"] = layer
    if origins.get("scan.packets_per_second") in FROM_AFAR:
        _require_rate(merged)
    if origins.get("scan.targets") in FROM_AFAR and not merged.get("guardrails", {}).get("networks"):
        # A request carries the community of the site: nobody far off may have it sent to an address of his own.
        merged.setdefault("guardrails", {})["networks"] = PRIVATE_NETWORKS
    return Effective(validate(merged, variables or {}), origins, variables or {})


def resolve_what_fits(
    hosting: Values, site: Values, environment: Values, variables: Mapping[str, str], received: ReceivedValues
) -> Effective:
    """Return the effective settings, without the signed configuration where that does not fit (any more).

    So it is when the site has narrowed its guardrails since, or the software knows a setting no longer. Raises SettingsError when
    the values of the site itself are not valid.
    """
    try:
        effective = resolve(hosting, site, environment, variables, received)
        check_guardrails(effective)
    except SettingsError as error:
        if not received:
            raise
        return replace(resolve(hosting, site, environment, variables), left_out=message_of(error))
    return effective


def check_guardrails(effective: Effective) -> None:
    """Raise GuardrailError when a value from afar lies outside the guardrails of the site.

    Host names are judged when they are resolved, at the scan.
    """
    settings = effective.settings
    if effective.layer_of("scan.targets") in FROM_AFAR:
        _require_networks(settings)
    ports = settings.guardrails.snmp_ports
    if effective.layer_of("snmp.port") in FROM_AFAR and settings.snmp.port not in ports:
        allowed = ", ".join(map(str, ports))
        raise GuardrailError(
            Message(
                "The hosting server may not have devices asked at port %(port)s: the site allows %(allowed)s "
                "(guardrails.snmp_ports).",
                port=settings.snmp.port,
                allowed=allowed,
            )
        )


def check_definitions(effective: Effective, names: Iterable[str]) -> None:
    """Raise GuardrailError when vendor definitions of these names come from afar and the site takes none."""
    named = ", ".join(sorted(names))
    if named and effective.settings.guardrails.definitions == "none":
        raise GuardrailError(
            Message(
                "The hosting server may not bring vendor definitions (%(names)s): the site takes none (guardrails.definitions).",
                names=named,
            )
        )


def _require_permitted(values: Values) -> None:
    for section, fields in values.items():
        if refused := [field for field in fields if is_site_only(section, field)]:
            raise SettingsError(
                Message(
                    "The hosting server may not set %(section)s.%(field)s: only the site decides that.",
                    section=section,
                    field=min(refused),
                )
            )


def _require_rate(merged: Values) -> None:
    """Raise GuardrailError for a rate from afar above the ceiling of the site, which the model would call a fault of the site."""
    ceiling = merged.get("guardrails", {}).get("packets_per_second", Settings().guardrails.packets_per_second)
    wanted = merged["scan"]["packets_per_second"]
    try:
        above = int(wanted) > int(ceiling)
    except (TypeError, ValueError):  # the model says what is wrong with it
        return
    if above:
        raise GuardrailError(
            Message(
                "The hosting server may not have %(wanted)s packets sent each second: the site allows "
                "%(ceiling)s (guardrails.packets_per_second).",
                wanted=wanted,
                ceiling=ceiling,
            )
        )


def _require_networks(settings: Settings) -> None:
    guardrails = settings.guardrails.networks
    if not guardrails:
        return
    allowed = _joined(limits for network in guardrails if (limits := span(network)))
    for target in settings.scan.targets:
        wanted = span(target)
        if wanted and not any(low <= wanted[0] and wanted[1] <= high for low, high in allowed):
            raise GuardrailError(
                Message(
                    "The hosting server may not have %(target)s scanned: it lies outside the networks the site "
                    "allows (guardrails.networks).",
                    target=target,
                )
            )


def _joined(spans: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return spans of addresses with those made one that touch: two halves of a network allow all of it."""
    joined: list[tuple[tuple[int, int], tuple[int, int]]] = []
    for low, high in sorted(spans):
        if joined and low[0] == joined[-1][1][0] and low[1] <= joined[-1][1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined
