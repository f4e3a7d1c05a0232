"""Status: hrPrinterStatus, hrDeviceStatus, hrPrinterDetectedErrorState (RFC 2790) and the lines of the panel (RFC 3805)."""

import re
from collections.abc import Iterable
from typing import Literal, cast

from appliance.reading import enumerations as enum
from appliance.reading.definitions.vendor import Vendor
from appliance.reading.sources import objects as mib
from appliance.reading.status.alerts import AlertRow
from appliance.reading.view import View, integer
from appliance.report import Status

PrinterStatus = Literal["idle", "printing", "warmup", "sleeping", "other", "unknown"]
DeviceStatus = Literal["running", "warning", "testing", "down", "unknown"]

_ASLEEP = (
    r"(?:deep |light )?sleep(?:ing)?|power ?sav(?:e|er|ing)|energy ?sav(?:e|er|ing)|low power|stand-?by|hibernat(?:ion|ing|e)"
    r"|ruhezustand|schlafmodus|energiespar(?:modus|en)?|veille(?: prolongée)?|mode veille|économie d.énergie"
    r"|reposo|ahorro de energ[ií]a|risparmio energ(?:ia|etico)|slaapstand|(?:tryb )?uśpieni[ea]|uyku|スリープ|节能|省电|睡眠|절전"
)
_IS_ASLEEP = re.compile(rf"\W*(?:{_ASLEEP})(?: mode)?(?: on)?\W*", re.IGNORECASE)
_TELLS_SLEEP = re.compile(rf"(?<!\w)(?:{_ASLEEP})(?!\w)", re.IGNORECASE)


def read_status(vendor: Vendor, alerts: list[AlertRow]) -> Status:
    """Return how the device is; the vendor's own display counts where the Printer-MIB has none."""
    view = vendor.view
    console = read_console(view) or private_console(vendor)
    return Status(
        printer=printer_status(integer(view.scalar(mib.HR_PRINTER_STATUS)), console, alerts),
        device=device_status(integer(view.scalar(mib.HR_DEVICE_STATUS))),
        errors=detected_errors(view),
        console=console,
    )


def read_console(view: View) -> tuple[str, ...]:
    """Return the lines of the panel from top to bottom, without empty ones."""
    lines = (view.localized(value) for value in view.rows(mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT).values())
    return tuple(line for line in lines if line)


def private_console(vendor: Vendor) -> tuple[str, ...]:
    """Return the lines of the display in the vendor's objects: what stands in one object is cut at its line breaks."""
    found = vendor.best("status.console")
    lines = re.split(r"[\r\n]+| {2,}", str(found.value)) if found is not None else []
    return tuple(line.strip() for line in lines if line.strip())


def printer_status(number: int | None, console: Iterable[str], alerts: Iterable[AlertRow]) -> PrinterStatus:
    """Return hrPrinterStatus, or `sleeping` where that is certain.

    A printer has no status for sleep: RFC 3805 has it answer other(1), which means other things too. So it counts as asleep when it
    says neither idle, printing nor warming up and its alerts or its panel say power saver; or when the panel shows nothing else.
    """
    status = enum.PRINTER_STATUS.get(number or 0, "unknown")
    lines = list(console)
    if status in {"other", "unknown"}:
        power_saver = enum.ALERT_CODE[enum.POWER_SAVER]
        if any(alert.code == power_saver for alert in alerts) or any(_TELLS_SLEEP.search(line) for line in lines):
            return "sleeping"
    if status == "idle" and lines and all(_IS_ASLEEP.fullmatch(line) for line in lines):
        return "sleeping"
    return cast("PrinterStatus", status)


def device_status(number: int | None) -> DeviceStatus:
    """Return hrDeviceStatus."""
    return cast("DeviceStatus", enum.DEVICE_STATUS.get(number or 0, "unknown"))


def detected_errors(view: View) -> tuple[str, ...]:
    """Return the names of the bits set in hrPrinterDetectedErrorState."""
    return error_names(error_octets(view))


def error_octets(view: View) -> bytes:
    """Return hrPrinterDetectedErrorState as it came, empty when it is missing or no string."""
    value = view.scalar(mib.HR_PRINTER_DETECTED_ERROR_STATE)
    return value.content if value is not None and isinstance(value.content, bytes) else b""


def error_names(octets: bytes) -> tuple[str, ...]:
    """Return the names of the bits in `octets`: bit 0 is the highest of the first octet; a lone octet is that first one."""
    return tuple(
        name for bit, name in enumerate(enum.DETECTED_ERRORS) if bit // 8 < len(octets) and octets[bit // 8] & (0x80 >> bit % 8)
    )
