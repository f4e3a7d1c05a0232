"""What the pages show of devices: status in one word, supplies as bars, and the filtered and sorted list. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from appliance.common.clock import utc_now
from appliance.common.message import Message
from appliance.report.condition import Level, device_name, is_silent, state_of
from appliance.report.names import words
from appliance.report.supply_level import SupplyView, ink_views, least_left, needs_attention, supply_view
from appliance.store.rows import DeviceRow

PAGE_SIZE = 200
TONERS_IN_A_LIST = 6
_SEVERITY: Mapping[Level, int] = {"bad": 0, "warn": 1, "busy": 2, "ok": 3, "off": 4}
_COMPONENT_STATES: Mapping[str, tuple[Level, str]] = {
    "running": ("ok", Message("Running")),
    "starting": ("busy", Message("Starting")),
    "backing_off": ("warn", Message("Waits before it starts again")),
    "failed": ("bad", Message("Failed")),
    "stopping": ("off", Message("Stopping")),
    "stopped": ("off", Message("Stopped")),
}


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
    supply_low: bool

    @property
    def needs_attention(self) -> bool:
        """Whether a person should look after it."""
        return self.level in ("bad", "warn")


def status_of(row: DeviceRow) -> tuple[Level, str]:
    """Return how serious the state of the device is, and the state in words: the gravest thing that is known of it."""
    if not row.answering:
        return "bad", Message("Not answering")
    state = state_of(row.reading, _age(row))
    return state.level, state.words


def _age(row: DeviceRow) -> timedelta:
    return utc_now() - row.last_seen_at


def device_view(row: DeviceRow) -> DeviceView:
    """Return the line of one device."""
    level, status = status_of(row)
    supplies = row.reading.supplies
    # The list shows what makes colours; the device's own page shows everything.
    toners = ink_views(map(supply_view, supplies), TONERS_IN_A_LIST)
    total = row.reading.meters.get("total")
    return DeviceView(
        row,
        device_name(row.reading.device),
        level,
        status,
        total.value if total else None,
        toners,
        least_left(supplies),
        any(map(needs_attention, supplies)),
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
    "supply": lambda view: view.supply_low,
    "silent": lambda view: not view.row.answering or is_silent(_age(view.row)),
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
