"""What the pages show of sites and devices: one word for how things are, supplies as bars. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.report import Device, Reading, Supply
from hosting.clock import utc_now
from hosting.condition import STOPS_PRINTING, needs_attention
from hosting.console import texts
from hosting.db.contact import contact, turned_away
from hosting.db.fleet import LatestReading
from hosting.db.sites import Site

STALE_AFTER = timedelta(days=3)
BARS_IN_A_LIST = 6
INKS = frozenset({"black", "cyan", "magenta", "yellow"})
INK_ORDER = {"black": 0, "cyan": 1, "magenta": 2, "yellow": 3}
PRINTER_STATUS: Mapping[str, tuple[str, str]] = {
    "idle": ("ok", "Ready"),
    "printing": ("busy", "Printing"),
    "warmup": ("busy", "Warming up"),
    "sleeping": ("off", "Sleeping"),
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Devices(_Part):
    known: int | None = None
    answering: int | None = None


class _Outbox(_Part):
    readings: int | None = None
    oldest_at: datetime | None = None


class _Problem(_Part):
    name: str = ""
    text: str = ""
    since: datetime | None = None


class _Update(_Part):
    level: str | None = None
    support_bundle: bool = False


class _Layer(_Part):
    path: str = ""
    version: int = 0
    sha256: str = ""


class _Outcome(_Part):
    at: datetime | None = None
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
    started_at: datetime | None = None
    devices: _Devices = _Devices()
    outbox: _Outbox = _Outbox()
    problems: list[_Problem] = Field(default_factory=list)
    health_check: bool | None = None
    update: _Update = _Update()
    configuration: _Configuration | None = None
    privacy: dict[str, str | list[str]] | None = None
    traffic: dict[str, int] | None = None
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
    if level == "off" and site.public_key is not None:
        word = "Not heard of yet"
    return SiteView(site, parse_state(site.state), level, word, counts, waiting)


@dataclass(frozen=True, slots=True)
class SupplyView:
    """A supply as a bar with a name and a value."""

    name: str
    ink: str
    percent: float | None
    value: str
    level: str
    detail: Supply

    @property
    def label(self) -> str:
        """What a screen reader says for the bar."""
        return f"{self.name}: {self.value}"


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
        shown = [view for view in self.supplies if view.detail.color and view.detail.supply_class != "receptacleThatIsFilled"]
        return tuple(sorted(shown, key=lambda view: INK_ORDER.get(view.ink, 9))[:BARS_IN_A_LIST])


def device_view(row: LatestReading) -> DeviceView:
    """Return the view of one device."""
    reading = Reading.model_validate_json(row.body)
    level, status = status_of(reading)
    total = reading.meters.get("total")
    supplies = tuple(supply_view(item) for item in reading.supplies)
    stale = utc_now() - row.taken_at > STALE_AFTER
    return DeviceView(row, reading, device_name(reading.device), level, status, total.value if total else None, supplies, stale)


def status_of(reading: Reading) -> tuple[str, str]:
    """Return how serious the state of a device is, and the state in words: the gravest thing it says of itself."""
    status = reading.status
    for level, errors in (
        ("bad", [name for name in status.errors if name in STOPS_PRINTING]),
        ("bad", ["down"] if status.device == "down" else []),
        ("warn", status.errors),
        ("warn", ["warning"] if status.device == "warning" else []),
    ):
        if errors:
            more = f" +{len(errors) - 1}" if len(errors) > 1 else ""
            return level, texts.ERRORS.get(errors[0], texts.words(errors[0])) + more
    if any(map(needs_attention, reading.supplies)):
        return "warn", "Supply low"
    return PRINTER_STATUS.get(status.printer, ("off", "Status not told") if status.device == "unknown" else ("ok", "Ready"))


def device_name(device: Device) -> str:
    """Return maker and model, without saying the maker twice; else whatever names the device best."""
    if device.model:
        maker = device.manufacturer or ""
        return device.model if device.model.lower().startswith(maker.lower()) else f"{maker} {device.model}"
    return device.manufacturer or device.description or device.hostname or device.ip or device.key


def supply_view(supply: Supply) -> SupplyView:
    """Return the bar of one supply. A level the device does not tell is never drawn as one."""
    color = (supply.color or "").lower()
    name = supply.description or " ".join(
        word for word in (texts.words(color) if color else "", texts.words(supply.type).lower()) if word
    )
    if supply.percent is None:
        value = texts.state(supply.state)
    else:
        free = " free" if supply.supply_class == "receptacleThatIsFilled" else ""
        value = f"{texts.percent(supply.percent)}{free}"
    level = "ok"
    if needs_attention(supply):
        level = "bad" if supply.state in ("empty", "full") else "warn"
    elif supply.percent is None and supply.state == "unknown":
        level = "off"
    return SupplyView(name, color if color in INKS else "other", supply.percent, value, level, supply)
