"""Names of what a reading holds, in English words for people. They are the keys of translations. Pure."""

import re
from collections.abc import Mapping

ERRORS: Mapping[str, str] = {
    "lowPaper": "Paper low",
    "noPaper": "Out of paper",
    "lowToner": "Toner low",
    "noToner": "Out of toner",
    "doorOpen": "Door open",
    "jammed": "Paper jam",
    "offline": "Offline",
    "serviceRequested": "Service needed",
    "inputTrayMissing": "Paper tray missing",
    "outputTrayMissing": "Output tray missing",
    "markerSupplyMissing": "Supply missing",
    "outputNearFull": "Output tray nearly full",
    "outputFull": "Output tray full",
    "inputTrayEmpty": "Paper tray empty",
    "overduePreventMaint": "Maintenance overdue",
}
"""hrPrinterDetectedErrorState (RFC 2790, extended by RFC 3805)."""

METERS: Mapping[str, str] = {
    "total": "Total",
    "total_mono": "Total, monochrome",
    "total_color": "Total, colour",
    "print_total": "Print",
    "print_mono": "Print, monochrome",
    "print_color": "Print, colour",
    "copy_total": "Copy",
    "copy_mono": "Copy, monochrome",
    "copy_color": "Copy, colour",
    "fax_total": "Fax",
    "fax_sent": "Fax, sent",
    "fax_received": "Fax, received",
    "scan_total": "Scan",
    "duplex": "Duplex sheets",
    "engine_total": "Engine total",
}
"""The meters of a reading that are known by these names; makers' own ones are named by their words."""

SUPPLY_STATES: Mapping[str, str] = {
    "ok": "OK",
    "low": "Low",
    "empty": "Empty",
    "full": "Full",
    "some_remaining": "Some left",
    "unknown": "Level not told",
    "unrestricted": "No limit",
}
"""States of supplies and trays, for where there is no percentage."""


def words(name: str) -> str:
    """Return an enumeration name as words: `inputTrayMissing` and `input_tray_missing` become `Input tray missing`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").strip()
    return spaced[:1].upper() + spaced[1:].lower()


def percent(value: float) -> str:
    """Return a percentage without decimals; what is left but below one is never shown as nothing."""
    return "< 1 %" if 0 < value < 1 else f"{value:.0f} %"


def error_name(error: str) -> str:
    """Return the name of a bit of hrPrinterDetectedErrorState."""
    return ERRORS.get(error, words(error))


def meter_name(meter: str) -> str:
    """Return the name of a meter."""
    return METERS.get(meter, words(meter))
