"""What a fleet of simulated sites is to be: how many, at which pace, what goes wrong when. The same again with the same seed."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["outage", "restart", "clock", "reset", "move"]

DAY = 86_400.0
PER_DAY: dict[Kind, float] = {"outage": 1.0, "restart": 2.0, "clock": 1.0}
"""How often a disturbed site has which trouble in a period, on average; `reset` and `move` go by devices."""
OUTAGE_SHARE = (0.05, 0.3)
"""Shortest and longest outage, in shares of a period; a wrong clock is put right after as long."""
RESTART_SECONDS = (60.0, 300.0)
CLOCK_OFF_SECONDS = (900.0, 2 * DAY)


@dataclass(frozen=True, slots=True)
class Scenario:
    """The fleet. Seconds are those of the sites' own time, of which `pace` pass in a real one."""

    count: int
    devices: int
    seed: int = 0
    pace: float = 1.0
    minutes: float | None = None
    """Real minutes after which it ends; None: never by itself."""
    since: float | None = None
    """When the printers began to print, in seconds since 1970; None: with the run."""
    read_seconds: float = 3600.0
    check_in_seconds: float | None = None
    """None: as the hosting server tells."""
    disturbed: float = 0.2
    """Share of sites that have outages, restarts and wrong clocks."""
    resets: float = 0.01
    moves: float = 0.01
    """Share of devices whose counter goes back, or that move, in a period."""
    refusing: float = 0.1
    """Share of sites that refuse a configuration, and at which a release fails."""
    release: str | None = None
    """The version that is said to be installed when a rollout is told; None: sites take none."""

    @property
    def period(self) -> float:
        """Seconds for which trouble is planned at once: those of the run, a day where it has no end."""
        return self.minutes * 60 * self.pace if self.minutes else DAY

    def chance(self, *words: object) -> random.Random:
        """Return chance that is the same again for the same words."""
        return random.Random(" ".join(map(str, (self.seed, *words))))  # noqa: S311 - not a secret, repeatable

    def is_disturbed(self, site: int) -> bool:
        """Return whether this site has outages, restarts and wrong clocks."""
        return self.chance("disturbed", site).random() < self.disturbed


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that happens to a site or to one of its devices; moments are seconds since 1970 by the sites' time."""

    at: float
    kind: Kind
    until: float = 0.0
    """The end of an outage, of a restart, of a wrong clock."""
    device: int = 0
    offset: float = 0.0
    """By how much the clock is wrong."""


def troubles(scenario: Scenario, site: int, start: float, number: int) -> list[Trouble]:
    """Return what happens at a site in the period `number`, which begins at `start`, in the order of time."""
    chance = scenario.chance("trouble", site, number)
    found = [*_of_devices(scenario, chance, start)]
    if scenario.is_disturbed(site):
        found += _of_site(scenario.period, chance, start)
    return sorted(found, key=lambda trouble: trouble.at)


def _of_site(period: float, chance: random.Random, start: float) -> Iterator[Trouble]:
    for kind, average in PER_DAY.items():
        for _ in range(chance.choice((0, round(2 * average), round(average)))):
            at = start + chance.random() * period
            lasts = chance.uniform(*OUTAGE_SHARE) * period
            if kind == "restart":
                lasts = min(lasts, chance.uniform(*RESTART_SECONDS))
            offset = chance.choice((-1, 1)) * chance.uniform(*CLOCK_OFF_SECONDS) if kind == "clock" else 0.0
            yield Trouble(at, kind, until=at + lasts, offset=offset)


def _of_devices(scenario: Scenario, chance: random.Random, start: float) -> Iterator[Trouble]:
    shares: tuple[tuple[Kind, float], ...] = (("reset", scenario.resets), ("move", scenario.moves))
    for kind, share in shares:
        for device in range(scenario.devices):
            if chance.random() < share:
                yield Trouble(start + chance.random() * scenario.period, kind, device=device)


class SiteTime:
    """The time of the sites: `pace` seconds of it pass in a real one. A run that has an end ends at the real present.

    So readings of many hours are made in minutes, and none of them is of the future. Signatures are dated by the real clock.
    """

    def __init__(self, scenario: Scenario) -> None:
        """Begin now."""
        self._pace = scenario.pace
        self._began = time.monotonic()
        ahead = (scenario.minutes or 0.0) * 60 * (scenario.pace - 1)
        self.start = time.time() - ahead
        self._end = self.start + scenario.period if scenario.minutes else float("inf")
        self.epoch = scenario.since if scenario.since is not None else self.start
        """When the printers began to print, at the meters of their models."""

    def now(self) -> float:
        """Return the moment at the sites, in seconds since 1970; where the run is over, that of its end."""
        return min(self._end, self.start + (time.monotonic() - self._began) * self._pace)

    @property
    def over(self) -> bool:
        """Whether the run has come to its end."""
        return self.now() >= self._end

    def when(self, moment: float) -> float:
        """Return the `time.monotonic` of a moment at the sites."""
        return self._began + (moment - self.start) / self._pace
