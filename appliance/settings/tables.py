"""The tables of `settings.json`: their names, what each of their rows has at least, and which rows cannot be read. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from appliance.common.record import record_of
from appliance.settings.configuration_state import Received
from appliance.settings.rows import Choice, Registration

Tables = dict[str, dict[str, dict[str, Any]]]

RECOVERIES = "recoveries"
"""Table with one document for each time the good copy had to be used: `at`, `reason`, `kept_aside`."""

_SETTINGS: dict[str, type] = {"section": str, "fields": dict}
SHAPES: Mapping[str, Mapping[str, type]] = {
    "settings_site": _SETTINGS,
    "settings_hosting": _SETTINGS,
    "enrolment": {"url": str, "site_id": str},
    "accounts": {"name": str},
}
"""What each row of a table has at least: without it the appliance could do nothing with any of them."""

RECEIVED = "received"
"""Table with one document: what `Received` is written as."""
ENROLMENT = "enrolment"
"""Table with where the site is enrolled, as `Registration`."""
PRIVACY_CHOICE = "privacy_choice"
"""Table with the `Choice` of the masks."""
READABLE: Mapping[str, Callable[[dict[str, Any]], object]] = {
    RECEIVED: Received.from_json,
    ENROLMENT: lambda row: record_of(Registration, row),
    PRIVACY_CHOICE: lambda row: record_of(Choice, row),
}
"""What reads a row, or raises ValueError. The good copy is used where it has a better one; else such a row counts as none."""


def unreadable_row(tables: Mapping[str, Mapping[Any, dict[str, Any]]]) -> str | None:
    """Return which row counts as none because it cannot be read, and why; None where all can be."""
    for name, read in READABLE.items():
        for row in tables.get(name, {}).values():
            try:
                read(row)
            except ValueError as error:
                return f"a row of {name} cannot be read ({error})"
    return None
