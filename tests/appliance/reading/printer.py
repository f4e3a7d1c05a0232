"""Objects of made-up devices, written as a MIB browser shows them."""

from collections.abc import Mapping
from datetime import UTC, datetime

from appliance.reading.build import build_reading
from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.report import Reading
from appliance.snmp.values import Objects, Oid, Tag, Value

TAKEN_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ADDRESS = "192.0.2.10"

Content = str | bytes | int | Oid | Value


def value(content: Content) -> Value:
    """Return `content` with the tag it usually has; a Value stays as it is."""
    if isinstance(content, Value):
        return content
    if isinstance(content, str):
        return Value(Tag.OCTET_STRING, content.encode())
    if isinstance(content, bytes):
        return Value(Tag.OCTET_STRING, content)
    if isinstance(content, int):
        return Value(Tag.INTEGER, content)
    return Value(Tag.OBJECT_IDENTIFIER, content)


def objects(contents: Mapping[tuple[MibObject, str], Content]) -> Objects:
    """Return the objects named by MIB object and index: `{(mib.SYS_DESCR, "0"): "HP"}`."""
    return {column.instance(*map(int, index.split("."))): value(content) for (column, index), content in contents.items()}


def reading(contents: Mapping[tuple[MibObject, str], Content], *, address: str = ADDRESS) -> Reading:
    """Return the reading of a device with these objects."""
    return build_reading(objects(contents), address, taken_at=TAKEN_AT)


def supply(row: str = "1.1", **cells: Content) -> dict[tuple[MibObject, str], Content]:
    """Return a row of prtMarkerSuppliesTable; cells: `level`, `capacity`, `unit`, `kind`, `cls`, `text`, `colorant`."""
    columns = {
        "level": mib.PRT_MARKER_SUPPLIES_LEVEL,
        "capacity": mib.PRT_MARKER_SUPPLIES_MAX_CAPACITY,
        "unit": mib.PRT_MARKER_SUPPLIES_SUPPLY_UNIT,
        "kind": mib.PRT_MARKER_SUPPLIES_TYPE,
        "cls": mib.PRT_MARKER_SUPPLIES_CLASS,
        "text": mib.PRT_MARKER_SUPPLIES_DESCRIPTION,
        "colorant": mib.PRT_MARKER_SUPPLIES_COLORANT_INDEX,
    }
    return {(columns[name], row): content for name, content in cells.items()}


def alert(row: str = "1.1", **cells: Content) -> dict[tuple[MibObject, str], Content]:
    """Return a row of prtAlertTable; cells: `severity`, `group`, `group_index`, `location`, `code`, `text`, `time`."""
    columns = dict(zip(("severity", "group", "group_index", "location", "code", "text", "time"), mib.ALERT_COLUMNS, strict=True))
    return {(columns[name], row): content for name, content in cells.items()}
