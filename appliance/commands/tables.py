"""Tables of text for the terminal."""

import sys
from collections.abc import Collection, Sequence

from appliance.common.plain import plain


def writes_unicode() -> bool:
    """Whether standard output can take the bars."""
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def table(rows: Sequence[Sequence[str]], headings: Sequence[str], right: frozenset[int] = frozenset()) -> str:
    """Return rows as a table of aligned columns; the columns in `right` end flush."""
    head, *body = aligned([headings, *rows], right)
    widths = [max(len(plain(row[column])) for row in [headings, *rows]) for column in range(len(headings))]
    return "\n".join([head, "  ".join("-" * width for width in widths), *body])


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Return rows as lines with aligned columns; those in `right` end flush. All characters of a cell show."""
    shown = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in shown
    ]
