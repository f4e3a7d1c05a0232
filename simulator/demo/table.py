"""The devices as the hosting server has them, as a table."""

import unicodedata
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

HEADER = ("DEVICE", "SERIAL", "ADDRESS", "STATUS", "TOTAL", "TONER OR INK", "LOCATION")
WIDEST = (34, 16, 39, 24, 20, 26, 28)
RIGHT = 4
LETTERS = {"black": "K", "cyan": "C", "magenta": "M", "yellow": "Y"}
COLORING = frozenset({"toner", "tonerCartridge", "ink", "inkCartridge", "inkRibbon"})
STATES = {"some_remaining": "some", "unknown": "?", "unrestricted": "-", "empty": "empty", "low": "low", "ok": "ok", "full": "full"}


def device_table(readings: Sequence[Mapping[str, Any]]) -> str:
    """Return the table, in the order of addresses."""
    ordered = sorted(readings, key=lambda reading: _address_key(reading["device"].get("ip")))
    rows = [HEADER, *(_row(reading) for reading in ordered)]
    cells = [[_cut(cell, most) for cell, most in zip(row, WIDEST, strict=True)] for row in rows]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(HEADER))]
    lines = []
    for row in cells:
        padded = [
            " " * (width - _width(cell)) + cell if column == RIGHT else cell + " " * (width - _width(cell))
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])


def _row(reading: Mapping[str, Any]) -> tuple[str, ...]:
    device, status, total = reading["device"], reading["status"], reading["meters"].get("total")
    errors = [error for error in status["errors"] if error != "serviceRequested"]
    return (
        f"{device['manufacturer'] or ''} {device['model'] or ''}".strip() or "-",
        device["serial"] or "-",
        device["ip"] or "-",
        ", ".join(errors) or status["printer"],
        f"{total['value']:,}".replace(",", " ") + ("" if total["unit"] == "impressions" else f" {total['unit']}") if total else "-",
        " ".join(_level(supply) for supply in reading["supplies"] if supply["type"] in COLORING) or "-",
        device["location"] or "-",
    )


def _level(supply: Mapping[str, Any]) -> str:
    letter = LETTERS.get(supply["color"] or "", "")
    if supply["percent"] is None or supply["state"] == "empty":
        return f"{letter} {STATES[supply['state']]}".strip()
    return f"{letter} {supply['percent']:.0f}%".strip()


def _address_key(text: str | None) -> tuple[int, int]:
    try:
        address = ip_address(text or "")
    except ValueError:  # masked at the site
        return (9, 0)
    return (address.version, int(address))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _cut(text: str, most: int) -> str:
    printable = "".join(character for character in text if character.isprintable())
    return printable if len(printable) <= most else f"{printable[: most - 1]}…"
