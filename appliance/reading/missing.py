"""What a visit could not read, and what that means for a reading: null with a true reason, never a part for the whole. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.common.message import Message
from appliance.reading.definitions.vendor import Vendor
from appliance.reading.identity.identity import NOT_REPORTED
from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.snmp.values import Oid

NOT_READ = Message("not read")
NOT_DECODABLE = Message("not decodable")

_DESCRIPTIONS = (mib.HR_DEVICE_DESCR, mib.SYS_DESCR, mib.PPM_PRINTER_IEEE_1284_DEVICE_ID)
_TELL: Mapping[str, tuple[MibObject, ...]] = {
    "device.serial": (mib.PRT_GENERAL_SERIAL_NUMBER, mib.ENT_PHYSICAL_SERIAL_NUM),
    "device.hostname": (mib.SYS_NAME,),
    "device.location": (mib.SYS_LOCATION,),
    "device.mac": (mib.IF_PHYS_ADDRESS,),
    "device.firmware": (mib.ENT_PHYSICAL_FIRMWARE_REV, mib.ENT_PHYSICAL_SOFTWARE_REV, mib.SYS_DESCR),
    "device.model": _DESCRIPTIONS,
    "device.description": _DESCRIPTIONS,
    "device.manufacturer": (*_DESCRIPTIONS, mib.SYS_OBJECT_ID),
    "meters.total": (mib.PRT_MARKER_LIFE_COUNT,),
}
"""The standard objects that tell an item."""
_NOT_WHOLE = (*mib.ALERT_COLUMNS, mib.PRT_MARKER_SUPPLIES_LEVEL)
"""Columns of which rows are missed where they were not read to their end."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What could not be read."""

    stopped: str | None = None
    """Why the device could not be asked any further, or None."""
    unread: frozenset[Oid] = frozenset()
    """Scalars and cells that the agent refuses, and columns that were not read to their end."""
    undecodable: frozenset[Oid] = frozenset()

    def why(self, oids: Iterable[Oid]) -> Message | None:
        """Return why what any of these objects or columns tells is missing, or None where all of them could be read."""
        for oid in oids:
            if any(_touch(oid, fault) for fault in self.undecodable):
                return NOT_DECODABLE
            if any(_touch(oid, fault) for fault in self.unread):
                return NOT_READ
        return None

    def corrected(self, reasons: Mapping[str, str], vendor: Vendor) -> dict[str, str]:
        """Return `reasons` with what could not be read where they say "not reported"."""
        if not (self.stopped or self.unread or self.undecodable):
            return dict(reasons)
        return {
            path: (self.why(_tell(path, vendor)) or (NOT_READ if self.stopped else reason)) if reason == NOT_REPORTED else reason
            for path, reason in reasons.items()
        }

    def why_not_whole(self) -> str | None:
        """Return why alerts or supplies may be missing that are there, or None."""
        if self.stopped:
            return self.stopped
        cut = any(fault in self.unread for fault in (column.oid for column in _NOT_WHOLE))
        return NOT_READ if cut else None


def _touch(oid: Oid, fault: Oid) -> bool:
    """Return whether a fault lies in an object or column, or the other way round."""
    shorter = min(len(oid), len(fault))
    return oid[:shorter] == fault[:shorter]


def _tell(path: str, vendor: Vendor) -> list[Oid]:
    """Return the objects that tell an item, the vendor's own as well."""
    private = [oid for each in vendor.applying for spec in each.content.objects if spec.gives == path for oid in spec.oid]
    return [*(column.oid for column in _TELL.get(path, ())), *private]
