"""Tables of text for the terminal."""

import sys
from collections.abc import Sequence


def writes_unicode() -> bool:
    """Whether standard output can take the bars."""
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def table(rows: Sequence[Sequence[str]], headings: Sequence[str], right: frozenset[int] = frozenset()) -> str:
    """Return rows as a table of aligned columns; the columns in `right` end flush."""
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()

    return "\n".join([line(headings), line(["-" * width for width in widths]), *(line(row) for row in rows)])
