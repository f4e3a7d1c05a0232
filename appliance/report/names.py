"""Names of what a reading holds, in English words for people. They are the keys of translations. Pure."""

import re
from collections.abc import Mapping

from appliance.common.message import Message

ERRORS: Mapping[str, str] = {
    "lowPaper": Message("Paper low"),
    "noPaper": Message("Out of paper"),
    "lowToner": Message("Toner low"),
    "noToner": Message("Out of toner"),
    "doorOpen": Message("Door open"),
    "jammed": Message("Paper jam"),
    "offline": Message("Offline"),
    "serviceRequested": Message("Service needed"),
    "inputTrayMissing": Message("Paper tray missing"),
    "outputTrayMissing": Message("Output tray missing"),
    "markerSupplyMissing": Message("Supply missing"),
    "outputNearFull": Message("Output tray nearly full"),
    "outputFull": Message("Output tray full"),
    "inputTrayEmpty": Message("Paper tray empty"),
    "overduePreventMaint": Message("Maintenance overdue"),
}
"""hrPrinterDetectedErrorState (RFC 2790, extended by RFC 3805)."""

METERS: Mapping[str, str] = {
    "total": Message("Total"),
    "total_mono": Message("Total, monochrome"),
    "total_color": Message("Total, colour"),
    "print_total": Message("Print"),
    "print_mono": Message("Print, monochrome"),
    "print_color": Message("Print, colour"),
    "copy_total": Message("Copy"),
    "copy_mono": Message("Copy, monochrome"),
    "copy_color": Message("Copy, colour"),
    "fax_total": Message("Fax"),
    "fax_sent": Message("Fax, sent"),
    "fax_received": Message("Fax, received"),
    "scan_total": Message("Scan"),
    "duplex": Message("Duplex sheets"),
    "blank_total": Message("Blank"),
    "pages_total": Message("Document pages"),
    "pages_mono": Message("Document pages, monochrome"),
    "pages_color": Message("Document pages, colour"),
    "pages_blank": Message("Document pages, blank"),
    "sheets_total": Message("Sheets"),
    "sheets_mono": Message("Sheets, monochrome"),
    "sheets_color": Message("Sheets, colour"),
    "sheets_blank": Message("Sheets, blank"),
    "engine_total": Message("Engine total"),
}
"""The meters of a reading that are known by these names; makers' own ones are named by their words."""

SUPPLY_STATES: Mapping[str, str] = {
    "ok": Message("OK"),
    "low": Message("Low"),
    "empty": Message("Empty"),
    "full": Message("Full"),
    "some_remaining": Message("Some left"),
    "unknown": Message("Level not told"),
    "unrestricted": Message("No limit"),
}
"""States of supplies and trays, for where there is no percentage."""


def words(name: str) -> Message:
    """Return an enumeration name as words: `inputTrayMissing` and `input_tray_missing` become `Input tray missing`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").strip()
    return Message(spaced[:1].upper() + spaced[1:].lower())


def small_words(name: str) -> Message:
    """Return an enumeration name as words in small letters, for within a sentence."""
    return Message(words(name).lower())


def percent(value: float) -> str:
    """Return a percentage without decimals; what is left but below one is never shown as nothing."""
    return "< 1 %" if 0 < value < 1 else f"{value:.0f} %"


def error_name(error: str) -> str:
    """Return the name of a bit of hrPrinterDetectedErrorState."""
    return ERRORS.get(error, words(error))


def meter_name(meter: str) -> str:
    """Return the name of a meter."""
    return METERS.get(meter, words(meter))
