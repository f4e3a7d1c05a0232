"""What the pages show of devices: status in one word, supplies as bars, and the filtered and sorted list. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from appliance import report
from appliance.store.rows import DeviceRow
from webui.texts import ERRORS, MINOR_ERRORS, SUPPLY_STATES, percent, words

Level = Literal["ok", "warn", "bad", "busy", "off"]
LOW_PERCENT = 10.0
PAGE_SIZE = 200
_INKS = frozenset({"black", "cyan", "magenta", "yellow"})
_SEVERITY: Mapping[Level, int] = {"bad": 0, "warn": 1, "busy": 2, "ok": 3, "off": 4}
_PRINTER_STATUS: Mapping[str, tuple[Level, str]] = {
    "idle": ("ok", "Ready"),
    "printing": ("busy", "Printing"),
    "warmup": ("busy", "Warming up"),
    "sleeping": ("off", "Sleeping"),
}
_COMPONENT_STATES: Mapping[str, tuple[Level, str]] = {
    "running": ("ok", "Running"),
    "starting": ("busy", "Starting"),
    "backing_off": ("warn", "Waits before it starts again"),
    "failed": ("bad", "Failed"),
    "stopping": ("off", "Stopping"),
    "stopped": ("off", "Stopped"),
}


@dataclass(frozen=True, slots=True)
class SupplyView:
    """A supply as a bar with a name and a value."""

    name: str
    ink: str
    percent: float | None
    value: str
    level: Level
    detail: report.Supply

    @property
    def label(self) -> str:
        """What a screen reader says for the bar."""
        return f"{self.name}: {self.value}"


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as a line of the list."""

    row: DeviceRow
    name: str
    level: Level
    status: str
    total: int | None
    toners: tuple[SupplyView, ...]
    lowest: float | None

    @property
    def needs_attention(self) -> bool:
        """Whether a person should look after it."""
        return self.level in ("bad", "warn")


def status_of(row: DeviceRow) -> tuple[Level, str]:
    """Return how serious the state of the device is, and the state in words: the gravest thing it says of itself."""
    status = row.reading.status
    if not row.answering:
        return "bad", "Not answering"
    grave = [name for name in status.errors if name not in MINOR_ERRORS]
    if grave:
        return "bad", ERRORS.get(grave[0], words(grave[0]))
    if status.device == "down":
        return "bad", "Down"
    if status.errors:
        return "warn", ERRORS.get(status.errors[0], words(status.errors[0]))
    if status.device == "warning":
        return "warn", "Warning"
    return _PRINTER_STATUS.get(status.printer, ("off", "Status not told") if status.device == "unknown" else ("ok", "Ready"))


def device_name(device: report.Device) -> str:
    """Return maker and model, without saying the maker twice; else whatever names the device best."""
    if device.model:
        maker = device.manufacturer or ""
        return device.model if device.model.lower().startswith(maker.lower()) else f"{maker} {device.model}"
    return device.manufacturer or device.description or device.hostname or device.ip or device.key


def supply_view(supply: report.Supply) -> SupplyView:
    """Return the bar of one supply. A level the device does not tell is never drawn as one."""
    color = (supply.color or "").lower()
    name = supply.description or " ".join(word for word in (words(color) if color else "", words(supply.type).lower()) if word)
    receptacle = supply.supply_class == "receptacleThatIsFilled"
    if supply.percent is not None:
        value = f"{percent(supply.percent)} free" if receptacle else percent(supply.percent)
    else:
        value = SUPPLY_STATES[supply.state]
    return SupplyView(name, color if color in _INKS else "other", supply.percent, value, _supply_level(supply), supply)


def _supply_level(supply: report.Supply) -> Level:
    receptacle = supply.supply_class == "receptacleThatIsFilled"
    if supply.state == "empty" and not receptacle:
        return "bad"
    if supply.state == "full" and receptacle:
        return "bad"
    if supply.state == "low" or (supply.percent is not None and supply.percent <= LOW_PERCENT):
        return "warn"
    return "off" if supply.percent is None and supply.state == "unknown" else "ok"


def is_low(view: SupplyView) -> bool:
    """Whether the supply should be ordered or changed soon."""
    return view.level in ("warn", "bad")


def device_view(row: DeviceRow) -> DeviceView:
    """Return the line of one device."""
    level, status = status_of(row)
    supplies = [supply_view(supply) for supply in row.reading.supplies]
    # The list shows what makes colours; the device's own page shows everything.
    toners = tuple(view for view in supplies if view.detail.color and view.detail.supply_class != "receptacleThatIsFilled")[:6]
    total = row.reading.meters.get("total")
    known = [view.percent for view in supplies if view.percent is not None]
    return DeviceView(
        row, device_name(row.reading.device), level, status, total.value if total else None, toners, min(known, default=None)
    )


@dataclass(frozen=True, slots=True)
class Selection:
    """What the list of devices shows, as the query string says it."""

    text: str = ""
    state: str = ""
    sort: str = "name"
    descending: bool = False
    page: int = 1

    def query(self, **changes: Any) -> dict[str, str]:
        """Return the query of this selection with some values changed, without those that are the default."""
        values: dict[str, Any] = {
            "q": self.text,
            "state": self.state,
            "sort": self.sort,
            "order": "desc" if self.descending else "",
            "page": self.page,
        } | changes
        return {
            name: str(value) for name, value in values.items() if value and (name, value) not in (("sort", "name"), ("page", 1))
        }


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the devices selected."""

    devices: Sequence[DeviceView]
    selected: int
    known: int
    page: int
    pages: int


SORTS: Mapping[str, Callable[[DeviceView], Any]] = {
    "name": lambda view: view.name.lower(),
    "address": lambda view: _address_order(view.row.address),
    "status": lambda view: _SEVERITY[view.level],
    "total": lambda view: view.total if view.total is not None else -1,
    "supply": lambda view: view.lowest if view.lowest is not None else 101.0,
    "read": lambda view: view.row.last_seen_at,
}

STATES: Mapping[str, Callable[[DeviceView], bool]] = {
    "attention": lambda view: view.needs_attention,
    "supply": lambda view: view.lowest is not None and view.lowest <= LOW_PERCENT,
    "silent": lambda view: not view.row.answering,
}


def select(rows: Iterable[DeviceRow], selection: Selection) -> Listing:
    """Return the page of devices that `selection` asks for. Unknown names of sorts and states fall back to the default."""
    views = [device_view(row) for row in rows]
    wanted = STATES.get(selection.state, _everything)
    text = selection.text.strip().lower()
    chosen = [view for view in views if wanted(view) and (not text or text in _searchable(view))]
    chosen.sort(key=SORTS["name"])
    chosen.sort(key=SORTS.get(selection.sort, SORTS["name"]), reverse=selection.descending)
    pages = max(1, -(-len(chosen) // PAGE_SIZE))
    page = min(max(1, selection.page), pages)
    return Listing(chosen[(page - 1) * PAGE_SIZE : page * PAGE_SIZE], len(chosen), len(views), page, pages)


def _everything(_view: DeviceView) -> bool:
    return True


def _searchable(view: DeviceView) -> str:
    device = view.row.reading.device
    parts = (
        view.name,
        view.row.address,
        device.serial,
        device.hostname,
        device.asset_number,
        device.location,
        device.mac,
        view.status,
    )
    return "\n".join(part for part in parts if part).lower()


def _address_order(address: str | None) -> tuple[int, tuple[int, ...] | str]:
    """Order IPv4 addresses by number, then everything else by text."""
    if address and address.count(".") == 3 and address.replace(".", "").isdigit():
        return 0, tuple(int(part) for part in address.split("."))
    return 1, address or ""


def component_state(component: Mapping[str, Any]) -> tuple[Level, str]:
    """Return how serious the state of a component of the appliance is, and the state in words."""
    state = str(component.get("state", ""))
    return _COMPONENT_STATES.get(state, ("off", words(state)))
