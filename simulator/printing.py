"""How a generated printer changes with time: pages printed, meters, supply levels. The same again with the same seed."""

import random
from dataclasses import dataclass

from simulator.models import Marker, Model, Supply

TICKS_PER_DAY = 8_640_000


@dataclass(frozen=True, slots=True)
class Printing:
    """A printer at work: one page in `seconds_per_page` at speed 1.0 (0: none at all), the first after `phase` of that time."""

    model: Model
    seconds_per_page: float
    phase: float = 1.0

    @classmethod
    def start(cls, model: Model, seconds_per_page: float, seed: str) -> "Printing":
        """Return the printer with a phase of its own, taken from `seed`."""
        return cls(model, seconds_per_page, 1.0 - random.Random(seed).random())  # noqa: S311 - not a secret, repeatable

    def uptime(self, seconds: float) -> int:
        """Return sysUpTime in hundredths of seconds; it wraps at 2**32."""
        return (int(self.model.device.up_days * TICKS_PER_DAY) + int(seconds * 100)) & 0xFFFFFFFF

    @property
    def prints(self) -> bool:
        """Whether pages come out: not while it sleeps, is jammed or is down."""
        status = self.model.status
        return status.printer != "sleeping" and status.device != "down" and "jammed" not in status.errors

    def pages(self, counts: str, seconds: float) -> int:
        """Return the pages (`all`, `mono` or `color`) printed in the `seconds` since the start."""
        if not self.prints or self.seconds_per_page <= 0:
            return 0
        work = self.model.work
        total = int(seconds * work.speed / self.seconds_per_page + 1.0 - self.phase)
        color = int(total * work.color_share)
        return {"all": total, "color": color, "mono": total - color}[counts]

    def life_count(self, marker: Marker, seconds: float) -> int:
        """Return prtMarkerLifeCount."""
        return marker.total + self.pages(marker.counts, seconds)

    def power_on_count(self, marker: Marker, seconds: float) -> int:
        """Return prtMarkerPowerOnCount."""
        return marker.power_on + self.pages(marker.counts, seconds)

    def level(self, supply: Supply, seconds: float) -> int:
        """Return prtMarkerSuppliesLevel. A level that moves ends at 1: emptiness is a state its printer would have to tell."""
        if supply.pages <= 0 or supply.level <= 0 or supply.capacity <= 0:
            return supply.level
        printed = self.pages("color" if supply.color not in ("", "black") else "all", seconds)
        return max(1, supply.level - supply.capacity * printed // supply.pages)
