"""A forgiving look at the objects of one device.

Devices send INTEGER where a Counter32 is due, numbers as strings, rows without a device index and instances of several devices:
here all of it becomes plain integers, texts and rows, or nothing. No function raises for what a device sent.
"""

import re
from bisect import bisect_left
from collections import Counter

from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.reading.text import decode, is_unicode
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

    def __init__(self, objects: Objects, *, guesses: bool = True) -> None:
        """Look at `objects`; without `guesses` a text counts for nothing that means something only in an unknown character set."""
        self._objects = objects
        self._guesses = guesses
        self._oids = sorted(objects)
        self._table_devices: dict[Oid, int] = {}
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
        device = self.device_in(column)
        own = {index[1:]: value for index, value in instances.items() if len(index) == 2 and index[0] == device}
        return dict(sorted((bare | own).items()))

    def source(self, column: MibObject, row: Row) -> str:
        """Return where the cell of `row` came from, as `prtMarkerLifeCount.1.1`, without the device where the table has none."""
        index = (self.device_in(column), *row)
        is_bare = column.instance(*index) not in self._objects and column.instance(*row) in self._objects
        return column.source(row if is_bare else index)

    def instance(self, column: MibObject) -> Oid:
        """Return the instance of a column that has one a printer."""
        host = column.oid[: len(_HOST_RESOURCES)] == _HOST_RESOURCES
        return column.instance(self.host_device if host else self.device_in(column))

    def scalar_source(self, column: MibObject) -> str:
        """Return where the value of a column came from that has one instance a printer."""
        return column.source(self.instance(column)[len(column.oid) :])

    def device_in(self, column: MibObject) -> int:
        """Return the index that the printer has in the table of `column`.

        Some firmware gives it another one in one table than in the others. Where there are several printers, or the table has rows
        of `device`, rows of another index belong to another printer.
        """
        table = column.oid[:-1]
        if table not in self._table_devices:
            counted = self._devices_in(table)
            is_own = not counted or self.device in counted or self.has_several_printers()
            self._table_devices[table] = self.device if is_own else min(counted, key=lambda index: (-counted[index], index))
        return self._table_devices[table]

    def has_several_printers(self) -> bool:
        """Return whether hrDeviceTable or prtGeneralTable list more than one printer."""
        return len(self.printer_devices()) > 1 or len(self._devices_in(_PRT_GENERAL_TABLE)) > 1

    def has_general_rows(self) -> bool:
        """Return whether prtGeneralTable has any row."""
        return bool(self._devices_in(_PRT_GENERAL_TABLE))

    def split_devices(self) -> set[int]:
        """Return all indexes there are, where a table has rows and none with the index of the printer in the others."""
        tables = [counted for counted in map(self._devices_in, _INDEXED_TABLES) if counted]
        is_split = any(self.device not in counted for counted in tables)
        return {self.device}.union(*tables) if is_split else set()

    def _devices_in(self, table: Oid) -> Counter[int]:
        """Return how many cells of a table of the Printer-MIB each device has; rows without a device are no one's."""
        at = len(table) + 1
        length = at + (1 if table == _PRT_GENERAL_TABLE else 2)
        return Counter(oid[at] for oid in self.below(table) if len(oid) == length)

    def scalar(self, column: MibObject) -> Value | None:
        """Return the value of a column that has one instance a printer."""
        return self.get(self.instance(column))

    def system(self, scalar: MibObject) -> Value | None:
        """Return the value of a scalar, instance 0."""
        return self.get(scalar.instance(0))

    def localized(self, value: Value | None) -> str | None:
        """Return a text of the Printer-MIB, in the character set the printer names."""
        return text(value, self.charset) if self.is_readable(value) else None

    def is_readable(self, value: Value | None) -> bool:
        """Return whether it is known what the octets of a text mean, or may be guessed."""
        if self._guesses or self.charset is not None or value is None or not isinstance(value.content, bytes):
            return True
        return is_unicode(value.content)

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
_PRT_GENERAL_TABLE: Oid = mib.PRT_GENERAL_SERIAL_NUMBER.oid[:-1]
_INDEXED_TABLES = (
    _PRT_GENERAL_TABLE,
    mib.PRT_MARKER_LIFE_COUNT.oid[:-1],
    mib.PRT_MARKER_SUPPLIES_LEVEL.oid[:-1],
    mib.PRT_INPUT_CURRENT_LEVEL.oid[:-1],
)
