"""From layers to the settings in force. Pure.

default < hosting (intervals a check-in asks for) < global < group < assigned (signed configuration) < site < environment. Each
field is decided by the highest layer that sets it, whatever that layer says about other fields of the section.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal

from appliance.common.errors import SettingsError
from appliance.common.message import Message, message_of
from appliance.settings.address_ranges import check_scan_target, check_target, joined, span
from appliance.settings.document import ReceivedLayerName
from appliance.settings.ipp_targets import place_span, refusal_from_afar
from appliance.settings.model import Settings, is_site_only
from appliance.settings.reach import PRIVATE_NETWORKS
from appliance.settings.risks import risks
from appliance.settings.validation import validate

Layer = Literal["default", "hosting", "global", "group", "assigned", "site", "environment"]
Values = Mapping[str, Mapping[str, Any]]
ReceivedValues = Sequence[tuple[ReceivedLayerName, Values]]
"""What the signed documents set, in rising order."""

FROM_AFAR: Final[frozenset[Layer]] = frozenset({"hosting", "global", "group", "assigned"})
"""The layers that the guardrails of the site are for."""

LIMITS: Final[Mapping[str, tuple[Literal["least", "most"], str]]] = {
    "store.keep_days": ("least", "keep_days"),
    "hosting.check_in_seconds": ("most", "check_in_seconds"),
    "hosting.upload_seconds": ("most", "upload_seconds"),
    "scan.read_minutes": ("most", "read_minutes"),
    "scan.sweep_minutes": ("most", "sweep_minutes"),
}
"""By the path of a setting, which guardrail is its least or its most."""

NOTHING: Final = "0.0.0.0"  # noqa: S104 - no address of a device, so never a target
"""What stands in guardrails.networks where nothing of what stood there can be used: nothing may be scanned then."""


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
    notes: tuple[Message, ...] = ()
    """What was not taken as it stands in a layer, each in a sentence."""

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
    merged, origins = _merge(hosting, site, environment, received)
    return Effective(validate(merged, variables or {}), origins, variables or {})


def _merge(
    hosting: Values, site: Values, environment: Values, received: ReceivedValues
) -> tuple[dict[str, dict[str, Any]], dict[str, Layer]]:
    """Return the value of each field that a layer sets, and which layer that was."""
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
    return merged, origins


def resolve_what_fits(
    hosting: Values, site: Values, environment: Values, variables: Mapping[str, str], received: ReceivedValues
) -> Effective:
    """Return the effective settings, without the signed configuration where that does not fit (any more).

    So it is when the site has narrowed its guardrails since, or the software knows a setting no longer. A value that only is
    beyond a limit is held at it, so that no site loses all the rest for that. Raises SettingsError when the values of the site
    itself are not valid.
    """
    try:
        effective = _within_limits(resolve(hosting, site, environment, variables, received))
        check_guardrails(effective)
    except SettingsError as error:
        if not received:
            raise
        alone = _within_limits(resolve(hosting, site, environment, variables))
        return replace(alone, left_out=message_of(error))
    return effective


def usable_site(values: Values) -> tuple[dict[str, dict[str, Any]], tuple[Message, ...]]:
    """Return what the site's own layer sets without what earlier versions took and no scan can use, and a note for each of it.

    A host name in guardrails.networks is left out. Where nothing else stands there nothing may be scanned: a guardrail that
    cannot be read is closed. A range in scan.targets that no sweep can take is left out, too.
    """
    usable = {section: dict(fields) for section, fields in values.items()}
    notes = [note for note in (_leave_out_names(usable), *_leave_out_ranges(usable)) if note]
    return usable, tuple(notes)


def _leave_out_ranges(usable: dict[str, dict[str, Any]]) -> list[Message]:
    targets = usable.get("scan", {}).get("targets")
    if not isinstance(targets, list):
        return []
    notes = {}
    for text in targets:
        try:
            check_scan_target(text if _is_target(text) else "")
        except ValueError as error:
            if _is_target(text):
                notes[text] = Message("scan.targets: %(problem)s It is left out.", problem=message_of(error))
    usable["scan"]["targets"] = [text for text in targets if text not in notes]
    return list(notes.values())[:5]


def _leave_out_names(usable: dict[str, dict[str, Any]]) -> Message | None:
    networks = usable.get("guardrails", {}).get("networks")
    if not isinstance(networks, list):
        return None
    names = [text for text in networks if isinstance(text, str) and span(text) is None and _is_target(text)]
    if not names:
        return None
    usable["guardrails"]["networks"] = [text for text in networks if text not in names] or [NOTHING]
    return Message(
        "guardrails.networks names %(names)s. A host name is no network and is left out there: write networks, ranges or "
        "addresses. Where nothing else stands, nothing is scanned.",
        names=", ".join(names[:5]),
    )


def _is_target(text: object) -> bool:
    try:
        check_target(str(text))
    except ValueError:
        return False
    return True


def _beyond(effective: Effective) -> Iterator[tuple[str, int, int, str]]:
    """Yield each setting from afar that is beyond its limit: path, value, limit and the guardrail."""
    for path, (kind, guardrail) in LIMITS.items():
        if effective.layer_of(path) not in FROM_AFAR:
            continue
        section, _, field = path.partition(".")
        wanted = getattr(getattr(effective.settings, section), field)
        limit = getattr(effective.settings.guardrails, guardrail)
        if wanted < limit if kind == "least" else wanted > limit:
            yield path, wanted, limit, f"guardrails.{guardrail}"


def _within_limits(effective: Effective) -> Effective:
    """Return the settings with each value from afar that is beyond its limit held at that."""
    settings, notes = effective.settings, list(effective.notes)
    for path, wanted, limit, guardrail in _beyond(effective):
        section, _, field = path.partition(".")
        changed = getattr(settings, section).model_copy(update={field: limit})
        settings = settings.model_copy(update={section: changed})
        notes.append(
            Message(
                "The hosting server sets %(path)s to %(wanted)d. The site holds it at %(limit)d (%(guardrail)s).",
                path=path,
                wanted=wanted,
                limit=limit,
                guardrail=guardrail,
            )
        )
    return replace(effective, settings=settings, notes=tuple(notes))


def warnings_of(effective: Effective, today: date) -> list[Message]:
    """Return what people should know of the settings in force: what was not taken as it stands, and what values from afar mean."""
    values = effective.settings.model_dump()
    told = [warning for path, warning in risks(values, today) if effective.layer_of(path) in FROM_AFAR]
    afar = (Message("Set by the hosting server: %(warning)s", warning=warning) for warning in told)
    return [*effective.notes, *afar, *beyond_guardrails(effective)]


def warnings_of_change(changes: Values, effective: Effective, today: date) -> list[Message]:
    """Return what whoever has changed settings of the site should know: what the values mean, and what its guardrails forbid."""
    told = [warning for _, warning in risks(changes, today, effective.settings.scan.packets_per_second)]
    return told + (beyond_guardrails(effective) if changes.keys() & {"scan", "guardrails"} else [])


def beyond_guardrails(effective: Effective) -> list[Message]:
    """Return that ranges of the site lie outside the networks it lets anyone scan, if any do."""
    outside = _outside(effective.settings)
    if not outside:
        return []
    return [
        Message(
            "scan.targets names %(targets)s, which guardrails.networks does not allow: nothing is scanned or read until one of the "
            "two is changed.",
            targets=", ".join(outside[:5]) + (", …" if len(outside) > 5 else ""),
        )
    ]


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
    for path, wanted, limit, guardrail in _beyond(effective):
        raise GuardrailError(
            Message(
                "The hosting server may not set %(path)s to %(wanted)d: the limit of the site is %(limit)d (%(guardrail)s).",
                path=path,
                wanted=wanted,
                limit=limit,
                guardrail=guardrail,
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
    for refusal in filter(None, map(refusal_from_afar, settings.scan.targets)):
        raise GuardrailError(refusal)
    for target in _outside(settings):
        raise GuardrailError(
            Message(
                "The hosting server may not have %(target)s scanned: it lies outside the networks the site "
                "allows (guardrails.networks).",
                target=target,
            )
        )


def _outside(settings: Settings) -> list[str]:
    """Return the targets that lie outside the networks that may be scanned; host names are judged at the scan."""
    if not settings.guardrails.networks:
        return []
    allowed = joined(limits for network in settings.guardrails.networks if (limits := span(network)))
    return [
        target
        for target in settings.scan.targets
        if (wanted := place_span(target)) and not any(low <= wanted[0] and wanted[1] <= high for low, high in allowed)
    ]
