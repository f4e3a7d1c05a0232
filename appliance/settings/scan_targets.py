"""Which addresses of a site are scanned and read: its ranges, and single printers that were found beside them and added. Pure."""

from collections.abc import Iterable

from appliance.settings.address_ranges import joined, span
from appliance.settings.model import Settings


def wanted_targets(settings: Settings) -> tuple[str, ...]:
    """Return all targets, each once. What was added and lies outside the guardrails by now is left out: it stops no other."""
    return tuple(dict.fromkeys((*settings.scan.targets, *within(settings, settings.scan.added))))


def within(settings: Settings, addresses: Iterable[str]) -> list[str]:
    """Return those of `addresses` that lie in the networks that may be scanned at the site; all where it names none."""
    allowed = joined(limits for network in settings.guardrails.networks if (limits := span(network)))
    wanted = [(address, limits) for address in addresses if (limits := span(address))]
    return [each for each, (first, last) in wanted if not allowed or any(low <= first and last <= high for low, high in allowed)]
