"""How small documents are kept below `update`: JSON that is whole at every moment, and lists of it."""

import json
from pathlib import Path
from typing import Any

from appliance.common.files import to_json, write_atomic
from appliance.common.message import messages_from, with_messages


def read_rows(file: Path) -> list[dict[str, Any]]:
    """Return the rows in a file; what is missing or broken has none: these lists are for people, and no reason not to run."""
    try:
        rows = messages_from(json.loads(file.read_bytes()))
    except (OSError, ValueError):
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def write_rows(file: Path, rows: list[dict[str, Any]]) -> None:
    """Replace the rows. Raises OSError."""
    write_record(file, with_messages(rows))


def write_record(file: Path, value: object) -> None:
    """Replace a document, and make its folder where it is not there. Raises OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomic(file, to_json(value))
