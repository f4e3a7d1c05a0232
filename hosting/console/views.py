"""What the pages show of sites and devices: one word for how things are, supplies as bars. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from appliance.common.clock import utc_now
from appliance.common.message import Message
from appliance.report import Reading
from appliance.report.condition import device_name, is_silent, state_of
from appliance.report.supply_level import SupplyView, ink_views, supply_view
from hosting.console import texts
from hosting.db.contact import contact, turned_away
from hosting.db.fleet import LatestReading
from hosting.db.history.stored_reading import parse_stored
from hosting.db.sites import Site
from hosting.site_report import reported_moment, reported_number, reported_numbers

BARS_IN_A_LIST = 6

Moment = Annotated[datetime | None, BeforeValidator(reported_moment)]
Number = Annotated[int | None, BeforeValidator(reported_number)]
Numbers = Annotated[dict[str, int], BeforeValidator(reported_numbers)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Devices(_Part):
    known: Number = None
    answering: Number = None


class _Outbox(_Part):
    readings: Number = None
    oldest_at: Moment = None


class _Problem(_Part):
    name: str = ""
    text: str = ""
    since: Moment = None


class _Update(_Part):
    level: str | None = None
    support_bundle: bool = False


class _Layer(_Part):
    path: str = ""
    version: Number = None
    sha256: str = ""


class _Outcome(_Part):
    at: Moment = None
    what: str = ""
    reason: str | None = None
    text: str = ""


class _Configuration(_Part):
    marker: str = ""
    state: str = ""
    layers: list[_Layer] = Field(default_factory=list)
    outcome: _Outcome | None = None


class StatePart(_Part):
    """What a site said of itself at its last check-in, as far as the console shows it."""

    collector: str | None = None
    started_at: Moment = None
    devices: _Devices = _Devices()
    outbox: _Outbox = _Outbox()
    problems: list[_Problem] = Field(default_factory=list)
    health_check: bool | None = None
    update: _Update = _Update()
    configuration: _Configuration | None = None
    privacy: dict[str, str | list[str]] | None = None
    traffic: Numbers | None = None
    """Bytes of the last 24 hours by purpose, both ways."""


def parse_state(said: dict[str, Any]) -> StatePart:
    """Return what can be understood; a part that a newer or broken appliance writes differently is left out."""
    try:
        return StatePart.model_validate(said)
    except ValidationError as error:
        wrong = {fault["loc"][0] for fault in error.errors()}
        return StatePart.model_validate({name: value for name, value in said.items() if name not in wrong})


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site as a line of the list."""

    site: Site
    state: StatePart
    level: str
    contact: str
    counts: Mapping[str, int]
    waiting: frozenset[str]
    """Commands the site has not fetched yet."""

    @property
    def devices(self) -> int:
        """How many devices this server has readings of."""
        return sum(self.counts.values())

    @property
    def command_waits(self) -> bool:
        """Whether a scan is asked for."""
        return "scan_now" in self.waiting

    @property
    def enrolled(self) -> bool:
        """Whether an appliance answers for this site."""
        return self.site.public_key is not None and turned_away(self.site, utc_now()) is None


def site_view(site: Site, counts: Mapping[str, int], check_in_seconds: int, waiting: frozenset[str]) -> SiteView:
    """Return the line of one site."""
    level, word = texts.CONTACTS[contact(site, utc_now(), check_in_seconds)]
    if level == "off" and site.public_key is None:
        word = Message("Not enrolled yet")
    return SiteView(site, parse_state(site.state), level, word, counts, waiting)


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as a line of the list, and as the head of its own page."""

    row: LatestReading
    reading: Reading
    name: str
    level: str
    status: str
    total: int | None
    supplies: tuple[SupplyView, ...]
    stale: bool

    @property
    def inks(self) -> tuple[SupplyView, ...]:
        """What makes the colours: all that a line of the list has room for."""
        return ink_views(self.supplies, BARS_IN_A_LIST)


def device_view(row: LatestReading) -> DeviceView:
    """Return the view of one device."""
    reading = parse_stored(row.body, row.device_key, row.taken_at)
    age = utc_now() - row.taken_at
    state = state_of(reading, age)
    total = reading.meters.get("total")
    supplies = tuple(supply_view(item) for item in reading.supplies)
    value = total.value if total else None
    return DeviceView(row, reading, device_name(reading.device), state.level, state.words, value, supplies, is_silent(age))
