"""Which values of a reading come from a definition that no recording of a device has proven yet. Pure.

They stand in `misc` as `unproven`, by dotted path: `["device.serial", "meters.print_color", "supplies.2"]`; a reading without any
has no such member. A supply that is told by two sources is listed where one of them is unproven.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from appliance.common.message import Message
from appliance.report.model import Reading

UNPROVEN = "unproven"
"""The member of `misc`."""
MARK = Message("unproven")
EXPLANATION = Message(
    "This value is read by a definition that no recording of a real device has proven yet. Compare it with the panel of the device "
    "before it is billed by."
)


def unproven_in(reading: Reading) -> frozenset[str]:
    """Return the paths of values that no recording has proven."""
    told = reading.misc.get(UNPROVEN)
    return frozenset(path for path in told if isinstance(path, str)) if isinstance(told, list | tuple) else frozenset()


def with_unproven(misc: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Return `misc` with these paths noted, besides those it has."""
    noted = misc.get(UNPROVEN, ())
    known = sorted({*noted, *paths})
    return {**misc, UNPROVEN: known} if known else dict(misc)


def misc_of(reading: Reading) -> dict[str, Any]:
    """Return what `misc` says of the device itself."""
    return {name: value for name, value in reading.misc.items() if name != UNPROVEN}
