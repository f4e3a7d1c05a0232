"""How small documents are kept below `update`: JSON that is whole at every moment, and lists of it."""

from pathlib import Path
from typing import Any

from appliance.common.files import from_json, to_json, write_atomic
from appliance.common.message import messages_from, with_messages
from appliance.common.record import Record, record_of, records_of


def read_record(kind: type[Record], file: Path) -> Record:
    """Return the record in a file. Raises OSError, and ValueError for what is none of this kind."""
    return record_of(kind, messages_from(from_json(file.read_bytes())))


def read_rows(file: Path) -> list[dict[str, Any]]:
    """Return the rows in a file; what is missing or broken has none: these lists are for people, and no reason not to run."""
    try:
        return [row for row in _rows(file) if isinstance(row, dict)]
    except (OSError, ValueError):
        return []


def read_records(kind: type[Record], file: Path) -> tuple[Record, ...]:
    """Return the records of a list, without the rows that are none."""
    return tuple(records_of(kind, read_rows(file)))


def require_records(kind: type[Record], file: Path) -> None:
    """Raise OSError or ValueError unless a file is there and each of its rows can be read."""
    for row in _rows(file):
        record_of(kind, row)


def write_rows(file: Path, rows: list[dict[str, Any]]) -> None:
    """Replace the rows; one that could not be read is kept aside. Raises OSError."""
    try:
        _rows(file)
    except FileNotFoundError:
        pass
    except (OSError, ValueError):  # not ours to read, or damaged
        keep_aside(file)
    write_record(file, with_messages(rows))


def write_record(file: Path, value: object) -> None:
    """Replace a document, and make its folder where it is not there. Raises OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomic(file, to_json(value))


def keep_aside(file: Path) -> None:
    """Call a file that nobody can read `NAME.broken.json`, for an administrator. Raises OSError."""
    file.replace(aside_of(file))


def aside_of(file: Path) -> Path:
    """Return what a file is called that nobody could read."""
    return file.with_suffix(".broken.json")


def _rows(file: Path) -> list[Any]:
    rows = messages_from(from_json(file.read_bytes()))
    if not isinstance(rows, list):
        raise ValueError("that is no list")
    return rows
