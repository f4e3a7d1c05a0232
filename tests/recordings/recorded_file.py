"""Writing made-up devices as recordings."""

from collections.abc import Mapping
from pathlib import Path

from appliance.snmp.values import Oid, Tag, Value, format_oid

Content = str | bytes | int | Oid | Value


def write_recording(file: Path, device: Mapping[str, Content]) -> Path:
    """Write a device, objects by dotted OID, as a recording and return its path."""
    file.write_text("".join(f"{oid}|{_written(content)}\n" for oid, content in device.items()), encoding="utf-8")
    return file


def _written(content: Content) -> str:
    if isinstance(content, Value):
        octets = content.content
        return f"{content.tag:d}x|{octets.hex()}" if isinstance(octets, bytes) else f"{content.tag:d}|{octets}"
    if isinstance(content, bytes):
        return f"{Tag.OCTET_STRING:d}x|{content.hex()}"
    if isinstance(content, str):
        return f"{Tag.OCTET_STRING:d}|{content}"
    if isinstance(content, int):
        return f"{Tag.INTEGER:d}|{content}"
    return f"{Tag.OBJECT_IDENTIFIER:d}|{format_oid(content)}"
