"""What a benchmark of accuracy is made of: facts a recording holds, and the verdict on what a reading says of each."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

ITEMS = {
    1: "IP address",
    2: "description",
    3: "serial number",
    4: "meter reads",
    5: "mono or colour",
    6: "LCD reading",
    7: "device status",
    8: "error codes",
    9: "toner levels",
    10: "cartridge serials",
    11: "maintenance kits",
    12: "other supplies",
    13: "asset number",
    14: "location",
    15: "MAC address",
    16: "manufacturer",
    17: "firmware",
    18: "miscellaneous",
}
"""The 18 items of the mission."""

Reading = dict[str, Any]
"""A reading as JSON: what is kept and sent, not the classes behind it."""
Look = Callable[[Reading], object]
Fits = Callable[[object], bool]


class Verdict(Enum):
    """What a reading makes of a fact."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a recording says. `look` finds it in a reading, None for missing; `fits` says whether what was found is right."""

    item: int
    what: str
    wanted: object
    look: Look
    fits: Fits | None = None
    source: str = "standard"
    """`standard` for the standard MIBs, `private` for a vendor's objects, `peer` for what another project computed."""

    def verdict(self, reading: Reading) -> tuple[Verdict, object]:
        """Return the verdict and what was found."""
        found = self.look(reading)
        if found is None:
            return Verdict.MISSING, None
        right = found == self.wanted if self.fits is None else self.fits(found)
        return (Verdict.RIGHT if right else Verdict.WRONG), found


def at(path: str) -> Look:
    """Return a look at a dotted path: `device.serial`."""

    def look(reading: Reading) -> object:
        found: Any = reading
        for part in path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found

    return look
