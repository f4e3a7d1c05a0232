"""Alerts of IPP: printer-alert and printer-alert-description (PWG 5100.9), which are rows of prtAlertTable. Pure.

- Severity, group and code are names of the MIB; what a printer writes instead is `other`, for it may name somebody.
- Descriptions go through the removal of names of documents and people.
- When an alert was raised is not told: the clock of its `time` is not among what is asked for.
"""

from collections.abc import Mapping
from itertools import islice

from appliance.privacy.people import scrub_text
from appliance.reading import enumerations as enum
from appliance.reading.sources.ipp import Value
from appliance.reading.sources.ipp_values import number, pairs, texts
from appliance.report import Alert

MOST = 256
"""Alerts of one printer at most, as many as are read of prtAlertTable."""
_LONGEST = 1024
_NO_LOCATION = 2**31
_SEVERITIES = {name.lower(): name for name in enum.ALERT_SEVERITY.values()}
_GROUPS = {name.lower(): name for name in enum.ALERT_GROUP.values()}
_CODES = {name.lower(): name for name in enum.ALERT_CODE.values()}


def alerts_of_ipp(attributes: Mapping[str, tuple[Value, ...]]) -> tuple[Alert, ...]:
    """Return the alerts; printer-alert-description has their descriptions, in the same order."""
    descriptions = texts(attributes.get("printer-alert-description", ()), keep_empty=True)
    alerts = []
    for position, value in enumerate(islice(attributes.get("printer-alert", ()), MOST)):
        fields = pairs(value)
        # A printer without alerts sends one empty value, or one that says so.
        if fields.get("code", "").lower() in ("", "none"):
            continue
        location = number(fields.get("location"))
        description = descriptions[position] if position < len(descriptions) else ""
        alerts.append(
            Alert(
                severity=_named(_SEVERITIES, fields.get("severity")),
                group=_named(_GROUPS, fields.get("group")),
                code=_named(_CODES, fields.get("code")),
                location=location if location is not None and 0 <= location < _NO_LOCATION else None,
                description=scrub_text(description)[:_LONGEST] or None,
            )
        )
    return tuple(alerts)


def _named(names: Mapping[str, str], told: str | None) -> str:
    return names.get(told.lower(), "other") if told else "unknown"
