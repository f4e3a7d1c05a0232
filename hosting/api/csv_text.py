"""Rows as CSV (RFC 4180), so that no cell is a formula where somebody opens them as a table. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence

Cell = str | int | bool | None
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With these a text begins that programs for tables would calculate (OWASP, CSV injection), the wide forms among them."""


def lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return the rows, each ended by CR LF. Null is an empty cell; a text that could be a formula begins with an apostrophe."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _safe(cell: Cell) -> str | int:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return cell
    shown = cell.replace("\x00", "").encode(errors="replace").decode()
    return f"'{shown}" if shown.startswith(FORMULA) else shown
