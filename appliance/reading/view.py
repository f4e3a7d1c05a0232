"""A forgiving look at the objects of one device.

Devices send INTEGER where a Counter32 is due, numbers as strings, rows without a device index and instances of several devices:
here all of it becomes plain integers, texts and rows, or nothing. No function raises for what a device sent.
"""

import re
from bisect import bisect_left
from collections import Counter

from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.reading.text import decode
from appliance.snmp.values import Objects, Oid, Value

_NUMBER = re.compile(rb"\s*([+-]?[0-9]{1,19})\s*\0*")
_LIMIT = 2**63

Row = tuple[int, ...]
"""The index of a row without the device: `(3,)` of prtMarkerSuppliesLevel.1.3."""


def integer(value: Value | None) -> int | None:
    """Return the number in `value`, whatever numeric type or string of digits it came as; None for anything else."""
    content = value.content if value is not None else None
    if isinstance(content, bytes):
        found = _NUMBER.fullmatch(content)
        content = int(found[1]) if found else None
    if isinstance(content, int) and -_LIMIT <= content < _LIMIT:
        return content
    return None


def text(value: Value | None, charset: int | None = None) -> str | None:
    """Return the text in `value` (a number as its digits), or None when it is empty or no text."""
    content = value.content if value is not None else None
    if isinstance(content, bytes):
        return decode(content, charset) or None
    if isinstance(content, int):
        return str(content)
    return None


class View:
    """The objects of one device, seen from its printer: `device` is the printer's hrDeviceIndex, discovered from the rows."""

    def __init__(self, objects: Objects) -> None:
        """Look at `objects`."""
        self._objects = objects
        self._oids = sorted(objects)
        self.device = self._discover_device()
        self.host_device = self._discover_host_device()
        self.charset = self._discover_charset()

    def get(self, oid: Oid) -> Value | None:
        """Return the value of one instance."""
        return self._objects.get(oid)

    def instances(self, column: MibObject) -> dict[Oid, Value]:
        """Return the instances of `column` by their index, in order."""
        start = len(column.oid)
        found = {}
        for oid in self._oids[bisect_left(self._oids, column.oid) :]:
            if oid[:start] != column.oid:
                break
            if len(oid) > start:
                found[oid[start:]] = self._objects[oid]
        return found

    def below(self, subtree: Oid) -> list[Oid]:
        """Return the OIDs of all instances below `subtree`, in order."""
        start = bisect_left(self._oids, subtree)
        return [oid for oid in self._oids[start:] if oid[: len(subtree)] == subtree]

    def rows(self, column: MibObject) -> dict[Row, Value]:
        """Return the rows of a Printer-MIB table that belong to the printer, by their index within it.

        A table indexed without the device (a bare row number) belongs to it; rows of another printer behind its address do not.
        """
        instances = self.instances(column)
        bare = {index: value for index, value in instances.items() if len(index) == 1}
        own = {index[1:]: value for index, value in instances.items() if len(index) == 2 and index[0] == self.device}
        return dict(sorted((bare | own).items()))

    def source(self, column: MibObject, row: Row) -> str:
        """Return where the cell of `row` came from, as `prtMarkerLifeCount.1.1`, without the device where the table has none."""
        index = (self.device, *row)
        is_bare = column.instance(*index) not in self._objects and column.instance(*row) in self._objects
        return column.source(row if is_bare else index)

    def instance(self, column: MibObject) -> Oid:
        """Return the instance of a column that has one a printer."""
        host = column.oid[: len(_HOST_RESOURCES)] == _HOST_RESOURCES
        return column.instance(self.host_device if host else self.device)

    def scalar(self, column: MibObject) -> Value | None:
        """Return the value of a column that has one instance a printer."""
        return self.get(self.instance(column))

    def system(self, scalar: MibObject) -> Value | None:
        """Return the value of a scalar, instance 0."""
        return self.get(scalar.instance(0))

    def localized(self, value: Value | None) -> str | None:
        """Return a text of the Printer-MIB, in the character set the printer names."""
        return text(value, self.charset)

    def has_printer_mib(self) -> bool:
        """Return whether any object of the Printer-MIB is there."""
        return self._any_below(_PRINTER_MIB)

    def printer_devices(self) -> list[int]:
        """Return the hrDeviceIndex of each device that HOST-RESOURCES-MIB calls a printer."""
        typed = [index[0] for index, value in self.instances(mib.HR_DEVICE_TYPE).items() if value.content == mib.HR_DEVICE_PRINTER]
        detailed = [
            index[0] for column in (mib.HR_PRINTER_STATUS, mib.HR_PRINTER_DETECTED_ERROR_STATE) for index in self.instances(column)
        ]
        return sorted({*typed, *detailed})

    def has_foreign_text(self) -> bool:
        """Return whether a text of the Printer-MIB or of a vendor holds octets that mean something only in a character set."""
        return any(
            isinstance(value.content, bytes) and not value.content.isascii()
            for oid, value in self._objects.items()
            if oid[: len(_PRINTER_MIB)] == _PRINTER_MIB or oid[: len(_ENTERPRISES)] == _ENTERPRISES
        )

    def _any_below(self, subtree: Oid) -> bool:
        position = bisect_left(self._oids, subtree)
        return position < len(self._oids) and self._oids[position][: len(subtree)] == subtree

    def _discover_device(self) -> int:
        """Return the device index most rows of the Printer-MIB carry; the lowest where several printers share an address."""
        indexes: Counter[int] = Counter()
        for column in mib.PRINTER_SCALARS:
            if column.oid[: len(_PRINTER_MIB)] == _PRINTER_MIB:
                indexes.update(index[0] for index in self.instances(column) if len(index) == 1)
        for column in (*mib.SUPPLY_COLUMNS, *mib.MARKER_COLUMNS, mib.PRT_INPUT_CURRENT_LEVEL):
            indexes.update(index[0] for index in self.instances(column) if len(index) == 2)
        if indexes:
            return min(indexes, key=lambda index: (-indexes[index], index))
        return min(self.printer_devices(), default=1)

    def _discover_host_device(self) -> int:
        printers = self.printer_devices()
        return self.device if not printers or self.device in printers else printers[0]

    def _discover_charset(self) -> int | None:
        sets = self.instances(mib.PRT_LOCALIZATION_CHARACTER_SET)
        current = integer(self.get(mib.PRT_GENERAL_CURRENT_LOCALIZATION.instance(self.device))) or 1
        return integer(sets.get((self.device, current)))


_HOST_RESOURCES: Oid = mib.HR_DEVICE_TYPE.oid[:7]
_PRINTER_MIB: Oid = mib.PRT_GENERAL_SERIAL_NUMBER.oid[:7]
_ENTERPRISES: Oid = (1, 3, 6, 1, 4, 1)
