"""What a printer says over IPP of its state: errors and alerts (RFC 8011 section 5.4.12, PWG 5100.9). Pure.

- printer-state-reasons are keywords, each with how grave it is behind it (`toner-low-warning`); those that RFC 2790 has a bit for
  in hrPrinterDetectedErrorState become its names.
- printer-alert has the rows of prtAlertTable as `key=value;` pairs, printer-alert-description their texts in the same order. A
  printer without alerts sends one empty value.
- When an alert was raised is not told: its time counts from a start that IPP does not name exactly.
"""

from collections.abc import Iterable, Iterator, Mapping

from appliance.privacy.people import scrub_text
from appliance.reading import enumerations as enum
from appliance.report import Alert

MOST_ALERTS = 256
"""As many as are read of prtAlertTable."""
_GRAVITIES = ("-report", "-warning", "-error")
_ERRORS = {
    "media-low": "lowPaper",
    "media-empty": "noPaper",
    "media-needed": "noPaper",
    "toner-low": "lowToner",
    "marker-supply-low": "lowToner",
    "toner-empty": "noToner",
    "marker-supply-empty": "noToner",
    "door-open": "doorOpen",
    "cover-open": "doorOpen",
    "interlock-open": "doorOpen",
    "media-jam": "jammed",
    "input-tray-missing": "inputTrayMissing",
    "output-tray-missing": "outputTrayMissing",
    "marker-supply-missing": "markerSupplyMissing",
    "output-area-almost-full": "outputNearFull",
    "output-area-full": "outputFull",
}
_CODES = {name.lower(): name for name in enum.ALERT_CODE.values()}
_SEVERITIES = {name.lower(): name for name in enum.ALERT_SEVERITY.values()}
_GROUPS = {name.lower(): name for name in enum.ALERT_GROUP.values()}
_LOCATIONS = range(2**31)


def errors_of(reasons: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the bits of hrPrinterDetectedErrorState that some reasons stand for, in the order of the bits."""
    found = {_ERRORS.get(_without_gravity(reason)) for reason in reasons}
    return tuple(name for name in enum.DETECTED_ERRORS if name in found)


def _without_gravity(reason: str) -> str:
    plain = reason.strip().lower()
    return next((plain.removesuffix(gravity) for gravity in _GRAVITIES if plain.endswith(gravity)), plain)


def alerts_of(rows: Iterable[Mapping[str, str]], descriptions: list[str]) -> Iterator[Alert]:
    """Yield the alerts of `rows`, the pairs of printer-alert by their keys in lower case; one without a code is none."""
    for position, row in enumerate(rows):
        code = row.get("code", "").lower()
        if not code or position >= MOST_ALERTS:
            continue
        location = row.get("location", "")
        number = int(location) if location.isdecimal() and len(location) < 11 else -1
        description = descriptions[position] if position < len(descriptions) else ""
        yield Alert(
            severity=_SEVERITIES.get(row.get("severity", "").lower(), "unknown"),
            group=_GROUPS.get(row.get("group", "").lower(), "unknown"),
            code=_CODES.get(code, "unknown"),
            location=number if number in _LOCATIONS else None,
            description=scrub_text(description)[:1024] or None,
        )
