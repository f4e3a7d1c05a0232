"""What a reading means for the people who look after the device: in one word, and whether it needs somebody."""

from typing import Literal

from appliance.report import Reading, Supply

Condition = Literal["error", "warning", "ok", "unknown"]

STOPS_PRINTING = frozenset(
    {
        "noPaper",
        "noToner",
        "doorOpen",
        "jammed",
        "offline",
        "serviceRequested",
        "inputTrayMissing",
        "outputTrayMissing",
        "markerSupplyMissing",
        "outputFull",
    }
)
"""Bits of hrPrinterDetectedErrorState (RFC 2790) after which a printer does not print; the others only warn."""


def condition(reading: Reading) -> Condition:
    """Return `error` when the device cannot print, `warning` when it soon will not, `unknown` when it did not say."""
    status = reading.status
    if status.device == "down" or STOPS_PRINTING.intersection(status.errors):
        return "error"
    if status.device == "warning" or status.errors or any(map(needs_attention, reading.supplies)):
        return "warning"
    if status.device == "unknown" and status.printer == "unknown":
        return "unknown"
    return "ok"


def needs_attention(supply: Supply) -> bool:
    """Return whether a supply should be ordered or changed: low or empty, or a receptacle that is full or nearly so."""
    if supply.supply_class == "receptacleThatIsFilled":
        return supply.state in ("full", "low")
    return supply.state in ("low", "empty")
