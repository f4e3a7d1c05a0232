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
    if status.device == "warning" or status.errors or any(item.state in ("low", "empty") for item in _consumed(reading)):
        return "warning"
    if status.device == "unknown" and status.printer == "unknown":
        return "unknown"
    return "ok"


def _consumed(reading: Reading) -> list[Supply]:
    return [item for item in reading.supplies if item.supply_class != "receptacleThatIsFilled"]
