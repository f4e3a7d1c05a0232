"""The errors of a printer over IPP (RFC 8011 section 5.4.12). Pure.

printer-state-reasons are keywords, each with how grave it is behind it (`toner-low-warning`); those that RFC 2790 has a bit for in
hrPrinterDetectedErrorState become its names.
"""

from collections.abc import Iterable

from appliance.reading import enumerations as enum

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


def errors_of(reasons: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the bits of hrPrinterDetectedErrorState that some reasons stand for, in the order of the bits."""
    found = {_ERRORS.get(_without_gravity(reason)) for reason in reasons}
    return tuple(name for name in enum.DETECTED_ERRORS if name in found)


def _without_gravity(reason: str) -> str:
    plain = reason.strip().lower()
    return next((plain.removesuffix(gravity) for gravity in _GRAVITIES if plain.endswith(gravity)), plain)
