"""What a device said, kept so that a poll asks only for what changes.

Texts of the panel and alerts, where names of people may stand, are never among what is kept on the disk.
"""

import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from appliance.reading.sources import objects as mib
from appliance.snmp.recording import parse_line, recording_line
from appliance.snmp.values import Objects, Oid, Tag, Value

_UNKNOWN_LINE = Value(Tag.OCTET_STRING, b"?")
_UNKNOWN_EVENTS = Value(Tag.INTEGER, -1)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All objects of a device, packed, because a site may have thousands of devices."""

    packed: bytes
    full_at: datetime
    """When it was last read in full."""
    counts_alerts: bool = True
    """Whether prtAlertAllEvents has told of every change of its alerts so far."""

    @classmethod
    def of(cls, objects: Objects, full_at: datetime, *, counts_alerts: bool = True) -> Self:
        """Return the snapshot of `objects`."""
        return cls(pack(objects.items()), full_at, counts_alerts)

    def objects(self) -> dict[Oid, Value]:
        """Return the objects."""
        lines = zlib.decompress(self.packed).decode().splitlines()
        return dict(map(parse_line, lines))

    def unspoken(self, spoken: Collection[Oid]) -> Self:
        """Return it without what panel and alerts say, to be kept on the disk; `spoken` are private objects of the panel.

        A poll asks for all of that anew: lines of the panel stay as unknown ones, alerts as such that have changed since.
        """
        kept: dict[Oid, Value] = {}
        for oid, value in self.objects().items():
            if oid in spoken or _is_below(oid, mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT):
                kept[oid] = _UNKNOWN_LINE
            elif _is_below(oid, mib.PRT_ALERT_ALL_EVENTS):
                kept[oid] = _UNKNOWN_EVENTS
            elif not any(_is_below(oid, column) for column in mib.ALERT_COLUMNS):
                kept[oid] = value
        return replace(self, packed=pack(kept.items()))


def _is_below(oid: Oid, column: mib.MibObject) -> bool:
    return oid[: len(column.oid)] == column.oid


def pack(objects: Iterable[tuple[Oid, Value]]) -> bytes:
    """Return objects as the compressed lines of a recording."""
    return zlib.compress("\n".join(recording_line(oid, value) for oid, value in objects).encode(), 1)
