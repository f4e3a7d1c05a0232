"""What a benchmark of accuracy is made of: facts a recording holds, and the verdict on what a reading says of each."""

import re
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

TOPICS = (
    *("address", "description", "model", "maker", "firmware", "serial number", "asset number", "location", "MAC address"),
    *("mono or colour", "status", "alerts and errors", "panel"),
    *("meters", "meter unit", "private counters", "paper sizes", "duplex"),
    *("supply level", "supply type", "supply class", "supply unit", "supply colour", "supply description", "cartridge serial"),
    *("trays", "miscellaneous", "partial reads"),
)
"""What facts are about, finer than the items."""

_TOPIC_OF_ITEM = {1: "address", 2: "description", 3: "serial number", 4: "meters", 5: "mono or colour", 6: "panel", 7: "status"} | {
    8: "alerts and errors",
    9: "supply level",
    10: "cartridge serial",
    11: "supply level",
    12: "supply level",
    13: "asset number",
    14: "location",
    15: "MAC address",
    16: "maker",
    17: "firmware",
    18: "miscellaneous",
}
_TOPIC_OF_WORDS = (
    ("model", re.compile(r"(?:a )?model")),
    ("meter unit", re.compile(r"unit of .*")),
    ("paper sizes", re.compile(r"paper.*|.* paper_.*")),
    ("duplex", re.compile(r"(?:engine_)?(?:duplex|simplex)\b.*")),
    ("trays", re.compile(r"tray.*")),
    ("supply colour", re.compile(r"supply .* colour")),
    ("supply type", re.compile(r"supply .* type")),
    ("supply class", re.compile(r"supply .* class")),
    ("supply unit", re.compile(r"supply .* unit")),
    ("supply description", re.compile(r"supply .* description")),
)

Reading = dict[str, Any]
"""A reading as JSON: what is kept and sent, not the classes behind it."""
Look = Callable[[Reading], object]
Fits = Callable[[object], bool]


class Verdict(Enum):
    """What a reading makes of a fact."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"
    INVENTED = "invented"
    """The reading says something of which the recording has nothing."""
    NOT_CARRIED = "not carried"
    """The form in which the device was read has no room for it, so nothing is said of it."""


FAULTS = (Verdict.WRONG, Verdict.INVENTED, Verdict.MISSING)


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
    about: str = ""
    """One of `TOPICS`, where item and `what` do not tell it."""
    path: str = ""
    """Where a reading says why it is missing, where `look` does not tell it."""
    counts_rows: bool = False
    """Whether it says how many rows there are: fewer of them are missing, not wrong."""

    @property
    def key(self) -> tuple[int, str, str]:
        """What it is about: facts of one key stand for each other, whatever form a device was read in."""
        return self.item, self.what, self.source

    @property
    def topic(self) -> str:
        """Which of `TOPICS` it is about."""
        if self.about:
            return self.about
        found = next((topic for topic, words in _TOPIC_OF_WORDS if words.fullmatch(self.what)), None)
        private = self.item == 4 and self.source == "private"
        return found or ("private counters" if private else _TOPIC_OF_ITEM[self.item])

    def verdict(self, reading: Reading) -> tuple[Verdict, object]:
        """Return the verdict and what was found."""
        found = self.look(reading)
        if found is None:
            return Verdict.MISSING, None
        right = found == self.wanted if self.fits is None else self.fits(found)
        if self.counts_rows and isinstance(found, int) and isinstance(self.wanted, int) and found < self.wanted:
            return Verdict.MISSING, found
        return (Verdict.RIGHT if right else Verdict.WRONG), found


@dataclass(frozen=True, slots=True)
class At:
    """A look at a dotted path: `device.serial`."""

    path: str

    def __call__(self, reading: Reading) -> object:
        """Return what stands there, None where nothing does."""
        found: Any = reading
        for part in self.path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found


def at(path: str) -> Look:
    """Return a look at a dotted path."""
    return At(path)


def item_of(topic: str) -> int:
    """Return the item a topic belongs to; where it belongs to several, the last of them."""
    finer = {"model": 2, "cartridge serial": 10, **dict.fromkeys(("meter unit", "private counters", "paper sizes", "duplex"), 4)}
    known = {about: item for item, about in _TOPIC_OF_ITEM.items()} | finer
    return known.get(topic, 12 if topic.startswith("supply") or topic == "trays" else 18)
