"""Which values of a reading by SNMP come from objects that no recording of a device has shown yet. Pure.

A source names the object in its definition, so that each value is traced by what it says of itself.
"""

from collections.abc import Iterable, Iterator, Mapping

from appliance.reading.definitions.vendor import Vendor
from appliance.reading.status.status import private_console
from appliance.report import Meter, Supply


def unproven_paths(
    vendor: Vendor,
    *,
    device: Mapping[str, str],
    meters: Mapping[str, Meter],
    supplies: Iterable[Supply],
    misc: Mapping[str, object],
    console: Iterable[str],
) -> Iterator[str]:
    """Yield dotted paths; `device` are the sources of its fields, by dotted path."""
    names = frozenset[str]().union(*(each.content.unproven() for each in vendor.applying))
    if not names:
        return
    yield from (path for path, source in device.items() if _is_from(names, source))
    yield from (f"meters.{name}" for name, meter in meters.items() if _is_from(names, meter.source))
    yield from (f"supplies.{row.index}" for row in supplies if _is_from(names, row.source))
    for name, value in misc.items():
        found = vendor.best(f"misc.{name}")
        if found is not None and found.value == value and _is_from(names, found.source):
            yield f"misc.{name}"
    shown = vendor.best("status.console")
    if shown is not None and _is_from(names, shown.source) and tuple(console) == private_console(vendor):
        yield "status.console"


def _is_from(names: frozenset[str], source: str) -> bool:
    """Return whether one of the objects a source names is among `names`; a record is named by its object and its key."""
    return any(word.partition(":")[0] in names for word in source.replace(",", " ").split())
