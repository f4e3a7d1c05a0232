"""How small documents are kept below `update`: JSON that is whole at every moment, and lists of it."""

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter

from appliance.common.files import from_json, to_json, write_atomic
from appliance.common.message import messages_from, with_messages

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")


def read_rows(file: Path) -> list[dict[str, Any]]:
    """Return the rows in a file; what is missing or broken has none: these lists are for people, and no reason not to run."""
    try:
        rows = messages_from(from_json(file.read_bytes()))
    except (OSError, ValueError):
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def record_of(kind: type[Record], value: object) -> Record:
    """Return a record of a data class, without fields that are not known here. Raises ValueError unless each has its type."""
    if not isinstance(value, dict):
        raise ValueError("that is no record")
    known = {each.name: value[each.name] for each in fields(kind) if each.name in value}
    TypeAdapter(kind).validate_python(known)
    # Made of what was read, not of what was validated: that would be plain text where it was a message.
    return kind(**known)


def write_rows(file: Path, rows: list[dict[str, Any]]) -> None:
    """Replace the rows. Raises OSError."""
    write_record(file, with_messages(rows))


def write_record(file: Path, value: object) -> None:
    """Replace a document, and make its folder where it is not there. Raises OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomic(file, to_json(value))
